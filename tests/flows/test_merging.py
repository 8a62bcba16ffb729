"""A visitor turns out to be a person: all that was the visitor's is handed over, whatever happens meanwhile."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from tests.support.pages import rows
from tests.support.world import World

from heliograph.actions import events as actions
from heliograph.actions import identity, merging, privacy
from heliograph.actions.event_listeners import Parts
from heliograph.actions.events import Checked, PageCall
from heliograph.actions.visitors import Newcomer
from heliograph.delivery.retain import DEDUPE_KEY
from heliograph.domain.event import event_id
from heliograph.domain.retention import Retention
from heliograph.domain.user_agent import device_of
from heliograph.names import JobName
from heliograph.queue.base import NewJob
from heliograph.storage.tables import carts, deliveries, events, profiles, subscriptions, visitors

_FIREFOX = device_of("Mozilla/5.0 (X11; Linux x86_64; rv:136.0) Gecko/20100101 Firefox/136.0")


def _browser(name: str) -> Newcomer:
    return Newcomer(name.encode().ljust(32, b"-"), _FIREFOX)


async def _tell(
    world: World, name: str, *, who: str | None = None, count: int = 0, kind: str = "a", begin: int = 0
) -> bool:
    """Let a browser tell so many events, one a second."""
    now = world.clock.now()
    told = []
    for number in range(begin, begin + count):
        at = now - timedelta(seconds=number)
        own = event_id(name, str(number), at)
        told.append(Checked(own, kind, None, None, at, {"item": {"id": str(number % 7)}}, None))
    call = PageCall(_browser(name), told, {}, who, None)
    project_id = world.project.project.id
    async with world.store.begin() as tx:
        parts = Parts(world.heliograph.queue)
        return await actions.tell(tx, world.heliograph.context(), parts, project_id=project_id, call=call)


async def _upkeep(world: World) -> None:
    now = world.clock.now()
    async with world.store.begin() as tx:
        job = NewJob(JobName.RETAIN, {}, run_at=now, dedupe_key=DEDUPE_KEY)
        await world.heliograph.queue.add(tx, [job], now=now)
    await world.work()


async def _counted(world: World) -> dict[str | None, int]:
    """How many events each person has, by external id."""
    async with world.store.read() as tx:
        query = select(profiles.c.external_id, func.count(events.c.id)).outerjoin_from(profiles, events)
        found = await tx.execute(query.group_by(profiles.c.id, profiles.c.external_id))
        return {row[0]: row[1] for row in found}


async def test_a_long_history_follows_in_portions(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit into the transaction of the proof is handed over by the upkeep; then the visitor is gone."""
    monkeypatch.setattr(merging, "PORTION", 5)
    monkeypatch.setattr("heliograph.delivery.handing_over.PORTION", 4)
    await _tell(world, "desk", who="ada", count=3)
    await _tell(world, "phone", count=23, kind="cart_add")
    assert await _tell(world, "phone", who="ada")
    assert await _counted(world) == {"ada": 8, None: 18}
    await _upkeep(world)
    assert await _counted(world) == {"ada": 26}
    [cart] = await rows(world.store, carts)
    assert cart["item_count"] == 23
    assert {row["profile_id"] for row in await rows(world.store, visitors)} == {cart["profile_id"]}


