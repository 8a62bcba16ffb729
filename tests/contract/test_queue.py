"""What a queue owes: work runs at least once, never twice at a time, in order, and none is lost."""

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from heliograph.kit.clock import FrozenClock, SystemClock
from heliograph.kit.ids import Ids
from heliograph.queue.base import BULK, NORMAL, URGENT, NewJob
from heliograph.queue.embedded import EmbeddedQueue
from heliograph.storage import jobs as rows
from heliograph.storage.store import Store
from heliograph.storage.tables import installation, jobs

LEASE = timedelta(seconds=30)


def numbered(number: int, at: datetime, *, priority: int = NORMAL, dedupe_key: str | None = None) -> NewJob:
    return NewJob("test.job", {"n": number}, at, priority, dedupe_key)


async def add(store: Store, queue: EmbeddedQueue, *new: NewJob, now: datetime) -> None:
    async with store.begin() as tx:
        await queue.add(tx, list(new), now=now)


async def test_a_job_is_written_with_its_cause_or_not_at_all(
    store: Store, queue: EmbeddedQueue, clock: FrozenClock
) -> None:
    """A job of a transaction that was rolled back does not exist."""
    async with store.begin() as tx:
        await queue.add(tx, [numbered(1, clock.now())], now=clock.now())
        await tx.rollback()
    assert await queue.claim(worker="w", limit=9, lease=LEASE, now=clock.now()) == []


async def test_what_was_added_is_what_is_claimed(store: Store, queue: EmbeddedQueue, clock: FrozenClock) -> None:
    """Name, arguments and priority come back as they were; the attempts are counted from 1."""
    args = {"text": "Grüße \U0001f4e3", "list": [1, 2.5, None, True], "nested": {"'quoted\"": ""}}
    await add(store, queue, NewJob("test.job", args, clock.now(), URGENT), now=clock.now())
    [job] = await queue.claim(worker="w", limit=9, lease=LEASE, now=clock.now())
    assert (job.name, job.args, job.priority, job.attempt) == ("test.job", args, URGENT, 1)


async def test_an_unknown_priority_is_refused(store: Store, queue: EmbeddedQueue, clock: FrozenClock) -> None:
    """A priority that nobody looks for would never run."""
    with pytest.raises(ValueError, match="priorities"):
        await add(store, queue, numbered(1, clock.now(), priority=3), now=clock.now())


async def test_the_order_is_priority_then_time_then_order_of_adding(
    store: Store, queue: EmbeddedQueue, clock: FrozenClock
) -> None:
    """Urgent work goes first, then what was due first, then what was added first."""
    now = clock.now()
    earlier = now - timedelta(seconds=5)
    await add(
        store,
        queue,
        numbered(6, now, priority=BULK),
        numbered(4, now),
        numbered(5, now),
        numbered(3, earlier),
        numbered(2, now, priority=URGENT),
        numbered(1, earlier, priority=URGENT),
        now=now,
    )
    first = await queue.claim(worker="w", limit=4, lease=LEASE, now=now)
    second = await queue.claim(worker="w", limit=4, lease=LEASE, now=now)
    assert [job.args["n"] for job in first] == [1, 2, 3, 4]
    assert [job.args["n"] for job in second] == [5, 6]


async def test_a_job_runs_from_its_instant_on(store: Store, queue: EmbeddedQueue, clock: FrozenClock) -> None:
    """A job is not claimed a microsecond too early, and is claimed on the microsecond."""
    at = clock.now() + timedelta(hours=1)
    await add(store, queue, numbered(1, at), now=clock.now())
    assert await queue.claim(worker="w", limit=9, lease=LEASE, now=at - timedelta(microseconds=1)) == []
    assert len(await queue.claim(worker="w", limit=9, lease=LEASE, now=at)) == 1


async def test_later_urgent_work_does_not_hide_due_work(store: Store, queue: EmbeddedQueue, clock: FrozenClock) -> None:
    """Jobs planned for tomorrow, however urgent, do not stand before those of today."""
    tomorrow = clock.now() + timedelta(days=1)
    await add(store, queue, *(numbered(n, tomorrow, priority=URGENT) for n in range(50)), now=clock.now())
    await add(store, queue, numbered(99, clock.now(), priority=BULK), now=clock.now())
    [job] = await queue.claim(worker="w", limit=3, lease=LEASE, now=clock.now())
    assert job.args["n"] == 99


