"""`inactive`: once in each absence, and only when it becomes long enough."""

from datetime import UTC, datetime, timedelta

from heliograph.triggers.inactive import OnInactive

T0 = datetime(2026, 3, 14, 9, tzinfo=UTC)
AWAY = OnInactive(days=7)


def test_an_absence_counts_when_it_is_long_enough() -> None:
    """Not before, and not again at the next look."""
    last = T0 - timedelta(days=7)
    before = AWAY.start(last, looked_to=T0 - timedelta(hours=2), now=T0 - timedelta(hours=1))
    now = AWAY.start(last, looked_to=T0 - timedelta(hours=1), now=T0)
    after = AWAY.start(last, looked_to=T0, now=T0 + timedelta(hours=1))
    assert before is None
    assert now is not None
    assert now.due_at == T0
    assert after is None


def test_who_was_away_before_is_meant_if_wanted() -> None:
    """Without a look before, everybody who is away for so long is due now."""
    start = AWAY.start(T0 - timedelta(days=90), looked_to=None, now=T0)
    assert start is not None
    assert start.due_at == T0


def test_who_came_back_is_not_absent_any_more() -> None:
    """The entry is of one absence."""
    last = T0 - timedelta(days=7)
    start = AWAY.start(last, looked_to=None, now=T0)
    assert start is not None
    assert AWAY.is_same_absence(start.key, last)
    assert not AWAY.is_same_absence(start.key, T0)
    assert not AWAY.is_same_absence(start.key, None)
