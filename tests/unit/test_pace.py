"""Token buckets: how fast each of very many callers may come."""

from datetime import UTC, datetime, timedelta

import pytest

from heliograph.api.public.pace import network_of
from heliograph.kit.pace import Pace

NOW = datetime(2026, 3, 14, tzinfo=UTC)


def test_a_minutes_worth_may_come_at_once_and_then_evenly():
    """Sixty a minute: sixty now, then one a second; who waits is told how long."""
    pace = Pace(60)
    assert [pace.take("ada", NOW) for _ in range(60)] == [None] * 60
    assert pace.take("ada", NOW) == timedelta(seconds=1)
    assert pace.take("ada", NOW + timedelta(milliseconds=400)) == timedelta(milliseconds=600)
    assert pace.take("ada", NOW + timedelta(seconds=1)) is None
    assert pace.take("ada", NOW + timedelta(seconds=1)) is not None
    assert pace.take("grace", NOW) is None


def test_nothing_is_saved_up_beyond_a_minute():
    """A caller that was away for a day may not come with a day's worth."""
    pace = Pace(2)
    later = NOW + timedelta(days=1)
    pace.take("ada", NOW)
    assert [pace.take("ada", later) is None for _ in range(3)] == [True, True, False]


def test_a_clock_that_is_set_back_takes_nothing_away():
    """Nobody is locked out until the old time comes again."""
    pace = Pace(2)
    pace.take("ada", NOW)
    assert pace.take("ada", NOW - timedelta(hours=1)) is None
    assert pace.take("ada", NOW - timedelta(hours=1)) is not None
    assert pace.take("ada", NOW - timedelta(minutes=59)) is None


def test_memory_is_bounded():
    """Of more callers than there is room for, those longest unseen are forgotten."""
    pace = Pace(1, capacity=2)
    for caller in ("a", "b", "a", "c"):
        pace.take(caller, NOW)
    assert pace.take("a", NOW) is not None
    assert pace.take("b", NOW) is None
    assert len(pace._buckets) == 2


def test_no_limit_is_no_limit():
    """Zero in the settings means that nobody is limited and nothing is remembered."""
    pace = Pace(0)
    assert {pace.take("ada", NOW) for _ in range(10_000)} == {None}
    assert not pace._buckets


@pytest.mark.parametrize(
    ("address", "caller"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("127.0.0.1", None),
        ("127.8.9.1", None),
        ("::1", None),
        ("::ffff:127.0.0.1", None),
        ("unknown", "unknown"),
    ],
)
def test_who_counts_as_one_caller(address: str, caller: str | None):
    """One customer of an IPv6 network has a /64; this machine itself is not limited."""
    assert network_of(address) == caller
