"""What every trigger owes, asked of all of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from heliograph import triggers
from heliograph.triggers import TRIGGERS

NOW = datetime(2026, 3, 14, 9, tzinfo=UTC)
EXAMPLES: dict[str, dict[str, Any]] = {
    "now": {},
    "at": {"at": "2026-03-15T09:00:00Z"},
    "recurring": {"every": "day", "times": ["09:00"], "time_zone": "Europe/Berlin"},
    "api": {},
    "event": {"event": "order", "cancel_on": [{"event": "order"}], "where": [{"property": "order.id"}]},
    "entered": {"delay_seconds": 60},
    "inactive": {"days": 7, "event": "order"},
    "date": {"attribute": "birthday", "yearly": True},
}


@pytest.mark.parametrize("kind", [trigger.kind for trigger in TRIGGERS])
def test_what_is_stored_is_what_was_read(kind: str) -> None:
    """And it is whole, says no fault of itself, and asks nobody."""
    trigger = triggers.read({"kind": kind, **EXAMPLES[kind]})
    assert trigger.kind == kind
    assert not trigger.faults()
    assert triggers.read(triggers.stored(trigger)) == trigger


@pytest.mark.parametrize("kind", [trigger.kind for trigger in TRIGGERS])
def test_the_clock_gets_on(kind: str) -> None:
    """What follows lies behind, or is nothing at all; so no campaign is looked at in a circle."""
    trigger = triggers.read({"kind": kind, **EXAMPLES[kind]})
    at: datetime | None = NOW - timedelta(microseconds=1)
    for _ in range(50):
        assert at is not None
        following = trigger.following(at, started_at=NOW)
        if following is None:
            return
        assert following > at
        at = following
