"""Rows of subscriptions, as a page and an operator see them. Endpoint and keys go in and are never read out here."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select, update
from sqlalchemy.engine import Row

from heliograph.domain.endpoint import PushService
from heliograph.domain.subscription import Group, SubscriptionState
from heliograph.names import Channel
from heliograph.storage.sql import insert_new
from heliograph.storage.store import Tx
from heliograph.storage.tables import memberships, profiles, subscriptions


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription without its address.

    Attributes:
        endpoint_hash: SHA-256 of the endpoint, by which a row is found.
        p256dh: 65 raw bytes.
        auth: 16 raw bytes.
        external_id: of the profile that it is bound to, if any.
        browser_expires_at: the browser's expirationTime.
        ended_at: since when it is gone or unsubscribed.
        expires_at: when it ends unless it is renewed; of those that came through the Glue API.
    """

    id: str
    project_id: str
    channel: Channel
    state: SubscriptionState
    state_reason: str | None
    push_service: PushService
    endpoint_hash: bytes = field(repr=False)
    p256dh: bytes = field(repr=False)
    auth: bytes = field(repr=False)
    secret_hash: bytes = field(repr=False)
    vapid_key_id: str
    profile_id: str | None
    external_id: str | None
    origin: str | None
    language: str | None
    time_zone: str | None
    user_agent: str | None
    browser_expires_at: datetime | None
    created_at: datetime
    refreshed_at: datetime
    ended_at: datetime | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Filter:
    """Which subscriptions of a project to list; None leaves a question open."""

    state: SubscriptionState | None = None
    group: Group | None = None
    profile_id: str | None = None


_COLUMNS = [subscriptions.c[name] for name in Subscription.__dataclass_fields__ if name != "external_id"]


def _subscription(row: Row[Any]) -> Subscription:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    values["channel"] = Channel(values["channel"])
    values["state"] = SubscriptionState(values["state"])
    values["push_service"] = PushService(values["push_service"])
    return Subscription(**values)


def _select() -> Select[Any]:
    joined = subscriptions.outerjoin(profiles, profiles.c.id == subscriptions.c.profile_id)
    return select(*_COLUMNS, profiles.c.external_id).select_from(joined)


async def get(tx: Tx, project_id: str, subscription_id: str) -> Subscription | None:
    """Return one subscription of a project."""
    query = _select().where(subscriptions.c.project_id == project_id, subscriptions.c.id == subscription_id)
    row = (await tx.execute(query)).first()
    return None if row is None else _subscription(row)


async def of_endpoint(tx: Tx, project_id: str, endpoint_hash: bytes) -> Subscription | None:
    """Return the subscription that has an endpoint, whatever its state."""
    query = _select().where(subscriptions.c.project_id == project_id, subscriptions.c.endpoint_hash == endpoint_hash)
    row = (await tx.execute(query)).first()
    return None if row is None else _subscription(row)


async def provider_of(tx: Tx, subscription_id: str) -> str | None:
    """Return the provider of a subscription."""
    query = select(subscriptions.c.provider_id).where(subscriptions.c.id == subscription_id)
    found: str | None = (await tx.execute(query)).scalar_one_or_none()
    return found


async def claim(tx: Tx, project_id: str, endpoint_hash: bytes) -> None:
    """Let those who want to change who has an endpoint come one after the other; before any row is locked.

    A row lock is no queue for this: with every turn another row has the endpoint. SQLite has one writer anyway.
    """
    if tx.dialect.name == "postgresql":
        number = hashlib.sha256(project_id.encode() + endpoint_hash).digest()[:8]
        await tx.execute(select(func.pg_advisory_xact_lock(int.from_bytes(number, "big", signed=True))))


async def lock(tx: Tx, ids: Collection[str]) -> None:
    """Keep others from changing these rows until the transaction ends; always in one order, so that nobody waits."""
    query = select(subscriptions.c.id).where(subscriptions.c.id.in_(ids)).order_by(subscriptions.c.id)
    await tx.execute(query.with_for_update())


async def add(tx: Tx, values: dict[str, Any]) -> bool:
    """Write a new row unless the project has one with this endpoint; tell whether it was written."""
    new = await insert_new(tx, subscriptions, [values], conflict=("project_id", "endpoint_hash"), returning=("id",))
    return bool(new)


async def change(tx: Tx, subscription_id: str, values: dict[str, Any]) -> None:
    """Overwrite columns of a row."""
    await tx.execute(update(subscriptions).where(subscriptions.c.id == subscription_id).values(values))


