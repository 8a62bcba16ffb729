"""Rows of carts: one of each person who ever had something in it."""

from typing import Any

from sqlalchemy import delete, select

from heliograph.domain.cart import Cart, applied, as_json, from_json
from heliograph.storage import events
from heliograph.storage.sql import insert
from heliograph.storage.store import Tx
from heliograph.storage.tables import carts

MAX_EVENTS = 2_000
"""Of each name, since the cart was last told as a whole; more than that no person does to a cart."""


async def get(tx: Tx, profile_id: str) -> Cart | None:
    """Return a person's cart; None if it was never spoken of."""
    row = (await tx.execute(select(carts).where(carts.c.profile_id == profile_id))).first()
    if row is None:
        return None
    return Cart(tuple(from_json(line) for line in row.items), row.updated_at, row.last_event_id)


async def put(tx: Tx, project_id: str, profile_id: str, cart: Cart) -> None:
    """Write a person's cart, whose profile is locked."""
    values: dict[str, Any] = {
        "items": [as_json(line) for line in cart.lines],
        "item_count": cart.item_count,
        "total_milli": cart.total_milli,
        "updated_at": cart.updated_at,
        "last_event_id": cart.last_event_id,
    }
    statement = insert(tx, carts).values(profile_id=profile_id, project_id=project_id, **values)
    await tx.execute(statement.on_conflict_do_update(index_elements=["profile_id"], set_=values))


async def remove(tx: Tx, profile_id: str) -> None:
    """Forget a person's cart."""
    await tx.execute(delete(carts).where(carts.c.profile_id == profile_id))


async def rebuild(tx: Tx, project_id: str, profile_id: str) -> None:
    """Make a person's cart anew from the events: what came late, or from elsewhere, finds its place among them."""
    cart = applied(None, await events.of_cart(tx, profile_id, limit=MAX_EVENTS))
    if cart is not None:
        await put(tx, project_id, profile_id, cart)
