"""Message campaigns: when they begin, how often, how they end, and what a crash or a long night does to them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from tests.support import campaigns as story
from tests.support.world import World

from heliograph.actions import campaigns, privacy, triggering
from heliograph.actions.triggering import Named
from heliograph.domain.campaign import CampaignState, DispatchState
from heliograph.errors import Conflict
from heliograph.storage.tables import contacts

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
DAILY = {"kind": "recurring", "every": "day", "times": ["09:00"], "time_zone": "Europe/Berlin"}


async def change(world: World, verb: Any, campaign: Any, **more: Any) -> Any:
    async with world.store.begin() as tx:
        return await verb(
            tx, world.heliograph.context(), **more, project_id=campaign.project_id, campaign_id=campaign.id
        )


async def test_now_is_sent_once_and_done(world: World):
    """It goes out when it is started, and is done when all is sent."""
    fleet = await world.agents(2)
    await world.subscribe(fleet.agents)
    campaign = await story.make(world, {"kind": "now"})
    assert campaign.state is CampaignState.DRAFT
    assert await world.work() == []

    campaign = await story.start(world, campaign)
    assert campaign.state is CampaignState.RUNNING
    await world.work()
    assert await story.totals(world, campaign) == {"accepted": 2}
    (run,) = await story.runs(world, campaign)
    assert (run.key, run.state) == ("now", DispatchState.STARTED)

    await world.work_on(2 * timedelta(minutes=1))
    campaign = await story.again(world, campaign)
    assert (campaign.state, campaign.next_due_at) == (CampaignState.DONE, None)
    assert await story.totals(world, campaign) == {"accepted": 2}


async def test_at_waits_for_its_time(world: World):
    """It is scheduled until then."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    at = world.clock.now() + 3 * HOUR
    campaign = await story.started(world, {"kind": "at", "at": at.isoformat()})
    assert (campaign.state, campaign.next_due_at) == (CampaignState.SCHEDULED, at)
    await world.work_on(2 * HOUR)
    assert await story.totals(world, campaign) == {}
    await world.work_on(2 * HOUR)
    assert await story.totals(world, campaign) == {"accepted": 1}
    assert (await story.again(world, campaign)).state is CampaignState.DONE


async def test_every_day_over_a_change_of_clocks(world: World):
    """At nine in Berlin each day: one run a day, also on the day with 23 hours."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    world.clock.set(datetime(2027, 3, 26, 12, tzinfo=UTC))
    ends_at = datetime(2027, 3, 30, 12, tzinfo=UTC)
    campaign = await story.started(world, DAILY, ends_at=ends_at)
    await world.work_on(5 * DAY)
    found = await story.runs(world, campaign)
    assert [(run.key, run.due_at.hour) for run in found] == [
        ("2027-03-27T09:00", 8),
        ("2027-03-28T09:00", 7),
        ("2027-03-29T09:00", 7),
        ("2027-03-30T09:00", 7),
    ]
    assert await story.totals(world, campaign) == {"accepted": 4}
    assert (await story.again(world, campaign)).state is CampaignState.DONE


async def test_after_days_without_a_worker_the_latest_is_sent(world: World):
    """What was missed is written down; only the last one goes out, and not if it is too old."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    world.clock.set(datetime(2027, 5, 1, 12, tzinfo=UTC))
    campaign = await story.started(world, DAILY)
    world.clock.set(datetime(2027, 5, 5, 12, tzinfo=UTC))
    await world.work()
    states = [(run.key, run.state, run.reason) for run in await story.runs(world, campaign)]
    assert sorted(states) == [
        ("2027-05-02T09:00", DispatchState.MISSED, "superseded"),
        ("2027-05-03T09:00", DispatchState.MISSED, "superseded"),
        ("2027-05-04T09:00", DispatchState.MISSED, "superseded"),
        ("2027-05-05T09:00", DispatchState.STARTED, None),
    ]
    assert await story.totals(world, campaign) == {"accepted": 1}


async def test_what_is_older_than_its_life_is_missed(world: World):
    """A message that lives an hour is not sent two hours late."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    world.clock.set(datetime(2027, 5, 1, 12, tzinfo=UTC))
    campaign = await story.started(world, DAILY, ttl=HOUR)
    world.clock.set(datetime(2027, 5, 2, 9, tzinfo=UTC))
    await world.work()
    (run,) = await story.runs(world, campaign)
    assert (run.state, run.reason) == (DispatchState.MISSED, "too_late")
    assert await story.totals(world, campaign) == {}


async def test_each_person_reads_it_at_nine(world: World):
    """At nine by each person's clock: Auckland first, then Berlin, and who has no zone by that of the limits."""
    fleet = await world.agents(3)
    first, second, third = await world.subscribe(fleet.agents)
    await story.person(world, "ada", [first], time_zone="Pacific/Auckland")
    await story.person(world, "grace", [second], time_zone="Europe/Berlin")
    world.clock.set(datetime(2027, 6, 1, tzinfo=UTC))
    wall = {"kind": "at", "wall": "2027-06-03T09:00", "time_zone": "local"}
    campaign = await story.started(world, wall, limits={"time_zone": "America/Lima"})
    await world.work_on(DAY + 20 * HOUR)  # 20:00 UTC on 2 June
    assert await story.totals(world, campaign) == {"retrying/local_time": 3}
    await world.work_on(2 * HOUR)
    assert await story.totals(world, campaign) == {"accepted": 1, "retrying/local_time": 2}
    await world.work_on(9 * HOUR)
    assert await story.totals(world, campaign) == {"accepted": 2, "retrying/local_time": 1}
    await world.work_on(7 * HOUR)
    assert await story.totals(world, campaign) == {"accepted": 3}
    (row,) = await story.sent(world, campaign)
    accepted = {one.subscription_id: one.accepted_at for one in await world.rows(row.notification)}
    assert accepted == {
        first: datetime(2027, 6, 2, 21, tzinfo=UTC),
        second: datetime(2027, 6, 3, 7, tzinfo=UTC),
        third: datetime(2027, 6, 3, 14, tzinfo=UTC),
    }


