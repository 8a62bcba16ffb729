"""What people do with campaigns: write, change, start, pause, resume and finish them, and look at what came of them.

Whoever changes one names the version that they saw, so that nobody overwrites what they have not read. A running one
may be changed in everything but what starts it; runs that were made before keep what they were made of.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from heliograph import triggers
from heliograph.actions import audit
from heliograph.domain.campaign import Campaign, CampaignKind, CampaignRun, CampaignState
from heliograph.errors import Conflict, FieldError, InvalidRequest, NotFound
from heliograph.kit.context import Context
from heliograph.kit.paging import Page, read_page
from heliograph.names import Act
from heliograph.queue.base import Queue
from heliograph.queue.due import campaign_job
from heliograph.storage import campaigns, dispatches
from heliograph.storage.store import Tx

PAGE_TRIGGER = "page"
"""What starts a prompt."""
MOST_CANCELLED = 1_000
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Outline:
    """A campaign as its author asks for it.

    Attributes:
        definition: checked already, by its kind.
        exclusion_group: of a prompt; a message names it in its limits.
    """

    name: str
    kind: CampaignKind
    definition: dict[str, Any]
    priority: int = 0
    exclusion_group: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


def _columns(outline: Outline) -> dict[str, Any]:
    """Return the columns that follow from what the author said."""
    trigger_kind, event_name, group = PAGE_TRIGGER, None, outline.exclusion_group
    if outline.kind is CampaignKind.MESSAGE:
        trigger = triggers.read(outline.definition["trigger"])
        trigger_kind, event_name = trigger.kind, trigger.event_name
        group = outline.definition["limits"].get("exclusion", {}).get("group")
    if outline.starts_at is not None and outline.ends_at is not None and outline.ends_at <= outline.starts_at:
        sentence = "It would end before it starts: name a later instant."
        raise InvalidRequest(sentence, (FieldError("/ends_at", sentence),))
    return {
        "name": outline.name,
        "definition": outline.definition,
        "trigger_kind": trigger_kind,
        "event_name": event_name,
        "exclusion_group": group,
        "priority": outline.priority,
        "starts_at": outline.starts_at,
        "ends_at": outline.ends_at,
    }


async def create(tx: Tx, ctx: Context, *, project_id: str, outline: Outline) -> Campaign:
    """Write a draft."""
    campaign = Campaign(
        id=ctx.ids.new("cmp"),
        project_id=project_id,
        kind=outline.kind,
        state=CampaignState.DRAFT,
        version=1,
        next_due_at=None,
        started_at=None,
        finished_at=None,
        created_at=ctx.now,
        updated_at=ctx.now,
        **_columns(outline),
    )
    await campaigns.add(tx, campaign)
    await audit.note(tx, ctx, Act.CAMPAIGN_MADE, project_id=project_id, subject_id=campaign.id, name=campaign.name)
    return campaign


async def get(tx: Tx, *, project_id: str, campaign_id: str, lock: bool = False) -> Campaign:
    """Return one campaign, or raise `NotFound`."""
    campaign = await campaigns.get(tx, project_id, campaign_id, lock=lock)
    if campaign is None:
        raise NotFound("There is no such campaign in this project.")
    return campaign


async def listing(
    tx: Tx,
    *,
    project_id: str,
    kind: CampaignKind | None,
    state: CampaignState | None,
    cursor: str | None,
    limit: int,
) -> Page[Campaign]:
    """Return a page of campaigns, newest first."""
    return await read_page(
        lambda before, count: campaigns.page(tx, project_id, before=before, limit=count, kind=kind, state=state),
        lambda campaign: campaign.id,
        listing=f"campaigns/{project_id}/{kind}/{state}",
        cursor=cursor,
        limit=limit,
    )


async def change(
    tx: Tx, ctx: Context, queue: Queue, *, project_id: str, campaign_id: str, version: int, outline: Outline
) -> Campaign:
    """Write a campaign anew, if nobody else has done so meanwhile.

    Raises:
        Conflict: it was changed since `version`; it is done; or it runs, and what starts it would change.
    """
    old = await get(tx, project_id=project_id, campaign_id=campaign_id, lock=True)
    if old.version != version:
        raise Conflict(f"It was changed meanwhile: version {old.version} is there now. Read it, and try again.")
    if old.kind is not outline.kind:
        raise Conflict("A campaign stays of its kind: make a new one.")
    if old.state is CampaignState.DONE:
        raise Conflict("It is done: duplicate it to go on.")
    columns = _columns(outline)
    is_moved = old.definition.get("trigger") != outline.definition.get("trigger") or old.starts_at != outline.starts_at
    if old.state is CampaignState.RUNNING and is_moved:
        raise Conflict("It is running: what starts it, and when, stays. Finish it, and duplicate it.")
    new = replace(old, **columns, version=old.version + 1)
    values = {**columns, "version": new.version}
    if old.state.is_live:
        state, next_due_at = _begun(new, ctx.now, is_new=old.state is CampaignState.SCHEDULED)
        values |= {"state": state, "next_due_at": next_due_at}
        await _ask(tx, queue, campaign_id, next_due_at, ctx.now)
    await campaigns.change(tx, campaign_id, values, now=ctx.now)
    await audit.note(tx, ctx, Act.CAMPAIGN_CHANGED, project_id=project_id, subject_id=campaign_id, version=new.version)
    return await get(tx, project_id=project_id, campaign_id=campaign_id)


async def start(tx: Tx, ctx: Context, queue: Queue, *, project_id: str, campaign_id: str) -> Campaign:
    """Let a draft begin: at once, or at its time. Starting one that is started changes nothing.

    Raises:
        Conflict: it is paused or done; or its time has passed.
    """
    campaign = await get(tx, project_id=project_id, campaign_id=campaign_id, lock=True)
    if campaign.state.is_live:
        return campaign
    if campaign.state is not CampaignState.DRAFT:
        raise Conflict(f"It is {campaign.state}: only a draft is started.")
    return await _set_going(tx, ctx, queue, campaign, Act.CAMPAIGN_STARTED, is_new=True)


async def resume(tx: Tx, ctx: Context, queue: Queue, *, project_id: str, campaign_id: str) -> Campaign:
    """Let a paused one go on from now. What came round during the pause is left out.

    Raises:
        Conflict: it is not paused; or its only time fell into the pause.
    """
    campaign = await get(tx, project_id=project_id, campaign_id=campaign_id, lock=True)
    if campaign.state.is_live:
        return campaign
    if campaign.state is not CampaignState.PAUSED:
        raise Conflict(f"It is {campaign.state}, not paused.")
    has_run = bool(await dispatches.count(tx, campaign_id))
    return await _set_going(tx, ctx, queue, campaign, Act.CAMPAIGN_RESUMED, is_new=not has_run)


async def pause(tx: Tx, ctx: Context, *, project_id: str, campaign_id: str) -> Campaign:
    """Let nothing more begin until it is resumed. What is being sent goes on.

    Raises:
        Conflict: it is a draft, or done.
    """
    campaign = await get(tx, project_id=project_id, campaign_id=campaign_id, lock=True)
    if campaign.state is CampaignState.PAUSED:
        return campaign
    if not campaign.state.may_become(CampaignState.PAUSED):
        raise Conflict(f"It is {campaign.state}: there is nothing to pause.")
    values = {"state": CampaignState.PAUSED, "next_due_at": None}
    await campaigns.change(tx, campaign_id, values, now=ctx.now)
    await audit.note(tx, ctx, Act.CAMPAIGN_PAUSED, project_id=project_id, subject_id=campaign_id)
    return await get(tx, project_id=project_id, campaign_id=campaign_id)


async def finish(tx: Tx, ctx: Context, *, project_id: str, campaign_id: str) -> tuple[Campaign, list[str]]:
    """End a campaign; return it with its notifications that are not sent wholly, for the caller to cancel or not.

    Raises:
        Conflict: it is a draft.
    """
    campaign = await get(tx, project_id=project_id, campaign_id=campaign_id, lock=True)
    if campaign.state is CampaignState.DRAFT:
        raise Conflict("It is a draft: delete it.")
    if campaign.state is not CampaignState.DONE:
        values = {"state": CampaignState.DONE, "next_due_at": None, "finished_at": ctx.now}
        await campaigns.change(tx, campaign_id, values, now=ctx.now)
        await audit.note(tx, ctx, Act.CAMPAIGN_FINISHED, project_id=project_id, subject_id=campaign_id)
    left = await campaigns.open_notifications(tx, campaign_id, limit=MOST_CANCELLED)
    return await get(tx, project_id=project_id, campaign_id=campaign_id), left


async def duplicate(tx: Tx, ctx: Context, *, project_id: str, campaign_id: str, name: str | None) -> Campaign:
    """Write a draft that says the same."""
    old = await get(tx, project_id=project_id, campaign_id=campaign_id)
    outline = Outline(
        name=name or f"{old.name[:190]} (copy)",
        kind=old.kind,
        definition=old.definition,
        priority=old.priority,
        exclusion_group=old.exclusion_group,
        starts_at=old.starts_at,
        ends_at=old.ends_at,
    )
    return await create(tx, ctx, project_id=project_id, outline=outline)


async def remove(tx: Tx, ctx: Context, *, project_id: str, campaign_id: str) -> None:
    """Delete a campaign that is not live. What it sent stays, without its name.

    Raises:
        Conflict: it is live.
    """
    campaign = await get(tx, project_id=project_id, campaign_id=campaign_id, lock=True)
    if campaign.state.is_live or campaign.state is CampaignState.PAUSED:
        raise Conflict("It is not over: finish it first.")
    await campaigns.remove(tx, campaign_id)
    await audit.note(tx, ctx, Act.CAMPAIGN_REMOVED, project_id=project_id, subject_id=campaign_id, name=campaign.name)


async def runs(tx: Tx, *, project_id: str, campaign_id: str, cursor: str | None, limit: int) -> Page[CampaignRun]:
    """Return a page of a campaign's dispatches, newest first."""
    await get(tx, project_id=project_id, campaign_id=campaign_id)
    return await read_page(
        lambda before, count: dispatches.page(tx, campaign_id, before=before, limit=count),
        lambda run: run.id,
        listing=f"dispatches/{campaign_id}",
        cursor=cursor,
        limit=limit,
    )


