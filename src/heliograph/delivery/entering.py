"""Entries of triggered campaigns that are due: looked at once more, and those that still hold go into one dispatch.

All of it is one transaction: an entry is done in the same moment in which the dispatch is written that holds it, so a
crash neither loses one nor sends it twice. Entries that another worker looks at are left to that one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from heliograph import triggers
from heliograph.delivery import dispatching, members
from heliograph.delivery.machine import Machine
from heliograph.domain.campaign import Campaign, CampaignState
from heliograph.domain.entry import Entry, EntryReason, EntryState
from heliograph.domain.notification import Audience, AudienceKind
from heliograph.names import JobName
from heliograph.queue.base import Job, NewJob
from heliograph.storage import campaigns, entries, looking
from heliograph.storage.store import Tx
from heliograph.triggers.date import OnDate
from heliograph.triggers.inactive import OnInactive

BATCH = 200
"""Entries that go into one dispatch: few enough for one short transaction."""
OVERDUE = timedelta(minutes=1)
"""What was due so long ago has lost its job, and gets another one."""
_MANY = 500


@dataclass(slots=True)
class _Sifted:
    """What becomes of entries that are due.

    Attributes:
        going: by person.
        ended: why others are not sent; `cancelled` are those that something that happened called off.
        again: others of the same people, which are looked at right after these.
    """

    going: dict[str, Entry] = field(default_factory=dict)
    skipped: dict[EntryReason, list[str]] = field(default_factory=dict)
    cancelled: dict[EntryReason, list[str]] = field(default_factory=dict)
    again: bool = False


async def enter(machine: Machine, job: Job) -> None:
    """Send what is due of a campaign. Arguments: `campaign_id`."""
    campaign_id: str = job.args["campaign_id"]
    now = machine.clock.now()
    async with machine.store.begin() as tx:
        await machine.complete(tx, job)
        campaign = await campaigns.load(tx, campaign_id, lock=True)
        if campaign is None or campaign.state is CampaignState.PAUSED:
            return
        due = await entries.take_due(tx, campaign_id, now=now, limit=BATCH)
        if not due:
            return
        sifted = await _sift(tx, campaign, due, now)
        await _end(tx, sifted, now)
        if sifted.going:
            await _dispatch(tx, machine, campaign, list(sifted.going.values()), now)
        if sifted.again or len(due) == BATCH:
            await machine.queue.add(tx, [again(campaign_id, now)], now=now)


def again(campaign_id: str, at: datetime) -> NewJob:
    """Return a job that looks for what is due of a campaign, beside those that wait."""
    return NewJob(JobName.ENTER, {"campaign_id": campaign_id}, run_at=at)


async def wake(tx: Tx, machine: Machine) -> None:
    """Have those looked at whose job was lost, or whose campaign was paused until now. Called every minute."""
    now = machine.clock.now()
    overdue = await entries.campaigns_overdue(tx, before=now - OVERDUE, limit=_MANY)
    jobs = [
        NewJob(JobName.ENTER, {"campaign_id": one}, run_at=now, dedupe_key=f"enter/{one}/overdue") for one in overdue
    ]
    await machine.queue.add(tx, jobs, now=now)


async def _sift(tx: Tx, campaign: Campaign, due: Sequence[Entry], now: datetime) -> _Sifted:
    sifted = _Sifted()
    if campaign.state is CampaignState.DONE or (campaign.ends_at is not None and now >= campaign.ends_at):
        sifted.cancelled[EntryReason.CAMPAIGN_DONE] = [entry.id for entry in due]
        return sifted
    message, still = campaigns.message_of(campaign.definition), []
    for entry in due:
        if dispatching.is_late(message, entry.due_at, now):
            sifted.skipped.setdefault(EntryReason.TOO_LATE, []).append(entry.id)
        else:
            still.append(entry)
    still = await _unchanged(tx, campaign, still, sifted, now)
    meant, reached = await members.meant(tx, campaign, {entry.profile_id for entry in still}, now)
    for entry in still:
        if entry.profile_id not in reached:
            sifted.skipped.setdefault(EntryReason.NO_SUBSCRIPTION, []).append(entry.id)
        elif entry.profile_id not in meant:
            sifted.skipped.setdefault(EntryReason.LEFT_SEGMENT, []).append(entry.id)
        elif entry.profile_id in sifted.going:
            sifted.again = True
        else:
            sifted.going[entry.profile_id] = entry
    return sifted


async def _unchanged(tx: Tx, campaign: Campaign, due: list[Entry], sifted: _Sifted, now: datetime) -> list[Entry]:
    """Leave out those whose cause is not true any more: who came back, and whose day was moved."""
    trigger = triggers.read(campaign.definition["trigger"])
    ids = {entry.profile_id for entry in due}
    match trigger:
        case OnInactive():
            gone = [entry for entry in due if not entry.key.startswith("inactive/")]
            last = await members.last_signs(tx, trigger, ids)
            gone += [one for one in due if not trigger.is_same_absence(one.key, last.get(one.profile_id))]
            sifted.cancelled.setdefault(EntryReason.CAME_BACK, []).extend(entry.id for entry in gone)
        case OnDate():
            people = await looking.named(tx, ids)
            gone = []
            for entry in due:
                person = people.get(entry.profile_id)
                value = None if person is None else person.attributes.get(trigger.attribute)
                due_at = trigger.due_at(entry.key, value, None if person is None else person.time_zone)
                if due_at is None:
                    sifted.cancelled.setdefault(EntryReason.DATE_CHANGED, []).append(entry.id)
                elif due_at > now:
                    await entries.move_due(tx, entry.id, due_at)
                    sifted.again = True
                else:
                    continue
                gone.append(entry)
        case _:
            return due
    return [entry for entry in due if entry not in gone]


async def _end(tx: Tx, sifted: _Sifted, now: datetime) -> None:
    for state, ended in ((EntryState.SKIPPED, sifted.skipped), (EntryState.CANCELLED, sifted.cancelled)):
        for reason, ids in ended.items():
            await entries.end(tx, ids, state, reason, now=now)


async def _dispatch(tx: Tx, machine: Machine, campaign: Campaign, going: Sequence[Entry], now: datetime) -> None:
    people = {entry.profile_id: entry.variables for entry in going}
    dispatch_id = await dispatching.start(
        tx,
        machine,
        campaign,
        key=f"entries/{going[0].id}",
        audience=Audience(AudienceKind.PROFILES, profile_ids=tuple(people)),
        due_at=now,
        variables={"people": people},
    )
    if dispatch_id is not None:
        await entries.finish(tx, [entry.id for entry in going], dispatch_id, now=now)
