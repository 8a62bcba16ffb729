"""What each receiver of a notification of templates gets to see. Content without templates costs nothing here.

Values are read together with the receivers; texts are made when their turn comes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from heliograph.domain.event import Line
from heliograph.domain.notification import Content, Notification
from heliograph.domain.outcome import Rejected
from heliograph.domain.template import PERSONAL, TemplateError
from heliograph.domain.templated import names, personal
from heliograph.storage import template_values
from heliograph.storage.audience import Receiver
from heliograph.storage.store import Tx
from heliograph.storage.template_values import PersonValues

TEMPLATE_ERROR = "template_error"
_OF_PROFILE = PERSONAL | {"language"}
_OF_CART = frozenset({"cart", "best_cart_item"})
_STARTED_BY = ("event", "item", "cart", "best_cart_item")
"""What a campaign's trigger tells of its occasion."""


@dataclass(frozen=True, slots=True)
class Texts:
    """One notification's content, and what it is filled in with for some receivers.

    Attributes:
        people: by profile.
        carts: by profile, as they are now.
    """

    notification: Notification
    people: Mapping[str, PersonValues] = field(default_factory=dict)
    carts: Mapping[str, tuple[Line, ...]] = field(default_factory=dict)
    campaign: str | None = None

    def content(self, receiver: Receiver) -> Content | Rejected | None:
        """Return what a receiver gets to see; None for what everybody does."""
        if not self.notification.content.template:
            return None
        try:
            return self.checked(receiver)
        except TemplateError:
            return Rejected(TEMPLATE_ERROR)

    def checked(self, receiver: Receiver) -> Content:
        """Return what a receiver gets to see, or raise `TemplateError`."""
        notification = self.notification
        return personal(notification.content, notification.kind, receiver.language, self._values(receiver))

    def _values(self, receiver: Receiver) -> dict[str, Any]:
        person = self.people.get(receiver.profile_id or "")
        told = self.notification.variables or {}
        variables = {**told.get("all", {}), **told.get("people", {}).get(receiver.profile_id, {})}
        values = _cart(self.carts.get(receiver.profile_id or "", ()))
        values |= {name: variables[name] for name in _STARTED_BY if name in variables}
        values |= {"language": receiver.language, "campaign": {"name": self.campaign}, "variables": variables}
        if person is not None:
            values["profile"] = person.attributes
            values["external_id"] = person.external_id
            values["language"] = receiver.language or person.language
            values["time_zone"] = person.time_zone
        return values


async def texts(tx: Tx, notification: Notification, receivers: Iterable[Receiver]) -> Texts:
    """Read what a notification's templates ask for, and no more."""
    wanted = names(notification.content)
    ids = sorted({receiver.profile_id for receiver in receivers if receiver.profile_id is not None})
    people = await template_values.of_profiles(tx, ids) if wanted & _OF_PROFILE else {}
    carts = await template_values.carts_of(tx, ids) if wanted & _OF_CART else {}
    campaign = None
    if "campaign" in wanted and notification.campaign_id is not None:
        campaign = await template_values.campaign_name(tx, notification.campaign_id)
    return Texts(notification, people, carts, campaign)


def _cart(lines: tuple[Line, ...]) -> dict[str, Any]:
    """Return a cart, and its dearest item, as templates see them; nothing for an empty one."""
    items = [
        {"id": line.id, "count": line.count, "price": (line.price_milli or 0) / 1000, **line.about} for line in lines
    ]
    if not items:
        return {}
    total = sum(item["price"] * item["count"] for item in items)
    cart = {"items": items, "count": sum(item["count"] for item in items), "total": round(total, 2)}
    return {"cart": cart, "best_cart_item": max(items, key=lambda item: item["price"])}
