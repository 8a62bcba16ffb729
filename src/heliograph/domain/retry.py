"""When a delivery is tried again: growing waits with jitter, never past the deadline. Waits from RFC 8030 practice.

`docs/explanation/delivery.md` gives the reasons for the numbers.
"""

from datetime import datetime, timedelta

STEPS = tuple(timedelta(seconds=seconds) for seconds in (1, 4, 16, 60, 300, 900, 1800, 3600))
"""Waits after the first, second, … attempt; the last one repeats."""
REFUSED_STEPS = STEPS[3:]
"""Waits after an answer that says that our credentials are wrong: repeating fast mends nothing."""
MAX_AFTER = timedelta(days=1)
"""The longest wait that a push service may ask for."""
THROTTLED_AFTER = timedelta(seconds=60)
"""The wait after throttling that does not say how long."""
YOUNG = timedelta(minutes=2)
"""An endpoint younger than this is not believed dead at once: Google's service has answered 410 to fresh ones."""
YOUNG_AFTER = timedelta(seconds=30)
STORM_AFTER = timedelta(minutes=30)
"""The wait before an answer 'gone' out of a storm of them is asked for again."""
LEAST_LIFE = timedelta(minutes=1)
"""A notification with TTL 0 still needs a moment to be handed over."""

_JITTER = 0.25


def backoff(attempt: int, chance: float, steps: tuple[timedelta, ...] = STEPS) -> timedelta:
    """Return the wait after the attempt of this number.

    Args:
        attempt: counts from 1.
        chance: from 0 to 1; the wait grows by up to a quarter, so that a burst does not come back as one.
        steps: the waits.
    """
    return jittered(steps[min(max(attempt, 1), len(steps)) - 1], chance)


def jittered(wait: timedelta, chance: float) -> timedelta:
    """Return the wait, longer by up to a quarter."""
    return wait * (1 + _JITTER * min(max(chance, 0.0), 1.0))


def next_attempt_at(
    now: datetime,
    *,
    attempt: int,
    after: timedelta | None,
    deadline: datetime,
    chance: float,
    steps: tuple[timedelta, ...] = STEPS,
) -> datetime | None:
    """Return when to try again: the later of what was asked for and our own backoff; None if that is too late."""
    wait = backoff(attempt, chance, steps)
    if after is not None:
        wait = max(wait, min(after, MAX_AFTER))
    at = now + wait
    return at if at < deadline else None


def deadline(send_at: datetime, ttl: timedelta, expires_at: datetime) -> datetime:
    """Return the instant from which on nothing more is sent."""
    return min(send_at + max(ttl, LEAST_LIFE), expires_at)


def remaining_ttl(now: datetime, *, send_at: datetime, ttl: timedelta, expires_at: datetime) -> timedelta:
    """Return the TTL of a message sent now: a late one must not outlive the notification. Never negative."""
    return max(min(send_at + ttl, expires_at) - now, timedelta(0))
