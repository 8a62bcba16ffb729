"""People to ask conditions about, one by one."""

from datetime import UTC, datetime, timedelta
from typing import Any

from heliograph.conditions import parse
from heliograph.domain.person import Person

NOW = datetime(2026, 3, 14, 9, 26, 53, 589793, tzinfo=UTC)


def ago(**span: float) -> datetime:
    """Return an instant before the tests' now."""
    return NOW - timedelta(**span)


def a_person(**known: Any) -> Person:
    """Return Ada, of whom this is known."""
    nothing = {"attributes": {}, "language": None, "time_zone": None, "last_seen_at": None, "created_at": ago(days=100)}
    return Person(**{"id": "pro_ada", "external_id": "ada", **nothing, **known})


def holds(rule: dict[str, Any], **known: Any) -> bool:
    """Tell whether a rule holds for a person of whom this is known."""
    return parse(rule).matches(a_person(**known), NOW)
