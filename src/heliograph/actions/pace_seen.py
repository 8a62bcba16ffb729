"""How fast a project's notifications went: the only honest ground for saying how long the next one will take.

The limits in force are the push services' own, which answer faster or slower from day to day, the number of workers,
and what each of them keeps in the air to one host. What came of all of them together is known from what was sent.
"""

from dataclasses import dataclass
from datetime import datetime

from heliograph.domain.delivery import DeliveryState
from heliograph.domain.notification import NotificationState
from heliograph.storage import delivery_reads, notifications
from heliograph.storage.store import Tx

LEAST = 100
"""Fewer deliveries say nothing about the pace of many."""
_LOOKED_AT = 50


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast one notification went, from its start to its end, retries included."""

    per_second: float
    notification_id: str
    deliveries: int
    finished_at: datetime


async def pace_seen(tx: Tx, project_id: str) -> Pace | None:
    """Return the pace of the largest of the project's last fifty finished notifications, if that was large enough."""
    rows = await notifications.page(tx, project_id, before=None, limit=_LOOKED_AT, state=NotificationState.DONE)
    counts = await delivery_reads.counts(tx, [row.notification.id for row in rows])
    best: Pace | None = None
    for row in rows:
        began, ended = row.progress.started_at, row.progress.finished_at
        counted = counts.get(row.notification.id, {})
        sent = sum(number for (state, _), number in counted.items() if state != DeliveryState.SKIPPED)
        if row.notification.rate is not None or began is None or ended is None or ended <= began or sent < LEAST:
            continue
        if best is None or sent > best.deliveries:
            best = Pace(sent / (ended - began).total_seconds(), row.notification.id, sent, ended)
    return best
