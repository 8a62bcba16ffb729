"""Fault injection: what a push service does on a bad day, on request.

A fault is aimed at one endpoint token, at one service's prefix, or at everything; it may be limited to a number of
times and to a share of the requests (from a seeded random generator, so that a run can be repeated).
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from enum import StrEnum

from heliograph.devpush.model import Service
from heliograph.devpush.wire import Answer, Ending, Headers

METADATA_ADDRESS = "http://169.254.169.254/latest/meta-data/"
HUGE_BODY_BYTES = 8 * 1024 * 1024


class FaultKind(StrEnum):
    """What goes wrong."""

    STATUS = "status"
    """Answer `status` with the vendor's own error body."""
    SLOW = "slow"
    """Wait `delay`, then go on as usual."""
    RESET = "reset"
    """Reset the connection (HTTP/2: the stream) before the message is taken."""
    LOST_ANSWER = "lost_answer"
    """Take the message, then reset: the sender cannot know."""
    GOAWAY = "goaway"
    """Close the connection without an answer; on HTTP/2 with a GOAWAY that excludes this stream."""
    REDIRECT = "redirect"
    """307 to `location`, by default a cloud's metadata address."""
    HUGE = "huge"
    """503 with a body of 8 MiB."""
    DROP_ACKS = "drop_acks"
    """Take the message but do not hear the user agent's ack, so that it is sent again."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. Without `token` and `service` it strikes every endpoint."""

    kind: FaultKind
    token: str | None = None
    service: Service | None = None
    status: int = 503
    retry_after: timedelta | None = None
    retry_as_date: bool = False
    delay: timedelta = timedelta(0)
    location: str = METADATA_ADDRESS
    times: int | None = None
    probability: float = 1.0
    larger_than: int | None = None
    """Only for bodies of more bytes: a limit of 2,744 plays Firefox on Android."""

    def __post_init__(self) -> None:
        if not 0 <= self.probability <= 1:
            raise ValueError("probability is between 0 and 1.")
        if not 200 <= self.status <= 599:  # noqa: PLR2004 - what a final answer can be
            raise ValueError("status is between 200 and 599.")
        if self.times is not None and self.times < 1:
            raise ValueError("times is at least 1.")

    def concerns(self, token: str, service: Service, byte_count: int) -> bool:
        """Tell whether a request to this endpoint is aimed at."""
        if self.token is not None and self.token != token:
            return False
        if self.larger_than is not None and byte_count <= self.larger_than:
            return False
        return self.service is None or self.service == service


@dataclass(slots=True)
class ActiveFault:
    """A fault in force, and how often it struck."""

    id: str
    fault: Fault
    struck: int = field(default=0)

    @property
    def is_spent(self) -> bool:
        """Whether it has struck as often as it should."""
        return self.fault.times is not None and self.struck >= self.fault.times


class Faults:
    """The faults in force, oldest first; the first that concerns a request strikes."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._active: dict[str, ActiveFault] = {}
        self._made = 0

    def add(self, fault: Fault) -> str:
        """Put a fault in force and return its identifier."""
        self._made += 1
        id_ = f"fault-{self._made}"
        self._active[id_] = ActiveFault(id_, fault)
        return id_

    def remove(self, id_: str) -> bool:
        """Lift one fault. Returns whether it was there."""
        return self._active.pop(id_, None) is not None

    def clear(self) -> int:
        """Lift all faults. Returns how many."""
        count = len(self._active)
        self._active.clear()
        return count

    def listed(self) -> list[ActiveFault]:
        """Return all faults, the spent ones too."""
        return list(self._active.values())

    def for_request(self, token: str, service: Service, byte_count: int) -> Fault | None:
        """Return the fault that strikes this request, and count it."""
        if not self._active:
            return None
        return self._strike(lambda f: f.kind is not FaultKind.DROP_ACKS and f.concerns(token, service, byte_count))

    def for_ack(self, token: str, service: Service) -> bool:
        """Tell whether this ack shall not be heard, and count it."""
        if not self._active:
            return False
        return self._strike(lambda f: f.kind is FaultKind.DROP_ACKS and f.concerns(token, service, 0)) is not None

    def _strike(self, matches: Callable[[Fault], bool]) -> Fault | None:
        for active in self._active.values():
            fault = active.fault
            if active.is_spent or not matches(fault):
                continue
            if fault.probability < 1 and self._random.random() >= fault.probability:
                continue
            active.struck += 1
            return fault
        return None


def retry_header(fault: Fault, now: datetime) -> Headers:
    """Return `Retry-After` in the form the fault asks for (RFC 9110 section 10.2.3), or nothing."""
    if fault.retry_after is None:
        return ()
    if fault.retry_as_date:
        at = (now + fault.retry_after).astimezone(UTC)
        return (("retry-after", format_datetime(at, usegmt=True)),)
    return (("retry-after", str(round(fault.retry_after.total_seconds()))),)


def without_vendor(fault: Fault) -> Answer | None:
    """Return the answer of a fault that looks the same at every vendor, or None."""
    match fault.kind:
        case FaultKind.RESET | FaultKind.LOST_ANSWER:
            return Answer(0, ending=Ending.RESET)
        case FaultKind.GOAWAY:
            return Answer(0, ending=Ending.HANG_UP)
        case FaultKind.REDIRECT:
            return Answer(307, (("location", fault.location),))
        case FaultKind.HUGE:
            return Answer(503, (("content-type", "text/plain"),), b"x" * HUGE_BODY_BYTES)
        case FaultKind.STATUS | FaultKind.SLOW | FaultKind.DROP_ACKS:
            return None
