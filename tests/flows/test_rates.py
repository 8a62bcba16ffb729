"""Rates: messages go out no faster than was said, nothing waits behind a slow one, and nothing is lost by waiting."""

import asyncio
from bisect import bisect_right
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from tests.support.world import EVERYONE, World

from heliograph.actions import dry_run, notifications, projects, why
from heliograph.actions.notifications import Draft
from heliograph.delivery.machine import Interrupted
from heliograph.devpush import Fault, FaultKind, Service
from heliograph.domain.notification import Audience, AudienceKind, Content, Notification, NotificationState
from heliograph.domain.rate import Rate, instant, nanoseconds
from heliograph.errors import Conflict
from heliograph.names import JobName, Metric
from heliograph.queue.base import NewJob
from heliograph.storage import ranges
from heliograph.storage.machinery_tables import rate_buckets

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


class Watched:
    """An engine that notes when each request leaves, and which push service it is for."""

    def __init__(self, world: World) -> None:
        self._sender = world.heliograph.sender
        self._clock = world.clock
        self.left: list[tuple[int, str]] = []

    async def send(self, request):
        self.left.append((nanoseconds(self._clock.now()), request.url.split("/p/")[1].split("/")[0]))
        return await self._sender.send(request)

    async def close(self) -> None:
        """Nothing of its own."""

    def times(self, service: str = "") -> list[int]:
        return sorted(at for at, of in self.left if service in of)


@pytest.fixture
def engine(world: World) -> Watched:
    """The worker's way to push services."""
    return Watched(world)


@pytest.fixture(autouse=True)
def passing(world: World, engine: Watched) -> None:
    """Let the frozen clock run while the worker waits for turns."""

    async def rest(seconds: float) -> None:
        for _ in range(5):
            await asyncio.sleep(0)  # what was begun leaves first
        world.clock.advance(timedelta(seconds=seconds))

    world.machine = replace(world.machine, rest=rest, sender=engine, chance=lambda: 0.5)


async def limit(world: World, rate: str | None = None, **services: str) -> None:
    """Give the project rates."""
    async with world.store.begin() as tx:
        project_id = world.project.project.id
        context = world.heliograph.context()
        await projects.change(tx, context, project_id=project_id, rate=rate, push_service_rates=services)


async def story(world: World, notification: Notification, subscription_id: str) -> list[str]:
    """Return what is told of one subscription and one notification."""
    async with world.store.read() as tx:
        told = await why.why(
            tx,
            world.heliograph.context(),
            project_id=world.project.project.id,
            notification_id=notification.id,
            subscription_id=subscription_id,
        )
    return [fact.sentence for fact in told.subscriptions[0].facts]


def check(times: list[int], rate: str) -> None:
    """Fail if any window has more than the documentation promises."""
    parsed = Rate.parse(rate)
    for window in (0, 10**8, 10**9, 5 * 10**9, 60 * 10**9):
        most = (window + parsed.tolerance) // parsed.interval + 1
        seen = max((bisect_right(times, at + window) - index for index, at in enumerate(times)), default=0)
        assert seen <= most, f"{seen} instead of {most} within {window / 10**9} s at {rate}"


async def test_a_rate_is_kept_and_reached(world: World, engine: Watched):
    """300 messages at 50 a second take six seconds, evenly, and all are accepted once."""
    fleet = await world.agents(300)
    await world.subscribe(fleet.agents)
    notification = await world.notify(rate="50/s")
    await world.work_on(10 * SECOND)
    assert await world.counts(notification) == {"accepted": 300}
    assert await world.state(notification) is NotificationState.DONE
    times = engine.times()
    check(times, "50/s")
    assert len(times) == 300
    assert 5.9 < (times[-1] - times[0]) / 10**9 < 6.6
    await world.check_counts(notification)


async def test_a_large_audience_is_laid_out_bit_by_bit(world: World, engine: Watched):
    """Under a rate only the ranges of the next minute wait in the queue, and the rest follows in time."""
    fleet = await world.agents(60)
    await world.subscribe(fleet.agents)
    notification = await world.notify(rate="20/m")
    await world.step(JobName.FANOUT)
    async with world.store.read() as tx:
        assert await ranges.count_open(tx, notification.id, limit=100) == 2
    await world.work_on(4 * MINUTE)
    assert await world.counts(notification) == {"accepted": 60}
    assert await world.state(notification) is NotificationState.DONE
    check(engine.times(), "20/m")


async def test_a_slow_notification_blocks_nobody(world: World):
    """While one notification goes at one message a minute, another one of the same project goes out at once."""
    fleet = await world.agents(20)
    ids = await world.subscribe(fleet.agents)
    slow = await world.notify(rate="1/m")
    await world.work()
    fast = await world.notify()
    began = world.clock.now()
    await world.work()
    assert await world.counts(fast) == {"accepted": 20}
    assert world.clock.now() - began < 3 * SECOND
    assert sum((await world.counts(slow)).values()) in (1, 2)
    assert await world.state(slow) is NotificationState.RUNNING
    waiting = set(ids) - {row.subscription_id for row in await world.rows(slow)}
    told = await story(world, slow, waiting.pop())
    assert told == [
        "It is chosen as far as one can see, and waits for its turn: no more than 1/m of this notification go out."
    ]
    await world.work_on(25 * MINUTE)
    assert await world.counts(slow) == {"accepted": 20}


