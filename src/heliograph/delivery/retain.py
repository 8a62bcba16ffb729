"""History that is older than the operator keeps it is deleted, a portion at a time."""

from heliograph.delivery.handing_over import hand_over_more
from heliograph.delivery.machine import Machine
from heliograph.domain.retention import before
from heliograph.names import JobName
from heliograph.queue.base import BULK, Job, NewJob
from heliograph.storage import audit, events, prompts, retention, visitors, webhook_messages

PORTION = 500
"""Deliveries in one transaction: it takes milliseconds, and a kill costs no more than that."""
_NOTIFICATIONS = 20
"""Each takes its counts with it."""
DEDUPE_KEY = "retain"


async def retain(machine: Machine, job: Job) -> None:
    """Do a portion, and ask for the next one if there is more. No arguments; the clock asks for it every minute."""
    now, keep = machine.clock.now(), machine.retention
    deliveries_before = before(now, keep.deliveries)
    notifications_before = before(now, keep.notifications)
    audit_before = before(now, keep.audit)
    webhooks_before = before(now, keep.webhooks)
    events_before = before(now, keep.events)
    visitors_before = before(now, keep.visitors)
    async with machine.store.begin() as tx:
        is_more = False
        if deliveries_before is not None:
            is_more |= await retention.sweep_deliveries(tx, before=deliveries_before, limit=PORTION, now=now)
        if notifications_before is not None:
            limit = _NOTIFICATIONS
            is_more |= await retention.sweep_notifications(tx, before=notifications_before, limit=limit) == limit
        if audit_before is not None:
            is_more |= await audit.sweep(tx, before=audit_before, limit=PORTION) == PORTION
        if webhooks_before is not None:
            is_more |= await webhook_messages.sweep(tx, before=webhooks_before, limit=PORTION) == PORTION
        if events_before is not None:
            is_more |= await events.sweep(tx, before=events_before, limit=PORTION) == PORTION
        if visitors_before is not None:
            is_more |= await visitors.sweep(tx, before=visitors_before, limit=PORTION) == PORTION
        is_more |= await prompts.sweep_marks(tx, now=now, limit=PORTION) == PORTION
        is_more |= await hand_over_more(tx)
        await machine.complete(tx, job)
        if is_more:
            again = NewJob(JobName.RETAIN, {}, run_at=now, priority=BULK, dedupe_key=DEDUPE_KEY)
            await machine.queue.add(tx, [again], now=now)
