"""What pages tell of prompts: counted right by many at once, and forgotten when nobody can tell it again."""

import asyncio
import random
from datetime import timedelta

from sqlalchemy import func, select
from tests.support.prompts import add_prompt
from tests.support.world import World

from heliograph.actions import prompt_events
from heliograph.actions.prompt_events import MAX_AGE, PromptEvent
from heliograph.names import JobName
from heliograph.queue.base import NewJob
from heliograph.storage import prompts
from heliograph.storage.tables import campaign_marks


async def tell(world: World, visitor: bytes, events: list[PromptEvent]) -> None:
    """Tell events, as a page does."""
    async with world.store.begin() as tx:
        faults = await prompt_events.record(
            tx,
            world.heliograph.context(),
            project_id=world.project.project.id,
            visitor_hash=visitor,
            events=events,
        )
    assert set(faults) == {None}


async def test_many_at_once_lose_and_double_nothing(world: World) -> None:
    """Pages tell the same and other things at the same moment, in any order, and each is counted once."""
    made = [await add_prompt(world.heliograph, world.project.project.id) for _ in range(3)]
    now, dice = world.clock.now(), random.Random(4)
    events = [
        PromptEvent(str(number), campaign, None, event, now)
        for campaign in made
        for event in ("show-widget", "push-subscribed", "click-close")
        for number in range(3)
    ]
    calls = []
    for visitor in (b"a" * 32, b"b" * 32):
        for _ in range(6):
            told = events.copy()
            dice.shuffle(told)
            calls.append(tell(world, visitor, told))
    await asyncio.gather(*calls)
    async with world.store.read() as tx:
        for campaign in made:
            assert await prompts.counts(tx, campaign) == {
                ("", "show-widget"): 6,
                ("", "click-close"): 6,
                ("", "push-subscribed"): 2,
            }


async def test_marks_go_when_nobody_can_tell_it_again(world: World) -> None:
    """An event's mark goes when the event would be refused as too old; that somebody subscribed stays marked."""
    made, visitor = await add_prompt(world.heliograph, world.project.project.id), b"a" * 32
    shown = [PromptEvent(str(number), made, None, "show-widget", world.clock.now()) for number in range(1_200)]
    for start in range(0, len(shown), 100):
        await tell(world, visitor, shown[start : start + 100])
    await tell(world, visitor, [PromptEvent("x", made, None, "push-subscribed", world.clock.now())])
    for after, left in ((MAX_AGE, 1_201), (MAX_AGE + timedelta(minutes=1), 1)):
        world.clock.advance(after)
        async with world.store.begin() as tx:
            job = NewJob(JobName.RETAIN, {}, run_at=world.clock.now())
            await world.heliograph.queue.add(tx, [job], now=world.clock.now())
        await world.work()
        async with world.store.read() as tx:
            assert await tx.scalar(select(func.count()).select_from(campaign_marks)) == left
    await tell(world, visitor, [PromptEvent("y", made, None, "push-subscribed", world.clock.now())])
    async with world.store.read() as tx:
        assert (await prompts.counts(tx, made))["", "push-subscribed"] == 1