async def test_who_is_erased_takes_along_what_was_on_its_way(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of a person is left behind in a visitor that had more to hand over."""
    monkeypatch.setattr(merging, "PORTION", 5)
    await _tell(world, "desk", who="ada", count=3)
    await _tell(world, "phone", count=23)
    await _tell(world, "phone", who="ada")
    [ada] = [row for row in await rows(world.store, profiles) if row["external_id"] == "ada"]
    async with world.store.begin() as tx:
        which = {"project_id": world.project.project.id, "profile_id": ada["id"]}
        await privacy.erase(tx, world.heliograph.context(), world.heliograph.queue, **which)
    await _upkeep(world)
    for table in (profiles, events, visitors, carts):
        assert await rows(world.store, table) == []


async def test_a_person_who_is_removed_before_the_rest_came(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A visitor whose person is not there any more is forgotten."""
    monkeypatch.setattr(merging, "PORTION", 5)
    await _tell(world, "desk", who="ada", count=3)
    await _tell(world, "phone", count=23)
    await _tell(world, "phone", who="ada")
    async with world.store.begin() as tx:
        await tx.execute(profiles.delete().where(profiles.c.external_id == "ada"))
    await _upkeep(world)
    assert await rows(world.store, profiles) == await rows(world.store, events) == []


async def test_subscriptions_and_deliveries_come_along(world: World) -> None:
    """A proof at one subscription makes the whole visitor the person's: its other browser, and what was sent."""
    fleet = await world.agents(2)
    first, second = await world.subscribe(fleet.agents)
    await _tell(world, "phone", count=2)
    [visitor] = await rows(world.store, profiles)
    now, project_id = world.clock.now(), world.project.project.id
    async with world.store.begin() as tx:
        await tx.execute(update(subscriptions).values(profile_id=visitor["id"]))
    notification = await world.notify()
    await world.work()
    assert {row["profile_id"] for row in await rows(world.store, deliveries)} == {visitor["id"]}
    await _tell(world, "desk", who="ada", count=1)
    async with world.store.begin() as tx:
        which = {"project_id": project_id, "subscription_id": first}
        await identity.bind(tx, world.heliograph.context(), **which, external_id="ada")
    await _upkeep(world)
    [ada] = await rows(world.store, profiles)
    assert ada["external_id"] == "ada"
    for table in (subscriptions, deliveries, events, visitors):
        assert {row["profile_id"] for row in await rows(world.store, table)} == {ada["id"]}
    assert second in {row["id"] for row in await rows(world.store, subscriptions)}
    assert notification.created_at == now


async def test_many_at_once(world: World) -> None:
    """Browsers that tell and prove at the same time end as one person with everything."""
    calls = [_tell(world, f"b{number}", count=4) for number in range(6)]
    calls += [_tell(world, f"b{number}", who="ada") for number in range(6)]
    calls += [_tell(world, f"b{number}", count=4, begin=4, kind="cart_add") for number in range(6)]
    await asyncio.gather(*calls)
    for number in range(6):
        await _tell(world, f"b{number}", who="ada")
    await _upkeep(world)
    assert await _counted(world) == {"ada": 48}
    [cart] = await rows(world.store, carts)
    assert cart["item_count"] == 24


async def test_old_events_and_visitors_go(world: World) -> None:
    """What is older than it is kept goes; who can still be sent to, or has a name, stays."""
    world.machine = replace(world.machine, retention=Retention(events=timedelta(days=30), visitors=timedelta(days=60)))
    fleet = await world.agents(1)
    [kept] = await world.subscribe(fleet.agents)
    await _tell(world, "gone", count=3)
    await _tell(world, "named", who="ada", count=1)
    await _tell(world, "subscribed", count=1)
    async with world.store.begin() as tx:
        mine = select(visitors.c.profile_id).where(visitors.c.token_hash == _browser("subscribed").token_hash)
        await tx.execute(update(subscriptions).values(profile_id=mine.scalar_subquery()))
    world.clock.advance(timedelta(days=32))
    await _tell(world, "gone", count=1, begin=10)
    await _upkeep(world)
    assert len(await rows(world.store, events)) == 1
    world.clock.advance(timedelta(days=61))
    await _upkeep(world)
    assert await rows(world.store, visitors) == []
    assert sorted(str(row["external_id"]) for row in await rows(world.store, profiles)) == ["None", "ada"]
    assert kept in {row["id"] for row in await rows(world.store, subscriptions)}


async def test_somebody_is_seen_once_a_minute(world: World) -> None:
    """Views within a minute do not write when somebody was seen; the next one does."""
    await _tell(world, "phone", count=1)
    first = world.clock.now()
    world.clock.advance(timedelta(seconds=50))
    await _tell(world, "phone", count=1, begin=1)
    assert (await rows(world.store, visitors))[0]["last_seen_at"] == first
    world.clock.advance(timedelta(seconds=10))
    await _tell(world, "phone", count=1, begin=2)
    [visitor], [person] = await rows(world.store, visitors), await rows(world.store, profiles)
    assert visitor["last_seen_at"] == person["last_seen_at"] == world.clock.now()
