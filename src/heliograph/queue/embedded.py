"""The queue as rows of the store: what an installation without a message broker uses. ARCHITECTURE section 6.

A worker that dies leaves a lease behind; when that runs out, the next claim hands the job to somebody else. A job
whose workers died again and again may be what kills them, so it waits longer each time, and by chance not as long as
those that died beside it. A
worker that was only slow finds out when it completes: the claim no longer stands, and its transaction is to be
rolled back.
"""

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from heliograph.domain.retry import STEPS
from heliograph.kit.ids import Ids
from heliograph.kit.tracing import carried
from heliograph.queue.base import PRIORITIES, Job, NewJob
from heliograph.storage import jobs as rows
from heliograph.storage.store import Store, after_commit

_FREED_AT_ONCE = 1_000
"""Jobs of silent workers that one claim makes ready again: all that a crash leaves, and a bounded transaction."""
_SILENT = 3
"""Claims after which a job whose worker went silent is suspected of it; a crash or two cost nobody any time."""


class EmbeddedQueue:
    """A `Queue` over `storage.jobs`. `chance` gives numbers from 0 to 1."""

    def __init__(self, store: Store, ids: Ids, *, chance: Callable[[], float] = random.random) -> None:
        self._store = store
        self._ids = ids
        self._chance = chance
        self._wakers: list[Callable[[], None]] = []

    def on_added(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever this process has committed jobs that are due; a hint, other processes' are not seen."""
        self._wakers.append(wake)

    async def add(self, tx: AsyncConnection, jobs: list[NewJob], *, now: datetime) -> None:
        """Write jobs in the caller's transaction; among equals, those of one call run in their order."""
        ids = sorted(self._ids.new("job") for _ in jobs)
        await rows.add(tx, [_row(job_id, job, now) for job_id, job in zip(ids, jobs, strict=True)])
        if any(job.run_at <= now for job in jobs):
            after_commit(tx, self._wake)

    def _wake(self) -> None:
        for wake in self._wakers:
            wake()

    async def claim(
        self, *, worker: str, limit: int, lease: timedelta, now: datetime, priorities: Sequence[int] = PRIORITIES
    ) -> list[Job]:
        """Take due jobs of some priorities for `worker`, best first, among them those whose lease ran out."""
        claimed: list[rows.ClaimedRow] = []
        async with self._store.begin() as tx:
            for job_id, attempts in await rows.free_expired(tx, now=now, limit=_FREED_AT_ONCE):
                if attempts >= _SILENT:
                    await rows.put_off(tx, job_id, run_at=now + self._apart(attempts))
            for priority in priorities:
                if len(claimed) < limit:
                    room = limit - len(claimed)
                    until = now + lease
                    claimed += await rows.take(
                        tx, priority=priority, worker=worker, limit=room, lease_until=until, now=now
                    )
        return [Job(row.id, row.name, row.args, row.priority, row.attempts) for row in claimed]

    def _apart(self, attempts: int) -> timedelta:
        """Return a wait from half a step to one and a half."""
        return STEPS[min(attempts, len(STEPS)) - 1] * (0.5 + self._chance())

    async def renew(self, jobs: list[Job], *, worker: str, lease: timedelta, now: datetime) -> set[str]:
        """Prolong leases; return the identifiers that are still the worker's own."""
        if not jobs:
            return set()
        async with self._store.begin() as tx:
            attempts = await rows.prolong(tx, [job.id for job in jobs], worker=worker, lease_until=now + lease)
        return {job.id for job in jobs if attempts.get(job.id) == job.attempt}

    async def complete(self, tx: AsyncConnection, job: Job, *, worker: str) -> bool:
        """Remove a finished job inside the transaction that records its effect; False if it is no longer theirs."""
        return await rows.remove(tx, job.id, worker=worker, attempt=job.attempt)

    async def retry(self, job: Job, *, worker: str, run_at: datetime, error: str, counts: bool = True) -> None:
        """Give a failed job back. Nothing happens if it is no longer the worker's."""
        async with self._store.begin() as tx:
            await rows.give_back(
                tx, job.id, worker=worker, attempt=job.attempt, run_at=run_at, error=error, counts=counts
            )

    async def bury(self, tx: AsyncConnection, job: Job, *, worker: str, error: str) -> bool:
        """Set a job aside that cannot succeed; it stays visible. False if it is no longer the worker's."""
        return await rows.set_aside(tx, job.id, worker=worker, attempt=job.attempt, error=error)

    async def next_due(
        self,
        *,
        now: datetime,  # noqa: ARG002 - a broker's queue needs it
        priorities: Sequence[int] = PRIORITIES,
    ) -> datetime | None:
        """When the next job becomes due, or the next lease runs out, or None; a hint for how long to sleep."""
        async with self._store.read() as tx:
            return await rows.next_due(tx, priorities)


def _row(job_id: str, job: NewJob, now: datetime) -> dict[str, object]:
    if job.priority not in PRIORITIES:
        raise ValueError(f"{job.priority} is not one of the priorities {PRIORITIES}.")
    return {
        "id": job_id,
        "name": str(job.name),
        "args": carried(job.args),
        "priority": job.priority,
        "run_at": job.run_at,
        "state": "ready",
        "attempts": 0,
        "dedupe_key": job.dedupe_key,
        "created_at": now,
    }
