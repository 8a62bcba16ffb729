"""An event of an item starts a campaign for all who have to do with it: page by page, whoever is found enters once."""

from collections.abc import Collection
from datetime import timedelta

from heliograph import triggers
from heliograph.delivery.look import start_all
from heliograph.delivery.machine import Machine
from heliograph.domain.campaign import Campaign
from heliograph.domain.entry import CART_CHANGED, is_open
from heliograph.domain.event import Event
from heliograph.domain.vocabulary import CART_EVENTS
from heliograph.names import JobName
from heliograph.queue.base import BULK, Job, NewJob
from heliograph.storage import caused, entries, looking
from heliograph.storage.store import Tx
from heliograph.triggers.event import OnEvent, Reach

PAGE = 200
"""People at once: a short transaction."""


async def spread(machine: Machine, job: Job) -> None:
    """Let the next people enter. Arguments: `campaign_id`, `event_id`, `stage`, `after` (a person's identifier).

    Each event that shows interest is a stage.
    """
    now = machine.clock.now()
    async with machine.store.begin() as tx:
        await machine.complete(tx, job)
        campaign = (await caused.of_ids(tx, [job.args["campaign_id"]])).get(job.args["campaign_id"])
        event = await caused.event(tx, job.args["event_id"])
        if campaign is None or event is None or event.item_id is None or not is_open(campaign, event.at):
            return
        trigger = triggers.read(campaign.definition["trigger"])
        if not isinstance(trigger, OnEvent) or trigger.reach is None:
            return
        names = trigger.reach.who.events
        stage = min(job.args["stage"], len(names) - 1)
        found, after = await looking.interested(
            tx,
            campaign.project_id,
            event.item_id,
            names[stage],
            since=event.at - timedelta(days=trigger.reach.days),
            after=job.args["after"],
            limit=PAGE,
        )
        await _enter(tx, machine, campaign, trigger=trigger, reach=trigger.reach, event=event, profile_ids=found)
        if after is None and stage + 1 < len(names):
            stage, after = stage + 1, ""
        if after is not None:
            args = {**job.args, "stage": stage, "after": after}
            await machine.queue.add(tx, [NewJob(JobName.ENTER_ITEM, args, now, BULK)], now=now)


async def _enter(
    tx: Tx,
    machine: Machine,
    campaign: Campaign,
    *,
    trigger: OnEvent,
    reach: Reach,
    event: Event,
    profile_ids: Collection[str],
) -> None:
    if not profile_ids:
        return
    await entries.hold(tx, profile_ids)
    out = await _called_off(tx, trigger, reach, event, profile_ids)
    now = machine.clock.now()
    known = await entries.history(tx, campaign.id, profile_ids, now=now)
    out |= {one for one, past in known.items() if past.keeps_out(trigger.once_per, now)}
    start = trigger.start(event)
    await start_all(tx, machine, campaign, {one: (start,) for one in profile_ids if one not in out})


async def _called_off(tx: Tx, trigger: OnEvent, reach: Reach, event: Event, profile_ids: Collection[str]) -> set[str]:
    """Return those who, since they showed interest or may have, did what calls it off: bought the item, say."""
    names = set(trigger.called_off_by)
    if CART_CHANGED in names:
        names |= CART_EVENTS
    if not names:
        return set()
    since = event.at - timedelta(days=reach.days)
    done = await caused.events_of(tx, profile_ids, names, since=since)
    return {one.profile_id for one in done if one.profile_id is not None and trigger.is_settled_by(one, event)}
