"""Triggered campaigns from the cause to the notification on the screen, on both databases."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support import campaigns
from tests.support.telling import entered, states, tell, told
from tests.support.world import World

from heliograph.delivery import spread
from heliograph.devpush.agents import AgentFleet
from heliograph.domain.campaign import Campaign, CampaignState
from heliograph.domain.notification import Audience, AudienceKind, Content
from heliograph.storage import campaigns as campaign_rows
from heliograph.storage import profiles
from heliograph.storage import subscriptions as subscription_rows
from heliograph.storage.tables import jobs
from heliograph.worker.clock import ask_for_upkeep

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CART = {
    "kind": "event",
    "event": "cart_changed",
    "delay_seconds": 3600,
    "restart": True,
    "cancel_on": [{"event": "order"}],
}
NEAR = {"kind": "combine", "match": "all", "of": [{"kind": "attribute", "name": "plan", "is": "eq", "value": "gold"}]}


async def crowd(world: World, *names: str, time_zone: str | None = None) -> tuple[AgentFleet, list[str]]:
    """Make people with one browser each; return their agents and profiles."""
    fleet = await world.agents(len(names))
    subscribed = await world.subscribe(fleet.agents)
    made = [
        await campaigns.person(world, name, [one], time_zone=time_zone)
        for name, one in zip(names, subscribed, strict=True)
    ]
    return fleet, made


async def shown(fleet: AgentFleet, count: int) -> Counter[int]:
    """Wait until so many notifications were shown, and return how many each agent has."""
    await fleet.wait_until(lambda counts: counts.shown >= count)
    return Counter(arrival.agent for arrival in fleet.arrivals if arrival.shown)


async def change(world: World, profile_id: str, **values: Any) -> None:
    async with world.store.begin() as tx:
        await profiles.change(tx, profile_id, values)


async def move(world: World, campaign: Campaign, state: CampaignState) -> None:
    async with world.store.begin() as tx:
        await campaign_rows.change(tx, campaign.id, {"state": state}, now=world.clock.now())


async def test_a_cart_that_is_left_comes_back(world: World) -> None:
    """An hour after the last change, with what is in it; who ordered hears nothing."""
    fleet, _ = await crowd(world, "ada", "bob")
    content = Content(
        title="{{ best_cart_item['title'] | default: 'Hello' }}", url="https://shop.example/cart", template=True
    )
    cart = await campaigns.started(world, CART, content=content)
    lamp, chair = {"id": "7", "title": "Lamp", "price": "12,50"}, {"id": "8", "title": "Chair", "price": 99}
    await tell(world, told(world, "cart_add", "1", item=lamp), told(world, "cart_add", "2", who="bob", item=lamp))
    await world.work_on(timedelta(minutes=30))
    await tell(world, told(world, "cart_add", "3", item=chair), told(world, "order", "4", who="bob", order={"id": "1"}))
    await world.work_on(timedelta(minutes=59))
    assert fleet.counts.received == 0
    await world.work_on(timedelta(minutes=2))
    assert await shown(fleet, 1) == {0: 1}
    (arrival,) = [one for one in fleet.arrivals if one.shown]
    assert b'"Chair"' in (arrival.plaintext or b"")
    assert Counter(states(await entered(world, cart.id))) == {"done": 1, "cancelling_event": 1}
    (run,) = await campaigns.runs(world, cart)
    assert run.key.startswith("entries/ent_")
    await world.work_on(DAY)
    assert fleet.counts.received == 1


async def test_two_items_of_one_person_are_two_messages(world: World) -> None:
    """A person is in a batch once; the second comes right behind it, and nobody waits longer for it."""
    fleet, _ = await crowd(world, "ada", "bob")
    seen = await campaigns.started(world, {"kind": "event", "event": "item_view", "delay_seconds": 60})
    await tell(
        world,
        told(world, "item_view", "1", item={"id": "7"}),
        told(world, "item_view", "2", item={"id": "8"}),
        told(world, "item_view", "3", who="bob", item={"id": "8"}),
    )
    await world.work_on(timedelta(minutes=3))
    assert await shown(fleet, 3) == {0: 2, 1: 1}
    assert sorted(len((run.audience or {})["profile_ids"]) for run in await campaigns.runs(world, seen)) == [1, 2]


async def test_what_is_not_true_any_more_is_not_sent(world: World) -> None:
    """Who left the segment, or has no browser left, is skipped with the reason."""
    _, made = await crowd(world, "ada", "bob", "cem")
    for one in made:
        await change(world, one, attributes={"plan": "gold"})
    audience = Audience(AudienceKind.SEGMENT, rule=NEAR)
    seen = await campaigns.started(
        world, {"kind": "event", "event": "item_view", "delay_seconds": 60}, audience=audience
    )
    views = [told(world, "item_view", name, who=name, item={"id": "7"}) for name in ("ada", "bob", "cem")]
    await tell(world, *views)
    await change(world, made[1], attributes={})
    async with world.store.begin() as tx:
        for one in await subscription_rows.ids_of_profile(tx, made[2]):
            await subscription_rows.change(tx, one, {"state": "unsubscribed", "ended_at": world.clock.now()})
    await world.work_on(timedelta(minutes=3))
    assert Counter(states(await entered(world, seen.id))) == {"done": 1, "not_in_segment": 1, "no_subscription": 1}


async def test_a_pause_and_an_end(world: World) -> None:
    """What is due during a pause is sent after it while it is worth it; what is left at the end is called off."""
    fleet, _ = await crowd(world, "ada")
    view = {"kind": "event", "event": "item_view", "delay_seconds": 60}
    seen = await campaigns.started(world, view, ttl=HOUR)
    await tell(world, told(world, "item_view", "1", item={"id": "7"}))
    await move(world, seen, CampaignState.PAUSED)
    await world.work_on(timedelta(minutes=10))
    assert states(await entered(world, seen.id)) == ["waiting"]
    await move(world, seen, CampaignState.RUNNING)
    await upkeep(world)
    assert await shown(fleet, 1) == {0: 1}
    await tell(world, told(world, "item_view", "2", item={"id": "8"}))
    await move(world, seen, CampaignState.PAUSED)
    await world.work_on(timedelta(hours=3))
    await move(world, seen, CampaignState.RUNNING)
    await upkeep(world)
    await tell(world, told(world, "item_view", "3", item={"id": "9"}))
    await move(world, seen, CampaignState.DONE)
    await world.work_on(timedelta(minutes=10))
    assert states(await entered(world, seen.id)) == ["done", "too_late", "campaign_done"]


async def upkeep(world: World) -> None:
    """Do what the clock asks for each minute."""
    await ask_for_upkeep(world.heliograph)
    await world.work()


async def test_who_stays_away_is_missed_once(world: World) -> None:
    """A week after the last sign of life, and again only after another absence; who comes back in time is not."""
    fleet, made = await crowd(world, "ada", "bob")
    now = world.clock.now()
    for one in made:
        await change(world, one, last_seen_at=now)
    away = await campaigns.started(world, {"kind": "inactive", "days": 7})
    await world.work_on(5 * DAY)
    await change(world, made[1], last_seen_at=world.clock.now())
    await world.work_on(3 * DAY)
    assert await shown(fleet, 1) == {0: 1}
    await world.work_on(2 * DAY)
    assert fleet.counts.received == 1
    await change(world, made[0], last_seen_at=world.clock.now())
    await world.work_on(8 * DAY)
    assert await shown(fleet, 3) == {0: 2, 1: 1}
    assert Counter(states(await entered(world, away.id))) == {"done": 3}


async def test_who_was_away_for_long_is_left_alone(world: World) -> None:
    """A campaign that begins does not write to everybody who left years ago, unless that is wanted."""
    fleet, made = await crowd(world, "ada")
    await change(world, made[0], last_seen_at=world.clock.now() - 90 * DAY)
    await campaigns.started(world, {"kind": "inactive", "days": 7})
    await world.work_on(DAY)
    assert fleet.counts.received == 0
    await campaigns.started(world, {"kind": "inactive", "days": 7, "include_present": True}, name="All")
    await world.work_on(DAY)
    assert await shown(fleet, 1) == {0: 1}


async def test_who_comes_into_a_segment_enters(world: World) -> None:
    """Who was in it does not; who leaves and returns does again, once in a while."""
    fleet, made = await crowd(world, "ada", "bob")
    await change(world, made[0], attributes={"plan": "gold"})
    audience = Audience(AudienceKind.SEGMENT, rule=NEAR)
    gold = await campaigns.started(
        world, {"kind": "entered", "once_per_seconds": int(DAY.total_seconds())}, audience=audience
    )
    await world.work_on(2 * HOUR)
    assert await entered(world, gold.id) == []
    await change(world, made[1], attributes={"plan": "gold"})
    await world.work_on(2 * HOUR)
    assert await shown(fleet, 1) == {1: 1}
    for plan in ("none", "gold", "none"):
        await change(world, made[1], attributes={"plan": plan})
        await world.work_on(2 * HOUR)
    assert fleet.counts.received == 1
    await world.work_on(DAY)
    await change(world, made[1], attributes={"plan": "gold"})
    await world.work_on(2 * HOUR)
    assert await shown(fleet, 2) == {1: 2}


async def test_birthdays_at_nine_on_each_clock(world: World) -> None:
    """In Tokyo before Berlin; whose day is moved meanwhile hears nothing."""
    world.clock.set(datetime(2026, 3, 28, 12, tzinfo=UTC))
    fleet, made = await crowd(world, "ada", "bob", "cem")
    for one, zone in zip(made, ("Europe/Berlin", "Asia/Tokyo", "Europe/Berlin"), strict=True):
        await change(world, one, attributes={"birthday": "1990-03-29"}, time_zone=zone)
    birthday = {"kind": "date", "attribute": "birthday", "yearly": True, "at": "09:00"}
    happy = await campaigns.started(world, birthday)
    await world.work_on(timedelta(hours=12, minutes=5))
    assert await shown(fleet, 1) == {1: 1}
    await world.work_on(timedelta(hours=5, minutes=30))
    await change(world, made[2], attributes={"birthday": "1990-03-30"})
    await world.work_on(2 * HOUR)
    # On that night the clocks go forward in Berlin: nine is seven in UTC.
    assert await shown(fleet, 2) == {0: 1, 1: 1}
    assert fleet.arrivals[-1].received_at.hour == 7
    assert Counter(states(await entered(world, happy.id))) == {"done": 2, "date_changed": 1}
    await world.work_on(DAY)
    assert await shown(fleet, 3) == {0: 1, 1: 1, 2: 1}


async def test_an_item_is_there_again(world: World) -> None:
    """All who looked at it hear of it, once, without those who bought it and those who looked long ago."""
    names = [f"person {number}" for number in range(7)]
    fleet, _ = await crowd(world, *names)
    back = {
        "kind": "event",
        "event": "item_available",
        "reach": {"who": "viewed", "days": 3},
        "cancel_on": [{"event": "order", "same": "item"}],
    }
    again = await campaigns.started(world, back)
    await tell(world, told(world, "item_view", "old", ago=6 * 86_400, who=names[0], item={"id": "7"}))
    for name in names[1:]:
        await tell(world, told(world, "item_view", f"v{name}", ago=60, who=name, item={"id": "7"}))
        await tell(world, told(world, "cart_add", f"c{name}", ago=50, who=name, item={"id": "7"}))
    await tell(world, told(world, "order", "o", ago=9, who=names[6], order={"id": "1", "items": [{"id": "7"}]}))
    spread.PAGE = 2
    try:
        world.clock.advance(timedelta(seconds=1))
        await tell(world, told(world, "item_available", "1", who=None, item={"id": "7", "title": "Lamp"}))
        await world.work_on(timedelta(minutes=1))
    finally:
        spread.PAGE = 200
    assert await shown(fleet, 5) == dict.fromkeys(range(1, 6), 1)
    assert Counter(states(await entered(world, again.id))) == {"done": 5}


async def test_a_lost_job_is_made_again(world: World) -> None:
    """Entries do not depend on the job that was to look for them."""
    fleet, _ = await crowd(world, "ada")
    await campaigns.started(world, {"kind": "event", "event": "item_view", "delay_seconds": 60})
    await tell(world, told(world, "item_view", "1", item={"id": "7"}))
    async with world.store.begin() as tx:
        await tx.execute(jobs.delete().where(jobs.c.name == "campaign.enter"))
    await world.work_on(timedelta(minutes=5))
    assert fleet.counts.received == 0
    await upkeep(world)
    assert await shown(fleet, 1) == {0: 1}


async def test_an_event_brings_into_a_segment_at_once(world: World) -> None:
    """Nobody waits for the hourly look where an event says it all; another event changes nothing."""
    fleet, _ = await crowd(world, "ada", "bob")
    twice = {"kind": "event_count", "name": "order", "from": 2}
    audience = Audience(AudienceKind.SEGMENT, rule=twice)
    regular = await campaigns.started(world, {"kind": "entered"}, audience=audience)
    await world.work_on(timedelta(minutes=1))
    await tell(world, told(world, "order", "1", order={"id": "1"}), told(world, "page_view", "2", url="https://a.b/"))
    assert await entered(world, regular.id) == []
    world.clock.advance(timedelta(seconds=1))
    await tell(world, told(world, "order", "3", order={"id": "2"}))
    await tell(world, told(world, "order", "4", order={"id": "3"}))
    await world.work_on(timedelta(seconds=5))
    assert await shown(fleet, 1) == {0: 1}
    assert states(await entered(world, regular.id)) == ["done"]
