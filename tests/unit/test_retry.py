"""When to try again, when to stop, and how hosts are given a rest."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.delivery.record import bucket
from heliograph.domain.breaker import Breaker, BreakerRule
from heliograph.domain.retry import (
    MAX_AFTER,
    STEPS,
    backoff,
    deadline,
    next_attempt_at,
    remaining_ttl,
)
from heliograph.domain.throttle import Throttle

NOW = datetime(2026, 3, 14, 9, 26, 53, 589793, tzinfo=UTC)
SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
waits = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=40))


@pytest.mark.parametrize(
    ("attempt", "seconds"),
    [(0, 1), (1, 1), (2, 4), (3, 16), (4, 60), (5, 300), (6, 900), (7, 1800), (8, 3600), (99, 3600)],
)
def test_backoff(attempt: int, seconds: int):
    """Waits grow from a second to an hour, and jitter adds a quarter at most."""
    assert backoff(attempt, 0) == seconds * SECOND
    assert backoff(attempt, 1) == seconds * SECOND * 1.25
    assert backoff(attempt, -7) == seconds * SECOND


@given(st.integers(0, 50), st.none() | waits, st.floats(0, 1), waits)
def test_next_attempt(attempt: int, after: timedelta | None, chance: float, left: timedelta):
    """The next attempt is not before what was asked for (a day at most), nor our own wait, nor after the deadline."""
    at = next_attempt_at(NOW, attempt=attempt, after=after, deadline=NOW + left, chance=chance)
    least = max(backoff(attempt, chance), min(after or timedelta(0), MAX_AFTER))

    assert at == (NOW + least if least < left else None)


@given(waits, waits, waits)
def test_deadline_and_ttl(ttl: timedelta, expires_in: timedelta, spent: timedelta):
    """What is sent late has a shorter TTL, never a negative one, and never one past the deadline."""
    left = remaining_ttl(NOW + spent, send_at=NOW, ttl=ttl, expires_at=NOW + expires_in)

    assert timedelta(0) <= left <= ttl
    assert NOW + spent + left <= max(NOW + spent, deadline(NOW, ttl, NOW + expires_in))


def test_ttl_zero_has_a_minute():
    """A notification that is for now or never has a minute to be handed over."""
    assert deadline(NOW, timedelta(0), NOW + DAY) == NOW + MINUTE
    assert deadline(NOW, timedelta(0), NOW + SECOND) == NOW + SECOND


@given(st.timedeltas(min_value=timedelta(0), max_value=2 * DAY))
def test_bucket(wait: timedelta):
    """Times are rounded up, by a second or a tenth of the wait, so that many deliveries share a job."""
    at = bucket(NOW + wait, NOW)

    assert NOW + wait <= at <= NOW + wait + max(SECOND, wait / 10)
    assert bucket(at, NOW) >= at


RULE = BreakerRule(faults=3, first_pause=10 * SECOND, longest_pause=MINUTE)


def test_breaker():
    """It opens after so many faults in a row, lets one probe through, and rests longer each time."""
    breaker = Breaker(RULE)
    for _ in range(2):
        breaker = breaker.failed(NOW)
    assert not breaker.is_open(NOW)
    breaker = breaker.failed(NOW)
    assert breaker.is_open(NOW)
    assert breaker.failed(NOW) == breaker  # what was in the air says nothing new
    assert not breaker.is_open(NOW + 10 * SECOND)
    assert breaker.is_half_open(NOW + 10 * SECOND)

    later = NOW + 10 * SECOND
    breaker = breaker.failed(later)
    assert breaker.open_until == later + 20 * SECOND
    assert breaker.succeeded() == Breaker(RULE)


def test_breaker_forgets_on_success():
    """Faults that are not in a row open nothing."""
    breaker = Breaker(RULE)
    for _ in range(20):
        breaker = breaker.failed(NOW).failed(NOW).succeeded()
    assert breaker == Breaker(RULE)


@given(st.integers(-5, 10_000))
def test_pauses_are_bounded(times: int):
    """However often it opens, a pause stays between the first and the longest one."""
    assert 10 * SECOND <= RULE.pause(times) <= MINUTE


def test_throttle():
    """The window halves once a second at most, never below its least, and grows back by one per window."""
    throttle = Throttle(most=64)
    throttle = throttle.throttled(NOW).throttled(NOW)
    assert throttle.limit == 32
    for second in range(1, 9):
        throttle = throttle.throttled(NOW + second * SECOND)
    assert throttle.limit == 4
    for _ in range(5):
        throttle = throttle.succeeded()
    assert 5 <= throttle.limit < 6
    for _ in range(5_000):
        throttle = throttle.succeeded()
    assert throttle.limit == 64
    assert throttle.succeeded() is throttle


def test_steps_grow():
    """No wait is shorter than the one before."""
    assert list(STEPS) == sorted(STEPS)
