"""Looking at everybody, page by page, for what time alone brings about: absences, days coming near, segments entered.

A round begins every hour. Whoever is found enters the campaign in the transaction of the page; keys make that twice is
once. The first round of a campaign tells who was there already: they do not enter, unless that is wanted.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from heliograph import conditions, triggers
from heliograph.delivery import members
from heliograph.delivery.machine import Machine
from heliograph.domain.campaign import Campaign, CampaignState
from heliograph.domain.entry import LOOK_EVERY, Entry, EntryState, Start
from heliograph.domain.notification import AudienceKind
from heliograph.kit.ids import Ids
from heliograph.names import JobName
from heliograph.queue.base import BULK, Job, NewJob
from heliograph.queue.due import enter_jobs
from heliograph.storage import caused, entries, looking
from heliograph.storage.looking import Round, Seen
from heliograph.storage.store import Tx
from heliograph.triggers.date import OnDate
from heliograph.triggers.entered import OnEntered
from heliograph.triggers.inactive import OnInactive

PAGE = 500
"""People at once: a short transaction."""
AHEAD = 3 * LOOK_EVERY
"""How far ahead days are looked for: a round that is late or slow must not make anybody late."""

LOOKING = OnEntered | OnInactive | OnDate
"""Triggers that time alone may start."""
LOST = 6 * LOOK_EVERY
"""A round takes minutes."""

Starts = Mapping[str, Sequence[Start]]
"""By person."""


async def begin(tx: Tx, machine: Machine, campaign_id: str) -> None:
    """Begin a round, unless one is on its way. One that takes very long has lost its job, and is given up."""
    now = machine.clock.now()
    this = await looking.round_of(tx, campaign_id, lock=True)
    if this is not None and this.ended_at is None and now - this.began_at < LOST:
        return
    number = Ids(machine.clock).new("")[1:]
    await looking.begin_round(tx, campaign_id, number, now=now)
    await machine.queue.add(tx, [_page_job(campaign_id, number, "", now)], now=now)


def _page_job(campaign_id: str, number: str, after: str, now: datetime) -> NewJob:
    return NewJob(JobName.LOOK_AROUND, {"campaign_id": campaign_id, "round": number, "after": after}, now, BULK)


async def look_around(machine: Machine, job: Job) -> None:
    """Look at the next people. Arguments: `campaign_id`, `round`, `after` (a person's identifier)."""
    campaign_id, number = job.args["campaign_id"], job.args["round"]
    now = machine.clock.now()
    async with machine.store.begin() as tx:
        await machine.complete(tx, job)
        campaign = (await caused.of_ids(tx, [campaign_id])).get(campaign_id)
        this = await looking.round_of(tx, campaign_id, lock=True)
        if campaign is None or campaign.state is not CampaignState.RUNNING or this is None or this.number != number:
            return
        people = await looking.people(tx, campaign.project_id, after=job.args["after"], limit=PAGE)
        if people:
            await entries.hold(tx, [one.id for one in people])
            await start_all(tx, machine, campaign, await _starts(tx, campaign, this, people, now))
        if len(people) == PAGE:
            await machine.queue.add(tx, [_page_job(campaign_id, number, people[-1].id, now)], now=now)
        else:
            await looking.end_round(tx, campaign_id, number, now=now)


async def _starts(tx: Tx, campaign: Campaign, this: Round, people: Sequence[Seen], now: datetime) -> Starts:
    trigger = triggers.read(campaign.definition["trigger"])
    ids = [one.id for one in people]
    meant = await _meant(tx, campaign, ids, now)
    match trigger:
        case OnEntered():
            return await _entered(tx, campaign, trigger, this, ids=ids, meant=meant, now=now)
        case OnInactive():
            last = await members.last_signs(tx, trigger, meant)
            looked_to = this.looked_to or (None if trigger.include_present else campaign.started_at)
            found = {one: trigger.start(at, looked_to=looked_to, now=now) for one, at in last.items()}
            return {one: (start,) for one, start in found.items() if start is not None}
        case OnDate():
            after = this.looked_to or campaign.started_at or now
            return {
                one.id: trigger.starts(
                    one.attributes.get(trigger.attribute), one.time_zone, after=after, upto=now + AHEAD
                )
                for one in people
                if one.id in meant
            }
        case _:
            return {}


async def _meant(tx: Tx, campaign: Campaign, ids: Collection[str], now: datetime) -> set[str]:
    wanted = await caused.audience_of(tx, campaign)
    rule = conditions.meant(wanted, now)
    if rule is not None:
        return await looking.within(tx, ids, rule)
    if wanted.kind is AudienceKind.EVERYONE:
        return set(ids)
    return (await members.meant(tx, campaign, ids, now))[0]


async def _entered(
    tx: Tx,
    campaign: Campaign,
    trigger: OnEntered,
    this: Round,
    *,
    ids: Sequence[str],
    meant: set[str],
    now: datetime,
) -> Starts:
    was = await looking.insiders_of(tx, campaign.id, ids)
    await looking.go_out(tx, campaign.id, sorted(was - meant))
    new = await looking.come_in(tx, campaign.id, sorted(meant - was), since=now)
    if this.looked_to is None and not trigger.include_present:
        return {}
    known = await entries.history(tx, campaign.id, new, now=now)
    free = [one for one in new if one not in known or not known[one].keeps_out(trigger.once_per, now)]
    return {one: (trigger.start(now),) for one in free}


async def start_all(tx: Tx, machine: Machine, campaign: Campaign, starts: Starts) -> None:
    """Write the entries of some people, who are held, and have those looked for when they are due."""
    now, ids = machine.clock.now(), Ids(machine.clock)
    wanted = [
        Entry(
            id=ids.new("ent"),
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
            created_at=now,
            ended_at=None,
        )
        for profile_id, some in sorted(starts.items())
        for start in some
        if campaign.ends_at is None or start.due_at < campaign.ends_at
    ]
    made = await entries.add(tx, wanted)
    await machine.queue.add(tx, enter_jobs({campaign.id: [entry.due_at for entry in made]}, now=now), now=now)
