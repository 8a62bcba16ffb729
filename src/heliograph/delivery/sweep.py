"""Upkeep: what nobody needs any more is deleted in small portions, and what fell between two chairs is picked up."""

from datetime import timedelta

from heliograph.delivery.machine import Machine
from heliograph.delivery.retire_keys import retire_unused
from heliograph.queue.base import Job
from heliograph.storage import deliveries, idempotency_keys, pruning

TOMBSTONES_KEPT = timedelta(days=30)
"""A subscription that comes back within that time is the same one again."""
RECEIPTS_KEPT = timedelta(days=2)
RANGES_KEPT = timedelta(days=1)
RECEIPTS_LOOKED_AT = timedelta(hours=1)
PORTION = 1_000


async def sweep(machine: Machine, job: Job) -> None:
    """Do a portion of the upkeep. No arguments; the clock asks for it every minute."""
    now = machine.clock.now()
    async with machine.store.begin() as tx:
        missed = await deliveries.unapplied_receipts(tx, since=now - RECEIPTS_LOOKED_AT, limit=PORTION)
        await deliveries.apply_receipts(tx, missed, now=now, shard=machine.shard)
        await pruning.end_expired(tx, now=now, limit=PORTION)
        await pruning.sweep_tombstones(tx, before=now - TOMBSTONES_KEPT, limit=PORTION)
        await pruning.sweep_receipts(tx, before=now - RECEIPTS_KEPT, limit=PORTION)
        await pruning.sweep_ranges(tx, before=now - RANGES_KEPT, limit=PORTION)
        await retire_unused(tx, now=now)
        await idempotency_keys.sweep(tx, now=now, limit=PORTION)
        await machine.complete(tx, job)
