"""Many subscriptions at once, in and out: found by endpoint, written together, bound to people, walked along."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, update

from heliograph.domain.subscription import Group
from heliograph.storage.sql import chunks, constant, insert_bulk, insert_ignore, insert_new
from heliograph.storage.store import Tx
from heliograph.storage.tables import memberships, profiles, providers, subscriptions, vapid_keys


@dataclass(frozen=True, slots=True)
class Known:
    """What an import must know of a row that is here already."""

    id: str
    endpoint_hash: bytes
    state: str
    p256dh: bytes = field(repr=False)
    auth: bytes = field(repr=False)
    vapid_key_id: str
    profile_id: str | None
    language: str | None
    time_zone: str | None


_KNOWN = [subscriptions.c[name] for name in Known.__dataclass_fields__]


async def known(tx: Tx, project_id: str, hashes: Collection[bytes]) -> dict[bytes, Known]:
    """Return the rows that have these endpoints, whatever their state, locked in the order of their identifiers."""
    found: dict[bytes, Known] = {}
    for part in chunks(sorted(hashes)):
        # Asked for in an order at once, both databases might walk the whole project along that order.
        ids = select(subscriptions.c.id).where(
            subscriptions.c.project_id == project_id, subscriptions.c.endpoint_hash.in_(part)
        )
        if there := list((await tx.execute(ids)).scalars()):
            query = select(*_KNOWN).where(subscriptions.c.id.in_(there)).order_by(subscriptions.c.id)
            found |= {row.endpoint_hash: Known(*row) for row in await tx.execute(query.with_for_update())}
    return found


async def add(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> set[bytes]:
    """Write new rows, in the order of their endpoints; return the hashes of those that nobody else had written."""
    in_order = sorted(rows, key=lambda row: row["endpoint_hash"])
    new = await insert_new(
        tx, subscriptions, in_order, conflict=("project_id", "endpoint_hash"), returning=("endpoint_hash",)
    )
    return {row.endpoint_hash for row in new}


async def change(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Overwrite columns of locked rows. All have the same keys; `id` says which row."""
    if rows:
        names = [name for name in rows[0] if name != "id"]
        statement = update(subscriptions).where(subscriptions.c.id == bindparam("b_id"))
        values = [{f"b_{name}": value for name, value in row.items()} for row in rows]
        await tx.execute(statement.values({name: bindparam(f"b_{name}") for name in names}), values)


async def memberships_of(tx: Tx, ids: Sequence[str]) -> dict[str, set[Group]]:
    """Return the groups of those of these subscriptions that have any."""
    query = select(memberships.c.subscription_id, memberships.c.group_name, memberships.c.identifier).where(
        memberships.c.subscription_id.in_(ids)
    )
    found: dict[str, set[Group]] = {}
    for row in await tx.execute(query):
        found.setdefault(row[0], set()).add(Group(row[1], row[2] or None))
    return found


async def join(tx: Tx, project_id: str, joined: Collection[tuple[str, Group]], *, now: datetime) -> None:
    """Make subscriptions members of groups; being one already changes nothing."""
    rows = [
        {
            "project_id": project_id,
            "group_name": group.name,
            "subscription_id": subscription_id,
            "identifier": group.identifier or "",
            "joined_at": now,
        }
        for subscription_id, group in sorted(joined, key=lambda pair: (pair[0], pair[1].name, pair[1].identifier or ""))
    ]
    key = ("project_id", "group_name", "subscription_id", "identifier")
    await insert_bulk(tx, memberships, rows, conflict=key)


async def ensure_profiles(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write new profiles, in the order of their external ids; leave those alone that are known."""
    in_order = sorted(rows, key=lambda row: str(row["external_id"]))
    await insert_ignore(tx, profiles, in_order, conflict=("project_id", "external_id"))


async def people(tx: Tx, project_id: str, external_ids: Collection[str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return identifiers and attributes of profiles by external id, locked in the order of their identifiers."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for part in chunks(sorted(external_ids)):
        ids = select(profiles.c.id).where(profiles.c.project_id == project_id, profiles.c.external_id.in_(part))
        if there := list((await tx.execute(ids)).scalars()):
            columns = (profiles.c.external_id, profiles.c.id, profiles.c.attributes)
            query = select(*columns).where(profiles.c.id.in_(there)).order_by(profiles.c.id)
            found |= {row[0]: (row[1], row[2]) for row in await tx.execute(query.with_for_update())}
    return found


async def set_attributes(tx: Tx, rows: Sequence[Mapping[str, Any]], *, now: datetime) -> None:
    """Overwrite the attributes of locked profiles: `id`, `attributes`."""
    if rows:
        statement = update(profiles).where(profiles.c.id == bindparam("b_id"))
        values = [{"b_id": row["id"], "b_attributes": row["attributes"]} for row in rows]
        await tx.execute(statement.values(attributes=bindparam("b_attributes"), updated_at=now), values)


async def providers_by_name(tx: Tx, project_id: str) -> dict[str, str]:
    """Return identifiers of the project's web providers by name."""
    query = select(providers.c.name, providers.c.id).where(
        providers.c.project_id == project_id, providers.c.channel == "web"
    )
    return {row[0]: row[1] for row in await tx.execute(query)}


_EXPORTED = (
    "id",
    "endpoint",
    "p256dh",
    "auth",
    "language",
    "time_zone",
    "origin",
    "user_agent",
    "created_at",
    "browser_expires_at",
    "expires_at",
)


async def active(tx: Tx, project_id: str, *, after: str, limit: int) -> list[dict[str, Any]]:
    """Return a page of active subscriptions with person, key and provider, in the order of their identifiers."""
    joined = (
        subscriptions.outerjoin(profiles, profiles.c.id == subscriptions.c.profile_id)
        .join(vapid_keys, vapid_keys.c.id == subscriptions.c.vapid_key_id)
        .join(providers, providers.c.id == subscriptions.c.provider_id)
    )
    query = (
        select(
            *(subscriptions.c[name] for name in _EXPORTED),
            profiles.c.external_id,
            profiles.c.attributes,
            vapid_keys.c.public_key,
            providers.c.name.label("provider"),
        )
        .select_from(joined)
        .where(subscriptions.c.project_id == project_id, subscriptions.c.state == "active", subscriptions.c.id > after)
        .order_by(subscriptions.c.id)
        .limit(limit)
    )
    return [dict(row._mapping) for row in await tx.execute(query)]  # noqa: SLF001 - SQLAlchemy's public name for it


async def is_key_used(tx: Tx, vapid_key_id: str) -> bool:
    """Tell whether any active subscription uses an application server key."""
    some = (
        select(subscriptions.c.vapid_key_id)
        .where(subscriptions.c.vapid_key_id == vapid_key_id, subscriptions.c.state == constant("active"))
        .limit(1)
    )
    return bool((await tx.execute(select(func.count()).select_from(some.subquery()))).scalar_one())
