"""A campaign is looked at when something of it is due: it begins, comes round, or ends.

The look is one transaction under a lock on the campaign, which writes the runs, their notifications, and the job of the
next look. Killed before it ends, nothing has happened; run twice, the second finds nothing due. After days without a
worker only the latest occurrence is sent, and that only while it is worth sending; the others are written as missed.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from heliograph import triggers
from heliograph.delivery import dispatching
from heliograph.delivery import look as look_around
from heliograph.delivery.machine import Machine
from heliograph.domain import schedule
from heliograph.domain.campaign import Campaign, CampaignKind, CampaignState
from heliograph.domain.schedule import Occurrence
from heliograph.queue.base import Job
from heliograph.queue.due import campaign_job
from heliograph.storage import campaigns
from heliograph.storage.store import Tx
from heliograph.triggers import Trigger

FINISHED_EVERY = timedelta(minutes=1)
"""How often a campaign from which nothing more comes is asked whether all is sent."""
LATE = timedelta(minutes=1)
"""A look that is so late has lost its job."""
FARTHEST_BACK = timedelta(days=31)
"""Occurrences from before that are not even written down as missed."""
_MOST_MISSED = 100
_INSTANT = timedelta(microseconds=1)
_PORTION = 100


async def look(machine: Machine, job: Job) -> None:
    """Do what is due of a campaign. Arguments: `campaign_id`."""
    now = machine.clock.now()
    async with machine.store.begin() as tx:
        await machine.complete(tx, job)
        campaign = await campaigns.load(tx, job.args["campaign_id"], lock=True)
        if campaign is not None and campaign.state.is_live and _is_due(campaign, now):
            await _advance(tx, machine, campaign, now)


async def pick_up(tx: Tx, machine: Machine, now: datetime) -> None:
    """Ask again for looks whose job was lost or set aside."""
    for campaign_id in await campaigns.overdue(tx, before=now - LATE, limit=_PORTION):
        await machine.queue.add(tx, [campaign_job(campaign_id, now)], now=now)


def _is_due(campaign: Campaign, now: datetime) -> bool:
    return campaign.next_due_at is not None and campaign.next_due_at <= now


async def _advance(tx: Tx, machine: Machine, campaign: Campaign, now: datetime) -> None:
    assert campaign.next_due_at is not None
    trigger = triggers.read(campaign.definition["trigger"]) if campaign.kind is CampaignKind.MESSAGE else None
    end = now if campaign.ends_at is None else min(now, campaign.ends_at - _INSTANT)
    if trigger is not None and campaign.next_due_at <= end:
        await _run(tx, machine, campaign, trigger.due(max(campaign.next_due_at, now - FARTHEST_BACK), end))
        if isinstance(trigger, look_around.LOOKING):
            await look_around.begin(tx, machine, campaign.id)
    state, next_due_at = CampaignState.RUNNING, _next_look(campaign, trigger, now)
    if next_due_at is None and _is_exhausted(campaign, trigger, now):
        if await campaigns.open_notifications(tx, campaign.id, limit=1):
            next_due_at = now + FINISHED_EVERY
        else:
            state = CampaignState.DONE
    values = {"state": state, "next_due_at": next_due_at}
    values |= {"finished_at": now} if state is CampaignState.DONE else {}
    await campaigns.change(tx, campaign.id, values, now=now)
    if next_due_at is not None:
        await machine.queue.add(tx, [campaign_job(campaign.id, next_due_at)], now=now)


def _next_look(campaign: Campaign, trigger: Trigger | None, now: datetime) -> datetime | None:
    """Return when a campaign comes round or ends; None if it does neither any more."""
    ends_at = campaign.ends_at
    if ends_at is not None and ends_at <= now:
        return None
    following = None if trigger is None else trigger.following(now, started_at=campaign.started_at or now)
    if trigger is not None and not trigger.is_endless:
        return following if following is not None and (ends_at is None or following < ends_at) else None
    return min([at for at in (following, ends_at) if at is not None], default=None)


def _is_exhausted(campaign: Campaign, trigger: Trigger | None, now: datetime) -> bool:
    """Tell whether nothing more can begin."""
    is_ended = campaign.ends_at is not None and campaign.ends_at <= now
    return is_ended or (trigger is not None and not trigger.is_endless)


async def _run(tx: Tx, machine: Machine, campaign: Campaign, occurrences: Sequence[Occurrence]) -> None:
    latest = schedule.latest(occurrences) if occurrences else []
    for one in occurrences[: -len(latest) or None][-_MOST_MISSED:]:
        await dispatching.miss(tx, machine, campaign, key=one.key, due_at=one.due_at, reason=dispatching.SUPERSEDED)
    for one in latest:
        await dispatching.start(tx, machine, campaign, key=one.key, due_at=one.due_at, wall=one.wall)
