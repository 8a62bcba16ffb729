"""`entered`: an entry for each time that somebody comes in, and a look at everybody each hour."""

from datetime import UTC, datetime, timedelta

from heliograph.triggers.entered import OnEntered

T0 = datetime(2026, 3, 14, 9, tzinfo=UTC)


def test_each_time_is_another_one() -> None:
    """Its key is the instant, its delay counts from it."""
    entered = OnEntered(delay_seconds=60)
    first, second = entered.start(T0), entered.start(T0 + timedelta(days=1))
    assert first.due_at == T0 + timedelta(minutes=1)
    assert first.key != second.key


def test_everybody_is_looked_at_each_hour() -> None:
    """The first time when it starts: time alone may bring somebody in."""
    entered = OnEntered()
    assert entered.following(T0 - timedelta(microseconds=1), started_at=T0) == T0
    assert entered.following(T0, started_at=T0) == T0 + timedelta(hours=1)
    assert not entered.due(T0, T0)
