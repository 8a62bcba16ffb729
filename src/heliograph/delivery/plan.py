"""First step: a notification's time has come. It becomes *running*, and its audience is fixed: who is there now."""

from heliograph.delivery.machine import Machine
from heliograph.domain.notification import NotificationState
from heliograph.names import JobName
from heliograph.queue.base import Job, NewJob
from heliograph.storage import notifications


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
