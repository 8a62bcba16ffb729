"""Campaigns for stories: written, started, and looked at."""

import contextlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import event, select
from tests.support.world import EVERYONE, World

from heliograph import triggers
from heliograph.actions import campaign_messages, campaigns
from heliograph.actions.campaign_messages import MessageDraft
from heliograph.actions.campaigns import Outline
from heliograph.actions.notifications import Draft
from heliograph.domain.campaign import Campaign, CampaignKind, CampaignRun
from heliograph.domain.contact_rules import ContactRules
from heliograph.domain.experiment import Experiment
from heliograph.domain.notification import Audience, Content
from heliograph.kit.ids import Ids
from heliograph.queue.base import Job
from heliograph.storage import dispatches, profiles, projects
from heliograph.storage.notifications import NotificationRow, load_row
from heliograph.storage.tables import jobs, notifications, subscriptions
from heliograph.worker.clock import ask_for_upkeep
from heliograph.worker.run import perform

FERRY = Content(title="Harbour", body="The ferry leaves at nine.", url="https://shop.example/")


async def make(
    world: World,
    trigger: dict[str, Any],
    *,
    audience: Audience = EVERYONE,
    content: Content = FERRY,
    limits: dict[str, Any] | None = None,
    name: str = "Ferry",
    priority: int = 0,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    experiment: Experiment | None = None,
    **draft: Any,
) -> Campaign:
    """Write a draft of a message campaign."""
    asked = MessageDraft(
        trigger=msgspec.convert(trigger, triggers.AnyTrigger),
        draft=Draft(content=content, audience=audience, **draft),
        limits=ContactRules.of(limits or {}),
        experiment=experiment,
    )
    project_id = world.project.project.id
    async with world.store.begin() as tx:
        definition = await campaign_messages.checked(tx, project_id=project_id, asked=asked, at="/message")
        outline = Outline(name, CampaignKind.MESSAGE, definition, priority, starts_at=starts_at, ends_at=ends_at)
        return await campaigns.create(tx, world.heliograph.context(), project_id=project_id, outline=outline)


async def start(world: World, campaign: Campaign) -> Campaign:
    """Start a draft."""
    async with world.store.begin() as tx:
        return await campaigns.start(
            tx,
            world.heliograph.context(),
            world.heliograph.queue,
            project_id=campaign.project_id,
            campaign_id=campaign.id,
        )


async def started(world: World, trigger: dict[str, Any], **more: Any) -> Campaign:
    """Write a campaign and start it."""
    return await start(world, await make(world, trigger, **more))


async def again(world: World, campaign: Campaign) -> Campaign:
    """Return a campaign as it is now."""
    async with world.store.read() as tx:
        return await campaigns.get(tx, project_id=campaign.project_id, campaign_id=campaign.id)


async def runs(world: World, campaign: Campaign) -> list[CampaignRun]:
    """Return a campaign's dispatches, oldest first."""
    async with world.store.read() as tx:
        return (await dispatches.page(tx, campaign.id, before=None, limit=1_000))[::-1]


async def sent(world: World, campaign: Campaign) -> list[NotificationRow]:
    """Return a campaign's notifications, oldest first."""
    async with world.store.read() as tx:
        query = select(notifications.c.id).where(notifications.c.campaign_id == campaign.id)
        ids = (await tx.execute(query.order_by(notifications.c.id))).scalars().all()
        found = [await load_row(tx, one) for one in ids]
    return [row for row in found if row is not None]


async def totals(world: World, campaign: Campaign) -> dict[str, int]:
    """Return a campaign's deliveries, counted as `state` or `state/reason`."""
    async with world.store.read() as tx:
        results = await campaigns.results(tx, project_id=campaign.project_id, campaign_id=campaign.id)
    found: dict[str, int] = {}
    for counts in results.deliveries.values():
        for (state, reason), count in counts.items():
            key = f"{state}/{reason}" if reason else state
            found[key] = found.get(key, 0) + count
    return found


async def person(world: World, name: str, subscription_ids: Sequence[str], *, time_zone: str | None = None) -> str:
    """Make a profile that subscriptions belong to; return its identifier."""
    now = world.clock.now()
    profile_id = Ids(world.clock).new("pro")
    row = {
        "id": profile_id,
        "project_id": world.project.project.id,
        "external_id": name,
        "attributes": {},
        "language": None,
        "time_zone": time_zone,
        "created_at": now,
        "updated_at": now,
        "last_seen_at": None,
    }
    async with world.store.begin() as tx:
        await profiles.add(tx, row)
        for one in subscription_ids:
            await tx.execute(subscriptions.update().where(subscriptions.c.id == one).values(profile_id=profile_id))
    return profile_id


async def limit_project(world: World, limits: dict[str, Any]) -> None:
    """Give the project limits."""
    async with world.store.begin() as tx:
        await projects.change(tx, world.project.project.id, {"limits": limits})


class Killed(Exception):  # noqa: N818 - what it simulates is no error
    """The process died here."""


async def cut_short(world: World, job: Job, *, after: int) -> None:
    """Run a job that dies after so many statements that write."""
    left = after

    def count(_conn: Any, _cursor: Any, statement: str, *_: Any) -> None:
        nonlocal left
        if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            left -= 1
            if left == 0:
                raise Killed

    engine = world.store._writer.sync_engine  # a last resort: nobody else can die between two statements
    event.listen(engine, "after_cursor_execute", count)
    try:
        with contextlib.suppress(Killed):
            await perform(world.machine, job)
    finally:
        event.remove(engine, "after_cursor_execute", count)
    assert left <= 0, "It wrote less than that."


async def lose_jobs(world: World) -> None:
    """Delete all jobs, as nobody should."""
    async with world.store.begin() as tx:
        await tx.execute(jobs.delete())


async def upkeep(world: World) -> None:
    """Run one round of upkeep."""
    await ask_for_upkeep(world.heliograph)
    await world.work()


def rules(limits: dict[str, Any]) -> ContactRules:
    """Return limits as verbs take them."""
    return ContactRules.of(limits)