async def test_a_project_rate_holds_for_all_its_notifications_together(world: World, engine: Watched):
    """Three notifications of a project with a rate share it, whatever rates of their own they have."""
    await limit(world, "30/s")
    fleet = await world.agents(60)
    await world.subscribe(fleet.agents)
    sent = [await world.notify(rate=rate) for rate in (None, "10/s", "1000/s")]
    await world.work_on(20 * SECOND)
    for notification in sent:
        assert await world.counts(notification) == {"accepted": 60}
    times = engine.times()
    check(times, "30/s")
    assert (times[-1] - times[0]) / 10**9 < 12


async def test_a_rate_of_a_push_service_holds_for_it_alone(world: World, engine: Watched):
    """Messages to a push service with a rate wait; those to another one in the same range do not."""
    await limit(world, fcm="2/s")
    fleet = await world.agents(60, Service.FCM, Service.MOZILLA)
    await world.subscribe(fleet.agents)
    notification = await world.notify()
    began = nanoseconds(world.clock.now())
    await world.work_on(30 * SECOND)
    assert await world.counts(notification) == {"accepted": 60}
    check(engine.times("fcm"), "2/s")
    assert max(engine.times("mozilla")) - began < 8 * 10**9


async def test_scheduling_and_a_rate_compose(world: World, engine: Watched):
    """A notification of tomorrow with a rate begins tomorrow and keeps to it."""
    fleet = await world.agents(30)
    await world.subscribe(fleet.agents)
    send_at = world.clock.now() + timedelta(days=1)
    notification = await world.notify(rate="10/s", send_at=send_at)
    await world.work_on(timedelta(hours=23))
    assert engine.times() == []
    await world.work_on(timedelta(hours=1, seconds=10))
    times = engine.times()
    assert instant(times[0]) >= send_at
    check(times, "10/s")
    assert await world.counts(notification) == {"accepted": 30}


async def test_what_has_no_turn_in_time_expires_and_says_why(world: World):
    """At a rate that is too small for its time a notification ends with the rest expired because of the rate."""
    fleet = await world.agents(50)
    ids = await world.subscribe(fleet.agents)
    notification = await world.notify(rate="10/m", ttl=2 * MINUTE)
    await world.work_on(5 * MINUTE)
    counts = await world.counts(notification)
    assert set(counts) == {"accepted", "expired/rate_limit"}
    assert 19 <= counts["accepted"] <= 21
    assert sum(counts.values()) == 50
    assert await world.state(notification) is NotificationState.DONE
    expired = next(row for row in await world.rows(notification) if row.reason == "rate_limit")
    assert expired.subscription_id in ids
    assert "the rate that was set left it no turn" in (await story(world, notification, expired.subscription_id))[-1]


async def test_cancelling_stops_a_slow_notification(world: World, engine: Watched):
    """After a cancellation not one message more goes out, and the rest is skipped as cancelled."""
    fleet = await world.agents(40)
    await world.subscribe(fleet.agents)
    notification = await world.notify(rate="2/s")
    await world.work_on(5 * SECOND)
    before = len(engine.times())
    assert 9 <= before <= 16
    async with world.store.begin() as tx:
        await notifications.cancel(
            tx,
            world.heliograph.context(),
            project_id=world.project.project.id,
            notification_id=notification.id,
        )
    await world.work_on(2 * MINUTE)
    assert len(engine.times()) == before
    counts = await world.counts(notification)
    assert counts["accepted"] == before
    assert set(counts) <= {"accepted", "skipped/cancelled"}


async def test_retries_count(world: World, engine: Watched):
    """Messages that are tried again wait for their turns like all others."""
    fleet = await world.agents(40)
    await world.subscribe(fleet.agents)
    world.devpush.add_fault(Fault(FaultKind.STATUS, status=503, times=15))
    notification = await world.notify(rate="10/s")
    await world.work_on(30 * SECOND)
    times = engine.times()
    assert len(times) == 55
    check(times, "10/s")
    assert await world.counts(notification) == {"accepted": 40}
    await world.check_counts(notification)


async def test_retry_after_composes(world: World, engine: Watched):
    """A push service that asks for a pause gets it, and the rate holds afterwards."""
    fleet = await world.agents(30)
    await world.subscribe(fleet.agents)
    world.devpush.add_fault(Fault(FaultKind.STATUS, status=429, retry_after="20", times=5))
    notification = await world.notify(rate="10/s")
    await world.work_on(2 * MINUTE)
    assert await world.counts(notification) == {"accepted": 30}
    check(engine.times(), "10/s")