async def ids_of_profile(tx: Tx, profile_id: str) -> list[str]:
    """Return the identifiers of a profile's subscriptions; a person has few."""
    query = select(subscriptions.c.id).where(subscriptions.c.profile_id == profile_id).order_by(subscriptions.c.id)
    return list((await tx.execute(query)).scalars())


async def lock_of_profile(tx: Tx, profile_id: str) -> list[str]:
    """Lock the subscriptions of a profile and return their identifiers; a person has few."""
    query = (
        select(subscriptions.c.id)
        .where(subscriptions.c.profile_id == profile_id)
        .order_by(subscriptions.c.id)
        .with_for_update()
    )
    return list((await tx.execute(query)).scalars())


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a subscription is. `external_id` is None for an anonymous visitor."""

    profile_id: str
    external_id: str | None


async def owner(tx: Tx, subscription_id: str) -> Owner | None:
    """Return whose a subscription is; None if it is nobody's."""
    query = select(profiles.c.id, profiles.c.external_id).join(
        subscriptions, subscriptions.c.profile_id == profiles.c.id
    )
    row = (await tx.execute(query.where(subscriptions.c.id == subscription_id))).first()
    return None if row is None else Owner(*row)


async def bind(tx: Tx, subscription_id: str, profile_id: str | None) -> str | None:
    """Let a subscription be a profile's, or nobody's; return its project if that is a change."""
    statement = update(subscriptions).where(
        subscriptions.c.id == subscription_id, subscriptions.c.profile_id.is_distinct_from(profile_id)
    )
    changed = statement.values(profile_id=profile_id).returning(subscriptions.c.project_id)
    project_id: str | None = (await tx.execute(changed)).scalar_one_or_none()
    return project_id


async def adopt(tx: Tx, subscription_id: str, profile_id: str) -> None:
    """Let a subscription be an anonymous profile's, unless it is a person's who has a name."""
    named = select(profiles.c.id).where(
        profiles.c.id == subscriptions.c.profile_id, profiles.c.external_id.is_not(None)
    )
    statement = update(subscriptions).where(
        subscriptions.c.id == subscription_id,
        subscriptions.c.state == "active",
        subscriptions.c.profile_id.is_distinct_from(profile_id),
        ~named.exists(),
    )
    await tx.execute(statement.values(profile_id=profile_id))


async def move(tx: Tx, *, from_profile: str, to_profile: str) -> None:
    """Let the subscriptions of one profile, which are locked, be another one's."""
    mine = update(subscriptions).where(subscriptions.c.profile_id == from_profile)
    await tx.execute(mine.values(profile_id=to_profile))


async def unbind(tx: Tx, profile_id: str) -> list[str]:
    """Let the subscriptions of a profile be nobody's; return which."""
    statement = update(subscriptions).where(subscriptions.c.profile_id == profile_id).values(profile_id=None)
    return sorted((await tx.execute(statement.returning(subscriptions.c.id))).scalars())


async def page(tx: Tx, project_id: str, wanted: Filter, *, after: str | None, limit: int) -> list[Subscription]:
    """Return subscriptions of a project, oldest first."""
    if wanted.group is not None:
        ids = await _ids_in_group(tx, project_id, wanted, wanted.group, after=after, limit=limit)
        query = _select().where(subscriptions.c.id.in_(ids))
    else:
        query = _select().where(*_conditions(project_id, wanted), *_behind(subscriptions.c.id, after)).limit(limit)
    return [_subscription(row) for row in await tx.execute(query.order_by(subscriptions.c.id))]


def _conditions(project_id: str, wanted: Filter) -> list[Any]:
    conditions = [subscriptions.c.project_id == project_id]
    if wanted.state is not None:
        conditions.append(subscriptions.c.state == wanted.state)
    if wanted.profile_id is not None:
        conditions.append(subscriptions.c.profile_id == wanted.profile_id)
    return conditions


def _behind(column: Any, after: str | None) -> list[Any]:
    return [] if after is None else [column > after]


async def _ids_in_group(
    tx: Tx, project_id: str, wanted: Filter, group: Group, *, after: str | None, limit: int
) -> list[str]:
    """Walk along the group, not along the project: a small group of a large project must not cost a scan."""
    member = memberships.c.subscription_id
    query = select(member).where(
        memberships.c.project_id == project_id, memberships.c.group_name == group.name, *_behind(member, after)
    )
    if group.identifier is not None:
        query = query.where(memberships.c.identifier == group.identifier)
    if wanted.state is not None or wanted.profile_id is not None:
        query = query.join(subscriptions, subscriptions.c.id == member).where(*_conditions(project_id, wanted))
    # Without an identifier a subscription may be a member several times.
    return list((await tx.execute(query.distinct().order_by(member).limit(limit))).scalars())
