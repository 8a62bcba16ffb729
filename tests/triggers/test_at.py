"""`at`: one instant, of everybody or of each person's clock."""

from datetime import UTC, datetime, timedelta

import pytest

from heliograph.triggers.at import At

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
LATER = datetime(2027, 1, 1, tzinfo=UTC)


def test_an_instant_comes_once() -> None:
    """It lies ahead until it is there."""
    trigger = At(at=datetime(2026, 3, 1, 12, tzinfo=UTC))
    assert not trigger.faults()
    assert trigger.following(NOW, started_at=NOW) == trigger.at
    assert [one.due_at for one in trigger.due(NOW, LATER)] == [trigger.at]
    assert trigger.following(LATER, started_at=NOW) is None


def test_a_wall_time_is_read_in_its_zone() -> None:
    """18:00 in Berlin in winter is 17:00 UTC; nobody waits for a clock of their own."""
    trigger = At(wall="2026-12-24T18:00", time_zone="Europe/Berlin")
    (one,) = trigger.due(NOW, LATER)
    assert (one.due_at, one.wall) == (datetime(2026, 12, 24, 17, tzinfo=UTC), None)


def test_each_persons_own_clock_begins_in_kiribati() -> None:
    """It begins fourteen hours before UTC reads the time, and each person waits for the wall time."""
    (one,) = At(wall="2026-12-24T18:00", time_zone="local").due(NOW, LATER)
    wall = datetime(2026, 12, 24, 18)  # noqa: DTZ001 - a wall time
    assert (one.due_at, one.wall) == (wall.replace(tzinfo=UTC) - timedelta(hours=14), wall)


@pytest.mark.parametrize(
    ("trigger", "pointer"),
    [
        (At(), "/at"),
        (At(at=NOW, wall="2026-12-24T18:00"), "/at"),
        (At(at=NOW, time_zone="UTC"), "/time_zone"),
        (At(wall="2026-12-24T18:00"), "/time_zone"),
        (At(wall="2026-12-24T18:00", time_zone="Mars/Base"), "/time_zone"),
        (At(wall="2026-02-30T18:00", time_zone="UTC"), "/wall"),
        (At(wall="2026-02-20T29:00", time_zone="UTC"), "/wall"),
        (At(at=datetime(9999, 12, 31, tzinfo=UTC)), "/at"),
    ],
)
def test_what_is_no_time_is_said(trigger: At, pointer: str) -> None:
    """Each fault has a place and a sentence."""
    assert [fault.pointer for fault in trigger.faults()] == [pointer]
