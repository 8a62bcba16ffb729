"""A run of a campaign becomes notifications, once: what is due, and what a caller or a batch of entries asked for.

All of it happens in the transaction of its cause. A run is known by its key, so a cause that is met again after a
crash, or by a second worker, finds it there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from heliograph.delivery.machine import Machine
from heliograph.domain.campaign import Campaign, CampaignRun, DispatchState
from heliograph.domain.contact_rules import ContactRules
from heliograph.domain.experiment import WINNER
from heliograph.domain.message import Message
from heliograph.domain.notification import MAX_TTL, Audience, AudienceKind, Content, Notification, NotificationState
from heliograph.domain.schedule import SPREAD
from heliograph.domain.share import Share
from heliograph.kit.ids import Ids
from heliograph.names import JobName
from heliograph.queue.base import NORMAL, URGENT, Job, NewJob
from heliograph.storage import campaigns, dispatches, notifications
from heliograph.storage.notifications import stored
from heliograph.storage.store import Tx

TOO_LATE = "too_late"
SUPERSEDED = "superseded"
"""A later occurrence was due as well when somebody could look again: only the latest is sent."""
NOT_RUNNING = "campaign_not_running"
FEW = 10
"""Up to so many named receivers make a send urgent: somebody is waiting for it."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a dispatch that is a notification of its own. `share` is the part of the audience; None: all of it."""

    content: Content
    variant: str | None = None
    share: Share | None = None


async def start(
    tx: Tx,
    machine: Machine,
    campaign: Campaign,
    *,
    key: str,
    due_at: datetime,
    audience: Audience | None = None,
    variables: Mapping[str, Any] | None = None,
    wall: datetime | None = None,
) -> str | None:
    """Begin a run of a message campaign, in the transaction of its cause.

    Args:
        tx: the transaction.
        machine: the worker's parts.
        campaign: a live one; whoever calls this has locked its row, or does not care about its end.
        key: unique in the campaign, at most 128 characters.
        due_at: when it was to begin.
        audience: whom it is for; None for the campaign's own.
        variables: for the content: `{"all": {…}, "people": {profile id: {…}}}`.
        wall: what each person's clock has to read.

    Returns:
        The identifier of the dispatch; None if there is one of this key. One that came too late is written as missed.
    """
    run = _run(machine, campaign, key, due_at, audience=audience, variables=variables)
    message = campaigns.message_of(campaign.definition)
    if is_late(message, due_at, machine.clock.now(), wall):
        run = replace(run, state=DispatchState.MISSED, reason=TOO_LATE)
    if not await dispatches.add(tx, run):
        return None
    if run.state is DispatchState.STARTED:
        await _notify(tx, machine, campaign, run, message=message, wall=wall)
    return run.id


async def miss(tx: Tx, machine: Machine, campaign: Campaign, *, key: str, due_at: datetime, reason: str) -> None:
    """Write down that a run was not made."""
    run = _run(machine, campaign, key, due_at)
    await dispatches.add(tx, replace(run, state=DispatchState.MISSED, reason=reason))


def is_late(message: Message, due_at: datetime, now: datetime, wall: datetime | None = None) -> bool:
    """Tell whether something is not worth sending any more."""
    return now >= due_at + message.worth + (timedelta(0) if wall is None else SPREAD)


async def dispatch(machine: Machine, job: Job) -> None:
    """Make the notifications of a dispatch that waits. Arguments: `dispatch_id`."""
    now = machine.clock.now()
    async with machine.store.begin() as tx:
        await machine.complete(tx, job)
        run = await dispatches.load(tx, job.args["dispatch_id"])
        campaign = None if run is None else await campaigns.load(tx, run.campaign_id)
        if run is None or campaign is None:
            return
        message = campaigns.message_of(campaign.definition)
        reason = None
        if not campaign.state.is_live:
            reason = NOT_RUNNING
        elif is_late(message, run.due_at, now):
            reason = TOO_LATE
        state = DispatchState.STARTED if reason is None else DispatchState.MISSED
        if await dispatches.settle(tx, run.id, state, reason) and reason is None:
            await _notify(tx, machine, campaign, run, message=message)


