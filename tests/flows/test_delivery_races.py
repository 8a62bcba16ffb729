"""What happens between the lines of delivery: clocks set back, workers that overlap, people that move meanwhile."""

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
from tests.support.world import World

from heliograph.actions import identity
from heliograph.delivery import exchange, record
from heliograph.delivery.hosts import HOST_RULE, Hosts
from heliograph.devpush import Fault, FaultKind
from heliograph.domain.breaker import Breaker
from heliograph.domain.notification import Audience, AudienceKind, NotificationState
from heliograph.domain.subscription import SubscriptionState
from heliograph.errors import Unavailable
from heliograph.names import JobName
from heliograph.queue.base import Job
from heliograph.storage import subscriptions as subscription_rows
from heliograph.worker.run import drain, make_machine, perform

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


class Meddling:
    """An engine that lets something happen before each request leaves."""

    def __init__(self, world: World, happens: Callable[[], Awaitable[None]]) -> None:
        self._sender = world.heliograph.sender
        self._happens = happens

    async def send(self, request):
        await self._happens()
        return await self._sender.send(request)

    async def close(self) -> None:
        """Nothing of its own."""


class Agreeable:
    """A queue that believes every worker, to play one that comes too late."""

    def __init__(self, queue: Any) -> None:
        self._queue = queue

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)

    async def complete(self, *_args: object, **_kwargs: object) -> bool:
        return True


async def claimed(world: World, name: JobName, worker: str = "drain") -> Job:
    """Take the one job that is due."""
    (job,) = await world.heliograph.queue.claim(worker=worker, limit=1, lease=MINUTE, now=world.clock.now())
    assert job.name == name
    return job


async def a_retry(world: World, *, status: int = 503):
    """Return a notification whose only delivery was put off, and is due again now."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    world.devpush.add_fault(Fault(FaultKind.STATUS, status=status, times=1))
    notification = await world.notify()
    await world.work()
    assert await world.counts(notification) == {"retrying/unavailable": 1}
    world.clock.advance(3 * SECOND)
    return notification


async def test_clock_set_back_before_a_retry(world: World):
    """A clock that is set back after a retry was claimed does not leave its delivery waiting for ever."""
    notification = await a_retry(world)
    job = await claimed(world, JobName.RETRY)
    world.clock.advance(-10 * MINUTE)
    await perform(world.machine, job)
    await world.work_on(20 * MINUTE)

    assert await world.counts(notification) == {"accepted": 1}
    assert await world.state(notification) is NotificationState.DONE


async def test_clock_set_back_during_a_retry(world: World):
    """A clock that is set back while a message is in the air does not lose what is answered."""
    notification = await a_retry(world)

    async def set_back() -> None:
        world.clock.advance(-10 * MINUTE)

    machine = dataclasses.replace(world.machine, sender=Meddling(world, set_back))
    await perform(machine, await claimed(world, JobName.RETRY))
    await world.work_on(20 * MINUTE)

    assert await world.counts(notification) == {"accepted": 1}
    assert await world.state(notification) is NotificationState.DONE


async def test_put_off_by_another_worker_meanwhile(world: World):
    """A slow worker's answer to a delivery that another one has put off meanwhile does not spoil the counts."""
    notification = await a_retry(world)
    job = await claimed(world, JobName.RETRY, "slow")
    other = make_machine(world.heliograph, "other")
    lane = other.hosts.lane("127.0.0.1")

    async def another_puts_it_off() -> None:
        world.clock.advance(2 * MINUTE)
        lane.breaker = Breaker(HOST_RULE, open_until=world.clock.now() + 30 * SECOND)
        await drain(world.heliograph, machine=other)
        world.clock.advance(MINUTE)

    slow = dataclasses.replace(
        make_machine(world.heliograph, "slow"),
        queue=Agreeable(world.heliograph.queue),
        sender=Meddling(world, another_puts_it_off),
    )
    await perform(slow, job)
    await world.check_counts(notification)
    await world.work()

    assert await world.counts(notification) == {"accepted": 1}
    assert await world.state(notification) is NotificationState.DONE


async def test_waiting_for_a_place_costs_lifetime(world: World):
    """A message that waits for a slow host leaves with what is left of its TTL, and not at all after its deadline."""
    fleet = await world.agents(5)
    await world.subscribe(fleet.agents)
    seen = []

    class Slow:
        async def send(self, request):
            seen.append(int(dict(request.headers)["TTL"]))
            answer = await world.heliograph.sender.send(request)
            world.clock.advance(40 * SECOND)
            return answer

        async def close(self):
            """Nothing of its own."""

    machine = dataclasses.replace(world.machine, sender=Slow(), hosts=Hosts(world.clock, most_in_the_air=1))
    notification = await world.notify(ttl=100 * SECOND)
    await drain(world.heliograph, machine=machine)

    assert seen == [100, 60, 20]
    assert await world.counts(notification) == {"accepted": 3, "expired/deadline": 2}


async def test_slow_host_that_speaks_http_1(world: World):
    """A slow host gets no more messages than it has connections over HTTP/1.1: nothing times out while it waits."""
    fleet = await world.agents(200)
    await world.subscribe(fleet.agents)
    # Seven rounds over 32 connections take longer than the time-out, and one round a fifth of it.
    world.devpush.add_fault(Fault(FaultKind.SLOW, delay=0.8 * SECOND))
    notification = await world.notify()
    await drain(world.heliograph, machine=dataclasses.replace(world.machine, send_timeout=4 * SECOND))

    assert await world.counts(notification) == {"accepted": 200}


