"""A job that cannot succeed is set aside, and its notification ends in a state that says so."""

import asyncio
import signal
import sys
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from tests.support.environment import clean_environment
from tests.support.world import World

from heliograph.actions import condition
from heliograph.delivery.give_up import bury
from heliograph.delivery.machine import JobLost
from heliograph.devpush import Fault, FaultKind
from heliograph.domain.delivery import DeliveryState, ReceiptEvent, delivery_id
from heliograph.domain.notification import NotificationState
from heliograph.names import JobName, Metric
from heliograph.storage import deliveries, receipts
from heliograph.storage.tables import jobs
from heliograph.worker.jobs import HANDLERS
from heliograph.worker.once import work_once
from heliograph.worker.run import MAX_ATTEMPTS

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch):
    """Let the handler of a job fail always."""

    def fail(*names: JobName) -> None:
        async def handler(*_: object) -> None:
            raise LookupError("poison")

        table: Any = dict(HANDLERS) | dict.fromkeys(names, handler)
        monkeypatch.setattr("heliograph.worker.run.HANDLERS", table)

    return fail


async def last_attempt(world: World, name: JobName) -> None:
    """Let the next failure of a job be its last."""
    async with world.store.begin() as tx:
        await tx.execute(update(jobs).where(jobs.c.name == name).values(attempts=MAX_ATTEMPTS - 1))


async def run_once(world: World) -> list[str]:
    return [failure.reason for failure in await work_once(world.heliograph)]


async def test_a_range_that_cannot_be_sent(world: World, failing):
    """Its people are recorded as failed, the notification is done, and the operator is told."""
    fleet = await world.agents(3)
    await world.subscribe(fleet.agents)
    notification = await world.notify()
    await world.step(JobName.FANOUT)
    await last_attempt(world, JobName.SEND)
    failing(JobName.SEND)
    assert await run_once(world) == ["job_failed"]

    assert await world.counts(notification) == {"failed/job_buried": 3}
    await world.check_counts(notification)
    assert await world.state(notification) is NotificationState.DONE
    assert fleet.counts.decrypted == 0
    meters = world.heliograph.meters
    labels = {"state": "failed", "reason": "job_buried", "push_service": "mozilla"}
    assert meters.value(Metric.DELIVERIES, **labels) == 3
    async with world.store.read() as tx:
        assert (await condition.look(tx, now=world.clock.now())).dead == 1


async def test_what_was_recorded_before_stays(world: World, failing):
    """Who was sent to before the worker failed for good stays accepted; the others are failed."""
    fleet = await world.agents(4)
    ids = await world.subscribe(fleet.agents)
    notification = await world.notify()
    await world.step(JobName.FANOUT)
    now = world.clock.now()
    async with world.store.begin() as tx:
        row = {
            "id": delivery_id(notification.id, ids[0]),
            "project_id": world.project.project.id,
            "notification_id": notification.id,
            "subscription_id": ids[0],
            "state": "accepted",
            "attempts": 1,
            "accepted_at": now,
            "created_at": now,
            "updated_at": now,
        }
        await deliveries.add_new(tx, [row])
    await last_attempt(world, JobName.SEND)
    failing(JobName.SEND)
    await run_once(world)

    states = [row.state for row in await world.rows(notification)]
    assert sorted(states) == ["accepted", "failed", "failed", "failed"]
    assert await world.counts(notification) == {"failed/job_buried": 3}  # the first was written behind the counts' back
    assert await world.state(notification) is NotificationState.DONE


async def test_a_retry_that_cannot_be_made(world: World, failing):
    """What waits to be tried again ends as failed; a receipt shows afterwards that it had arrived."""
    fleet = await world.agents(2)
    await world.subscribe(fleet.agents)
    world.devpush.add_fault(Fault(FaultKind.LOST_ANSWER))
    notification = await world.notify()
    await world.work()
    world.clock.advance(MINUTE)
    await last_attempt(world, JobName.RETRY)
    failing(JobName.RETRY)
    assert set(await run_once(world)) == {"job_failed"}

    assert await world.counts(notification) == {"failed/job_buried": 2}
    await world.check_counts(notification)
    assert await world.state(notification) is NotificationState.DONE
    first, _ = await world.rows(notification)
    async with world.store.begin() as tx:
        seen = receipts.Receipt(first.id, ReceiptEvent.DISPLAYED, None, world.clock.now())
        await receipts.add(tx, world.project.project.id, [seen], now=world.clock.now())
        await deliveries.apply_receipts(tx, [first.id], now=world.clock.now())
    assert await world.counts(notification) == {"failed/job_buried": 1, "displayed": 1}


