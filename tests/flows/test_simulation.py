"""A simulated month, over the nights on which clocks change, with workers that die: what must hold, holds.

    SIMULATIONS=20 SIMULATION_SEED=7 .venv/bin/pytest tests/flows/test_simulation.py -q

runs twenty months from a seed on. A month that fails names its seed.
"""

import itertools
import os
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from tests.support import campaigns
from tests.support.simulation import Shown, Simulation, by_person
from tests.support.telling import entered
from tests.support.world import World

from heliograph.domain.campaign import Campaign
from heliograph.domain.delivery import DeliveryState
from heliograph.domain.entry import Entry, EntryState
from heliograph.domain.quiet_hours import QuietHours
from heliograph.storage import profiles
from heliograph.storage.notifications import NotificationRow
from heliograph.storage.tables import deliveries, subscriptions

START, END = datetime(2026, 3, 6, tzinfo=UTC), datetime(2026, 4, 7, tzinfo=UTC)
"""New York changes its clocks on 8 March, Berlin on the 29th, Lord Howe and Chatham on 5 April."""
DAY = timedelta(days=1)
CAP = {"count": 2, "per_seconds": 86_400}
QUIET = {"from": "22:00", "to": "07:30"}
GROUP = {"group": "offers", "window_seconds": 43_200, "settle_seconds": 30}
MORNING = {"group": "morning", "window_seconds": 36_000, "settle_seconds": 60}
CART_DELAY = timedelta(hours=1)
FIRST = int(os.environ.get("SIMULATION_SEED", "1"))
SEEDS = range(FIRST, FIRST + int(os.environ.get("SIMULATIONS", "1")))


async def month(world: World, seed: int) -> Simulation:
    """Live through a month from a seed."""
    world.clock.set(START)
    chance = random.Random(seed)
    simulation = Simulation(world, chance, START, END, crash_share=chance.choice((0.01, 0.03)))
    await simulation.populate(6)
    await campaigns.limit_project(world, {"caps": [CAP], "quiet_hours": QUIET})
    order = [{"event": "order"}]
    cart = {"kind": "event", "event": "cart_changed", "delay_seconds": 3600, "restart": True, "cancel_on": order}
    await simulation.add("cart", cart, priority=10, limits={"exclusion": GROUP})
    seen = {"kind": "event", "event": "item_view", "delay_seconds": 600, "once_per_seconds": 2 * 86_400}
    await simulation.add("seen", seen, priority=5, limits={"exclusion": GROUP})
    news = {"kind": "recurring", "every": "day", "times": ["08:15", "02:30"], "time_zone": "local"}
    own = {"caps": [{"count": 1, "per_seconds": chance.choice((3_600, 50_000))}], "over_cap": "drop"}
    await simulation.add("news", news, limits=own | {"exclusion": MORNING}, starts_at=START + chance.randrange(8) * DAY)
    offer = {"kind": "recurring", "every": "week", "weekdays": ["tue", "sun"], "times": ["08:15"], "time_zone": "local"}
    await simulation.add("offer", offer, limits={"exclusion": MORNING}, priority=9)
    away = {"kind": "inactive", "days": chance.randrange(2, 4)}
    first = START + chance.randrange(4, 16) * DAY
    await simulation.add("away", away, starts_at=first, ends_at=first + 3 * DAY)
    birthday = {"kind": "date", "attribute": "birthday", "yearly": True, "at": "09:00"}
    first = START + chance.randrange(20) * DAY
    await simulation.add("birthday", birthday, starts_at=first, ends_at=first + 4 * DAY)
    await simulation.run()
    return simulation


