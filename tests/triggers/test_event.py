"""`event`: what starts it, when it is due, and what calls it off."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from heliograph.domain.entry import Entry, EntryState
from heliograph.domain.event import Event, Source
from heliograph.triggers import read
from heliograph.triggers.event import OnEvent

T0 = datetime(2026, 3, 14, 9, tzinfo=UTC)


def trigger(**members: Any) -> OnEvent:
    found = read({"kind": "event", **members})
    assert isinstance(found, OnEvent)
    return found


def event(name: str, *, after: int = 0, item: str | None = None, **properties: Any) -> Event:
    at = T0 + timedelta(seconds=after)
    if item is not None:
        properties["item"] = {"id": item}
    return Event(f"evt_{after:026d}", "prj", "pro", name, item, None, at, at, Source.PAGE, properties)


def waiting(of: OnEvent, start: Event) -> Entry:
    made = of.start(start)
    state = EntryState.WAITING
    about = (made.item_id, made.event_id, made.variables, None, start.at, None)
    return Entry("ent", "cmp", "prj", "pro", made.key, made.due_at, state, None, *about)


def test_a_name_and_properties_start_it() -> None:
    """Another name, or a property that does not hold, does not."""
    dear = trigger(event="item_view", where=[{"property": "item.price", "is": "gt", "value": 100}])
    view = event("item_view", item="7")
    view.properties["item"]["price"] = 120  # type: ignore[index]
    assert dear.matches(view)
    assert not dear.matches(event("item_view", item="7"))
    assert not dear.matches(event("page_view", url="https://shop.example/"))
    assert not dear.matches(event("item_view", item="7", **{"item.price": 120}))


@pytest.mark.parametrize("name", ["cart_add", "cart_remove", "cart_update"])
def test_every_change_of_a_cart_is_one(name: str) -> None:
    """`cart_changed` stands for all three; an order is none."""
    cart = trigger(event="cart_changed", delay_seconds=60)
    assert cart.matches(event(name))
    assert not cart.matches(event("order"))


def test_an_order_calls_it_off_unless_it_came_before() -> None:
    """Events may be told in any order: what counts is when they happened."""
    cart = trigger(event="cart_changed", delay_seconds=3600, cancel_on=[{"event": "order"}])
    entry = waiting(cart, event("cart_add", after=100, item="7"))
    assert cart.cancels(event("order", after=101), entry)
    assert not cart.cancels(event("order", after=99), entry)
    assert not cart.cancels(event("page_view", after=101), entry)
    assert cart.is_overtaken(event("cart_add", after=100), event("order", after=101))
    assert not cart.is_overtaken(event("cart_add", after=100), event("order", after=99))


def test_the_same_item_calls_it_off() -> None:
    """An order of something else does not."""
    viewed = trigger(event="item_view", delay_seconds=60, cancel_on=[{"event": "order", "same": "item"}])
    entry = waiting(viewed, event("item_view", item="7"))
    assert viewed.cancels(event("order", after=1, order={"id": "1", "items": [{"id": 7}, {"id": "8"}]}), entry)
    assert not viewed.cancels(event("order", after=1, order={"id": "1", "items": [{"id": "8"}]}), entry)


def test_content_may_speak_of_the_item() -> None:
    """Its title and price are kept, whatever else is told is not; a long text is cut."""
    view = event("item_view", item="7")
    view.properties["item"].update(title="Lamp" * 1000, price="12,50", secret="x")  # type: ignore[index]
    kept = trigger(event="item_view").start(view).variables["item"]
    assert (kept["id"], kept["price"], len(kept["title"])) == ("7", "12,50", 1_000)
    assert "secret" not in kept


def test_the_only_line_of_a_cart_is_the_item() -> None:
    """An event that names one item in a list speaks of it as well."""
    told = event("cart_update", items=[{"id": "7", "title": "Lamp", "count": 2}])
    told = Event(told.id, "prj", "pro", told.name, "7", None, told.at, told.at, told.source, told.properties)
    assert trigger(event="cart_changed").start(told).variables["item"] == {"id": "7", "title": "Lamp", "count": 2}


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"event": "item_available"}, "/reach"),
        ({"event": "order", "reach": {}}, "/reach"),
        ({"event": "order", "restart": True}, "/restart"),
    ],
)
def test_contradictions_are_named(members: dict[str, Any], pointer: str) -> None:
    """An item's event needs somebody who is meant, and what is at once cannot be put off."""
    assert [fault.pointer for fault in trigger(**members).faults()] == [pointer]


def test_it_comes_round_never() -> None:
    """No clock starts it."""
    at_once = trigger(event="order")
    assert at_once.event_name == "order"
    assert not at_once.faults()
    assert not at_once.due(T0, T0 + timedelta(days=9))
    assert at_once.following(T0, started_at=T0) is None
