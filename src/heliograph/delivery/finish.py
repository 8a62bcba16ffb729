"""Last step: a notification is *done* when it is planned, no range is open and no delivery is to be tried again."""

from datetime import datetime

from heliograph.delivery.machine import Machine
from heliograph.domain.notification import NotificationState
from heliograph.names import JobName
from heliograph.queue.base import NORMAL, Job, NewJob
from heliograph.storage import deliveries, notifications, ranges
from heliograph.storage.store import Tx


async def ask_if_done(tx: Tx, machine: Machine, notification_id: str, *, now: datetime) -> None:
    """Ask for the last step if nothing is left to do. Whoever ends something calls this, in the same transaction."""
    if await _is_done(tx, notification_id):
        job = NewJob(
            JobName.FINISH,
            {"notification_id": notification_id},
            run_at=now,
            priority=NORMAL,
            dedupe_key=f"finish/{notification_id}",
        )
        await machine.queue.add(tx, [job], now=now)


async def finish(machine: Machine, job: Job) -> None:
    """Call a notification done. Arguments: `notification_id`."""
    notification_id: str = job.args["notification_id"]
    now = machine.clock.now()
    async with machine.store.begin() as tx:
        if await _is_done(tx, notification_id):
            await notifications.move(
                tx, notification_id, to=NotificationState.DONE, of=(NotificationState.RUNNING,), finished_at=now
            )
        await machine.complete(tx, job)


async def _is_done(tx: Tx, notification_id: str) -> bool:
    # The row is locked, or two workers that end the last two ranges would each see the other's still open.
    row = await notifications.load_row(tx, notification_id, lock=True)
    if row is None or row.notification.state is not NotificationState.RUNNING or row.progress.planned_at is None:
        return False
    return not await ranges.any_open(tx, notification_id) and not await deliveries.any_waiting(tx, notification_id)
