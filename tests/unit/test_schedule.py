"""Schedules and quiet hours over the changes of clocks of many zones, by the rules' own properties."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from heliograph.domain.quiet_hours import QuietHours
from heliograph.domain.schedule import Every, Recurrence, between, following, instant, zone_named

ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour
    "Asia/Kolkata",  # five and a half hours ahead
    "Pacific/Apia",
    "America/St_Johns",
    "Africa/Casablanca",
    "Pacific/Chatham",
    "UTC",
)
START = datetime(2027, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize("clock", [time(0, 0), time(2, 0), time(2, 15), time(2, 30), time(3, 0), time(12, 0)])
def test_each_day_has_one_occurrence(name: str, clock: time) -> None:
    """Whatever the clocks do, there is one for each day of the year, and walking gives the same as asking."""
    zone = ZoneInfo(name)
    rule = Recurrence(Every.DAY, (clock,), date(2020, 1, 1))
    found = between(rule, zone, START, START + YEAR)
    days = [one.key[:10] for one in found]
    assert len(days) == len(set(days)) >= 365
    gaps = [second.due_at - first.due_at for first, second in pairwise(found)]
    assert all(timedelta(hours=22) <= gap <= timedelta(hours=26) for gap in gaps)
    walked, at = [], START - timedelta(microseconds=1)
    while (due := following(rule, zone, at)) is not None and due <= START + YEAR:
        walked.append(due)
        at = due
    assert walked == sorted({one.due_at for one in found})


def test_samoa_left_out_a_day() -> None:
    """30 December 2011 was not there: its nine o'clock is that of the 31st, and neither is lost."""
    rule = Recurrence(Every.DAY, (time(9),), date(2011, 12, 1))
    start = datetime(2011, 12, 28, tzinfo=UTC)
    found = between(rule, ZoneInfo("Pacific/Apia"), start, start + timedelta(days=5))
    assert {"2011-12-29T09:00", "2011-12-30T09:00", "2011-12-31T09:00"} <= {one.key for one in found}


def test_what_clocks_leave_out_and_what_they_read_twice() -> None:
    """The offset before the change, and the first of two (RFC 5545 section 3.3.5)."""
    berlin = ZoneInfo("Europe/Berlin")
    left_out, twice = datetime(2027, 3, 28, 2, 30), datetime(2027, 10, 31, 2, 30)  # noqa: DTZ001 - wall times
    assert instant(left_out, berlin) == datetime(2027, 3, 28, 1, 30, tzinfo=UTC)
    assert instant(twice, berlin) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)
    assert instant(twice, berlin, second=True) == datetime(2027, 10, 31, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize("name", ZONES)
@pytest.mark.parametrize(
    ("start", "end"), [("22:00", "08:00"), ("01:30", "02:15"), ("02:10", "03:00"), ("12:00", "11:59")]
)
def test_quiet_hours_end_when_nothing_is_quiet(name: str, start: str, end: str) -> None:
    """At each half hour of the weeks around the changes: the end lies ahead, soon, and is not quiet."""
    zone = ZoneInfo(name)
    quiet = QuietHours(time.fromisoformat(start), time.fromisoformat(end))
    for month, day in ((3, 7), (3, 26), (4, 2), (9, 24), (10, 1), (10, 30), (11, 5)):
        for half_hours in range(5 * 48):
            now = datetime(2027, month, day, tzinfo=UTC) + timedelta(minutes=30 * half_hours)
            ends_at = quiet.ends_at(now, zone)
            assert (ends_at is None) is not quiet.is_quiet(now, zone)
            if ends_at is not None:
                assert now < ends_at <= now + timedelta(hours=26)
                assert not quiet.is_quiet(ends_at, zone)


def test_zones_are_known_by_their_names() -> None:
    """What is no zone is none, however it is written."""
    assert zone_named("Europe/Berlin") is not None
    for wrong in ("", "localtime", "../etc/passwd", "Mars/Base", "x" * 1000):
        assert zone_named(wrong) is None
