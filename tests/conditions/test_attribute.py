"""The condition on attributes."""

from typing import Any

import pytest
from tests.support.persons import NOW, a_person, holds

from heliograph.conditions import parse
from heliograph.errors import InvalidRequest


def _asks(value: Any, operator: str, wanted: Any) -> bool:
    rule = {"kind": "attribute", "name": "x", "is": operator, "value": wanted}
    return holds(rule, attributes={} if value is None else {"x": value})


@pytest.mark.parametrize(
    ("value", "operator", "wanted"),
    [
        ("gold", "eq", "gold"),
        (5, "eq", 5.0),
        (True, "eq", True),
        ("gold", "ne", "silver"),
        (None, "ne", "gold"),
        ("gold", "in", ["silver", "gold"]),
        (5.5, "gt", 5),
        (5, "gte", 5),
        (-1, "lt", 0),
        ("2026-03-13", "lt", "2026-03-14"),
        ("2026-03-14T23:00:00+09:00", "lte", "2026-03-14"),
        ("2026-03-13", "lte", {"days_ago": 1}),
        ("2026-03-15", "gt", {"days_ago": 0}),
        ("a gold ring", "contains", "gold"),
        (["red", "gold"], "contains", "gold"),
        ([1, 2.0], "contains", 2),
        (0, "exists", True),
        (None, "exists", False),
    ],
)
def test_it_holds(value: Any, operator: str, wanted: Any):
    """A value compares as people expect."""
    assert _asks(value, operator, wanted)


@pytest.mark.parametrize(
    ("value", "operator", "wanted"),
    [
        ("5", "eq", 5),
        (5, "eq", "5"),
        (True, "eq", 1),
        (1, "eq", True),
        ("Gold", "eq", "gold"),
        ("6", "gt", 5),
        (True, "gt", 0),
        ("soon", "gt", "2026-03-14"),
        ("2026-03-14 and more", "eq", "2026-03-14"),
        (20260315, "gt", "2026-03-14"),
        ({"x": 1}, "eq", "x"),
        (["1"], "contains", 1),
        (None, "lt", 5),
        (None, "exists", True),
    ],
)
def test_types_are_honest(value: Any, operator: str, wanted: Any):
    """A text is never a number, a truth value is none either, and nothing is guessed."""
    assert not _asks(value, operator, wanted)


@pytest.mark.parametrize(
    ("operator", "value"),
    [("in", "gold"), ("in", []), ("gt", "gold"), ("gt", True), ("eq", ["a"]), ("exists", 1), ("eq", 2**60), ("has", 1)],
)
def test_what_makes_no_sense_is_refused(operator: str, value: Any):
    """An operator and a value that do not fit are a mistake, and not an empty segment."""
    with pytest.raises(InvalidRequest):
        parse({"kind": "attribute", "name": "x", "is": operator, "value": value})


def test_it_tells_the_value_that_it_saw():
    """Who asks why somebody is not in a segment sees what is known of them."""
    condition = parse({"kind": "attribute", "name": "x", "is": "eq", "value": 5})
    assert condition.seen(a_person(attributes={"x": "5"}), NOW) == {"value": "5", "exists": True}
