"""Second step: lay out ranges of subscriptions, one send job each: a thousand short transactions for ten million.

The upper bound is the largest identifier that existed when the notification started, so that who subscribes meanwhile
is not sent a notification from before.
"""

from datetime import datetime

from heliograph.delivery import finish
from heliograph.delivery.machine import Machine
from heliograph.domain.notification import AudienceKind, Notification, NotificationState
from heliograph.kit.ids import ceiling_id
from heliograph.names import JobName
from heliograph.queue.base import BULK, URGENT, Job, NewJob
from heliograph.storage import audience, notifications, ranges
from heliograph.storage.ranges import IdsBetween, Selection, Slice
from heliograph.storage.store import Tx

RANGE = 500
"""Subscriptions in a range: a few seconds of work, and little to lose when its worker dies."""
PROFILES_PER_RANGE = 100
"""People in a range: each may have several browsers."""
RANGES_AT_ONCE = 20


async def fanout(machine: Machine, job: Job) -> None:
    """Lay out the next ranges. Arguments: `notification_id`, `after` (the last identifier laid out), `number`."""
    notification_id: str = job.args["notification_id"]
    number: int = job.args["number"]
    now = machine.clock.now()
    async with machine.store.begin() as tx:
        # The job is finished first: on PostgreSQL its row is the lock that keeps a second worker out.
        await machine.complete(tx, job)
        row = await notifications.load_row(tx, notification_id)
        if row is None or row.notification.state is not NotificationState.RUNNING:
            return
        started_at = row.progress.started_at or now
        selections, after = await _next(tx, row.notification, started_at, job.args["after"], number)
        await ranges.add(tx, notification_id, number, selections)
        priority = URGENT if job.priority == URGENT else BULK
        jobs = [
            NewJob(
                JobName.SEND,
                {"notification_id": notification_id, "number": number + offset},
                run_at=now,
                priority=priority,
                dedupe_key=f"send/{notification_id}/{number + offset}",
            )
            for offset in range(len(selections))
        ]
        if after is not None:
            jobs.append(
                NewJob(
                    JobName.FANOUT,
                    {"notification_id": notification_id, "after": after, "number": number + len(selections)},
                    run_at=now,
                    priority=job.priority,
                )
            )
        await machine.queue.add(tx, jobs, now=now)
        if after is None:
            await notifications.note(tx, notification_id, planned_at=now)
            await finish.ask_if_done(tx, machine, notification_id, now=now)


async def _next(
    tx: Tx, notification: Notification, started_at: datetime, after: str, number: int
) -> tuple[list[Selection], str | None]:
    """Return the next ranges, and behind which identifier to go on; None at the end."""
    wanted = notification.audience
    if wanted.kind in (AudienceKind.PROFILES, AudienceKind.SUBSCRIPTIONS):
        size = RANGE if wanted.kind is AudienceKind.SUBSCRIPTIONS else PROFILES_PER_RANGE
        count = len(audience.named_targets(wanted))
        # At most 10,000 are named, so they are laid out at once.
        return [Slice(start, min(start + size, count)) for start in range(number * size, count, size)], None
    ids = await audience.page_of_ids(
        tx,
        notification.project_id,
        wanted,
        after=after,
        upto=ceiling_id("sub", started_at),
        limit=RANGE * RANGES_AT_ONCE,
    )
    selections: list[Selection] = []
    for start in range(0, len(ids), RANGE):
        last = ids[min(start + RANGE, len(ids)) - 1]
        selections.append(IdsBetween(after, last))
        after = last
    return selections, after if len(ids) == RANGE * RANGES_AT_ONCE else None