@pytest.mark.parametrize("name", [JobName.PLAN, JobName.FANOUT])
async def test_an_audience_that_cannot_be_looked_up(world: World, failing, name: JobName):
    """Nobody knows who was meant, so the notification itself is failed, and cannot be cancelled any more."""
    notification = await world.notify()
    if name is JobName.FANOUT:
        await world.step(JobName.PLAN)
    await last_attempt(world, name)
    failing(name)
    await run_once(world)

    assert await world.state(notification) is NotificationState.FAILED
    assert NotificationState.FAILED.is_terminal


async def test_giving_up_that_fails_as_well(world: World, failing):
    """When not even the receivers can be read, the notification ends as failed."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    notification = await world.notify()
    await world.step(JobName.FANOUT)
    await last_attempt(world, JobName.SEND)
    failing(JobName.SEND, JobName.GIVE_UP)
    await run_once(world)
    assert await world.state(notification) is NotificationState.RUNNING
    world.clock.advance(HOUR)
    await last_attempt(world, JobName.GIVE_UP)
    await run_once(world)

    assert await world.state(notification) is NotificationState.FAILED


async def test_giving_up_twice(world: World):
    """A crash while giving up, or two workers at it, count nobody twice."""
    fleet = await world.agents(2)
    await world.subscribe(fleet.agents)
    notification = await world.notify()
    await world.step(JobName.FANOUT)
    queue, now = world.heliograph.queue, world.clock.now()
    [job] = await queue.claim(worker=world.machine.worker, limit=1, lease=MINUTE, now=now)
    await bury(world.machine, job, "poison")
    await bury(world.machine, job, "poison")
    [giving_up] = await queue.claim(worker="slow", limit=9, lease=MINUTE, now=now)
    world.clock.advance(2 * MINUTE)
    await world.work()
    with pytest.raises(JobLost):
        await HANDLERS[JobName.GIVE_UP](world.machine, giving_up)

    assert await world.counts(notification) == {"failed/job_buried": 2}
    assert [row.state for row in await world.rows(notification)] == [DeliveryState.FAILED] * 2


_DYING = """
import asyncio, os, signal, sys
from heliograph.names import JobName
from heliograph.storage.store import Store
from heliograph.kit.clock import SystemClock
from heliograph.kit.ids import Ids
from heliograph.queue.embedded import EmbeddedQueue
from datetime import datetime, timedelta

async def main():
    store = await Store.open(sys.argv[1])
    queue = EmbeddedQueue(store, Ids(SystemClock()))
    now = datetime.fromisoformat(sys.argv[2])
    jobs = await queue.claim(worker="doomed", limit=1, lease=timedelta(seconds=30), now=now)
    print(len(jobs), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""


async def test_a_handler_that_kills_its_process(world: World, database_url: str):
    """Claims count even if nobody lives to count them, and at last the job is set aside without being run."""
    notification = await world.notify()
    await last_attempt(world, JobName.PLAN)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _DYING,
        database_url,
        world.clock.now().isoformat(),
        stdout=asyncio.subprocess.PIPE,
        env=clean_environment(),
    )
    out, _ = await process.communicate()
    assert (out, process.returncode) == (b"1\n", -signal.SIGKILL)

    world.clock.advance(MINUTE)
    assert await run_once(world) == []  # it waits: it is suspected
    world.clock.advance(2 * HOUR)
    assert await run_once(world) == ["job_failed"]
    async with world.store.read() as tx:
        [row] = (await tx.execute(select(jobs.c.name, jobs.c.last_error).where(jobs.c.state == "dead"))).all()
    assert row.name == JobName.PLAN
    assert "died" in row.last_error
    assert await world.state(notification) is NotificationState.FAILED
