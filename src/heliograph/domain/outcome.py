"""What one attempt to send came to."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Accepted:
    """The push service took the message; nobody has seen it yet."""

    receipt: str = ""
    """The push service's own name for the message, for a support request."""


@dataclass(frozen=True, slots=True)
class TryLater:
    """A passing fault or throttling."""

    reason: str
    after: timedelta | None = None
    """What the push service asked us to wait, if it did."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The subscription is dead."""

    reason: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """This message can never go, whoever it is for."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Our credentials are wrong. The subscription is innocent."""

    reason: str


@dataclass(frozen=True, slots=True)
class Skipped:
    """Decided before sending."""

    reason: str


Outcome = Accepted | TryLater | Gone | Rejected | Refused | Skipped


class OutcomeKind(StrEnum):
    """What an attempt came to, as it is stored and told."""

    ACCEPTED = "accepted"
    TRY_LATER = "try_later"
    GONE = "gone"
    REJECTED = "rejected"
    REFUSED = "refused"


def kind_of(outcome: Accepted | TryLater | Gone | Rejected | Refused) -> tuple[OutcomeKind, str | None]:
    """Return the kind and the reason of what an attempt came to."""
    match outcome:
        case Accepted():
            return OutcomeKind.ACCEPTED, None
        case TryLater(reason):
            return OutcomeKind.TRY_LATER, reason
        case Gone(reason):
            return OutcomeKind.GONE, reason
        case Rejected(reason):
            return OutcomeKind.REJECTED, reason
        case Refused(reason):
            return OutcomeKind.REFUSED, reason
