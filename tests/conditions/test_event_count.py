"""The condition on how often somebody did something."""

import pytest
from tests.support.persons import ago, holds

from heliograph.conditions import parse
from heliograph.domain.person import PersonEvent
from heliograph.errors import InvalidRequest

EVENTS = (
    PersonEvent("item_view", ago(hours=1), item_id="lamp", properties={"colour": "blue"}),
    PersonEvent("item_view", ago(days=10), item_id="chair"),
    PersonEvent("page_view", ago(hours=1)),
)


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({}, True),
        ({"from": 2}, True),
        ({"from": 3}, False),
        ({"to": 1}, False),
        ({"to": 0}, False),
        ({"from": 1, "to": 2}, True),
        ({"within": {"days": 1}}, True),
        ({"within": {"days": 1}, "from": 2}, False),
        ({"item": "chair", "within": {"days": 1}}, False),
        ({"item": "chair"}, True),
        ({"property": {"name": "colour", "is": "eq", "value": "blue"}}, True),
        ({"property": {"name": "colour", "is": "exists", "value": False}, "from": 2}, False),
    ],
)
def test_it_counts(asked: dict[str, object], answer: bool):
    """Events of the name, in the window, about the item, with the property."""
    assert holds({"kind": "event_count", "name": "item_view", **asked}, events=EVENTS) is answer


def test_never_is_a_count_of_none():
    """People who never did it are found by `to` 0."""
    assert holds({"kind": "event_count", "name": "order", "to": 0}, events=EVENTS)


@pytest.mark.parametrize("asked", [{"from": 2, "to": 1}, {"from": -1}, {"within": {}}, {"within": {"days": 9999}}])
def test_what_can_never_hold_is_refused(asked: dict[str, object]):
    """Bounds that leave nothing are a mistake."""
    with pytest.raises(InvalidRequest):
        parse({"kind": "event_count", "name": "order", **asked})
