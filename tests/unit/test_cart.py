"""Carts: what comes of events, one after the other."""

from datetime import UTC, datetime, timedelta
from typing import Any

from heliograph.domain.cart import Cart, applied, as_json, from_json
from heliograph.domain.event import Event, Source

NOW = datetime(2026, 3, 14, tzinfo=UTC)


def _event(number: int, name: str, **properties: Any) -> Event:
    at = NOW + timedelta(minutes=number)
    return Event(f"evt_{number:026d}", "prj_1", "pro_1", name, None, None, at, at, Source.PAGE, properties)


def _counts(cart: Cart | None) -> dict[str, Any]:
    assert cart is not None
    return {line.id: line.count for line in cart.lines}


def test_adding_and_removing() -> None:
    """Pieces come and go; fewer than none is none, and a price that is not told again stays."""
    told = [
        _event(1, "cart_add", item={"id": "a", "price": "2,50", "count": 2, "title": "Tea"}),
        _event(2, "cart_add", item={"id": "b"}),
        _event(3, "cart_add", item={"id": "a"}),
        _event(4, "cart_remove", item={"id": "b", "count": 5}),
    ]
    cart = applied(None, told)
    assert _counts(cart) == {"a": 3}
    assert cart is not None
    assert (cart.item_count, cart.total_milli, cart.updated_at) == (3, 7_500, NOW + timedelta(minutes=4))
    assert cart.lines[0].about == {"title": "Tea"}


def test_the_whole_cart_and_an_order() -> None:
    """What is told as a whole replaces what was there; after an order nothing is."""
    cart = applied(None, [_event(1, "cart_add", item={"id": "a"})])
    whole = applied(cart, [_event(2, "cart_update", items=[{"id": "b", "count": 2}, {"id": "c", "count": 0}])])
    assert _counts(whole) == {"b": 2}
    assert _counts(applied(whole, [_event(3, "order", order={"id": "1"})])) == {}


def test_order_is_by_time_and_then_by_identifier() -> None:
    """It does not matter in which order events are given."""
    told = [_event(2, "cart_update", items=[]), _event(1, "cart_add", item={"id": "a"})]
    assert _counts(applied(None, told)) == _counts(applied(None, told[::-1])) == {}


def test_parts_and_bounds() -> None:
    """Half a pound counts as one piece; more lines than a hundred push the oldest out."""
    cart = applied(None, [_event(1, "cart_add", item={"id": "a", "count": 0.25, "price": 10})])
    assert cart is not None
    assert (cart.item_count, cart.total_milli) == (1, 2_500)
    many = applied(None, [_event(number, "cart_add", item={"id": str(number)}) for number in range(120)])
    assert many is not None
    assert [line.id for line in many.lines] == [str(number) for number in range(20, 120)]


def test_a_line_is_read_as_it_was_kept() -> None:
    """What goes into the database comes out of it."""
    item = {"id": "a", "price": 1, "count": 1.5, "url": "https://shop.example/a"}
    cart = applied(None, [_event(1, "cart_add", item=item)])
    assert cart is not None
    assert [from_json(as_json(line)) for line in cart.lines] == list(cart.lines)
