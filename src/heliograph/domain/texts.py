"""What each receiver of a notification of templates gets to see. Content without templates costs nothing here.

Pure: `storage.template_values` reads the values, together with the receivers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from heliograph.domain.event import Line
from heliograph.domain.notification import Content, Notification
from heliograph.domain.outcome import Rejected
from heliograph.domain.template import TemplateError
from heliograph.domain.templated import personal

TEMPLATE_ERROR = "template_error"
_OCCASION = ("event", "item", "cart", "best_cart_item")
"""What a campaign's trigger tells of what started it."""


@dataclass(frozen=True, slots=True)
class PersonValues:
    """What is known of one person. `attributes` is any JSON object of the customer's."""

    id: str
    external_id: str | None
    attributes: dict[str, Any]
    language: str | None
    time_zone: str | None


@dataclass(frozen=True, slots=True)
class Texts:
    """One notification's content, and what it is filled in with for some receivers.

    Attributes:
        people: by profile.
        carts: by profile, as they are now.
        campaign: its name.
    """

    notification: Notification
    people: Mapping[str, PersonValues] = field(default_factory=dict)
    carts: Mapping[str, tuple[Line, ...]] = field(default_factory=dict)
    campaign: str | None = None

    def content(self, profile_id: str | None, language: str | None) -> Content | Rejected:
        """Return what a receiver gets to see, or that there is nothing good to show."""
        try:
            return self.checked(profile_id, language)
        except TemplateError:
            return Rejected(TEMPLATE_ERROR)

    def checked(self, profile_id: str | None, language: str | None) -> Content:
        """Return what a receiver gets to see, or raise `TemplateError`.

        Args:
            profile_id: whose subscription it is; None for nobody's.
            language: the subscription's.
        """
        notification = self.notification
        values = self._values(profile_id or "", language)
        return personal(notification.content, notification.kind, language, values)

    def _values(self, profile_id: str, language: str | None) -> dict[str, Any]:
        told = self.notification.variables or {}
        variables = {**told.get("all", {}), **told.get("people", {}).get(profile_id, {})}
        values = _cart(self.carts.get(profile_id, ()))
        values |= {name: variables[name] for name in _OCCASION if name in variables}
        values |= {"language": language, "campaign": {"name": self.campaign}, "variables": variables}
        person = self.people.get(profile_id)
        if person is not None:
            values["profile"] = person.attributes
            values["external_id"] = person.external_id
            values["language"] = language or person.language
            values["time_zone"] = person.time_zone
        return values


def _cart(lines: tuple[Line, ...]) -> dict[str, Any]:
    """Return a cart, and its dearest item, as templates see them; nothing for an empty one."""
    items: list[dict[str, Any]] = [
        {"id": line.id, "count": line.count, "price": (line.price_milli or 0) / 1000, **line.about} for line in lines
    ]
    if not items:
        return {}
    total = sum(item["price"] * item["count"] for item in items)
    cart = {"items": items, "count": sum(item["count"] for item in items), "total": round(total, 2)}
    return {"cart": cart, "best_cart_item": max(items, key=lambda item: item["price"])}
