"""Upkeep: what nobody needs any more is deleted in small portions, and what fell between two chairs is picked up."""

from datetime import timedelta

from heliograph.delivery import campaign_clock, entering
from heliograph.delivery.machine import Machine
from heliograph.delivery.retire_keys import retire_unused
from heliograph.delivery.webhooks import pick_up
from heliograph.domain.contact_rules import KEPT as CONTACTS_KEPT
from heliograph.domain.rate import nanoseconds
from heliograph.names import JobName
from heliograph.queue.base import Job, NewJob
from heliograph.storage import contacts, deliveries, entries, idempotency_keys, jobs, pruning, rates, windows

ENTRIES_KEPT = timedelta(days=400)
"""A little longer than the longest time in which nobody enters again."""
TOMBSTONES_KEPT = timedelta(days=30)
"""A subscription that comes back within that time is the same one again."""
RECEIPTS_KEPT = timedelta(days=2)
RANGES_KEPT = timedelta(days=1)
DEAD_JOBS_KEPT = timedelta(days=30)
"""So long a person has to look at them; their arguments may name people."""
BUCKETS_KEPT = timedelta(hours=1)
"""Longer than clocks differ; a rate that nobody uses says nothing."""
RECEIPTS_LOOKED_AT = timedelta(hours=1)
PORTION = 1_000
SOON = timedelta(seconds=1)
"""When the next portion follows while there is more: a large send leaves millions of receipts a day."""


async def sweep(machine: Machine, job: Job) -> None:
    """Do a portion of the upkeep. No arguments; the clock asks for it every minute, and a full portion for the next."""
    now = machine.clock.now()
    # Looked for first, because it reads an hour's receipts: on SQLite nobody else writes during a transaction.
    async with machine.store.read() as tx:
        missed = await deliveries.unapplied_receipts(tx, since=now - RECEIPTS_LOOKED_AT, limit=PORTION)
    # By itself: keys are locked before subscriptions, everywhere, and what follows ends subscriptions.
    async with machine.store.begin() as tx:
        await retire_unused(tx, now=now)
    async with machine.store.begin() as tx:
        await deliveries.apply_receipts(tx, missed, now=now, shard=machine.shard)
        swept = (
            await pruning.end_expired(tx, now=now, limit=PORTION),
            await pruning.sweep_tombstones(tx, before=now - TOMBSTONES_KEPT, limit=PORTION),
            await pruning.sweep_receipts(tx, before=now - RECEIPTS_KEPT, limit=PORTION),
            await pruning.sweep_ranges(tx, before=now - RANGES_KEPT, limit=PORTION),
            await jobs.sweep_dead(tx, before=now - DEAD_JOBS_KEPT, limit=PORTION),
            await idempotency_keys.sweep(tx, now=now, limit=PORTION),
            await entries.sweep(tx, before=now - ENTRIES_KEPT, limit=PORTION),
            await contacts.sweep(tx, before=now - CONTACTS_KEPT, limit=PORTION),
            await rates.sweep(tx, before=nanoseconds(now - BUCKETS_KEPT), limit=PORTION),
            await windows.sweep(tx, now=now, limit=PORTION),
        )
        await pick_up(tx, now=now)
        await campaign_clock.pick_up(tx, machine, now)
        await entering.wake(tx, machine)
        await machine.complete(tx, job)
        if max(swept) >= PORTION:
            more = NewJob(JobName.SWEEP, {}, run_at=now + SOON, dedupe_key="sweep")
            await machine.queue.add(tx, [more], now=now)