@dataclass(frozen=True, slots=True)
class Results:
    """What came of a campaign: of its dispatches by state, and of its deliveries by variant, state and reason."""

    dispatches: Mapping[str, int]
    deliveries: campaigns.Tallies


async def results(tx: Tx, *, project_id: str, campaign_id: str) -> Results:
    """Return what came of a campaign so far."""
    await get(tx, project_id=project_id, campaign_id=campaign_id)
    return Results(await dispatches.count(tx, campaign_id), await campaigns.tallies(tx, campaign_id))


async def _set_going(tx: Tx, ctx: Context, queue: Queue, campaign: Campaign, act: Act, *, is_new: bool) -> Campaign:
    state, next_due_at = _begun(campaign, ctx.now, is_new=is_new)
    values: dict[str, Any] = {"state": state, "next_due_at": next_due_at}
    if is_new:
        values["started_at"] = _begins_at(campaign, ctx.now)
    await campaigns.change(tx, campaign.id, values, now=ctx.now)
    await _ask(tx, queue, campaign.id, next_due_at, ctx.now)
    await audit.note(tx, ctx, act, project_id=campaign.project_id, subject_id=campaign.id)
    return await get(tx, project_id=campaign.project_id, campaign_id=campaign.id)


def _begins_at(campaign: Campaign, now: datetime) -> datetime:
    return now if campaign.starts_at is None else max(now, campaign.starts_at)