async def test_a_pause_leaves_out_what_comes_round(world: World):
    """Nothing begins during a pause, and nothing is made up for."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    world.clock.set(datetime(2027, 5, 1, 12, tzinfo=UTC))
    campaign = await story.started(world, DAILY)
    await world.work_on(DAY)
    await change(world, campaigns.pause, campaign)
    await world.work_on(2 * DAY)
    resumed = await change(world, campaigns.resume, campaign, queue=world.heliograph.queue)
    assert resumed.state is CampaignState.RUNNING
    await world.work_on(DAY)
    assert [run.key for run in await story.runs(world, campaign)] == ["2027-05-02T09:00", "2027-05-05T09:00"]
    finished, _ = await change(world, campaigns.finish, campaign)
    assert finished.state is CampaignState.DONE
    await world.work_on(2 * DAY)
    assert len(await story.runs(world, campaign)) == 2


async def test_a_time_that_has_passed_is_refused(world: World):
    """Nobody waits for what will never come."""
    campaign = await story.make(world, {"kind": "at", "at": (world.clock.now() - HOUR).isoformat()})
    with pytest.raises(Conflict, match="passed"):
        await story.start(world, campaign)


@pytest.mark.parametrize("statement", [1, 2, 3, 4, 5, 6])
async def test_a_look_that_is_cut_short_changes_nothing(world: World, statement: int):
    """Killed after any statement, the run is made once by the next look."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    world.clock.set(datetime(2027, 5, 1, 12, tzinfo=UTC))
    campaign = await story.started(world, DAILY)
    world.clock.set(datetime(2027, 5, 2, 12, tzinfo=UTC))
    queue, now = world.heliograph.queue, world.clock.now()
    (job,) = await queue.claim(worker=world.machine.worker, limit=1, lease=timedelta(seconds=30), now=now)
    await story.cut_short(world, job, after=statement)
    assert await story.runs(world, campaign) == []
    world.clock.set(now + timedelta(minutes=1))
    await world.work()
    assert [run.key for run in await story.runs(world, campaign)] == ["2027-05-02T09:00"]
    assert await story.totals(world, campaign) == {"accepted": 1}


async def test_a_lost_look_is_picked_up(world: World):
    """Whose job is gone is looked at by the upkeep."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    campaign = await story.started(world, {"kind": "at", "at": (world.clock.now() + HOUR).isoformat()})
    await story.lose_jobs(world)
    world.clock.set(world.clock.now() + 2 * HOUR)
    await world.work()
    assert await story.totals(world, campaign) == {}
    await story.upkeep(world)
    await world.work()
    assert await story.totals(world, campaign) == {"accepted": 1}


async def test_who_is_erased_is_forgotten_by_campaigns(world: World):
    """The variables that a run was given for a person, and whom limits saw them as, go with them."""
    fleet = await world.agents(1)
    ada = await story.person(world, "ada", await world.subscribe(fleet.agents))
    grace = await story.person(world, "grace", [])
    campaign = await story.started(world, {"kind": "api"}, limits={"caps": [{"count": 5, "per_seconds": 86_400}]})
    async with world.store.begin() as tx:
        await triggering.trigger(
            tx,
            world.heliograph.context(),
            world.heliograph.queue,
            project_id=campaign.project_id,
            campaign_id=campaign.id,
            key="order-1",
            people=[Named("ada", {"street": "Quay 1"}), Named("grace", {"street": "Quay 2"})],
            variables={},
        )
    await world.work()
    assert await story.totals(world, campaign) == {"accepted": 1}
    async with world.store.begin() as tx:
        ctx, queue = world.heliograph.context(), world.heliograph.queue
        await privacy.erase(tx, ctx, queue, project_id=campaign.project_id, profile_id=ada)
    await world.work()
    (row,) = await story.sent(world, campaign)
    assert row.notification.variables == {"all": {}, "people": {grace: {"street": "Quay 2"}}}
    (run,) = await story.runs(world, campaign)
    assert run.variables is None
    async with world.store.read() as tx:
        assert (await tx.execute(select(contacts.c.person_id))).scalars().all() == []
