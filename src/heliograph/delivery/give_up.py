"""What becomes of a notification when one of its jobs was set aside: what was left to it ends as *failed*, and is seen.

A handler that always fails, or that kills its process, must not leave a notification running for ever. Giving up reads
as little as can be, because something there cannot be read; where even that fails the notification itself ends as
*failed*.
"""

from collections import Counter
from datetime import datetime
from typing import Any

from heliograph import conditions
from heliograph.delivery import finish
from heliograph.delivery.machine import Machine
from heliograph.domain.delivery import DeliveryState, delivery_id
from heliograph.domain.notification import NotificationState
from heliograph.kit.log import get_logger
from heliograph.names import JobName, Metric
from heliograph.queue.base import NORMAL, Job, NewJob
from heliograph.storage import audience, counts, deliveries, notifications, ranges
from heliograph.storage.audience import LaidOut
from heliograph.storage.notifications import NotificationRow
from heliograph.storage.store import Tx, after_commit

REASON = "job_buried"
_STEPS = frozenset({JobName.PLAN, JobName.WINNER, JobName.FANOUT, JobName.SEND, JobName.RETRY, JobName.FINISH})
_GOING = (NotificationState.SCHEDULED, NotificationState.RUNNING)

_log = get_logger("delivery.give_up")


async def bury(machine: Machine, job: Job, error: str) -> None:
    """Set a job aside that cannot succeed and, in the same transaction, ask for what must follow from that."""
    now = machine.clock.now()
    async with machine.store.begin() as tx:
        if not await machine.queue.bury(tx, job, worker=machine.worker, error=error):
            return
        if job.name in _STEPS:
            args = {"step": job.name, "of": job.args}
            await machine.queue.add(tx, [NewJob(JobName.GIVE_UP, args, run_at=now, priority=NORMAL)], now=now)
        elif job.name == JobName.GIVE_UP:
            await _fail(tx, job.args["of"].get("notification_id", ""), now)
    _log.error("job_buried", job=job.id, name=job.name, attempt=job.attempt)


async def give_up(machine: Machine, job: Job) -> None:
    """Record what a step left undone. Arguments: `step` (the name of the job that was set aside), `of` (its own)."""
    given: dict[str, Any] = job.args["of"]
    notification_id = given.get("notification_id", "")
    now = machine.clock.now()
    async with machine.store.begin() as tx:
        if job.args["step"] in (JobName.PLAN, JobName.WINNER, JobName.FANOUT):
            # Nobody knows who else was meant.
            await _fail(tx, notification_id, now)
        elif (row := await notifications.load_row(tx, notification_id)) is not None:
            if job.args["step"] == JobName.SEND:
                await _close_range(tx, machine, row, given["number"], now)
            elif job.args["step"] == JobName.RETRY:
                await _end_retries(tx, machine, notification_id, given, now)
            await finish.ask_if_done(tx, machine, notification_id, now=now)
        await machine.complete(tx, job)


async def _fail(tx: Tx, notification_id: str, now: datetime) -> None:
    """Call the notification failed. What of it is laid out already goes on."""
    await notifications.move(tx, notification_id, to=NotificationState.FAILED, of=_GOING, finished_at=now)


async def _close_range(tx: Tx, machine: Machine, row: NotificationRow, number: int, now: datetime) -> None:
    notification = row.notification
    selection = await ranges.open_selection(tx, notification.id, number)
    if selection is None:
        return
    left = await audience.laid_out(
        tx,
        notification.project_id,
        notification.audience,
        selection,
        started_at=row.progress.started_at or now,
        meant=conditions.meant(notification.audience, now),
    )
    by_id = {delivery_id(notification.id, one.id): one for one in left}
    rows = [_row(row, delivery, one, now) for delivery, one in by_id.items()]
    # Who was recorded before the job was given up keeps what was recorded.
    added = await deliveries.add_new(tx, rows)
    await counts.add(tx, notification.id, {(str(DeliveryState.FAILED), REASON): len(added)}, machine.shard)
    await deliveries.apply_receipts(tx, sorted(added), now=now, shard=machine.shard)
    await ranges.close(tx, notification.id, number)
    services = Counter(by_id[delivery].push_service for delivery in added)
    after_commit(tx, lambda: _measure(machine, services))


def _row(row: NotificationRow, delivery: str, one: LaidOut, now: datetime) -> dict[str, Any]:
    return {
        "id": delivery,
        "project_id": row.notification.project_id,
        "notification_id": row.notification.id,
        "subscription_id": one.id,
        "profile_id": one.profile_id,
        "state": str(DeliveryState.FAILED),
        "reason": REASON,
        "attempts": 0,
        "status_code": None,
        "service_message_id": None,
        "next_attempt_at": None,
        "accepted_at": None,
        "created_at": now,
        "updated_at": now,
    }


async def _end_retries(tx: Tx, machine: Machine, notification_id: str, given: dict[str, Any], now: datetime) -> None:
    due = datetime.fromisoformat(given["due"])
    failed = await deliveries.fail_waiting(tx, given["delivery_ids"], due=due, reason=REASON, now=now)
    after = (str(DeliveryState.FAILED), REASON)
    deltas = counts.moved([((str(DeliveryState.RETRYING), reason or ""), after) for _, reason in failed])
    await counts.add(tx, notification_id, deltas, machine.shard)
    after_commit(tx, lambda: _measure(machine, Counter({"": len(failed)})))


def _measure(machine: Machine, services: Counter[str]) -> None:
    for service, number in services.items():
        machine.meters.add(
            Metric.DELIVERIES, number, state=str(DeliveryState.FAILED), reason=REASON, push_service=service
        )