async def test_urgent_messages_are_not_held_but_count(world: World):
    """A send to one person goes at once although its project's slots are taken, and the others give way."""
    await limit(world, "1/m")
    fleet = await world.agents(5)
    ids = await world.subscribe(fleet.agents)
    bulk = await world.notify()
    await world.work()
    urgent = await world.notify(Audience(AudienceKind.SUBSCRIPTIONS, subscription_ids=tuple(ids[:3])))
    await world.work()
    assert await world.counts(urgent) == {"accepted": 3}
    own = await world.notify(Audience(AudienceKind.SUBSCRIPTIONS, subscription_ids=tuple(ids[:3])), rate="1/m")
    await world.work()
    assert sum((await world.counts(own)).values()) <= 1
    await world.work_on(20 * MINUTE)
    assert await world.counts(bulk) == {"accepted": 5}
    assert await world.counts(own) == {"accepted": 3}


async def test_a_rate_may_be_changed_while_it_goes_out(world: World):
    """A notification that was too slow goes on at its new rate within a minute; one that is done refuses."""
    fleet = await world.agents(100)
    await world.subscribe(fleet.agents)
    notification = await world.notify(rate="1/m")
    await world.work_on(10 * SECOND)

    async def change(rate: str | None) -> None:
        async with world.store.begin() as tx:
            context = world.heliograph.context()
            project_id = world.project.project.id
            await notifications.change_rate(
                tx, context, project_id=project_id, notification_id=notification.id, rate=rate
            )

    await change("50/s")
    await world.work_on(2 * MINUTE)
    assert await world.counts(notification) == {"accepted": 100}
    with pytest.raises(Conflict):
        await change(None)


async def test_a_worker_that_stops_in_the_middle_loses_nothing(world: World, engine: Watched):
    """A stop while messages wait for their turns records what went and gives the rest back; each goes once."""
    fleet = await world.agents(30)
    await world.subscribe(fleet.agents)
    notification = await world.notify(rate="10/s")
    stopping = world.machine.stopping

    lively = world.machine

    async def rest(seconds: float) -> None:
        await lively.rest(seconds)
        if len(engine.times()) == 5:
            stopping.set()

    world.machine = replace(lively, rest=rest)
    with pytest.raises(Interrupted):
        await world.work()
    stopping.clear()
    world.machine = lively
    world.clock.advance(MINUTE)  # the lease of the job that was held
    await world.work_on(MINUTE)
    assert await world.counts(notification) == {"accepted": 30}
    assert len(engine.times()) == 30


async def test_a_dry_run_tells_how_long_it_takes(world: World):
    """A dry run tells what each rate means, and how many would expire before their turn; the send agrees."""
    await limit(world, "40/m", fcm="1/s")
    fleet = await world.agents(60, Service.FCM, Service.MOZILLA)
    await world.subscribe(fleet.agents)
    draft = Draft(Content(title="Harbour"), EVERYONE, rate="30/m", ttl=MINUTE)
    async with world.store.read() as tx:
        context = world.heliograph.context()
        run = await dry_run.dry_run(tx, context, project_id=world.project.project.id, draft=draft)
    assert [(one.of, str(one.rate), one.messages, one.seconds) for one in run.held] == [
        ("notification", "30/m", 60, 118),
        ("project", "40/m", 60, 88.5),
        ("fcm", "1/s", 30, 29),
    ]
    assert (run.seconds, run.late) == (118, 30)
    assert run.assumption.startswith("At 30/m, the rate of the notification, it takes 118.0 s. 30 would expire")
    notification = await world.notify(EVERYONE, rate="30/m", ttl=MINUTE)
    await world.work_on(3 * MINUTE)
    assert abs((await world.counts(notification))["expired/rate_limit"] - run.late) <= 2


async def test_without_rates_nothing_is_kept(world: World):
    """A send without any rate touches no bucket, and nothing of it is put off."""
    fleet = await world.agents(30)
    await world.subscribe(fleet.agents)
    await world.notify(EVERYONE)
    await world.work()
    async with world.store.read() as tx:
        assert (await tx.execute(select(func.count()).select_from(rate_buckets))).scalar_one() == 0
    assert world.heliograph.meters.value(Metric.RATE_PUT_OFF) == 0


async def test_buckets_that_nobody_uses_are_swept(world: World):
    """An hour after its last message a notification's bucket is forgotten."""
    fleet = await world.agents(3)
    await world.subscribe(fleet.agents)
    await world.notify(rate="10/s")
    await world.work_on(MINUTE)
    world.clock.advance(timedelta(hours=2))
    async with world.store.begin() as tx:
        await world.heliograph.queue.add(tx, [NewJob(JobName.SWEEP, {}, world.clock.now())], now=world.clock.now())
    await world.work()
    async with world.store.read() as tx:
        assert (await tx.execute(select(func.count()).select_from(rate_buckets))).scalar_one() == 0
