"""`date`: birthdays, appointments, and the days before them, on each person's own clock."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.triggers.date import OnDate

BIRTHDAY = OnDate(attribute="birthday", yearly=True, at="09:00")


def days(trigger: OnDate, value: object, zone: str | None, first: str, last: str) -> list[str]:
    starts = trigger.starts(
        value, zone, after=datetime.fromisoformat(first + "T00:00Z"), upto=datetime.fromisoformat(last + "T00:00Z")
    )
    return [start.due_at.isoformat() for start in starts]


def test_a_birthday_comes_each_year_at_nine_by_the_persons_clock() -> None:
    """The zone is the person's, and summer time is kept."""
    assert days(BIRTHDAY, "1990-06-01", "Europe/Berlin", "2026-01-01", "2028-01-01") == [
        "2026-06-01T07:00:00+00:00",
        "2027-06-01T07:00:00+00:00",
    ]
    assert days(BIRTHDAY, "--12-24", "America/New_York", "2026-01-01", "2027-01-01") == ["2026-12-24T14:00:00+00:00"]


def test_the_leap_day_is_the_28th_in_other_years() -> None:
    """Who was born on it has a birthday each year, and one alone."""
    found = days(BIRTHDAY, "2000-02-29", None, "2026-01-01", "2029-01-01")
    assert [day[:10] for day in found] == ["2026-02-28", "2027-02-28", "2028-02-29"]


def test_an_appointment_comes_once() -> None:
    """The day before, across the turn of a year."""
    appointment = OnDate(attribute="appointment", offset_days=-1, at="18:30")
    assert days(appointment, "2027-01-01T10:00:00+01:00", None, "2026-01-01", "2028-01-01") == [
        "2026-12-31T18:30:00+00:00"
    ]
    assert not days(appointment, "2025-01-01", None, "2026-01-01", "2028-01-01")


@pytest.mark.parametrize("value", [None, 7, "", "soon", "2026-02-30", "2026-13-01", "20260301", "--02-30", ["--02-28"]])
def test_what_is_no_day_is_none(value: object) -> None:
    """Attributes hold anything."""
    assert not days(BIRTHDAY, value, None, "2020-01-01", "2030-01-01")


def test_another_day_is_heard_of() -> None:
    """When it is due, the attribute and the zone of then count."""
    (start,) = BIRTHDAY.starts(
        "1990-06-01", None, after=datetime(2026, 1, 1, tzinfo=UTC), upto=datetime(2026, 12, 1, tzinfo=UTC)
    )
    assert BIRTHDAY.due_at(start.key, "1990-06-02", None) is None
    assert BIRTHDAY.due_at(start.key, "1991-06-01", "Asia/Tokyo") == datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "America/New_York", "Pacific/Apia"])
@given(minute=st.integers(0, 24 * 60 - 1), step=st.integers(1, 30), day=st.dates())
def test_looking_in_steps_finds_each_once(zone: str, minute: int, step: int, day: object) -> None:
    """However often one looks, each year has one, at the time that the clock reads or right after it jumped."""
    clock = f"{minute // 60:02d}:{minute % 60:02d}"
    trigger = OnDate(attribute="a", yearly=True, at=clock)
    at, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
    value = str(day)
    whole = [start.due_at for start in trigger.starts(value, zone, after=at, upto=end)]
    found = []
    while at < end:
        found += [
            start.due_at for start in trigger.starts(value, zone, after=at, upto=min(at + timedelta(days=step), end))
        ]
        at += timedelta(days=step)
    assert found == whole
    assert 1 <= len(whole) <= 3
    walls = [one.astimezone(ZoneInfo(zone)) for one in whole]
    assert len({wall.date() for wall in walls}) == len(walls)


def test_a_zone_that_there_is_not_is_refused() -> None:
    """The trigger's own is for people whose zone is not known."""
    assert [fault.pointer for fault in OnDate(attribute="a", time_zone="Mars/Base").faults()] == ["/time_zone"]
