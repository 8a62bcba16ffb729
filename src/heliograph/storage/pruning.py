"""Ending subscriptions that a push service called dead, and sweeping what nobody needs any more."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Table, and_, delete, or_, select, update
from sqlalchemy.sql.elements import ColumnElement

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
    for part in chunks(sorted(dead, key=lambda one: one.subscription_id), columns=2):
        same = or_(
            *(
                and_(subscriptions.c.id == one.subscription_id, subscriptions.c.endpoint_hash == one.endpoint_hash)
                for one in part
            )
        )
        query = select(subscriptions.c.id).where(same, _ACTIVE).order_by(subscriptions.c.id).with_for_update()
        still = set((await tx.execute(query)).scalars())
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
        ended += len(still)
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
    """Delete the ranges of notifications that finished before an instant."""
    done = (
        select(ranges.c.notification_id)
        .join(notifications, notifications.c.id == ranges.c.notification_id)
        .where(notifications.c.finished_at < before, ranges.c.state == constant("closed"))
        .distinct()
        .limit(limit)
    )
    return await _delete(tx, ranges, and_(ranges.c.notification_id.in_(done), ranges.c.state == constant("closed")))


async def _delete(tx: Tx, table: Table, condition: ColumnElement[bool]) -> int:
    return (await tx.execute(delete(table).where(condition))).rowcount
