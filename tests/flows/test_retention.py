"""History that is too old is deleted in small steps that survive a kill."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, select, update
from tests.support.world import World

from heliograph.delivery import retain as steps
from heliograph.delivery.machine import JobLost
from heliograph.domain.retention import Retention
from heliograph.names import JobName
from heliograph.queue.base import NewJob
from heliograph.storage.tables import audit_log, counts, deliveries, notifications, receipts
from heliograph.worker.run import perform

DAY = timedelta(days=1)
KEEP = Retention(deliveries=30 * DAY, notifications=60 * DAY, audit=90 * DAY)


async def history(world: World, name: str, *, size: int) -> None:
    """A notification that was finished now, with deliveries and receipts."""
    now = world.clock.now()
    own = {"project_id": world.project.project.id, "created_at": now}
    shape = {"kind": "notification", "content": {"title": "x"}, "audience": {"kind": "everyone"}, "ttl_seconds": 60}
    times = {"send_at": now, "expires_at": now, "finished_at": now}
    async with world.store.begin() as tx:
        values = own | shape | times | {"id": f"ntf_{name}", "state": "done", "urgency": "normal"}
        await tx.execute(insert(notifications).values(values))
        count = {"notification_id": f"ntf_{name}", "state": "accepted", "reason": "", "shard": 1, "count": size}
        await tx.execute(insert(counts).values(count))
        rows = [
            {"id": f"dlv_{name}{n:05}", "notification_id": f"ntf_{name}", "subscription_id": "sub_1"}
            | {"state": "accepted", "attempts": 1, "updated_at": now, **own}
            for n in range(size)
        ]
        await tx.execute(insert(deliveries), rows)
        seen = {"event": "displayed", "project_id": own["project_id"], "at": now, "received_at": now}
        await tx.execute(insert(receipts), [{"delivery_id": row["id"], **seen} for row in rows])


async def left(world: World) -> dict[str, int]:
    """How many rows there are of each kind."""
    async with world.store.read() as tx:
        return {
            table.name: len((await tx.execute(select(table))).all())
            for table in (notifications, deliveries, receipts, counts)
        }


async def ask(world: World) -> None:
    """Ask for the upkeep as the clock does."""
    now = world.clock.now()
    async with world.store.begin() as tx:
        job = NewJob(JobName.RETAIN, {}, run_at=now, dedupe_key=steps.DEDUPE_KEY)
        await world.heliograph.queue.add(tx, [job], now=now)


@pytest.fixture(autouse=True)
def keep(world: World) -> None:
    """Ages that a test can reach."""
    world.machine = replace(world.machine, retention=KEEP)


async def test_deliveries_go_first_then_the_notification_with_its_counts(world: World):
    """Each after its own age; what is younger stays; the first round asks for as many more as it takes."""
    await history(world, "old", size=1_200)
    world.clock.advance(10 * DAY)
    await history(world, "new", size=10)
    world.clock.advance(21 * DAY)
    await ask(world)
    assert await world.work() == [JobName.RETAIN] * 4
    assert await left(world) == {"notifications": 2, "deliveries": 10, "receipts": 10, "counts": 2}

    world.clock.advance(30 * DAY)
    await ask(world)
    await world.work()
    assert await left(world) == {"notifications": 1, "deliveries": 0, "receipts": 0, "counts": 1}


async def test_nothing_goes_when_everything_is_kept(world: World):
    """For ever means for ever."""
    world.machine = replace(world.machine, retention=Retention())
    await history(world, "old", size=3)
    world.clock.advance(10_000 * DAY)
    await ask(world)
    assert await world.work() == [JobName.RETAIN]
    assert await left(world) == {"notifications": 1, "deliveries": 3, "receipts": 3, "counts": 1}


async def test_what_is_not_finished_is_never_too_old(world: World):
    """A notification on its way keeps its history, however long it takes."""
    await history(world, "slow", size=3)
    async with world.store.begin() as tx:
        await tx.execute(update(notifications).values(state="running", finished_at=None))
    world.clock.advance(10_000 * DAY)
    await ask(world)
    await world.work()
    assert (await left(world))["deliveries"] == 3


async def test_a_kill_half_way_loses_and_repeats_nothing(world: World):
    """A worker that lost its job rolls its portion back; whoever comes next goes on where the last one ended."""
    await history(world, "old", size=1_200)
    world.clock.advance(31 * DAY)
    await ask(world)
    now, queue = world.clock.now(), world.heliograph.queue
    (job,) = await queue.claim(worker=world.machine.worker, limit=1, lease=timedelta(seconds=30), now=now)
    await perform(world.machine, job)
    assert (await left(world))["deliveries"] == 700

    (job,) = await queue.claim(worker="killed", limit=1, lease=timedelta(seconds=30), now=now)
    with pytest.raises(JobLost):
        # As if its lease had run out in the middle: the transaction ends with the claim that no longer stands.
        await perform(world.machine, job)
    assert (await left(world))["deliveries"] == 700

    world.clock.advance(timedelta(minutes=1))
    await world.work()
    assert await left(world) == {"notifications": 1, "deliveries": 0, "receipts": 0, "counts": 1}


async def test_the_log_of_acts_is_swept_by_age_too(world: World):
    """Old acts go, new ones stay."""
    async with world.store.read() as tx:
        before = len((await tx.execute(select(audit_log.c.id))).all())
    assert before > 0
    world.clock.advance(91 * DAY)
    await ask(world)
    await world.work()
    async with world.store.read() as tx:
        assert (await tx.execute(select(audit_log.c.id))).all() == []
