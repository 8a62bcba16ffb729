"""The worker as a whole: stopping, failing, losing jobs, keeping the clock."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from tests.support.world import World, world_of

from heliograph.delivery import send, sweep
from heliograph.delivery.hosts import Hosts
from heliograph.delivery.machine import JobLost
from heliograph.devpush import Fault, FaultKind
from heliograph.domain.delivery import ReceiptEvent, delivery_id
from heliograph.domain.notification import Audience, AudienceKind, NotificationState
from heliograph.domain.subscription import SubscriptionState
from heliograph.kit.clock import SystemClock
from heliograph.kit.ids import Ids
from heliograph.kit.sealing import Sealer
from heliograph.names import JobName
from heliograph.queue.base import NewJob
from heliograph.queue.embedded import EmbeddedQueue
from heliograph.storage import deliveries, receipts
from heliograph.storage import subscriptions as subscription_rows
from heliograph.storage.store import Store
from heliograph.storage.tables import jobs, ranges, subscriptions
from heliograph.storage.tables import receipts as receipt_table
from heliograph.worker.clock import LEASE, Clockwork
from heliograph.worker.jobs import HANDLERS
from heliograph.worker.run import MAX_ATTEMPTS, Worker, make_machine

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
async def living(store: Store) -> AsyncIterator[World]:
    """A world whose clock runs."""
    clock = SystemClock()
    ids = Ids(clock)
    async with world_of(store, EmbeddedQueue(store, ids), clock, ids, Sealer(bytes(range(32)))) as world:
        yield world


@asynccontextmanager
async def working(world: World, worker: Worker) -> AsyncIterator[asyncio.Event]:
    """Run a worker; it has stopped when this ends."""
    stop = asyncio.Event()
    task = asyncio.create_task(worker.run(stop))
    try:
        yield stop
    finally:
        stop.set()
        async with asyncio.timeout(20):
            await task


async def done(world: World, notification) -> None:
    async with asyncio.timeout(30):
        while await world.state(notification) is not NotificationState.DONE:  # noqa: ASYNC110 - rows, not events
            await asyncio.sleep(0.02)


def test_every_job_has_a_handler():
    """The table of handlers knows every name of a job, and no other."""
    assert set(HANDLERS) == set(JobName)


async def test_works_until_told_to_stop(living: World):
    """A running worker sends what is asked for, and ends when told to."""
    fleet = await living.agents(3)
    await living.subscribe(fleet.agents)
    async with working(living, Worker(living.heliograph, name="w")):
        notification = await living.notify()
        await fleet.wait_until(lambda counts: counts.decrypted == 3)
        await done(living, notification)

    assert await living.counts(notification) == {"accepted": 3}


async def test_graceful_stop(living: World):
    """A stop finishes and records what is in the air and gives back the rest; the next worker sends exactly that."""
    fleet = await living.agents(60)
    await living.subscribe(fleet.agents)
    living.devpush.add_fault(Fault(FaultKind.SLOW, delay=timedelta(milliseconds=200)))
    worker = Worker(living.heliograph, name="first")
    worker._machine = dataclasses.replace(worker._machine, hosts=Hosts(living.clock, most_in_the_air=5))
    async with working(living, worker) as stop:
        notification = await living.notify()
        await fleet.wait_until(lambda counts: counts.decrypted >= 10)
        stop.set()
    sent = len([record for record in living.devpush.messages() if record.status == 201])
    assert 10 <= sent < 60
    assert await living.counts(notification) == {"accepted": sent}
    async with living.store.read() as tx:
        waiting = (await tx.execute(select(jobs.c.name, jobs.c.state).where(jobs.c.name == JobName.SEND))).all()
    assert [tuple(row) for row in waiting] == [(JobName.SEND, "ready")]

    living.devpush.clear_faults()
    async with working(living, Worker(living.heliograph, name="second")):
        await done(living, notification)
    assert await living.counts(notification) == {"accepted": 60}
    assert len(living.devpush.messages()) == 60
    assert fleet.counts.duplicates == 0


async def test_urgent_beside_slow_ranges(living: World):
    """A send to one person goes out at once while all places are taken by ranges whose push service is slow."""
    fleet = await living.agents(2)
    _, quick = await living.subscribe(fleet.agents)
    answered, asked = asyncio.Event(), asyncio.Event()
    original = living.heliograph.sender

    class SlowForOne:
        async def send(self, request):
            if request.url == fleet.agents[0].endpoint:
                asked.set()
                await answered.wait()
            return await original.send(request)

        async def close(self):
            """Nothing of its own."""

    worker = Worker(living.heliograph, name="w", concurrency=1)
    worker._machine = dataclasses.replace(worker._machine, sender=SlowForOne())
    async with working(living, worker):
        bulk = await living.notify()
        await asyncio.wait_for(asked.wait(), 20)
        await living.notify(Audience(AudienceKind.SUBSCRIPTIONS, subscription_ids=(quick,)))
        try:
            await fleet.wait_until(lambda counts: counts.decrypted == 2)
        finally:
            answered.set()
        await done(living, bulk)

    assert await living.counts(bulk) == {"accepted": 2}


async def test_a_handler_that_fails(world: World):
    """A job whose handler fails comes again later, and is set aside when that never ends."""
    now = world.clock.now()
    async with world.store.begin() as tx:
        await world.heliograph.queue.add(tx, [NewJob(JobName.SEND, {}, run_at=now)], now=now)
    worker = Worker(world.heliograph, name="w")

    async def row():
        async with world.store.read() as tx:
            query = select(jobs.c.state, jobs.c.run_at, jobs.c.attempts).where(jobs.c.name == JobName.SEND)
            return (await tx.execute(query)).one()

    async def until(condition) -> None:
        async with asyncio.timeout(20):
            while not condition(await row()):  # noqa: ASYNC110 - rows, not events
                await asyncio.sleep(0.02)

    async with working(world, worker):
        await until(lambda found: found.run_at > now and found.state == "ready")
        async with world.store.begin() as tx:
            await tx.execute(update(jobs).values(attempts=MAX_ATTEMPTS - 1))
        world.clock.advance(MINUTE)
        await until(lambda found: found.state == "dead")


async def test_a_worker_that_was_thought_dead(world: World):
    """When a slow worker comes back after its lease, what it wanted to write is rolled back; nothing counts twice."""
    fleet = await world.agents(4)
    await world.subscribe(fleet.agents)
    notification = await world.notify()
    await world.step(JobName.FANOUT)
    queue = world.heliograph.queue
    (job,) = await queue.claim(worker="slow", limit=1, lease=MINUTE, now=world.clock.now())
    world.clock.advance(2 * MINUTE)
    await world.work()
    with pytest.raises(JobLost):
        await send.send(make_machine(world.heliograph, "slow"), job)

    assert await world.counts(notification) == {"accepted": 4}
    assert await world.state(notification) is NotificationState.DONE
    assert len(world.devpush.messages()) == 4


async def test_one_leader(world: World):
    """One clock leads; another takes over when its lease has run out or was given up; upkeep is asked for once."""
    first, second = (Clockwork(world.heliograph, holder=name) for name in ("first", "second"))
    assert await first.tick()
    assert not await second.tick()
    assert await first.tick()
    world.clock.advance(LEASE)
    assert await second.tick()
    assert not await first.tick()
    await second.release()
    assert await first.tick()
    async with world.store.read() as tx:
        names = list((await tx.execute(select(jobs.c.name))).scalars())
    assert sorted(names) == [JobName.RETAIN, JobName.SWEEP]


async def ask_for_upkeep(world: World) -> None:
    now = world.clock.now()
    async with world.store.begin() as tx:
        await world.heliograph.queue.add(tx, [NewJob(JobName.SWEEP, {}, run_at=now)], now=now)
    await world.work()


async def test_upkeep(world: World):
    """Tombstones go after thirty days, the ranges of what is done after a day; who is active stays."""
    fleet = await world.agents(3)
    old, young, active = await world.subscribe(fleet.agents)
    async with world.store.begin() as tx:
        for which, age in ((old, 31), (young, 28)):
            ended = {"state": "gone", "ended_at": world.clock.now() - age * DAY}
            await subscription_rows.change(tx, which, ended)
    await world.notify()
    await world.work()
    world.clock.advance(timedelta(hours=25))
    await ask_for_upkeep(world)

    async with world.store.read() as tx:
        left = set((await tx.execute(select(subscriptions.c.id))).scalars())
        laid_out = (await tx.execute(select(ranges.c.number))).all()
    assert left == {young, active}
    assert laid_out == []
    assert (await world.subscription(active)).state is SubscriptionState.ACTIVE


async def report(world: World, delivery: str, *events: ReceiptEvent) -> None:
    """Write receipts, as the public API does, without applying them."""
    now = world.clock.now()
    reported = [receipts.Receipt(delivery, event, "open" if event == "clicked" else None, now) for event in events]
    async with world.store.begin() as tx:
        await receipts.add(tx, world.project.project.id, reported, now=now)


async def apply(world: World, delivery: str) -> int:
    async with world.store.begin() as tx:
        return await deliveries.apply_receipts(tx, [delivery], now=world.clock.now())


async def test_receipt_before_the_record(world: World):
    """A receipt that overtakes the recording of its delivery is applied when that is written."""
    fleet = await world.agents(1)
    (only,) = await world.subscribe(fleet.agents)
    notification = await world.notify()
    delivery = delivery_id(notification.id, only)
    await report(world, delivery, ReceiptEvent.DISPLAYED)
    assert await apply(world, delivery) == 0
    await world.work()

    assert await world.counts(notification) == {"displayed": 1}
    (row,) = await world.rows(notification)
    assert row.displayed_at is not None
    assert row.accepted_at is not None


@pytest.mark.parametrize(
    ("events", "state"),
    [
        ([ReceiptEvent.DISPLAYED], "displayed"),
        ([ReceiptEvent.CLICKED, ReceiptEvent.DISPLAYED], "clicked"),
        ([ReceiptEvent.DISMISSED, ReceiptEvent.CLICKED], "clicked"),
        ([ReceiptEvent.CLICKED, ReceiptEvent.DISMISSED], "clicked"),
        ([ReceiptEvent.DISMISSED, ReceiptEvent.DISPLAYED], "dismissed"),
    ],
)
async def test_receipts_in_any_order(world: World, events: list[ReceiptEvent], state: str):
    """Whatever the order of receipts, one after the other or repeated, the delivery ends where they lead."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    notification = await world.notify()
    await world.work()
    (row,) = await world.rows(notification)
    for event in events:
        await report(world, row.id, event)
        await apply(world, row.id)
        assert await apply(world, row.id) == 0

    assert await world.counts(notification) == {state: 1}
    (row,) = await world.rows(notification)
    assert {event for event in ReceiptEvent if getattr(row, f"{event}_at")} == set(events)
    assert row.clicked_action == ("open" if ReceiptEvent.CLICKED in events else None)


