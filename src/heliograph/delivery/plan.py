"""First step: a notification's time has come. It becomes *running*, and its audience is fixed: who is there now.

Of a segment the rule is fixed, as it is at this moment: changing the segment changes nothing that is being sent.
"""

from dataclasses import replace

from heliograph.delivery.machine import Machine
from heliograph.domain.notification import NotificationState
from heliograph.names import JobName
from heliograph.queue.base import Job, NewJob
from heliograph.storage import notifications, segments
from heliograph.storage.store import Tx


async def plan(machine: Machine, job: Job) -> None:
    """Start a notification. Arguments: `notification_id`."""
    notification_id: str = job.args["notification_id"]
    now = machine.clock.now()
    async with machine.store.begin() as tx:
        is_started = await notifications.move(
            tx,
            notification_id,
            to=NotificationState.RUNNING,
            of=(NotificationState.SCHEDULED,),
            started_at=now,
        )
        if is_started:
            await _fix_rule(tx, notification_id)
            await machine.queue.add(
                tx,
                [
                    NewJob(
                        JobName.FANOUT,
                        {"notification_id": notification_id, "after": "", "number": 0},
                        run_at=now,
                        priority=job.priority,
                        dedupe_key=f"fanout/{notification_id}",
                    )
                ],
                now=now,
            )
        await machine.complete(tx, job)


async def _fix_rule(tx: Tx, notification_id: str) -> None:
    """Take over a segment's rule of now; without the segment, the one of when the notification was asked for stays."""
    row = await notifications.load_row(tx, notification_id)
    if row is None:
        return
    project_id, audience = row.notification.project_id, row.notification.audience
    if audience.segment_id is None:
        return
    segment = await segments.get(tx, project_id, audience.segment_id)
    if segment is not None and segment.rule != audience.rule:
        await notifications.fix_audience(tx, notification_id, replace(audience, rule=segment.rule))
