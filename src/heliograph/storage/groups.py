"""Rows of groups and of their members. A group without an identifier has the empty one in the tables."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, tuple_
from sqlalchemy.engine import Row

from heliograph.domain.subscription import Group
from heliograph.domain.webhook import Event
from heliograph.names import EventType
from heliograph.storage import outbox
from heliograph.storage.sql import chunks, insert_ignore, insert_new
from heliograph.storage.store import Tx
from heliograph.storage.tables import groups, memberships


@dataclass(frozen=True, slots=True)
class KnownGroup:
    """A group that somebody made or joined."""

    id: str
    group: Group
    created_at: datetime


def _known(row: Row[Any]) -> KnownGroup:
    return KnownGroup(row.id, Group(row.name, row.identifier or None), row.created_at)


def _written(group: Group) -> str:
    return group.identifier or ""


async def ensure(tx: Tx, project_id: str, ids: Mapping[Group, str], *, now: datetime) -> None:
    """Make groups known, under these identifiers, unless they are."""
    rows = [
        {
            "id": group_id,
            "project_id": project_id,
            "name": group.name,
            "identifier": _written(group),
            "created_at": now,
        }
        for group, group_id in ids.items()
    ]
    await insert_ignore(tx, groups, rows, conflict=("project_id", "name", "identifier"))


async def get(tx: Tx, project_id: str, group_id: str) -> KnownGroup | None:
    """Return one group of a project."""
    row = (await tx.execute(select(groups).where(groups.c.project_id == project_id, groups.c.id == group_id))).first()
    return None if row is None else _known(row)


async def find(tx: Tx, project_id: str, group: Group) -> KnownGroup | None:
    """Return the group of this name and identifier."""
    query = select(groups).where(
        groups.c.project_id == project_id, groups.c.name == group.name, groups.c.identifier == _written(group)
    )
    row = (await tx.execute(query)).first()
    return None if row is None else _known(row)


async def page(tx: Tx, project_id: str, name: str | None, *, after: str | None, limit: int) -> list[KnownGroup]:
    """Return groups of a project, oldest first; with `name`, those of that name."""
    query = select(groups).where(groups.c.project_id == project_id).order_by(groups.c.id).limit(limit)
    if name is not None:
        query = query.where(groups.c.name == name)
    if after is not None:
        query = query.where(groups.c.id > after)
    return [_known(row) for row in await tx.execute(query)]


async def remove(tx: Tx, group_id: str) -> None:
    """Forget a group; its members are removed by `remove_members`."""
    await tx.execute(delete(groups).where(groups.c.id == group_id))


async def remove_members(tx: Tx, project_id: str, group: Group, *, limit: int, now: datetime) -> int:
    """Remove up to `limit` members of a group; return how many it were."""
    key = (
        memberships.c.project_id,
        memberships.c.group_name,
        memberships.c.subscription_id,
        memberships.c.identifier,
    )
    some = (
        select(*key)
        .where(
            memberships.c.project_id == project_id,
            memberships.c.group_name == group.name,
            memberships.c.identifier == _written(group),
        )
        .limit(limit)
    )
    statement = delete(memberships).where(tuple_(*key).in_(some)).returning(memberships.c.subscription_id)
    members = sorted((await tx.execute(statement)).scalars())
    for subscription_id in members:
        _tell(tx, EventType.SUBSCRIPTION_LEFT_GROUP, project_id, subscription_id, group, now)
    return len(members)


async def join(tx: Tx, project_id: str, subscription_id: str, joined: Collection[Group], *, now: datetime) -> None:
    """Make a subscription a member of groups; being one already changes nothing."""
    rows = [
        {
            "project_id": project_id,
            "group_name": group.name,
            "subscription_id": subscription_id,
            "identifier": _written(group),
            "joined_at": now,
        }
        for group in joined
    ]
    key = ("project_id", "group_name", "subscription_id", "identifier")
    new = await insert_new(tx, memberships, rows, conflict=key, returning=("group_name", "identifier"))
    for row in sorted(new):
        group = Group(row.group_name, row.identifier or None)
        _tell(tx, EventType.SUBSCRIPTION_JOINED_GROUP, project_id, subscription_id, group, now)


async def leave(tx: Tx, project_id: str, subscription_id: str, group: Group, *, now: datetime) -> None:
    """End one membership; not being a member changes nothing."""
    ended = await tx.execute(
        delete(memberships).where(
            memberships.c.project_id == project_id,
            memberships.c.group_name == group.name,
            memberships.c.subscription_id == subscription_id,
            memberships.c.identifier == _written(group),
        )
    )
    if ended.rowcount:
        _tell(tx, EventType.SUBSCRIPTION_LEFT_GROUP, project_id, subscription_id, group, now)


def _tell(tx: Tx, kind: EventType, project_id: str, subscription_id: str, group: Group, now: datetime) -> None:  # noqa: PLR0917
    data = {"subscription_id": subscription_id, "group": {"name": group.name, "identifier": group.identifier}}
    outbox.note_one(tx, project_id, Event(kind, now, data))


async def leave_all(tx: Tx, subscription_id: str) -> None:
    """End every membership of a subscription."""
    await tx.execute(delete(memberships).where(memberships.c.subscription_id == subscription_id))


async def count_of(tx: Tx, subscription_id: str) -> int:
    """Return how many memberships a subscription has."""
    query = select(func.count()).where(memberships.c.subscription_id == subscription_id)
    return int((await tx.execute(query)).scalar_one())


async def of_subscriptions(tx: Tx, ids: Sequence[str]) -> dict[str, list[Group]]:
    """Return the groups of each of these subscriptions, sorted."""
    query = select(memberships.c.subscription_id, memberships.c.group_name, memberships.c.identifier)
    found: dict[str, list[Group]] = {subscription_id: [] for subscription_id in ids}
    for part in chunks(ids):
        for row in await tx.execute(query.where(memberships.c.subscription_id.in_(part))):
            found[row.subscription_id].append(Group(row.group_name, row.identifier or None))
    return {key: sorted(value, key=lambda group: (group.name, group.identifier or "")) for key, value in found.items()}