def _begun(campaign: Campaign, now: datetime, *, is_new: bool) -> tuple[CampaignState, datetime | None]:
    """Return the state of a campaign that is live from now on, and when the clock has to look at it.

    Raises:
        Conflict: nothing of it lies ahead.
    """
    begins_at, ends_at = _begins_at(campaign, now), campaign.ends_at
    if ends_at is not None and ends_at <= begins_at:
        raise Conflict("Its end has passed: name a later instant, or none.")
    following, is_endless = None, True
    if campaign.kind is CampaignKind.MESSAGE:
        trigger = triggers.read(campaign.definition["trigger"])
        started_at = begins_at if is_new or campaign.started_at is None else campaign.started_at
        following = trigger.following(begins_at - _INSTANT, started_at=started_at)
        is_endless = trigger.is_endless
    if following is not None and ends_at is not None and following >= ends_at:
        following = None
    if is_endless:
        state = CampaignState.RUNNING if begins_at <= now else CampaignState.SCHEDULED
        looks = [at for at in (following, ends_at, begins_at if begins_at > now else None) if at is not None]
        return state, min(looks, default=None)
    if following is None:
        if is_new:
            raise Conflict("Its time has passed, or never comes: change what starts it.")
        # Only what is being sent is left of it.
        return CampaignState.RUNNING, now
    has_begun = not is_new or following <= now
    return CampaignState.RUNNING if has_begun else CampaignState.SCHEDULED, following


async def _ask(tx: Tx, queue: Queue, campaign_id: str, at: datetime | None, now: datetime) -> None:
    if at is not None:
        await queue.add(tx, [campaign_job(campaign_id, at)], now=now)