async def test_each_job_is_claimed_by_exactly_one_of_many_workers(
    database_url: str, store: Store, queue: EmbeddedQueue, clock: FrozenClock
) -> None:
    """Workers with connections of their own share 400 jobs without a gap and without a double."""
    await add(store, queue, *(numbered(n, clock.now()) for n in range(400)), now=clock.now())
    stores = [await Store.open(database_url, pool_size=3) for _ in range(3)]

    async def work(number: int) -> list[int]:
        own = stores[number % len(stores)]
        own_queue = EmbeddedQueue(own, Ids(clock))
        done: list[int] = []
        while batch := await own_queue.claim(worker=f"w{number}", limit=7, lease=LEASE, now=clock.now()):
            for job in batch:
                async with own.begin() as tx:
                    assert await own_queue.complete(tx, job, worker=f"w{number}")
                done.append(job.args["n"])
        return done

    results = await asyncio.gather(*(work(number) for number in range(6)))
    for each in stores:
        await each.close()
    assert Counter(n for result in results for n in result) == Counter(range(400))
    async with store.read() as tx:
        assert await tx.scalar(select(func.count()).select_from(jobs)) == 0


async def test_concurrent_claims_on_postgresql_do_not_wait_for_each_other(
    postgresql_url: str, clock: FrozenClock
) -> None:
    """While one worker's claim is not yet committed, another gets other jobs at once."""
    store = await Store.open(postgresql_url)
    queue = EmbeddedQueue(store, Ids(clock))
    now = clock.now()
    await add(store, queue, *(numbered(n, now) for n in range(4)), now=now)
    async with store.begin() as slow:
        held = await rows.take(slow, priority=NORMAL, worker="slow", limit=2, lease_until=now + LEASE, now=now)
        async with asyncio.timeout(10):
            others = await queue.claim(worker="fast", limit=9, lease=LEASE, now=now)
    assert [row.args["n"] for row in held] == [0, 1]
    assert [job.args["n"] for job in others] == [2, 3]
    await store.close()


async def test_a_lease_that_ran_out_frees_the_job(store: Store, queue: EmbeddedQueue, clock: FrozenClock) -> None:
    """A silent worker's job goes to another one when the lease ends, not before; the attempt is counted."""
    await add(store, queue, numbered(1, clock.now()), now=clock.now())
    await queue.claim(worker="silent", limit=1, lease=LEASE, now=clock.now())
    early = clock.now() + LEASE - timedelta(microseconds=1)
    assert await queue.claim(worker="other", limit=1, lease=LEASE, now=early) == []
    [job] = await queue.claim(worker="other", limit=1, lease=LEASE, now=clock.now() + LEASE)
    assert job.attempt == 2


@pytest.mark.parametrize("second", ["other", "slow"])
async def test_who_lost_the_lease_can_change_nothing(
    store: Store, queue: EmbeddedQueue, clock: FrozenClock, second: str
) -> None:
    """Nothing that a worker does counts after its job was claimed again, even by itself."""
    await add(store, queue, numbered(1, clock.now(), dedupe_key="k"), now=clock.now())
    [lost] = await queue.claim(worker="slow", limit=1, lease=LEASE, now=clock.now())
    now = clock.advance(LEASE)
    [held] = await queue.claim(worker=second, limit=1, lease=LEASE, now=now)
    assert await queue.renew([lost], worker="slow", lease=LEASE, now=now) == set()
    await queue.retry(lost, worker="slow", run_at=now, error="late")
    async with store.begin() as tx:
        assert not await queue.bury(tx, lost, worker="slow", error="late")
        assert not await queue.complete(tx, lost, worker="slow")
    assert await queue.claim(worker="third", limit=1, lease=LEASE, now=now) == []
    async with store.begin() as tx:
        assert await queue.complete(tx, held, worker=second)


async def test_a_renewed_lease_keeps_the_job(store: Store, queue: EmbeddedQueue, clock: FrozenClock) -> None:
    """A worker that renews in time is not robbed, however long the job takes."""
    await add(store, queue, numbered(1, clock.now()), numbered(2, clock.now()), now=clock.now())
    held = await queue.claim(worker="w", limit=2, lease=LEASE, now=clock.now())
    for _ in range(4):
        now = clock.advance(LEASE * 0.9)
        assert await queue.renew(held, worker="w", lease=LEASE, now=now) == {job.id for job in held}
        assert await queue.claim(worker="other", limit=2, lease=LEASE, now=now) == []
    assert await queue.renew([], worker="w", lease=LEASE, now=clock.now()) == set()


async def test_a_lease_that_nobody_took_over_can_still_be_completed(
    store: Store, queue: EmbeddedQueue, clock: FrozenClock
) -> None:
    """A worker that was slow but not robbed has done the work once, so it counts."""
    await add(store, queue, numbered(1, clock.now()), now=clock.now())
    [job] = await queue.claim(worker="w", limit=1, lease=LEASE, now=clock.now())
    clock.advance(LEASE * 3)
    async with store.begin() as tx:
        assert await queue.complete(tx, job, worker="w")


