"""Rows of events. They come from many pages at once, and much is asked of few of them: always by person or by item."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.engine import Row

from heliograph.domain.event import Event, Source
from heliograph.domain.vocabulary import CART_EVENTS, WHOLE_CART_EVENTS
from heliograph.kit.ids import floor_id
from heliograph.storage.sql import insert
from heliograph.storage.store import Tx
from heliograph.storage.tables import events

_COLUMNS = [events.c[name] for name in Event.__dataclass_fields__]


def _event(row: Row[Any]) -> Event:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return Event(**(values | {"source": Source(values["source"])}))


async def add(tx: Tx, happened: Sequence[Event]) -> list[Event]:
    """Write events; leave those alone that are known, and return the new ones in the order in which they were given."""
    if not happened:
        return []
    statement = insert(tx, events).on_conflict_do_nothing(index_elements=["id"]).returning(events.c.id)
    # In one order, so that two calls with the same events do not wait for each other.
    rows = [asdict(event) for event in sorted(happened, key=lambda event: event.id)]
    new = set((await tx.execute(statement, rows)).scalars())
    return [event for event in happened if event.id in new]


async def page(tx: Tx, profile_id: str, *, before: str | None, limit: int) -> list[Event]:
    """Return events of a person, in the order of their identifiers: newest first."""
    query = select(*_COLUMNS).where(events.c.profile_id == profile_id).order_by(events.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(events.c.id < before)
    return [_event(row) for row in await tx.execute(query)]


async def of_cart(tx: Tx, profile_id: str, *, limit: int) -> list[Event]:
    """Return what a person's cart follows from: the last event that says all that is in it, and what came behind.

    Of more than `limit` the oldest are left out.
    """
    last = None
    for name in sorted(WHOLE_CART_EVENTS):  # each by itself, so that the index has them in order
        query = select(*_COLUMNS).where(events.c.profile_id == profile_id, events.c.name == name)
        row = (await tx.execute(query.order_by(events.c.at.desc(), events.c.id.desc()).limit(1))).first()
        if row is not None and (last is None or (row.at, row.id) > (last.at, last.id)):
            last = _event(row)
    found = [] if last is None else [last]
    for name in sorted(CART_EVENTS - WHOLE_CART_EVENTS):
        query = select(*_COLUMNS).where(events.c.profile_id == profile_id, events.c.name == name)
        if last is not None:
            query = query.where(events.c.at >= last.at, or_(events.c.at > last.at, events.c.id > last.id))
        rows = await tx.execute(query.order_by(events.c.at.desc(), events.c.id.desc()).limit(limit))
        found += [_event(row) for row in rows]
    return found


async def erase(tx: Tx, profile_id: str, *, limit: int) -> int:
    """Delete up to `limit` events of a profile; return how many there were."""
    some = select(events.c.id).where(events.c.profile_id == profile_id).order_by(events.c.id).limit(limit)
    return (await tx.execute(delete(events).where(events.c.id.in_(some)))).rowcount


async def sweep(tx: Tx, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` events that happened before an instant, to a day, oldest first."""
    # By identifier, which the instant is in: no index is needed for it.
    some = select(events.c.id).where(events.c.id < floor_id("evt", before)).order_by(events.c.id).limit(limit)
    return (await tx.execute(delete(events).where(events.c.id.in_(some)))).rowcount
