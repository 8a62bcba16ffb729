"""People with all that the rules of segments ask about them: a few statements for any number of people."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import func, select

from heliograph.domain.person import (
    Cart,
    Device,
    Engagement,
    Needs,
    OwnSubscription,
    Part,
    Person,
    PersonEvent,
)
from heliograph.domain.subscription import Group
from heliograph.storage.sql import chunks, constant
from heliograph.storage.store import Tx
from heliograph.storage.tables import carts, deliveries, events, memberships, profiles, subscriptions, visitors

MOST = 10_000
"""Events of one name, and deliveries, that are looked at for one person: the newest. Rules count no further."""

_Found = dict[str, list[Any]]


async def load(tx: Tx, profile_ids: Sequence[str], needs: Needs) -> list[Person]:
    """Return people by the identifiers of their profiles, in their order; those that are not there are left out."""
    found: dict[str, Person] = {}
    for part in chunks(profile_ids, columns=2):
        found |= await _load(tx, list(part), needs)
    return [found[one] for one in dict.fromkeys(profile_ids) if one in found]


async def _load(tx: Tx, ids: list[str], needs: Needs) -> dict[str, Person]:
    rows = (await tx.execute(select(profiles).where(profiles.c.id.in_(ids)))).all()
    groups = await _groups(tx, ids) if Part.GROUPS in needs.parts else {}
    owned = await _subscriptions(tx, ids) if Part.SUBSCRIPTIONS in needs.parts else {}
    devices = await _devices(tx, ids) if Part.DEVICES in needs.parts else {}
    in_carts = await _carts(tx, ids) if Part.CART in needs.parts else {}
    done = await _deliveries(tx, ids) if Part.DELIVERIES in needs.parts else {}
    happened = await _events(tx, ids, needs.events)
    return {
        row.id: Person(
            id=row.id,
            external_id=row.external_id,
            attributes=row.attributes,
            language=row.language,
            time_zone=row.time_zone,
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            groups=frozenset(groups.get(row.id, ())),
            subscriptions=tuple(owned.get(row.id, ())),
            devices=frozenset(devices.get(row.id, ())),
            events=tuple(happened.get(row.id, ())),
            cart=in_carts.get(row.id),
            deliveries=tuple(done.get(row.id, ())),
        )
        for row in rows
    }


def _gathered(rows: Iterable[tuple[str, Any]]) -> _Found:
    found: _Found = defaultdict(list)
    for profile_id, value in rows:
        found[profile_id].append(value)
    return found


async def _groups(tx: Tx, ids: list[str]) -> _Found:
    query = (
        select(subscriptions.c.profile_id, memberships.c.group_name, memberships.c.identifier)
        .join(memberships, memberships.c.subscription_id == subscriptions.c.id)
        .where(subscriptions.c.profile_id.in_(ids))
    )
    rows = await tx.execute(query)
    return _gathered((row.profile_id, Group(row.group_name, row.identifier or None)) for row in rows)


async def _subscriptions(tx: Tx, ids: list[str]) -> _Found:
    own = subscriptions.c
    query = select(own.profile_id, own.state, own.channel, own.push_service, own.created_at).where(
        own.profile_id.in_(ids)
    )
    rows = await tx.execute(query.order_by(own.profile_id, own.id))
    return _gathered((row[0], OwnSubscription(*row[1:])) for row in rows)


async def _devices(tx: Tx, ids: list[str]) -> _Found:
    found = []
    for table in (visitors, subscriptions):
        query = select(table.c.profile_id, table.c.browser, table.c.os, table.c.is_mobile).where(
            table.c.profile_id.in_(ids)
        )
        if table is subscriptions:
            query = query.where(subscriptions.c.state == constant("active"))
        found += [(row[0], Device(*row[1:])) for row in await tx.execute(query)]
    return _gathered(found)


async def _carts(tx: Tx, ids: list[str]) -> dict[str, Cart]:
    rows = await tx.execute(select(carts).where(carts.c.profile_id.in_(ids)))
    return {
        row.profile_id: Cart(
            item_count=row.item_count,
            total_milli=row.total_milli,
            item_ids=frozenset(item["id"] for item in row._mapping["items"]),  # noqa: SLF001 - `items` is a method of rows
            updated_at=row.updated_at,
        )
        for row in rows
    }


async def _events(tx: Tx, ids: list[str], names: frozenset[str]) -> _Found:
    own = events.c
    found: list[tuple[str, PersonEvent]] = []
    for name in sorted(names):
        place = func.row_number().over(partition_by=own.profile_id, order_by=own.at.desc()).label("place")
        numbered = (
            select(own.profile_id, own.name, own.at, own.item_id, own.amount_milli, own.properties, place)
            .where(own.profile_id.in_(ids), own.name == name)
            .subquery()
        )
        rows = await tx.execute(select(numbered).where(numbered.c.place <= MOST))
        found += [(row[0], PersonEvent(*row[1:-1])) for row in rows]
    return _gathered(found)


async def _deliveries(tx: Tx, ids: list[str]) -> _Found:
    own = deliveries.c
    place = func.row_number().over(partition_by=own.profile_id, order_by=own.accepted_at.desc()).label("place")
    numbered = (
        select(own.profile_id, own.id, own.accepted_at, own.displayed_at, own.clicked_at, own.dismissed_at, place)
        .where(own.profile_id.in_(ids), own.accepted_at.is_not(None))
        .subquery()
    )
    rows = await tx.execute(select(numbered).where(numbered.c.place <= MOST))
    return _gathered((row[0], Engagement(*row[1:-1])) for row in rows)
