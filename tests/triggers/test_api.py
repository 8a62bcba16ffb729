"""`api`: it never comes round."""

from datetime import UTC, datetime

from heliograph.triggers.api import Api


def test_it_waits_for_calls() -> None:
    """No instant is its own."""
    now = datetime(2026, 3, 1, 9, tzinfo=UTC)
    assert Api().following(now, started_at=now) is None
    assert not Api().due(now, now)
    assert Api.is_endless