class Moody:
    """A store that cannot be written to for a while."""

    def __init__(self, world: World, refusals: int) -> None:
        self._store = world.store
        self._refusals = refusals

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Any]:
        async with self._store.begin() as tx:
            yield tx
            if self._refusals:
                self._refusals -= 1
                raise Unavailable("The database cannot be reached or is busy.")


async def test_database_away_for_a_moment(world: World, monkeypatch: pytest.MonkeyPatch):
    """A database that is away while answers come in is waited for: nothing that was sent is sent again."""
    monkeypatch.setattr(record, "_PAUSES", (0.01,) * 3, raising=False)
    fleet = await world.agents(5)
    await world.subscribe(fleet.agents)
    notification = await world.notify()
    await world.step(JobName.FANOUT)
    job = await claimed(world, JobName.SEND)
    await perform(dataclasses.replace(world.machine, store=Moody(world, refusals=3)), job)
    await world.work()

    assert await world.counts(notification) == {"accepted": 5}
    assert len(world.devpush.messages()) == 5


async def test_a_retry_shortly_before_the_deadline(world: World):
    """A wait asked for that ends shortly before the deadline is kept exactly, not made a little too long."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    world.devpush.add_fault(Fault(FaultKind.STATUS, status=429, retry_after=timedelta(seconds=3595), times=1))
    notification = await world.notify(ttl=timedelta(hours=1))
    await world.work_on(timedelta(hours=2))

    assert await world.counts(notification) == {"accepted": 1}


async def test_browser_gets_another_endpoint_meanwhile(world: World):
    """A browser whose endpoint is replaced while a message goes to the old one gets the message at the new one."""
    fleet = await world.agents(2)
    old, new = fleet.agents
    (only,) = await world.subscribe([old])
    world.devpush.add_fault(Fault(FaultKind.STATUS, status=410, times=1))

    async def replaced() -> None:
        row = world.row(only, new, world.clock.now(), None)
        moved = {name: row[name] for name in ("endpoint", "endpoint_hash", "p256dh", "auth", "endpoint_since")}
        async with world.store.begin() as tx:
            await subscription_rows.change(tx, only, moved)

    machine = dataclasses.replace(world.machine, sender=Meddling(world, replaced))
    notification = await world.notify()
    await drain(world.heliograph, machine=machine)
    assert await world.counts(notification) == {"retrying/endpoint_replaced": 1}
    await world.work_on(MINUTE)

    assert await world.counts(notification) == {"accepted": 1}
    await fleet.wait_until(lambda counts: counts.decrypted == 1)
    assert (await world.subscription(only)).state is SubscriptionState.ACTIVE


async def test_another_endpoint_is_asked_twice_too(world: World):
    """An endpoint that came in the place of a young dead one is not believed dead at its own first answer."""
    fleet = await world.agents(2)
    old, new = fleet.agents
    (only,) = await world.subscribe([old], age=SECOND)
    world.devpush.add_fault(Fault(FaultKind.STATUS, status=410, times=2))
    notification = await world.notify()
    await world.work_on(25 * SECOND)
    assert await world.counts(notification) == {"retrying/gone_young": 1}
    row = world.row(only, new, world.clock.now(), None)
    async with world.store.begin() as tx:
        moved = {name: row[name] for name in ("endpoint", "endpoint_hash", "p256dh", "auth", "endpoint_since")}
        await subscription_rows.change(tx, only, moved)
    await world.work_on(3 * MINUTE)

    assert await world.counts(notification) == {"accepted": 1}
    assert (await world.subscription(only)).state is SubscriptionState.ACTIVE


async def test_who_leaves_while_a_slow_host_keeps_a_range_waiting(world: World, monkeypatch: pytest.MonkeyPatch):
    """Who unsubscribes or logs out while a range waits for its slow push service gets nothing any more."""
    monkeypatch.setattr(exchange, "CHUNK", 1)
    fleet = await world.agents(3)
    subscription_ids = sorted(await world.subscribe(fleet.agents))
    context, project_id = world.heliograph.context(), world.project.project.id
    async with world.store.begin() as tx:
        for one in subscription_ids:
            await identity.bind(tx, context, project_id=project_id, subscription_id=one, external_id="ada")

    async def two_leave() -> None:
        async with world.store.begin() as tx:
            await subscription_rows.change(tx, subscription_ids[1], {"state": "unsubscribed"})
            await identity.unbind(tx, world.heliograph.context(), subscription_id=subscription_ids[2])
        world.clock.advance(10 * SECOND)

    hosts = Hosts(world.clock, most_in_the_air=1)
    machine = dataclasses.replace(world.machine, sender=Meddling(world, two_leave), hosts=hosts)
    notification = await world.notify(Audience(AudienceKind.PROFILES, external_ids=("ada",)))
    await drain(world.heliograph, machine=machine)

    states = {row.subscription_id: row.reason or str(row.state) for row in await world.rows(notification)}
    assert sorted(states.values()) == ["accepted", "left_audience", "subscription_unsubscribed"]