async def test_receipt_proves_an_arrival(world: World):
    """A receipt for a delivery without an answer shows that it arrived: it is not sent again."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    world.devpush.add_fault(Fault(FaultKind.LOST_ANSWER, times=1))
    notification = await world.notify()
    await world.work()
    (row,) = await world.rows(notification)
    await report(world, row.id, ReceiptEvent.DISPLAYED)
    await apply(world, row.id)
    await world.work_on(MINUTE)

    assert await world.counts(notification) == {"displayed": 1}
    assert await world.state(notification) is NotificationState.DONE
    assert len(world.devpush.messages()) == 1


async def test_missed_receipts_are_picked_up(world: World):
    """A receipt that was written at the same moment as its delivery is applied by the upkeep; old ones are deleted."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    notification = await world.notify()
    await world.work()
    (row,) = await world.rows(notification)
    await report(world, row.id, ReceiptEvent.CLICKED)
    await ask_for_upkeep(world)
    assert await world.counts(notification) == {"clicked": 1}

    world.clock.advance(3 * DAY)
    await ask_for_upkeep(world)
    async with world.store.read() as tx:
        assert (await tx.execute(select(receipt_table.c.event))).all() == []


async def test_upkeep_goes_on_while_there_is_more(world: World, monkeypatch: pytest.MonkeyPatch):
    """What a large send leaves behind is swept portion after portion, not one portion a minute."""
    monkeypatch.setattr(sweep, "PORTION", 2)
    fleet = await world.agents(7)
    await world.subscribe(fleet.agents)
    notification = await world.notify()
    await world.work()
    for row in await world.rows(notification):
        await report(world, row.id, ReceiptEvent.DISPLAYED)
    world.clock.advance(3 * DAY)
    await ask_for_upkeep(world)
    await world.work_on(timedelta(seconds=10))

    async with world.store.read() as tx:
        assert (await tx.execute(select(receipt_table.c.event))).all() == []
        assert (await tx.execute(select(jobs.c.name))).all() == []