@pytest.mark.timeout(600)
@pytest.mark.parametrize("seed", SEEDS)
async def test_a_month(world: World, seed: int) -> None:
    """Caps, quiet hours, exclusion, clock changes and deaths of workers: nobody gets too much, nothing is lost."""
    simulation = await month(world, seed)
    shown = simulation.shown()
    assert len(shown) > 50, "The month was too quiet to tell anything."
    sent = {
        row.notification.id: (campaign, row)
        for campaign in simulation.campaigns.values()
        for row in await campaigns.sent(world, campaign)
    }
    assert simulation.deaths > 5
    never_above_a_cap(shown)
    never_in_quiet_hours(shown)
    nothing_twice(simulation, shown)
    one_of_the_group(shown, sent)
    await the_highest_goes_first(simulation, sent)
    await nothing_is_lost(simulation, shown, sent)
    each_wall_time_once(simulation, shown, sent)
    for campaign in simulation.campaigns.values():
        await entries_are_those_of_a_simple_model(simulation, campaign, await entered_all(world, campaign))


Sent = dict[str, tuple[Campaign, NotificationRow]]


async def entered_all(world: World, campaign: Campaign) -> list[Entry]:
    return await entered(world, campaign.id)


def never_above_a_cap(shown: Sequence[Shown]) -> None:
    """At most two in any 24 hours, however many browsers somebody has."""
    for person, own in by_person(shown).items():
        times = [one.at for one in own]
        for first, third in zip(times, times[CAP["count"] :], strict=False):
            assert third - first >= timedelta(seconds=CAP["per_seconds"]), (person, first, third)


def never_in_quiet_hours(shown: Sequence[Shown]) -> None:
    """By the clock on the person's wall, on the nights of a change too."""
    quiet = QuietHours(time.fromisoformat(QUIET["from"]), time.fromisoformat(QUIET["to"]))
    for one in shown:
        assert not quiet.is_quiet(one.at, one.person.zone), (one.person.name, one.wall)


def nothing_twice(simulation: Simulation, shown: Sequence[Shown]) -> None:
    """A browser shows a notification once, whoever died."""
    twice = [key for key, count in Counter((one.agent, one.notification) for one in shown).items() if count > 1]
    assert not twice
    assert simulation.fleet is not None
    assert simulation.fleet.counts.undecryptable == 0


def one_of_the_group(shown: Sequence[Shown], sent: Sent) -> None:
    """In any window of an exclusion group one of it."""
    for person, own in by_person(shown).items():
        for group in (GROUP, MORNING):
            times = [one.at for one in own if sent[one.notification][0].exclusion_group == group["group"]]
            for first, second in itertools.pairwise(times):
                assert second - first >= timedelta(seconds=group["window_seconds"]), (person, first, second)


async def the_highest_goes_first(simulation: Simulation, sent: Sent) -> None:
    """Who gets one of the group does not miss a higher one that was announced before."""
    rows = await _deliveries(simulation)
    names = {person.profile_id: person.name for person in simulation.people}
    got: dict[tuple[str, str], list[tuple[datetime, int]]] = defaultdict(list)
    for row in rows:
        campaign, _ = sent[row.notification_id]
        if campaign.exclusion_group is not None and row.accepted_at is not None:
            got[row.profile_id, campaign.exclusion_group].append((row.accepted_at, campaign.priority))
    for row in rows:
        campaign, notification = sent[row.notification_id]
        if row.state != DeliveryState.SKIPPED or row.reason != "exclusion":
            continue
        rivals = [
            (at, priority)
            for at, priority in got[row.profile_id, campaign.exclusion_group or ""]
            if priority < campaign.priority and notification.notification.created_at < at <= row.updated_at
        ]
        assert not rivals, (names[row.profile_id], campaign.name, rivals)


