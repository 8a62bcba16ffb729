"""Ready recipes: campaigns that most shops want, as the JSON that `POST /v1/campaigns` takes. Read, change, use."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_HOUR, _DAY = 3_600, 86_400
_QUIET = {"quiet_hours": {"from": "22:00", "to": "08:00"}}
_BUYS = {"event": "order"}
_BUYS_IT = {"event": "order", "same": "item"}
_SUBSCRIBED = {"kind": "subscription", "state": "active"}


@dataclass(frozen=True, slots=True)
class Recipe:
    """A campaign that is ready to be made.

    Attributes:
        name: how it is called for.
        says: what it does, in one sentence.
        needs: the events and attributes that it lives on.
        campaign: makes the JSON for a site, by its address.
    """

    name: str
    says: str
    needs: tuple[str, ...]
    campaign: Callable[[str], dict[str, Any]]


def _message(name: str, trigger: Mapping[str, Any], content: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    message = {"trigger": dict(trigger), "audience": {"kind": "everyone"}, "content": {"template": True, **content}}
    return {"name": name, "message": {**message, "limits": dict(_QUIET), **more}}


def _cart_abandoned(site: str) -> dict[str, Any]:
    content = {
        "title": "{{ best_cart_item.title | default: 'Your cart' }} is waiting for you",
        "body": "Everything is still in your cart.",
        "url": f"{site}/cart",
        "image": "{{ best_cart_item.image }}",
    }
    trigger = {
        "kind": "event",
        "event": "cart_changed",
        "delay_seconds": _HOUR,
        "restart": True,
        "cancel_on": [_BUYS],
        "once_per_seconds": _DAY,
    }
    has_something = {"kind": "cart", "count": {"from": 1}}
    return _message("Cart abandoned", trigger, content, audience={"kind": "segment", "rule": has_something})


def _of_item(site: str, event: str, title: str, body: str) -> tuple[dict[str, Any], dict[str, Any]]:
    trigger = {
        "kind": "event",
        "event": event,
        "reach": {"who": "viewed", "days": 30},
        "cancel_on": [_BUYS_IT],
        "once_per_seconds": _DAY,
    }
    url = f"{{{{ item.url | default: '{site}/' }}}}"
    return trigger, {"title": title, "body": body, "url": url, "image": "{{ item.image }}"}


def _price_dropped(site: str) -> dict[str, Any]:
    title = "{{ item.title | default: 'Something that you looked at' }} costs less now"
    body = "{% if item.old_price %}It was {{ item.old_price }}, and is {{ item.price }} now.{% endif %}"
    return _message("Price dropped", *_of_item(site, "item_price_dropped", title, body))


def _back_in_stock(site: str) -> dict[str, Any]:
    title = "{{ item.title | default: 'Something that you looked at' }} is back"
    return _message("Back in stock", *_of_item(site, "item_available", title, "As long as there is some."))


def _welcome(site: str) -> dict[str, Any]:
    trigger = {"kind": "entered", "delay_seconds": 600, "once_per_seconds": 365 * _DAY}
    content = {"title": "Good to have you here", "body": "This is where you hear of news first.", "url": f"{site}/"}
    return _message("Welcome", trigger, content, audience={"kind": "segment", "rule": dict(_SUBSCRIBED)})


def _win_back(site: str) -> dict[str, Any]:
    content = {
        "title": "We have not seen you for a while",
        "body": "Look what is new{% if profile.first_name %}, {{ profile.first_name }}{% endif %}.",
        "url": f"{site}/",
    }
    return _message("Win back", {"kind": "inactive", "days": 30}, content)


def _birthday(site: str) -> dict[str, Any]:
    content = {
        "title": "Happy birthday{% if profile.first_name %}, {{ profile.first_name }}{% endif %}!",
        "url": f"{site}/",
    }
    trigger = {"kind": "date", "attribute": "birthday", "yearly": True, "at": "09:00"}
    return _message("Birthday", trigger, content)


RECIPES: tuple[Recipe, ...] = (
    Recipe(
        "cart-abandoned",
        "An hour after the last change of a cart in which something is left, unless an order came.",
        ("cart_add, cart_remove or cart_update", "order"),
        _cart_abandoned,
    ),
    Recipe(
        "price-dropped",
        "An item costs less: to all who looked at it in the last 30 days and did not buy it.",
        ("item_view", "order", "item_price_dropped"),
        _price_dropped,
    ),
    Recipe(
        "back-in-stock",
        "An item can be bought again: to all who looked at it in the last 30 days and did not buy it.",
        ("item_view", "order", "item_available"),
        _back_in_stock,
    ),
    Recipe("welcome", "Ten minutes after somebody subscribes whose visits or purchases are known.", (), _welcome),
    Recipe("win-back", "Thirty days after the last sign of life, once in each absence.", (), _win_back),
    Recipe(
        "birthday",
        "On each birthday at nine, by the person's clock.",
        ("the attribute birthday, such as 1990-06-01 or --06-01",),
        _birthday,
    ),
)
"""All of them, in the order in which they are listed."""
