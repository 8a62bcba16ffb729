"""`now`: once."""

from datetime import UTC, datetime, timedelta

from heliograph.triggers.now import Now

START = datetime(2026, 3, 1, 9, tzinfo=UTC)


def test_it_comes_once_and_at_the_start() -> None:
    """It is due when the campaign starts, and never again."""
    trigger = Now()
    assert trigger.following(START - timedelta(microseconds=1), started_at=START) == START
    assert [one.key for one in trigger.due(START, START)] == ["now"]
    assert trigger.following(START, started_at=START) is None
    assert not trigger.faults()
