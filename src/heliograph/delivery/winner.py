"""The second half of an A/B test: when it is time, the best variant goes to those who waited for it.

Those are a notification of their own from the beginning, scheduled and without a job of `plan`: so the campaign is not
done before it is, and ending the campaign ends it too. What it says is decided in the transaction that asks for its
dispatch; killed before that, nothing has happened.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from heliograph.delivery.machine import Machine
from heliograph.domain import experiment
from heliograph.domain.campaign import Campaign, CampaignState
from heliograph.domain.notification import NotificationState
from heliograph.domain.significance import Tally, tally
from heliograph.names import JobName
from heliograph.queue.base import Job, NewJob
from heliograph.storage import campaigns, delivery_reads, experiments, notifications
from heliograph.storage.notifications import NotificationRow
from heliograph.storage.store import Tx

EVERY = timedelta(minutes=1)
"""How often it is looked whether enough is known, or a pause is over."""


async def choose(machine: Machine, job: Job) -> None:
    """Decide, or look again later. Arguments: `notification_id`, `until` (the latest instant), `deliveries` or null."""
    now = machine.clock.now()
    async with machine.store.begin() as tx:
        await machine.complete(tx, job)
        row = await notifications.load_row(tx, job.args["notification_id"], lock=True)
        if row is None or row.notification.state is not NotificationState.SCHEDULED:
            return
        campaign = await campaigns.load(tx, row.notification.campaign_id or "")
        if campaign is None or campaign.state is CampaignState.DONE or now >= _end(campaign, job):
            await notifications.move(
                tx,
                row.notification.id,
                to=NotificationState.CANCELLED,
                of=(NotificationState.SCHEDULED,),
                finished_at=now,
            )
        elif campaign.state is CampaignState.PAUSED or not await _decided(tx, machine, job, campaign, row):
            again = NewJob(JobName.WINNER, dict(job.args), run_at=now + EVERY, priority=job.priority)
            await machine.queue.add(tx, [again], now=now)


def _end(campaign: Campaign, job: Job) -> datetime:
    """Return until when the others may still be written to: as long after the choice as the message is worth."""
    return datetime.fromisoformat(job.args["until"]) + campaigns.message_of(campaign.definition).worth


async def _decided(tx: Tx, machine: Machine, job: Job, campaign: Campaign, row: NotificationRow) -> bool:
    """Choose, and ask for the dispatch, if it is time."""
    notification, now = row.notification, machine.clock.now()
    arms = await experiments.arms(tx, notification.dispatch_id or "")
    counts = await delivery_reads.counts(tx, [arm.notification_id for arm in arms])
    tallies = {arm.name: tally(counts.get(arm.notification_id, {})) for arm in arms}
    enough = job.args["deliveries"]
    is_enough = enough is not None and sum(one.accepted for one in tallies.values()) >= enough
    if now < datetime.fromisoformat(job.args["until"]) and not is_enough:
        return False
    best = experiment.winner(_in_order(campaign, tallies), tallies)
    content = next(arm.content for arm in arms if arm.name == best)
    life = notification.expires_at - notification.send_at
    await experiments.decide(
        tx,
        notification.id,
        variant=f"{experiment.WINNER}:{best}",
        content=content,
        send_at=now,
        expires_at=now + life,
    )
    plan = NewJob(
        JobName.PLAN,
        {"notification_id": notification.id},
        run_at=now,
        priority=job.priority,
        dedupe_key=f"plan/{notification.id}",
    )
    await machine.queue.add(tx, [plan], now=now)
    return True


def _in_order(campaign: Campaign, tallies: Mapping[str, Tally]) -> tuple[str, ...]:
    """Return the variants as the campaign names them; an audience too small for one of them has none of it."""
    test = campaigns.message_of(campaign.definition).experiment
    named = () if test is None else tuple(arm.name for arm in test.arms)
    return tuple(sorted(tallies, key=lambda name: (named.index(name) if name in named else len(named), name)))
