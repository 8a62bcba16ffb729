"""Limits: how often and when one person is written to, whoever decides about it, and whatever dies meanwhile."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from tests.support import campaigns as story
from tests.support.world import World

from heliograph.actions.story_words import StoryCode
from heliograph.actions.why import why
from heliograph.devpush import Fault, FaultKind
from heliograph.domain.notification import Audience, AudienceKind
from heliograph.names import JobName
from heliograph.storage.tables import contacts
from heliograph.worker.run import perform

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
ONCE_A_DAY = {"caps": [{"count": 1, "per_seconds": 86_400}], "over_cap": "drop"}
NOW = {"kind": "now"}


async def noted(world: World) -> list[str]:
    """Return whom notifications were let through to, one for each."""
    async with world.store.read() as tx:
        return sorted((await tx.execute(select(contacts.c.person_id))).scalars())


async def test_three_browsers_count_once(world: World):
    """A person with three browsers gets one notification on all of them, and the next one on none."""
    fleet = await world.agents(3)
    ada = await story.person(world, "ada", await world.subscribe(fleet.agents))
    await story.limit_project(world, ONCE_A_DAY)
    first = await story.started(world, NOW)
    await world.work()
    second = await story.started(world, NOW)
    await world.work()
    assert await story.totals(world, first) == {"accepted": 3}
    assert await story.totals(world, second) == {"skipped/frequency_cap": 3}
    assert await noted(world) == [ada]


async def test_a_cap_that_defers_sends_when_there_is_room(world: World):
    """What a cap stops comes back when the window has passed, in the order of nobody's impatience."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    await story.limit_project(world, {"caps": [{"count": 1, "per_seconds": 7_200}]})
    first = await story.started(world, NOW)
    await world.work()
    await world.work_on(MINUTE)
    second = await story.started(world, NOW)
    await world.work()
    assert await story.totals(world, second) == {"retrying/frequency_cap": 1}
    await world.work_on(HOUR)
    assert await story.totals(world, second) == {"retrying/frequency_cap": 1}
    await world.work_on(2 * HOUR)
    assert await story.totals(world, first) == await story.totals(world, second) == {"accepted": 1}


async def test_who_would_wait_too_long_is_skipped(world: World):
    """A message that lives an hour does not wait a day for its turn."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    await story.limit_project(world, {"caps": [{"count": 1, "per_seconds": 86_400}]})
    await story.started(world, NOW)
    await world.work()
    second = await story.started(world, NOW, ttl=HOUR)
    await world.work()
    assert await story.totals(world, second) == {"skipped/frequency_cap": 1}


async def test_a_campaigns_cap_counts_its_own(world: World):
    """Another campaign does not use it up."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    world.clock.set(datetime(2027, 5, 1, 12, tzinfo=UTC))
    daily = {"kind": "recurring", "every": "day", "times": ["09:00"], "time_zone": "UTC"}
    limits = {"caps": [{"count": 2, "per_seconds": 7 * 86_400}], "over_cap": "drop"}
    other = await story.started(world, daily, limits=limits)
    campaign = await story.started(world, daily, limits=limits)
    await world.work_on(4 * DAY)
    for one in (campaign, other):
        assert await story.totals(world, one) == {"accepted": 2, "skipped/frequency_cap": 2}


async def test_quiet_hours_are_kept_on_each_persons_clock(world: World):
    """It is ten in the evening in Berlin and noon in Los Angeles: one waits until eight, the other does not."""
    fleet = await world.agents(3)
    first, second, third = await world.subscribe(fleet.agents)
    await story.person(world, "ada", [first], time_zone="Europe/Berlin")
    await story.person(world, "grace", [second], time_zone="America/Los_Angeles")
    await story.limit_project(world, {"quiet_hours": {"from": "22:00", "to": "08:00"}, "time_zone": "Europe/Berlin"})
    world.clock.set(datetime(2027, 6, 1, 20, 0, tzinfo=UTC))
    campaign = await story.started(world, NOW)
    await world.work()
    assert await story.totals(world, campaign) == {"accepted": 1, "retrying/quiet_hours": 2}
    await world.work_on(9 * HOUR + 59 * MINUTE)
    assert (await story.totals(world, campaign))["accepted"] == 1
    await world.work_on(2 * MINUTE)
    assert await story.totals(world, campaign) == {"accepted": 3}
    (row,) = await story.sent(world, campaign)
    accepted = {one.subscription_id: one.accepted_at for one in await world.rows(row.notification)}
    assert accepted[first] == accepted[third] == datetime(2027, 6, 2, 6, tzinfo=UTC)


