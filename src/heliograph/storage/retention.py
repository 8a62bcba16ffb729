"""Deleting history by age, in portions that end with their transaction: whoever comes next finds what is left.

A notification goes in two steps: first its deliveries, and it is marked as swept; later the row with its counts.
"""

from datetime import datetime

from sqlalchemy import and_, delete, select, update

from heliograph.storage.store import Tx
from heliograph.storage.tables import deliveries, notifications, receipts

_UNSWEPT = and_(notifications.c.finished_at.is_not(None), notifications.c.swept_at.is_(None))


async def sweep_deliveries(tx: Tx, *, before: datetime, limit: int, now: datetime) -> bool:
    """Delete up to `limit` deliveries of the notification that finished longest before an instant, with their receipts.

    A notification without any left is marked. Tell whether there is more to do.
    """
    oldest = (
        select(notifications.c.id)
        .where(_UNSWEPT, notifications.c.finished_at < before)
        .order_by(notifications.c.finished_at, notifications.c.id)
        .limit(1)
    )
    notification_id = await tx.scalar(oldest)
    if notification_id is None:
        return False
    some = (
        select(deliveries.c.id)
        .where(deliveries.c.notification_id == notification_id)
        .order_by(deliveries.c.id)
        .limit(limit)
        .with_for_update()
    )
    ids = list((await tx.execute(some)).scalars())
    if ids:
        await tx.execute(delete(receipts).where(receipts.c.delivery_id.in_(ids)))
        await tx.execute(delete(deliveries).where(deliveries.c.id.in_(ids)))
    if len(ids) < limit:
        marked = update(notifications).where(notifications.c.id == notification_id)
        await tx.execute(marked.values(swept_at=now))
    return True


async def sweep_notifications(tx: Tx, *, before: datetime, limit: int) -> int:
    """Delete notifications that finished before an instant and whose deliveries are gone, with their counts."""
    old = (
        select(notifications.c.id)
        .where(notifications.c.swept_at.is_not(None), notifications.c.finished_at < before)
        .order_by(notifications.c.finished_at, notifications.c.id)
        .limit(limit)
    )
    return (await tx.execute(delete(notifications).where(notifications.c.id.in_(old)))).rowcount