async def nothing_is_lost(simulation: Simulation, shown: Sequence[Shown], sent: Sent) -> None:
    """Each entry has an end, each delivery too, and what a push service took was shown."""
    on_screen = {(one.agent, one.notification) for one in shown}
    agents = {one.subscription_id: index for index, one in enumerate(await _subscriptions(simulation))}
    rows = await _deliveries(simulation)
    known = {(row.notification_id, row.profile_id) for row in rows}
    for row in rows:
        if row.state in (DeliveryState.ACCEPTED, DeliveryState.DISPLAYED):
            assert (agents[row.subscription_id], row.notification_id) in on_screen
        else:
            waits = row.state == DeliveryState.RETRYING and row.next_attempt_at > simulation.world.clock.now()
            assert waits or DeliveryState(row.state).is_terminal, row
    for campaign in simulation.campaigns.values():
        by_dispatch = {row.notification.dispatch_id: row.notification.id for _, row in sent.values()}
        for entry in await entered_all(simulation.world, campaign):
            if entry.state is EntryState.WAITING:
                assert entry.due_at > simulation.world.clock.now() - timedelta(minutes=2), entry
            if entry.state is EntryState.DONE and entry.due_at < END - DAY:
                assert (by_dispatch[entry.dispatch_id], entry.profile_id) in known, entry


async def _deliveries(simulation: Simulation) -> Sequence[Any]:
    async with simulation.world.store.read() as tx:
        return (await tx.execute(select(deliveries))).all()


async def _subscriptions(simulation: Simulation) -> Sequence[Any]:
    async with simulation.world.store.read() as tx:
        query = select(subscriptions.c.id.label("subscription_id"), subscriptions.c.endpoint)
        place = {one.endpoint: one.index for one in simulation.fleet.agents}
        return sorted((await tx.execute(query)).all(), key=lambda row: place[row.endpoint])


def each_wall_time_once(simulation: Simulation, shown: Sequence[Shown], sent: Sent) -> None:
    """News come at most once a day and time, and at it: a person's clock does not read less."""
    runs: dict[tuple[str, datetime], int] = Counter()
    for person, own in by_person(shown).items():
        for one in own:
            _, row = sent[one.notification]
            wall = None if row.notification.limits is None else row.notification.limits.wall
            if wall is None:
                continue
            runs[person, wall] += 1
            assert one.wall.replace(tzinfo=None) >= wall, (person, one.wall, wall)
    assert set(runs.values()) <= {1}


async def entries_are_those_of_a_simple_model(
    simulation: Simulation, campaign: Campaign, found: Sequence[Entry]
) -> None:
    """What a few plain lines make of the same month, the entries say as well."""
    if campaign.name == "cart":
        expected = set(_left_carts(simulation))
        names = {person.profile_id: person.name for person in simulation.people}
        kept = {(names[one.profile_id], one.due_at) for one in found if one.state is not EntryState.CANCELLED}
        assert kept == expected
    if campaign.name == "birthday":
        assert {(one.profile_id, one.due_at) for one in found} == set(await _birthdays(simulation, campaign))


def _left_carts(simulation: Simulation) -> list[tuple[str, datetime]]:
    found = []
    for person in simulation.people:
        due: datetime | None = None
        for act in [one for one in simulation.acts if one.who == person.name]:
            if due is not None and act.at >= due:
                found.append((person.name, due))
                due = None
            if act.name in ("cart_add", "cart_update"):
                due = act.at + CART_DELAY
            if act.name == "order":
                due = None
        if due is not None:
            found.append((person.name, due))
    return found


async def _birthdays(simulation: Simulation, campaign: Campaign) -> list[tuple[str, datetime]]:
    """Nine on each person's clock, while the campaign lasts."""
    found = []
    for person in simulation.people:
        async with simulation.world.store.read() as tx:
            profile = await profiles.get(tx, campaign.project_id, person.profile_id)
        assert profile is not None
        month, day = (int(part) for part in profile.attributes["birthday"].split("-")[1:])
        due = datetime(START.year, month, day, 9, tzinfo=person.zone).astimezone(UTC)
        assert campaign.starts_at is not None
        assert campaign.ends_at is not None
        if campaign.starts_at < due < campaign.ends_at:
            found.append((person.profile_id, due))
    return found