async def test_a_retry_keeps_quiet_hours(world: World):
    """A push service that is down in the evening does not make a phone ring at night."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    await story.limit_project(world, {"quiet_hours": {"from": "22:00", "to": "08:00"}, "time_zone": "UTC"})
    world.clock.set(datetime(2027, 6, 1, 21, 59, 50, tzinfo=UTC))
    world.devpush.add_fault(Fault(FaultKind.STATUS, status=429, retry_after=MINUTE, times=1))
    campaign = await story.started(world, NOW)
    await world.work_on(MINUTE)
    assert await story.totals(world, campaign) == {"retrying/quiet_hours": 1}
    await world.work_on(11 * HOUR)
    (row,) = await story.sent(world, campaign)
    (delivery,) = await world.rows(row.notification)
    assert delivery.accepted_at == datetime(2027, 6, 2, 8, tzinfo=UTC)


async def test_the_highest_priority_gets_the_person(world: World):
    """Of three that fire together the highest is sent; the others are skipped, whoever is decided first."""
    fleet = await world.agents(2)
    await world.subscribe(fleet.agents)
    at = {"kind": "at", "at": (world.clock.now() + HOUR).isoformat()}
    limits = {"exclusion": {"group": "marketing", "window_seconds": 86_400}}
    low = await story.started(world, at, limits=limits, priority=1, name="low")
    high = await story.started(world, at, limits=limits, priority=9, name="high")
    middle = await story.started(world, at, limits=limits, priority=5, name="middle")
    await world.work_on(2 * HOUR)
    assert await story.totals(world, high) == {"accepted": 2}
    assert await story.totals(world, low) == await story.totals(world, middle) == {"skipped/exclusion": 2}
    later = await story.started(world, NOW, limits=limits, priority=99)
    await world.work_on(HOUR)
    assert await story.totals(world, later) == {"skipped/exclusion": 2}
    await world.work_on(DAY)
    free = await story.started(world, NOW, limits=limits)
    await world.work_on(HOUR)
    assert await story.totals(world, free) == {"accepted": 2}


async def test_the_next_one_goes_where_the_highest_may_not(world: World):
    """A campaign that its own cap keeps from a person does not keep others from them."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    exclusion = {"group": "marketing", "window_seconds": 3_600}
    high_limits = {"exclusion": exclusion, **ONCE_A_DAY}
    daily = {"kind": "recurring", "every": "day", "times": ["09:00", "12:00"], "time_zone": "UTC"}
    world.clock.set(datetime(2027, 5, 1, 6, tzinfo=UTC))
    high = await story.started(world, daily, limits=high_limits, priority=9)
    low = await story.started(world, daily, limits={"exclusion": exclusion}, priority=1)
    await world.work_on(8 * HOUR)
    assert await story.totals(world, high) == {"accepted": 1, "skipped/frequency_cap": 1}
    assert await story.totals(world, low) == {"accepted": 1, "skipped/exclusion": 1}


async def test_named_people_are_exempt_unless_asked(world: World):
    """A receipt for an order goes out at night and does not count; with `ignore_project: false` it obeys."""
    fleet = await world.agents(1)
    await story.person(world, "ada", await world.subscribe(fleet.agents))
    await story.limit_project(world, ONCE_A_DAY)
    ada = Audience(AudienceKind.PROFILES, external_ids=("ada",))
    for _ in range(2):
        free = await world.notify(ada)
        await world.work()
        assert await world.counts(free) == {"accepted": 1}
    assert await noted(world) == []
    obeying = story.rules({"ignore_project": False})
    first = await world.notify(ada, limits=obeying)
    second = await world.notify(ada, limits=obeying)
    await world.work()
    assert sorted([*await world.counts(first), *await world.counts(second)]) == ["accepted", "skipped/frequency_cap"]


async def test_a_crash_between_letting_through_and_sending_keeps_the_place(world: World):
    """The person is let through, the worker dies: the next one sends, and the place is taken once."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    await story.limit_project(world, ONCE_A_DAY)
    first = await story.started(world, NOW)
    await world.step(JobName.FANOUT)
    queue = world.heliograph.queue
    (job,) = await queue.claim(worker=world.machine.worker, limit=1, lease=timedelta(seconds=30), now=world.clock.now())
    assert job.name == JobName.SEND
    await story.cut_short(world, job, after=2)
    assert len(await noted(world)) == 1
    world.clock.set(world.clock.now() + MINUTE)
    await world.work()
    second = await story.started(world, NOW)
    await world.work()
    assert await story.totals(world, first) == {"accepted": 1}
    assert await story.totals(world, second) == {"skipped/frequency_cap": 1}
    assert len(await noted(world)) == 1


@pytest.mark.parametrize("count", [2, 3])
async def test_two_workers_cannot_both_win(world: World, count: int):
    """Ranges of several notifications that are decided at the same moment share a person's places."""
    fleet = await world.agents(4)
    await world.subscribe(fleet.agents)
    await story.limit_project(world, ONCE_A_DAY)
    made = [await story.started(world, NOW) for _ in range(count)]
    for _ in made:
        await world.step(JobName.FANOUT)
    queue, now = world.heliograph.queue, world.clock.now()
    machines = [replace(world.machine, worker=f"worker-{number}") for number in range(count)]
    jobs = [
        (machine, job)
        for machine in machines
        for job in await queue.claim(worker=machine.worker, limit=1, lease=MINUTE, now=now)
    ]
    assert [job.name for _, job in jobs] == [JobName.SEND] * count
    await asyncio.gather(*(perform(machine, job) for machine, job in jobs))
    await world.work()
    found = [await story.totals(world, one) for one in made]
    assert sum(one.get("accepted", 0) for one in found) == 4
    assert sum(one.get("skipped/frequency_cap", 0) for one in found) == 4 * (count - 1)


async def test_why_tells_the_campaign_and_the_limit(world: World):
    """Who asks why Ada got nothing is told the campaign, its run, the limits, and which of them it was."""
    fleet = await world.agents(1)
    await story.person(world, "ada", await world.subscribe(fleet.agents))
    await story.limit_project(world, ONCE_A_DAY)
    await story.started(world, NOW)
    await world.work()
    second = await story.started(world, NOW, name="Second ferry")
    await world.work()
    (row,) = await story.sent(world, second)
    async with world.store.read() as tx:
        told = await why(
            tx,
            world.heliograph.context(),
            project_id=second.project_id,
            notification_id=row.notification.id,
            external_id="ada",
        )
    sentences = {fact.code: fact.sentence for fact in (*told.facts, *told.subscriptions[0].facts)}
    assert f"It is of Second ferry ({second.id}), its dispatch now " in sentences[StoryCode.CAMPAIGN]
    assert "at most 1 in 1 day of the whole project" in sentences[StoryCode.LIMITS]
    assert "frequency_cap" in sentences[StoryCode.SKIPPED]
