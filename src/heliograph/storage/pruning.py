"""Ending subscriptions that a push service called dead, and sweeping what nobody needs any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Table, and_, delete, select, tuple_, update
from sqlalchemy.sql.elements import ColumnElement

from heliograph.domain.webhook import Event
from heliograph.kit.ids import ceiling_id
from heliograph.names import EventType
from heliograph.storage import outbox
from heliograph.storage.sql import chunks, constant
from heliograph.storage.store import Tx
from heliograph.storage.tables import notifications, ranges, receipts, subscriptions

_ACTIVE = subscriptions.c.state == constant("active")


@dataclass(frozen=True, slots=True)
class Dead:
    """A subscription that a push service called dead, and the endpoint that was sent to."""

    subscription_id: str
    endpoint_hash: bytes
    reason: str


async def end(tx: Tx, dead: Sequence[Dead], *, now: datetime) -> int:
    """Mark subscriptions as gone whose endpoint is still the one that was sent to; return how many were."""
    ended = 0
    for part in chunks(sorted(dead, key=lambda one: one.subscription_id)):
        ids = [one.subscription_id for one in part]
        columns = (subscriptions.c.id, subscriptions.c.endpoint_hash, subscriptions.c.project_id)
        query = select(*columns).where(subscriptions.c.id.in_(ids), _ACTIVE)
        rows = (await tx.execute(query.order_by(subscriptions.c.id).with_for_update())).all()
        now_at = {row.id: row.endpoint_hash for row in rows}
        owner = {row.id: row.project_id for row in rows}
        still = {one.subscription_id for one in part if now_at.get(one.subscription_id) == one.endpoint_hash}
        by_reason: dict[str, list[str]] = {}
        for one in part:
            if one.subscription_id in still:
                by_reason.setdefault(one.reason, []).append(one.subscription_id)
        for reason, ids in by_reason.items():
            await tx.execute(
                update(subscriptions)
                .where(subscriptions.c.id.in_(ids))
                .values(state="gone", state_reason=reason, ended_at=now)
            )
            for subscription_id in ids:
                data = {"subscription_id": subscription_id, "reason": reason}
                outbox.note_one(tx, owner[subscription_id], Event(EventType.SUBSCRIPTION_GONE, now, data))
        ended += len(still)
    return ended


async def end_expired(tx: Tx, *, now: datetime, limit: int) -> int:
    """Mark subscriptions as gone whose time is over and that were not renewed, oldest first; return how many were."""
    query = (
        select(subscriptions.c.id)
        .where(_ACTIVE, subscriptions.c.expires_at.is_not(None), subscriptions.c.expires_at <= now)
        .order_by(subscriptions.c.expires_at)
        .limit(limit)
    )
    ids = sorted((await tx.execute(query)).scalars())
    ended = 0
    for part in chunks(ids):
        # Asked again under the lock: a browser may renew its subscription in this moment.
        locked = select(subscriptions.c.id).where(subscriptions.c.id.in_(part), subscriptions.c.expires_at <= now)
        still = (await tx.execute(locked.order_by(subscriptions.c.id).with_for_update())).scalars().all()
        statement = update(subscriptions).where(subscriptions.c.id.in_(still), _ACTIVE)
        values = {"state": "gone", "state_reason": "expired", "ended_at": now}
        told = statement.values(values).returning(subscriptions.c.id, subscriptions.c.project_id)
        for row in (gone := (await tx.execute(told)).all()):
            event = Event(EventType.SUBSCRIPTION_EXPIRED, now, {"subscription_id": row.id, "reason": "expired"})
            outbox.note_one(tx, row.project_id, event)
        ended += len(gone)
    return ended


async def sweep_tombstones(tx: Tx, *, before: datetime, limit: int) -> int:
    """Delete subscriptions that ended before an instant, oldest first."""
    old = (
        select(subscriptions.c.id)
        .where(subscriptions.c.ended_at.is_not(None), subscriptions.c.ended_at < before, ~_ACTIVE)
        .order_by(subscriptions.c.ended_at)
        .limit(limit)
    )
    return await _delete(tx, subscriptions, subscriptions.c.id.in_(old))


async def sweep_receipts(tx: Tx, *, before: datetime, limit: int) -> int:
    """Delete receipts that came before an instant: they are applied, or their delivery never was."""
    old = select(receipts.c.delivery_id).where(receipts.c.received_at < before).order_by(receipts.c.received_at)
    return await _delete(
        tx, receipts, and_(receipts.c.delivery_id.in_(old.limit(limit)), receipts.c.received_at < before)
    )


async def sweep_ranges(tx: Tx, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` ranges of notifications that finished before an instant, oldest first."""
    key = (ranges.c.notification_id, ranges.c.number)
    old = (
        select(*key)
        .join(notifications, notifications.c.id == ranges.c.notification_id)
        .where(
            # What finished before the instant was made before it: the newer ranges are not looked at.
            ranges.c.notification_id <= ceiling_id("ntf", before),
            notifications.c.finished_at < before,
            ranges.c.state == constant("closed"),
        )
        .order_by(*key)
        .limit(limit)
    )
    return await _delete(tx, ranges, tuple_(*key).in_(old))


async def _delete(tx: Tx, table: Table, condition: ColumnElement[bool]) -> int:
    return (await tx.execute(delete(table).where(condition))).rowcount
