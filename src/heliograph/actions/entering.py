"""Who enters and leaves triggered campaigns by what they do: in the transaction that records it.

Events may be told in any order; what counts is when they happened. The jobs that look for what is due are written
beside the entries, several entries to a job.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from heliograph import triggers
from heliograph.actions import coming_in
from heliograph.actions.event_parts import Parts
from heliograph.domain.campaign import Campaign
from heliograph.domain.entry import CART_CHANGED, Entry, EntryReason, EntryState, Start, is_open, names_of
from heliograph.domain.event import Event
from heliograph.domain.vocabulary import CART_EVENTS
from heliograph.kit.context import Context
from heliograph.names import JobName
from heliograph.queue.base import NewJob
from heliograph.queue.due import enter_jobs
from heliograph.storage import caused, entries
from heliograph.storage.store import Tx
from heliograph.triggers.event import OnEvent

_LATER = 50
"""Later events that are looked at before something that is told late starts anything."""


@dataclass(slots=True)
class _Round:
    """One call's surroundings, and what it has to ask the queue for."""

    tx: Tx
    ctx: Context
    project_id: str
    campaigns: Mapping[str, Campaign]
    waiting: dict[str, list[Entry]]
    due: dict[str, list[datetime]] = field(default_factory=dict)
    items: set[tuple[str, str]] = field(default_factory=set)

    def trigger(self, campaign_id: str) -> OnEvent | None:
        """Return the trigger of a campaign that events start."""
        campaign = self.campaigns.get(campaign_id)
        trigger = None if campaign is None else triggers.read(campaign.definition["trigger"])
        return trigger if isinstance(trigger, OnEvent) else None

    def is_due(self, campaign_id: str, due_at: datetime) -> None:
        """Have somebody look for what is due then."""
        self.due.setdefault(campaign_id, []).append(due_at)

    def jobs(self) -> list[NewJob]:
        """Return what the queue is asked for."""
        spreads = [
            NewJob(
                JobName.ENTER_ITEM,
                {"campaign_id": one, "event_id": event_id, "stage": 0, "after": ""},
                run_at=self.ctx.now,
                dedupe_key=f"enter-item/{one}/{event_id}",
            )
            for one, event_id in sorted(self.items)
        ]
        return enter_jobs(self.due, now=self.ctx.now) + spreads


async def follow(tx: Tx, ctx: Context, parts: Parts, project_id: str, happened: Sequence[Event]) -> None:
    """Let new events, ordered by when they happened, start campaigns and call off what waits. A listener of events."""
    found = await caused.by_events(tx, project_id, {name for event in happened for name in names_of(event.name)})
    starting = [one for one in found if one.event_name is not None]
    watching = [one for one in found if one.event_name is None]
    people = {event.profile_id for event in happened if event.profile_id is not None}
    if people and watching:
        told = {event.name for event in happened}
        await coming_in.compare(tx, ctx, parts.queue, campaigns=watching, profile_ids=people, names=told)
    waiting = await entries.waiting_of(tx, people) if people else []
    if not starting and not waiting:
        return
    known = {one.id: one for one in starting}
    missing = {entry.campaign_id for entry in waiting} - known.keys()
    known |= await caused.of_ids(tx, missing) if missing else {}
    by_person: dict[str, list[Entry]] = {}
    for entry in waiting:
        by_person.setdefault(entry.profile_id, []).append(entry)
    one_round = _Round(tx, ctx, project_id, known, by_person)
    for event in happened:
        if event.profile_id is not None:
            await _call_off(one_round, event.profile_id, event)
        for campaign in starting:
            trigger = one_round.trigger(campaign.id)
            if trigger is None or not is_open(campaign, event.at) or not trigger.matches(event):
                continue
            if event.profile_id is None:
                one_round.items.add((campaign.id, event.id))
            else:
                await _start(one_round, campaign, trigger, event.profile_id, event)
    await parts.queue.add(tx, one_round.jobs(), now=ctx.now)


async def _call_off(one_round: _Round, profile_id: str, event: Event) -> None:
    mine = one_round.waiting.get(profile_id, [])
    over = [
        entry
        for entry in mine
        if (trigger := one_round.trigger(entry.campaign_id)) is not None and trigger.cancels(event, entry)
    ]
    if over:
        one_round.waiting[profile_id] = [entry for entry in mine if entry not in over]
        ids = [entry.id for entry in over]
        now = one_round.ctx.now
        await entries.end(one_round.tx, ids, EntryState.CANCELLED, EntryReason.EVENT, now=now)


async def _start(one_round: _Round, campaign: Campaign, trigger: OnEvent, profile_id: str, event: Event) -> None:
    start = trigger.start(event)
    mine = one_round.waiting.setdefault(profile_id, [])
    ours = [entry for entry in mine if entry.campaign_id == campaign.id]
    if trigger.restart and ours:
        await _put_off(one_round, mine, ours[-1], start)
        return
    if await _is_out(one_round, campaign, trigger, profile_id, start) or await _is_overtaken(
        one_round, trigger, profile_id, event
    ):
        return
    entry = _entry(one_round, campaign, profile_id, start)
    if await entries.add(one_round.tx, [entry]):
        mine.append(entry)
        one_round.is_due(campaign.id, entry.due_at)


async def _put_off(one_round: _Round, mine: list[Entry], entry: Entry, start: Start) -> None:
    if start.due_at <= entry.due_at:
        return
    await entries.put_off(one_round.tx, entry.id, start)
    mine[mine.index(entry)] = replace(
        entry, due_at=start.due_at, item_id=start.item_id, event_id=start.event_id, variables=start.variables
    )
    one_round.is_due(entry.campaign_id, start.due_at)


async def _is_out(one_round: _Round, campaign: Campaign, trigger: OnEvent, profile_id: str, start: Start) -> bool:
    """Tell whether the person entered too short a time ago, or what is told late has had its turn already."""
    now = one_round.ctx.now
    known = (await entries.history(one_round.tx, campaign.id, [profile_id], now=now)).get(profile_id)
    if known is None:
        return False
    is_old = trigger.restart and known.due_at is not None and known.due_at >= start.due_at
    return is_old or known.keeps_out(trigger.once_per, now)


async def _is_overtaken(one_round: _Round, trigger: OnEvent, profile_id: str, event: Event) -> bool:
    names = set(trigger.called_off_by)
    if not names:
        return False
    if CART_CHANGED in names:
        names |= CART_EVENTS
    later = await caused.later_events(one_round.tx, profile_id, names, since=event.at, limit=_LATER)
    return any(trigger.is_overtaken(event, one) for one in later)


def _entry(one_round: _Round, campaign: Campaign, profile_id: str, start: Start) -> Entry:
    return Entry(
        id=one_round.ctx.ids.new("ent"),
        campaign_id=campaign.id,
        project_id=campaign.project_id,
        profile_id=profile_id,
        key=start.key,
        due_at=start.due_at,
        state=EntryState.WAITING,
        reason=None,
        item_id=start.item_id,
        event_id=start.event_id,
        variables=start.variables,
        dispatch_id=None,
        created_at=one_round.ctx.now,
        ended_at=None,
    )
