"""Deliveries that are tried again: kept one by one, sent in groups that are due together."""

from datetime import datetime

from heliograph import conditions
from heliograph.delivery import dispatch as dispatches
from heliograph.delivery import finish, limits
from heliograph.delivery.dispatch import Attempt, Dispatch
from heliograph.delivery.exchange import Sending
from heliograph.delivery.machine import Interrupted, Machine
from heliograph.delivery.record import Recorder
from heliograph.delivery.send import take_probes
from heliograph.delivery.turns import Turns
from heliograph.queue.base import Job
from heliograph.storage import audience, deliveries
from heliograph.storage.audience import Receiver
from heliograph.storage.store import Tx


async def retry(machine: Machine, job: Job) -> None:
    """Try deliveries again. Arguments: `notification_id`, `delivery_ids`, `due`; those put off since then are left.

    The instant comes with the job: a clock that was set back must not make its deliveries wait for a job that is gone.
    """
    notification_id: str = job.args["notification_id"]
    async with machine.store.read() as tx:
        dispatch = await dispatches.load(tx, machine, job)
        attempts = [] if dispatch is None else await _attempts(tx, dispatch, job, machine.clock.now())
        dispatch = None if dispatch is None else await dispatches.with_texts(tx, dispatch, attempts)
        turns = None if dispatch is None else Turns.of(machine, dispatch)

    async def close(tx: Tx) -> None:
        await machine.complete(tx, job)
        if turns is not None and turns.left:
            left = {"delivery_ids": [attempt.delivery_id for attempt in turns.left]}
            await machine.queue.add(tx, [turns.job(job, job.args | left)], now=machine.clock.now())
        await finish.ask_if_done(tx, machine, notification_id, now=machine.clock.now())

    if dispatch is None:
        async with machine.store.begin() as tx:
            await close(tx)
        return
    sifted = await limits.sift(machine, dispatch, attempts)
    dispatch, probing = await take_probes(machine, dispatch, sifted.attempts)
    async with Recorder(machine, dispatch, probing=probing) as recorder:
        recorder.add_all(sifted.results)
        is_whole = await Sending(machine, dispatch, recorder, probing, turns).run(sifted.attempts)
        await recorder.flush(close if is_whole else None)
    if not is_whole:
        raise Interrupted


async def _attempts(tx: Tx, dispatch: Dispatch, job: Job, now: datetime) -> list[Attempt]:
    waiting = await deliveries.waiting(tx, job.args["delivery_ids"], due=datetime.fromisoformat(job.args["due"]))
    ids = [one.subscription_id for one in waiting]
    receivers = await audience.by_ids(tx, ids)
    notification = dispatch.notification
    rule = conditions.meant(notification.audience, now)
    meant = await audience.still_meant(tx, notification.project_id, notification.audience, ids, meant=rule)
    return [
        Attempt(
            one.id,
            receivers.get(one.subscription_id) or Receiver.swept(one.subscription_id),
            number=one.attempts + 1,
            last_reason=one.reason,
            last_at=one.updated_at,
            due=one.next_attempt_at,
            is_first_record=False,
            is_meant=one.subscription_id in meant,
        )
        for one in waiting
    ]
