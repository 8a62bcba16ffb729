"""`recurring`: days that come round, and what daylight saving does to them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from heliograph.triggers.recurring import Recurring, Weekday

START = datetime(2026, 1, 1, tzinfo=UTC)


def rule(**changes: Any) -> Recurring:
    given = {"every": "day", "times": ["09:00"], "time_zone": "Europe/Berlin", "kind": "recurring", **changes}
    return msgspec.convert(given, Recurring)


def test_what_comes_next_is_what_is_due() -> None:
    """Going from one to the next gives the same as asking for a span."""
    trigger = rule(times=["02:30", "14:00"], weekdays=["mon", "sun"])
    end = START + timedelta(days=365)
    walked, at = [], START - timedelta(seconds=1)
    while (following := trigger.following(at, started_at=START)) is not None and following <= end:
        walked.append(following)
        at = following
    assert walked == [one.due_at for one in trigger.due(START, end)]
    assert len(walked) == 208


def test_working_days_leave_the_weekend_out() -> None:
    """Weekdays narrow `day`."""
    trigger = rule(weekdays=list(Weekday)[:5])
    days = [one.due_at.weekday() for one in trigger.due(START, START + timedelta(days=28))]
    assert len(days) == 20
    assert max(days) == 4


def test_the_last_day_of_a_month_is_found() -> None:
    """-1 is the 28th or the 31st."""
    trigger = rule(every="month", month_days=[-1], time_zone="UTC")
    assert [one.due_at.day for one in trigger.due(START, START + timedelta(days=100))] == [31, 28, 31]


def test_every_second_week_counts_from_its_first_day() -> None:
    """The week in which `first` lies is the first one, from Monday."""
    trigger = rule(every="week", interval=2, first="2026-01-07", weekdays=["mon", "thu"], time_zone="UTC")
    assert [one.due_at.date() for one in trigger.due(START, START + timedelta(days=22))] == [
        date(2026, 1, 8),
        date(2026, 1, 19),
        date(2026, 1, 22),
    ]


def test_it_ends_with_its_last_day() -> None:
    """Behind the last day nothing follows."""
    trigger = rule(last="2026-01-02", time_zone="UTC")
    assert trigger.following(datetime(2026, 1, 2, 9, tzinfo=UTC), started_at=START) is None


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"time_zone": "Mars/Base"}, "/time_zone"),
        ({"times": ["09:00", "09:00"]}, "/times"),
        ({"every": "month", "weekdays": ["mon"], "month_days": [1]}, "/weekdays"),
        ({"month_days": [1]}, "/month_days"),
        ({"every": "month", "month_days": [0]}, "/month_days"),
        ({"every": "week"}, "/first"),
        ({"interval": 2}, "/first"),
        ({"every": "week", "interval": 60, "first": "2026-01-01"}, "/interval"),
        ({"first": "2026-02-01", "last": "2026-01-01"}, "/last"),
        ({"last": "9999-12-31"}, "/last"),
        ({"every": "month", "interval": 12, "first": "2026-02-01", "month_days": [30]}, ""),
    ],
)
def test_what_is_no_rule_is_said(changes: dict[str, Any], pointer: str) -> None:
    """Each fault has a place and a sentence."""
    assert [fault.pointer for fault in rule(**changes).faults()] == [pointer]
