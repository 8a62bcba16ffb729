"""What is in a cart: events taken one after the other, in the order in which they happened."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from heliograph.domain.event import Event, Line, lines
from heliograph.domain.vocabulary import CART_EVENTS, MAX_LINES, EventName

_MOST = 999_999


@dataclass(frozen=True, slots=True)
class Cart:
    """A cart after some events.

    Attributes:
        lines: in the order in which the items came in; the latest 100 are kept.
        updated_at: when the last event happened.
        last_event_id: which one it was; of two in one instant the one with the larger identifier is the later.
    """

    lines: tuple[Line, ...]
    updated_at: datetime
    last_event_id: str

    @property
    def item_count(self) -> int:
        """How many pieces there are; a part of one counts as one."""
        return min(sum(ceil(line.count) for line in self.lines), 2**31 - 1)

    @property
    def total_milli(self) -> int:
        """What all of it costs, in thousandths; what has no price costs nothing."""
        return min(sum(round(line.count * (line.price_milli or 0)) for line in self.lines), 2**63 - 1)


def is_of_cart(event: Event) -> bool:
    """Tell whether an event changes a cart."""
    return event.name in CART_EVENTS


def order_of(event: Event) -> tuple[datetime, str]:
    """Return what events are ordered by."""
    return event.at, event.id


def applied(cart: Cart | None, events: Iterable[Event]) -> Cart | None:
    """Return a cart after events of the cart, which all happened later; None for no cart and no events."""
    for event in sorted(events, key=order_of):
        cart = Cart(_after(() if cart is None else cart.lines, event), event.at, event.id)
    return cart


def _after(before: tuple[Line, ...], event: Event) -> tuple[Line, ...]:
    match EventName(event.name):
        case EventName.CART_UPDATE:
            return tuple(line for line in lines(event.properties) if line.count)[-MAX_LINES:]
        case EventName.CART_ADD:
            return _moved(before, lines(event.properties), 1)
        case EventName.CART_REMOVE:
            return _moved(before, lines(event.properties), -1)
        case _:
            return ()


def _moved(before: tuple[Line, ...], moved: tuple[Line, ...], sign: int) -> tuple[Line, ...]:
    kept = {line.id: line for line in before}
    for line in moved:
        old = kept.get(line.id)
        count = round(min(max((0 if old is None else old.count) + sign * line.count, 0), _MOST), 3)
        price = line.price_milli if line.price_milli is not None or old is None else old.price_milli
        about = line.about if old is None else {**old.about, **line.about}
        if count:
            kept[line.id] = Line(line.id, count, price, about)
        else:
            kept.pop(line.id, None)
    return tuple(kept.values())[-MAX_LINES:]


def as_json(line: Line) -> dict[str, Any]:
    """Return a line as it is kept."""
    price = {} if line.price_milli is None else {"price_milli": line.price_milli}
    return {"id": line.id, "count": line.count, **price, **line.about}


def from_json(kept: Mapping[str, Any]) -> Line:
    """Return a line that was kept."""
    about = {name: value for name, value in kept.items() if name not in ("id", "count", "price_milli")}
    return Line(kept["id"], kept["count"], kept.get("price_milli"), about)
