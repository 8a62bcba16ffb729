"""The buckets of rates: one row each, with the instant of its next free slot in nanoseconds since 1970.

A row whose instant has passed says the same as no row. Rows are locked in the order of their scopes.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import delete, select

from heliograph.domain.rate import Bucket, Reserved, charged, reserve
from heliograph.storage.machinery_tables import rate_buckets
from heliograph.storage.sql import insert_ignore, upsert
from heliograph.storage.store import Tx


async def take(tx: Tx, buckets: Sequence[Bucket], *, wanted: int, now: int, upto: int) -> Reserved:
    """Reserve up to `wanted` slots at `upto` or before; nobody else gets them. Times in nanoseconds since 1970."""
    reserved = reserve(buckets, await _locked(tx, buckets, now), wanted=wanted, now=now, upto=upto)
    if reserved.slots:
        await _write(tx, reserved.free)
    return reserved


async def charge(tx: Tx, buckets: Sequence[Bucket], *, count: int, now: int) -> None:
    """Count messages that go out without waiting for a slot."""
    await _write(tx, charged(buckets, await _locked(tx, buckets, now), count=count, now=now))


async def free_at(tx: Tx, buckets: Sequence[Bucket]) -> int:
    """Return from when on all of these buckets have a slot, as things are; 0 for any time."""
    return max((await _known(tx, buckets, is_locking=False)).values(), default=0)


async def sweep(tx: Tx, *, before: int, limit: int) -> int:
    """Delete buckets whose next slot has been free since `before`; return how many."""
    old = (
        select(rate_buckets.c.scope)
        .where(rate_buckets.c.free_at < before)
        .order_by(rate_buckets.c.free_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    scopes = list((await tx.execute(old)).scalars())
    return (await tx.execute(delete(rate_buckets).where(rate_buckets.c.scope.in_(scopes)))).rowcount


async def _locked(tx: Tx, buckets: Sequence[Bucket], now: int) -> dict[str, int]:
    known = await _known(tx, buckets, is_locking=True)
    if len(known) == len(buckets):
        return known
    # Made first, in order, so that two workers that use a bucket for the first time meet at its row.
    rows = [{"scope": bucket.scope, "free_at": now} for bucket in buckets]
    await insert_ignore(tx, rate_buckets, rows, conflict=["scope"])
    return await _known(tx, buckets, is_locking=True)


async def _known(tx: Tx, buckets: Sequence[Bucket], *, is_locking: bool) -> dict[str, int]:
    query = select(rate_buckets.c.scope, rate_buckets.c.free_at).where(
        rate_buckets.c.scope.in_([bucket.scope for bucket in buckets])
    )
    if is_locking:
        query = query.order_by(rate_buckets.c.scope).with_for_update()
    return {row.scope: row.free_at for row in await tx.execute(query)}


async def _write(tx: Tx, free: Mapping[str, int]) -> None:
    rows = [{"scope": scope, "free_at": at} for scope, at in sorted(free.items())]
    await upsert(tx, rate_buckets, rows, conflict=["scope"], update=["free_at"])
