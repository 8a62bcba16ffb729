"""What an attempt makes of a delivery: pure rules from outcome, deadline and history to the next state."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from heliograph.delivery.dispatch import DEADLINE, Attempt, Dispatch
from heliograph.domain import retry
from heliograph.domain.delivery import DeliveryState
from heliograph.domain.outcome import Accepted, Gone, Outcome, Refused, Rejected, Skipped, TryLater
from heliograph.storage.deliveries import Change

GONE_YOUNG = "gone_young"
GONE_STORM = "gone_storm"


@dataclass(frozen=True, slots=True)
class Deferred:
    """Nothing was tried: a breaker is open, or a limit says later. The attempt does not count.

    Attributes:
        is_exact: whether it is tried again at that very instant; otherwise many are gathered a little later.
    """

    reason: str
    until: datetime
    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class Expired:
    """Nothing was tried: the deadline has passed. `reason` is what was in the way."""

    reason: str = DEADLINE


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one attempt.

    Attributes:
        status: of the answer, if there was one.
        in_storm: whether the answer 'gone' is one of very many from its host.
        at: when it was known.
        took: how long the exchange took, a repair included, if there was one.
    """

    attempt: Attempt
    what: Outcome | Deferred | Expired
    at: datetime
    status: int | None = None
    in_storm: bool = False
    took: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The row's next values, and whether its subscription is to be ended."""

    change: Change
    prune: bool = False
    is_exact: bool = False


def decide(dispatch: Dispatch, result: Result, *, chance: float) -> Decision:
    """Return what becomes of a delivery."""
    if isinstance(result.what, Gone):
        return _gone(dispatch, result, result.what.reason, chance)
    is_exact = isinstance(result.what, Deferred) and result.what.is_exact
    return Decision(_changed(dispatch, result, chance), is_exact=is_exact)


def _changed(dispatch: Dispatch, result: Result, chance: float) -> Change:
    match result.what:
        case Accepted(receipt):
            change = _change(result, DeliveryState.ACCEPTED, None, receipt=receipt)
        case Rejected(reason):
            change = _change(result, DeliveryState.REJECTED, reason)
        case Skipped(reason):
            change = _change(result, DeliveryState.SKIPPED, reason)
        case Gone(reason):
            change = _change(result, DeliveryState.GONE, reason)
        case Expired(reason):
            change = _change(result, DeliveryState.EXPIRED, result.attempt.last_reason or reason)
        case TryLater(reason, after):
            change = _again(dispatch, result, reason, chance, after=after, steps=retry.STEPS)
        case Refused(reason):
            change = _again(dispatch, result, reason, chance, after=None, steps=retry.REFUSED_STEPS)
        case Deferred(reason, until, _):
            # Kept until its deadline even when the pause is longer: it may end earlier.
            change = _change(result, DeliveryState.RETRYING, reason, at=min(until, dispatch.deadline))
    return change


def _gone(dispatch: Dispatch, result: Result, reason: str, chance: float) -> Decision:
    """Believe an answer 'gone' unless the endpoint is too young or too many are called gone; then ask once more."""
    attempt = result.attempt
    since = attempt.receiver.endpoint_since
    is_doubted = attempt.last_reason in (GONE_YOUNG, GONE_STORM)
    # An endpoint that came after the last answer is another one than that answer was about.
    if not is_doubted or (attempt.last_at is not None and since > attempt.last_at):
        wait, doubt = timedelta(0), ""
        if result.in_storm:
            wait, doubt = retry.STORM_AFTER, GONE_STORM
        elif result.at - since < retry.YOUNG:
            wait, doubt = retry.YOUNG_AFTER + retry.YOUNG_AFTER * chance, GONE_YOUNG
        if doubt:
            at = result.at + wait
            if at < dispatch.deadline:
                return Decision(_change(result, DeliveryState.RETRYING, doubt, at=at))
            # No time to ask again: this message is lost, the subscription gets the benefit of the doubt.
            return Decision(_change(result, DeliveryState.GONE, doubt))
    return Decision(_change(result, DeliveryState.GONE, reason), prune=True)


def _again(
    dispatch: Dispatch,
    result: Result,
    reason: str,
    chance: float,
    *,
    after: timedelta | None,
    steps: tuple[timedelta, ...],
) -> Change:
    at = retry.next_attempt_at(
        result.at,
        attempt=result.attempt.number,
        after=after,
        deadline=dispatch.deadline,
        chance=chance,
        steps=steps,
    )
    if at is None:
        return _change(result, DeliveryState.EXPIRED, reason)
    return _change(result, DeliveryState.RETRYING, reason, at=at)


def _change(
    result: Result, state: DeliveryState, reason: str | None, *, receipt: str = "", at: datetime | None = None
) -> Change:
    is_tried = not isinstance(result.what, Deferred | Expired | Skipped)
    return Change(
        state=state,
        reason=reason,
        attempts=result.attempt.number if is_tried else result.attempt.number - 1,
        status_code=result.status,
        service_message_id=receipt or None,
        next_attempt_at=at,
        accepted_at=result.at if state is DeliveryState.ACCEPTED else None,
    )