def _run(
    machine: Machine,
    campaign: Campaign,
    key: str,
    due_at: datetime,
    *,
    audience: Audience | None = None,
    variables: Mapping[str, Any] | None = None,
) -> CampaignRun:
    return CampaignRun(
        id=Ids(machine.clock).new("dsp"),
        campaign_id=campaign.id,
        project_id=campaign.project_id,
        key=key,
        due_at=due_at,
        state=DispatchState.STARTED,
        reason=None,
        audience=None if audience is None else stored(audience),
        variables=None if variables is None else dict(variables),
        request_hash=None,
        created_at=machine.clock.now(),
    )


def parts(campaign: Campaign, message: Message) -> tuple[Part, ...]:
    """Return what a run of a campaign consists of: one notification, or those of an A/B test."""
    if message.experiment is None:
        return (Part(message.content),)
    contents = {arm.name: arm.content or message.content for arm in message.experiment.arms}
    return tuple(
        Part(contents.get(name, message.content), name, share) for name, share in message.experiment.shares(campaign.id)
    )


async def _notify(
    tx: Tx,
    machine: Machine,
    campaign: Campaign,
    run: CampaignRun,
    *,
    message: Message,
    wall: datetime | None = None,
) -> None:
    now = machine.clock.now()
    for part in parts(campaign, message):
        notification = _notification(machine, campaign, run, message=message, part=part, wall=wall)
        if named_nobody(notification.audience):
            continue
        await notifications.add(tx, notification)
        await machine.queue.add(tx, [_first_job(notification, message)], now=now)


def named_nobody(audience: Audience) -> bool:
    """Tell whether none of the people who are named by our own ids is of the part that is meant."""
    share = audience.share
    return share is not None and bool(audience.profile_ids) and not any(map(share.holds, audience.profile_ids))


def _first_job(notification: Notification, message: Message) -> NewJob:
    args: dict[str, Any] = {"notification_id": notification.id}
    finish = None if message.experiment is None else message.experiment.finish
    priority = _priority(notification.audience)
    if finish is None or notification.variant != WINNER:
        dedupe_key = f"plan/{notification.id}"
        return NewJob(JobName.PLAN, args, run_at=notification.send_at, priority=priority, dedupe_key=dedupe_key)
    until = notification.send_at + finish.after
    args |= {"until": until.isoformat(), "deliveries": finish.deliveries}
    run_at = until if finish.deliveries is None else notification.send_at
    return NewJob(JobName.WINNER, args, run_at=run_at, priority=priority)


def _notification(
    machine: Machine,
    campaign: Campaign,
    run: CampaignRun,
    *,
    message: Message,
    part: Part,
    wall: datetime | None,
) -> Notification:
    now = machine.clock.now()
    audience = message.audience if run.audience is None else msgspec.convert(run.audience, Audience)
    exclusion = message.limits.exclusion
    settle = timedelta(0) if exclusion is None else exclusion.settle
    send_at = max(run.due_at, now) + settle
    spread = timedelta(0) if wall is None else SPREAD
    return Notification(
        id=Ids(machine.clock).new("ntf"),
        project_id=campaign.project_id,
        kind=message.kind,
        content=part.content,
        audience=replace(audience, share=part.share),
        state=NotificationState.SCHEDULED,
        ttl=min(MAX_TTL, message.ttl + spread),
        urgency=message.urgency,
        topic=message.topic,
        created_at=now,
        send_at=send_at,
        expires_at=send_at + message.worth + spread,
        rate=message.rate,
        limits=_limits(message.limits, wall),
        campaign_id=campaign.id,
        dispatch_id=run.id,
        variant=part.variant,
        priority=campaign.priority,
        variables=run.variables,
    )


def _limits(limits: ContactRules, wall: datetime | None) -> ContactRules:
    return limits if wall is None else replace(limits, wall=wall)


def _priority(audience: Audience) -> int:
    if audience.kind is AudienceKind.PROFILES:
        return URGENT if len(audience.profile_ids or audience.external_ids) <= FEW else NORMAL
    return NORMAL