async def test_completing_belongs_to_the_transaction_of_the_effect(
    store: Store, queue: EmbeddedQueue, clock: FrozenClock
) -> None:
    """If the effect is rolled back the job is still there, and comes again when the lease ends."""
    await add(store, queue, numbered(1, clock.now()), now=clock.now())
    [job] = await queue.claim(worker="w", limit=1, lease=LEASE, now=clock.now())
    async with store.begin() as tx:
        assert await queue.complete(tx, job, worker="w")
        await tx.rollback()
    [again] = await queue.claim(worker="w", limit=1, lease=LEASE, now=clock.now() + LEASE)
    assert again.id == job.id


async def test_a_failed_job_comes_back_when_it_was_told_to(
    store: Store, queue: EmbeddedQueue, clock: FrozenClock
) -> None:
    """A job that is given back is claimed again from its new instant on, with one more attempt."""
    await add(store, queue, numbered(1, clock.now()), now=clock.now())
    [job] = await queue.claim(worker="w", limit=1, lease=LEASE, now=clock.now())
    later = clock.now() + timedelta(minutes=5)
    await queue.retry(job, worker="w", run_at=later, error="e" * 100_000)
    assert await queue.claim(worker="w", limit=1, lease=LEASE, now=clock.now()) == []
    assert await queue.next_due(now=clock.now()) == later
    [again] = await queue.claim(worker="w", limit=1, lease=LEASE, now=later)
    assert (again.id, again.attempt) == (job.id, 2)


async def test_an_interrupted_job_comes_back_as_if_it_had_not_been_claimed(
    store: Store, queue: EmbeddedQueue, clock: FrozenClock
) -> None:
    """Stopping workers again and again must not bury what they were at."""
    await add(store, queue, numbered(1, clock.now()), now=clock.now())
    for _ in range(3):
        [job] = await queue.claim(worker="w", limit=1, lease=LEASE, now=clock.now())
        assert job.attempt == 1
        await queue.retry(job, worker="w", run_at=clock.now(), error="stopped", counts=False)


async def test_jobs_whose_workers_die_are_claimed_ever_later_and_apart(store: Store, clock: FrozenClock) -> None:
    """A crash or two cost no time; who is at hand at every crash waits, and not for as long as the others."""
    chances = iter([0.0, 1.0] * 2)
    queue = EmbeddedQueue(store, Ids(clock), chance=lambda: next(chances))
    await add(store, queue, numbered(1, clock.now()), numbered(2, clock.now()), now=clock.now())
    for attempt in (1, 2, 3):
        claimed = await queue.claim(worker="w", limit=9, lease=LEASE, now=clock.now())
        assert [job.attempt for job in claimed] == [attempt, attempt]
        clock.advance(LEASE)
    assert await queue.claim(worker="w", limit=9, lease=LEASE, now=clock.now()) == []
    async with store.read() as tx:
        waits = sorted(at - clock.now() for at in (await tx.execute(select(jobs.c.run_at))).scalars())
    assert waits == [timedelta(seconds=8), timedelta(seconds=24)]
    [first] = await queue.claim(worker="w", limit=9, lease=LEASE, now=clock.advance(waits[0]))
    assert first.attempt == 4


async def test_a_buried_job_stays_visible_and_never_runs(
    store: Store, queue: EmbeddedQueue, clock: FrozenClock
) -> None:
    """A job that cannot succeed is kept with its last error, for a person."""
    await add(store, queue, numbered(1, clock.now()), now=clock.now())
    [job] = await queue.claim(worker="w", limit=1, lease=LEASE, now=clock.now())
    async with store.begin() as tx:
        assert await queue.bury(tx, job, worker="w", error="no such notification")
    assert await queue.claim(worker="w", limit=1, lease=LEASE, now=clock.now() + LEASE * 9) == []
    assert await queue.next_due(now=clock.now()) is None
    async with store.read() as tx:
        [seen] = await rows.dead(tx, limit=10)
    assert (seen.id, seen.args, seen.attempts, seen.last_error) == (job.id, {"n": 1}, 1, "no such notification")


async def test_what_was_set_aside_long_ago_is_deleted(store: Store, queue: EmbeddedQueue, clock: FrozenClock) -> None:
    """A person had a month to look at it; what waits or is younger stays."""
    for number in (1, 2):
        await add(store, queue, numbered(number, clock.now()), now=clock.now())
        [job] = await queue.claim(worker="w", limit=1, lease=LEASE, now=clock.now())
        async with store.begin() as tx:
            assert await queue.bury(tx, job, worker="w", error="bad")
        if number == 1:
            await add(store, queue, numbered(3, clock.now() + timedelta(days=9)), now=clock.now())
        clock.advance(timedelta(days=1))
    async with store.begin() as tx:
        assert await rows.sweep_dead(tx, before=clock.now() - timedelta(days=1, hours=1), limit=9) == 1
        assert [one.args for one in await rows.dead(tx, limit=9)] == [{"n": 2}]
    assert await queue.next_due(now=clock.now()) is not None


