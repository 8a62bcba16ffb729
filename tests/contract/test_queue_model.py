"""The queue against a model of it: whatever is done in whatever order, it hands out exactly what it owes."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import delete, select

from heliograph.domain.retry import STEPS
from heliograph.kit.clock import FrozenClock
from heliograph.kit.ids import Ids
from heliograph.queue.base import PRIORITIES, Job, NewJob
from heliograph.queue.embedded import EmbeddedQueue
from heliograph.storage.store import Store
from heliograph.storage.tables import jobs

T = TypeVar("T")
WORKERS = ["ada", "bob"]
LEASE = timedelta(seconds=30)
SILENT = 3


@dataclass
class Expected:
    """A job as it ought to be."""

    priority: int
    run_at: datetime
    id: str
    key: str | None
    holder: str | None = None
    until: datetime | None = None
    attempts: int = 0


class QueueMachine(RuleBasedStateMachine):
    """Does anything to a queue and to the model, and compares."""

    runner: asyncio.Runner
    store: Store

    def __init__(self) -> None:
        super().__init__()
        self.clock = FrozenClock(datetime(2026, 1, 1, tzinfo=UTC))
        self.queue = EmbeddedQueue(self.store, Ids(self.clock), chance=lambda: 0.5)
        self.expected: dict[int, Expected] = {}
        self.claims: list[tuple[str, Job]] = []
        self.count = 0
        self.wait(self._clear())

    def wait(self, awaitable: Awaitable[T]) -> T:
        async def run() -> T:
            return await awaitable

        return self.runner.run(run())

    async def _clear(self) -> None:
        async with self.store.begin() as tx:
            await tx.execute(delete(jobs))

    @rule(
        new=st.lists(
            st.tuples(st.sampled_from(PRIORITIES), st.integers(-60, 60), st.sampled_from([None, None, "red", "blue"])),
            max_size=4,
        )
    )
    def add(self, new: list[tuple[int, int, str | None]]) -> None:
        now = self.clock.now()
        added = []
        taken = {job.key for job in self.expected.values()} - {None}
        for priority, seconds, key in new:
            self.count += 1
            added.append(NewJob("test", {"n": self.count}, now + timedelta(seconds=seconds), priority, key))
            if key not in taken:
                self.expected[self.count] = Expected(priority, added[-1].run_at, "", key)
                taken |= {key} - {None}

        async def run() -> dict[int, str]:
            async with self.store.begin() as tx:
                await self.queue.add(tx, added, now=now)
                return {row.args["n"]: row.id for row in await tx.execute(select(jobs.c.id, jobs.c.args))}

        ids = self.wait(run())
        for number, job in self.expected.items():
            job.id = ids[number]

    @rule(worker=st.sampled_from(WORKERS), limit=st.integers(1, 4))
    def claim(self, worker: str, limit: int) -> None:
        now = self.clock.now()
        for job in self.expected.values():
            if job.until is not None and job.until <= now:
                job.holder = job.until = None
                if job.attempts >= SILENT:
                    job.run_at = now + STEPS[min(job.attempts, len(STEPS)) - 1]
        free = [(number, job) for number, job in self.expected.items() if job.holder is None and job.run_at <= now]
        due = sorted(free, key=lambda item: (item[1].priority, item[1].run_at, item[1].id))[:limit]
        claimed = self.wait(self.queue.claim(worker=worker, limit=limit, lease=LEASE, now=now))
        assert [job.args["n"] for job in claimed] == [number for number, _ in due]
        for (_, job), real in zip(due, claimed, strict=True):
            job.holder, job.until, job.attempts = worker, now + LEASE, job.attempts + 1
            assert (real.attempt, real.priority) == (job.attempts, job.priority)
            self.claims.append((worker, real))

    def _stands(self, worker: str, claim: Job) -> bool:
        job = self.expected.get(claim.args["n"])
        return job is not None and job.holder == worker and job.attempts == claim.attempt

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), is_kept=st.booleans())
    def complete(self, data: st.DataObject, is_kept: bool) -> None:
        worker, claim = data.draw(st.sampled_from(self.claims))

        async def run() -> bool:
            async with self.store.begin() as tx:
                done = await self.queue.complete(tx, claim, worker=worker)
                if not is_kept:
                    await tx.rollback()
                return done

        stands = self._stands(worker, claim)
        assert self.wait(run()) == stands
        if stands and is_kept:
            del self.expected[claim.args["n"]]

    @precondition(lambda self: self.claims)
    @rule(data=st.data(), seconds=st.integers(-5, 90), counts=st.booleans())
    def retry(self, data: st.DataObject, seconds: int, counts: bool) -> None:
        worker, claim = data.draw(st.sampled_from(self.claims))
        run_at = self.clock.now() + timedelta(seconds=seconds)
        self.wait(self.queue.retry(claim, worker=worker, run_at=run_at, error="again", counts=counts))
        if self._stands(worker, claim):
            job = self.expected[claim.args["n"]]
            job.attempts -= not counts
            job.holder, job.until, job.run_at = None, None, run_at

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def bury(self, data: st.DataObject) -> None:
        worker, claim = data.draw(st.sampled_from(self.claims))

        async def run() -> bool:
            async with self.store.begin() as tx:
                return await self.queue.bury(tx, claim, worker=worker, error="never")

        stands = self._stands(worker, claim)
        assert self.wait(run()) == stands
        if stands:
            del self.expected[claim.args["n"]]

    @precondition(lambda self: self.claims)
    @rule(data=st.data())
    def renew(self, data: st.DataObject) -> None:
        worker, claim = data.draw(st.sampled_from(self.claims))
        renewed = self.wait(self.queue.renew([claim], worker=worker, lease=LEASE, now=self.clock.now()))
        stands = self._stands(worker, claim)
        assert renewed == ({claim.id} if stands else set())
        job = self.expected.get(claim.args["n"])
        if job is not None and job.holder == worker:
            # An older claim of the same worker prolongs its newer one, which does no harm.
            job.until = self.clock.now() + LEASE

    @rule(seconds=st.sampled_from([0.5, 7, 30, 61]))
    def time_passes(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    @invariant()
    def next_due_is_the_first_of_all(self) -> None:
        instants = [job.until or job.run_at for job in self.expected.values()]
        assert self.wait(self.queue.next_due(now=self.clock.now())) == min(instants, default=None)


def test_the_queue_does_what_its_model_does(database_url: str) -> None:
    """Over any sequence of adding, claiming, completing, failing and waiting, the queue and the model agree."""
    with asyncio.Runner() as runner:
        store = runner.run(Store.open(database_url, pool_size=2))
        machine = type("Machine", (QueueMachine,), {"runner": runner, "store": store})
        try:
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=25, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
                ),
            )
        finally:
            runner.run(store.close())
