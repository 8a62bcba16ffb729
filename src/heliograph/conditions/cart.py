"""What is in somebody's cart."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec
from sqlalchemy import ColumnElement, and_, exists, func, select

from heliograph.conditions.base import Amount, Between, ItemId, Question, Span
from heliograph.domain.person import Needs, Part, Person
from heliograph.storage.json_members import has_object
from heliograph.storage.tables import carts, profiles


class InCart(Question, frozen=True, kw_only=True, tag="cart"):
    """The person's cart; all that is given holds. Who never had one has an empty one."""

    kind: ClassVar[str] = "cart"
    example: ClassVar[dict[str, Any]] = {"kind": "cart", "count": {"from": 1}, "idle_for": {"hours": 4}}
    count: Annotated[Between | None, msgspec.Meta(description="How many pieces are in it.")] = None
    total: Annotated[Amount | None, msgspec.Meta(description="What they cost together.")] = None
    item: Annotated[ItemId, msgspec.Meta(description="This item is in it.")] | None = None
    idle_for: Annotated[Span | None, msgspec.Meta(description="It has not changed for so long.")] = None

    def __post_init__(self) -> None:
        """Refuse to ask nothing."""
        if (self.count, self.total, self.item, self.idle_for) == (None,) * 4:
            raise ValueError("Give `count`, `total`, `item` or `idle_for`.")

    @property
    def needs(self) -> Needs:
        """The cart."""
        return Needs.of(Part.CART)

    def matches(self, person: Person, now: datetime) -> bool:
        """Look into the cart."""
        cart = person.cart
        return (
            (self.count is None or self.count.has(0 if cart is None else cart.item_count))
            and (self.total is None or self.total.has(0 if cart is None else cart.total_milli))
            and (self.item is None or (cart is not None and self.item in cart.item_ids))
            and (self.idle_for is None or (cart is not None and cart.updated_at <= self.idle_for.before(now)))
        )

    def sql(self, now: datetime) -> ColumnElement[bool]:
        """Look at the one row."""
        bounds: list[ColumnElement[bool]] = []
        if self.count is not None:
            bounds.append(self.count.sql(self._number(carts.c.item_count)))
        if self.total is not None:
            bounds.append(self.total.sql(self._number(carts.c.total_milli)))
        inside: list[ColumnElement[bool]] = []
        if self.item is not None:
            inside.append(has_object(carts.c["items"], "id", self.item))
        if self.idle_for is not None:
            inside.append(carts.c.updated_at <= self.idle_for.before(now))
        if inside:
            bounds.append(exists().where(carts.c.profile_id == profiles.c.id, *inside).correlate(profiles))
        return and_(*bounds)

    def _number(self, column: ColumnElement[int]) -> ColumnElement[int]:
        own = select(column).where(carts.c.profile_id == profiles.c.id).correlate(profiles)
        return func.coalesce(own.scalar_subquery(), 0)

    def seen(self, person: Person, now: datetime) -> Any:
        """Return the cart."""
        if person.cart is None:
            return None
        return {
            "count": person.cart.item_count,
            "total": person.cart.total_milli / 1000,
            "items": sorted(person.cart.item_ids)[:20],
            "updated_at": person.cart.updated_at,
        }
