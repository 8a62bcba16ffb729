"""People enter triggered campaigns by what they do, and leave them again, whatever the order in which it is told."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert
from tests.support.telling import entered, states, tell, told
from tests.support.world import World

from heliograph.domain.entry import MOST_AN_HOUR, EntryReason, EntryState, turn_of
from heliograph.names import JobName
from heliograph.storage import profiles
from heliograph.storage.tables import campaigns

HOUR = 3600


async def campaign(world: World, number: int = 1, **trigger: Any) -> str:
    """Write a running campaign that an event starts."""
    now, campaign_id = world.clock.now() - timedelta(days=10), f"cmp_{number:026d}"
    definition = {"trigger": {"kind": "event", **trigger}, "audience": {"kind": "everyone"}}
    row = {
        "id": campaign_id,
        "project_id": world.project.project.id,
        "kind": "message",
        "name": "Cart",
        "state": "running",
        "definition": definition,
        "trigger_kind": "event",
        "event_name": trigger["event"],
        "priority": 0,
        "version": 1,
        "started_at": now,
        "created_at": now,
        "updated_at": now,
    }
    async with world.store.begin() as tx:
        await tx.execute(insert(campaigns).values(row))
    return campaign_id


async def test_a_cart_is_left_alone(world: World) -> None:
    """The last change counts, and the order calls it off."""
    cart = await campaign(world, event="cart_changed", delay_seconds=HOUR, restart=True, cancel_on=[{"event": "order"}])
    await tell(world, told(world, "cart_add", "1", ago=100, item={"id": "7", "title": "Lamp"}))
    await tell(world, told(world, "cart_add", "2", ago=40, item={"id": "8", "title": "Chair"}))
    (entry,) = await entered(world, cart)
    assert entry.due_at == world.clock.now() - timedelta(seconds=40) + timedelta(hours=1)
    assert entry.variables["item"]["title"] == "Chair"
    await tell(world, told(world, "order", "3", order={"id": "1", "price": 9}))
    (entry,) = await entered(world, cart)
    assert (entry.state, entry.reason) == (EntryState.CANCELLED, EntryReason.EVENT)


STORY = [
    ("cart_add", 300, {"item": {"id": "7"}}),
    ("cart_remove", 200, {"item": {"id": "7"}}),
    ("order", 150, {"order": {"id": "1"}}),
    ("cart_add", 100, {"item": {"id": "8"}}),
]


async def test_any_order_of_telling_comes_to_the_same(world: World) -> None:
    """An order that is told late calls off what came before it, and not what came after."""
    cart = await campaign(world, event="cart_changed", delay_seconds=HOUR, restart=True, cancel_on=[{"event": "order"}])
    for number, order in enumerate(itertools.permutations(range(4))):
        for index in order:
            name, ago, properties = STORY[index]
            await tell(world, told(world, name, str(index), ago=ago, who=f"person {number}", **properties))
    waiting = [one for one in await entered(world, cart) if one.state is EntryState.WAITING]
    assert len({one.profile_id for one in waiting}) == number + 1
    assert [one.due_at for one in waiting] == [world.clock.now() + timedelta(hours=1, seconds=-100)] * (number + 1)


async def test_told_again_it_is_the_same(world: World) -> None:
    """A repeated call starts nothing, and calls nothing off twice."""
    seen = await campaign(world, event="item_view", delay_seconds=60)
    view = told(world, "item_view", "1", item={"id": "7"})
    await tell(world, view)
    await tell(world, view)
    assert states(await entered(world, seen)) == ["waiting"]


async def test_once_in_a_while(world: World) -> None:
    """Who entered a short time ago does not enter again; what was called off does not count."""
    seen = await campaign(world, event="item_view", once_per_seconds=HOUR, cancel_on=[{"event": "order"}])
    await tell(world, told(world, "item_view", "1", item={"id": "7"}))
    await tell(world, told(world, "item_view", "2", item={"id": "7"}))
    assert states(await entered(world, seen)) == ["waiting"]
    world.clock.advance(timedelta(minutes=1))
    await tell(world, told(world, "order", "3", order={"id": "1"}))
    world.clock.advance(timedelta(seconds=1))
    await tell(world, told(world, "item_view", "4", item={"id": "7"}))
    assert states(await entered(world, seen)) == ["cancelling_event", "waiting"]
    world.clock.advance(timedelta(hours=2))
    await tell(world, told(world, "item_view", "5", item={"id": "7"}))
    assert states(await entered(world, seen)) == ["cancelling_event", "waiting", "waiting"]


async def test_what_happened_before_it_started_does_not_count(world: World) -> None:
    """Pages tell of the last days; a campaign begins when it is started."""
    seen = await campaign(world, event="item_view")
    async with world.store.begin() as tx:
        await tx.execute(campaigns.update().values(started_at=world.clock.now()))
    await tell(world, told(world, "item_view", "1", ago=60, item={"id": "7"}))
    assert await entered(world, seen) == []


async def test_an_event_of_an_item_asks_for_a_spread(world: World) -> None:
    """The call itself looks nobody up: that is a job's."""
    await campaign(world, event="item_available", reach={"who": "viewed", "days": 7})
    await tell(world, told(world, "item_available", "1", who=None, item={"id": "7"}))
    jobs = await world.heliograph.queue.claim(worker="w", limit=10, lease=timedelta(minutes=1), now=world.clock.now())
    assert [job.name for job in jobs] == [JobName.ENTER_ITEM]


async def test_two_people_in_one_call(world: World) -> None:
    """A server tells of many at once; each has their own way, and what is over when it is told does not begin."""
    seen = await campaign(world, event="item_view", delay_seconds=60, cancel_on=[{"event": "order", "same": "item"}])
    await tell(
        world,
        told(world, "item_view", "1", ago=9, item={"id": "7"}),
        told(world, "item_view", "2", ago=9, who="bob", item={"id": "7"}),
        told(world, "order", "3", ago=1, who="bob", order={"id": "1", "items": [{"id": "7"}]}),
    )
    async with world.store.read() as tx:
        ada = await profiles.of_external_id(tx, world.project.project.id, "ada")
    assert ada is not None
    by_person = {one.profile_id == ada.id: str(one.state) for one in await entered(world, seen)}
    assert by_person == {True: "waiting"}


def test_turns_are_not_early_and_not_much_later() -> None:
    """What is due in an hour is looked for within a minute, what is due now within a second."""
    now = datetime(2026, 3, 14, 9, 26, 53, 589793, tzinfo=UTC)
    for delay, most in ((0, 1), (1, 1), (600, 10), (3600, 60), (86_400 * 30, 60)):
        due_at = now + timedelta(seconds=delay)
        assert due_at <= turn_of(due_at, now=now) <= due_at + timedelta(seconds=most)


async def test_a_flood_of_events_is_no_flood_of_work(world: World) -> None:
    """Who looks at a hundred items in an hour hears of some."""
    seen = await campaign(world, event="item_view")
    await tell(world, *(told(world, "item_view", str(number), item={"id": str(number)}) for number in range(100)))
    assert len(await entered(world, seen)) == MOST_AN_HOUR
    world.clock.advance(timedelta(hours=2))
    await tell(world, told(world, "item_view", "more", item={"id": "7"}))
    assert len(await entered(world, seen)) == MOST_AN_HOUR + 1