async def test_a_dedupe_key_is_taken_while_its_job_waits_or_runs(
    store: Store, queue: EmbeddedQueue, clock: FrozenClock
) -> None:
    """A second job of the same key is left out until the first one is completed or buried; others are not touched."""
    now = clock.now()
    await add(store, queue, numbered(1, now, dedupe_key="k"), now=now)
    await add(store, queue, numbered(2, now, dedupe_key="k"), numbered(3, now), numbered(4, now), now=now)
    claimed = await queue.claim(worker="w", limit=9, lease=LEASE, now=now)
    assert [job.args["n"] for job in claimed] == [1, 3, 4]
    await add(store, queue, numbered(5, now, dedupe_key="k"), now=now)
    assert await queue.claim(worker="w", limit=9, lease=LEASE, now=now) == []
    async with store.begin() as tx:
        assert await queue.complete(tx, claimed[0], worker="w")
        await queue.add(tx, [numbered(6, now, dedupe_key="k")], now=now)
    [successor] = await queue.claim(worker="w", limit=9, lease=LEASE, now=now)
    async with store.begin() as tx:
        assert await queue.bury(tx, successor, worker="w", error="bad")
    await add(store, queue, numbered(7, now, dedupe_key="k"), now=now)
    assert [job.args["n"] for job in await queue.claim(worker="w", limit=9, lease=LEASE, now=now)] == [7]


async def test_concurrent_adders_of_one_dedupe_key_add_one_job(
    store: Store, queue: EmbeddedQueue, clock: FrozenClock
) -> None:
    """Transactions that add the same keys at the same time, in any order, neither fail nor double them."""
    now = clock.now()

    async def adder(number: int) -> None:
        keys = [f"k{(number + step) % 5}" for step in range(5)]
        await add(store, queue, *(numbered(number, now, dedupe_key=key) for key in keys), now=now)

    await asyncio.gather(*(adder(number) for number in range(12)))
    assert len(await queue.claim(worker="w", limit=99, lease=LEASE, now=now)) == 5


async def test_next_due_is_the_first_instant_at_which_there_is_something_to_do(
    store: Store, queue: EmbeddedQueue, clock: FrozenClock
) -> None:
    """The hint covers every priority, and the end of the leases that are held."""
    now = clock.now()
    assert await queue.next_due(now=now) is None
    hour = timedelta(hours=1)
    await add(store, queue, numbered(1, now + 3 * hour, priority=URGENT), numbered(2, now + 2 * hour), now=now)
    assert await queue.next_due(now=now) == now + 2 * hour
    await add(store, queue, numbered(3, now, priority=BULK), now=now)
    assert await queue.next_due(now=now) == now
    await queue.claim(worker="w", limit=1, lease=LEASE, now=now)
    assert await queue.next_due(now=now) == now + LEASE


_VICTIM = """
import asyncio, sys
from datetime import timedelta
from heliograph.kit.clock import SystemClock
from heliograph.kit.ids import Ids
from heliograph.queue.embedded import EmbeddedQueue
from heliograph.storage.store import Store
from heliograph.storage.sql import upsert
from heliograph.storage.tables import installation

async def main(url, moment):
    store = await Store.open(url)
    queue = EmbeddedQueue(store, Ids(SystemClock()))
    [job] = await queue.claim(worker="victim", limit=1, lease=timedelta(seconds=30), now=SystemClock().now())
    async with store.begin() as tx:
        if moment == "completing":
            await queue.complete(tx, job, worker="victim")
            await upsert(tx, installation, [{"name": "effect", "value": "1"}], conflict=["name"], update=["value"])
        print("now", flush=True)
        await asyncio.sleep(60)

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.mark.parametrize("moment", ["claimed", "completing"])
async def test_a_killed_worker_loses_nothing(database_url: str, store: Store, moment: str) -> None:
    """After kill -9 between claim and the end of the completing transaction, the job runs again."""
    clock = SystemClock()
    queue = EmbeddedQueue(store, Ids(clock))
    await add(store, queue, numbered(1, clock.now()), now=clock.now())
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _VICTIM, database_url, moment, stdout=subprocess.PIPE, env=_environment()
    )
    assert victim.stdout is not None
    assert await asyncio.wait_for(victim.stdout.readline(), 30) == b"now\n"
    victim.send_signal(signal.SIGKILL)
    await victim.communicate()
    assert await queue.claim(worker="heir", limit=1, lease=LEASE, now=clock.now()) == []
    [job] = await queue.claim(worker="heir", limit=1, lease=LEASE, now=clock.now() + LEASE)
    assert (job.args, job.attempt) == ({"n": 1}, 2)
    async with store.begin() as tx:
        assert await queue.complete(tx, job, worker="heir")
        assert await tx.scalar(select(installation.c.value).where(installation.c.name == "effect")) is None


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
