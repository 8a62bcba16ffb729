"""Third step: send to one range of subscriptions. Load, close, talk, open, record: no exchange inside a transaction."""

from dataclasses import replace
from datetime import datetime

from heliograph import conditions
from heliograph.delivery import dispatch as dispatches
from heliograph.delivery import finish, keys, limits
from heliograph.delivery.dispatch import Attempt, Dispatch, first_attempt
from heliograph.delivery.exchange import Sending
from heliograph.delivery.machine import Interrupted, Machine
from heliograph.delivery.record import Recorder
from heliograph.delivery.turns import Turns
from heliograph.queue.base import Job
from heliograph.storage import audience, deliveries, ranges
from heliograph.storage.store import Tx


async def send(machine: Machine, job: Job) -> None:
    """Send to a range. Arguments: `notification_id`, `number`."""
    notification_id: str = job.args["notification_id"]
    number: int = job.args["number"]
    async with machine.store.read() as tx:
        dispatch = await dispatches.load(tx, machine, job)
        turns = None if dispatch is None else Turns.of(machine, dispatch)
        is_hopeless = turns is not None and await turns.is_hopeless(tx)
        attempts = None
        if dispatch is not None and not is_hopeless:
            attempts = await _attempts(tx, dispatch, number, machine.clock.now())
            dispatch = await dispatches.with_texts(tx, dispatch, attempts or [])
    key = f"send/{notification_id}/{number}"
    if dispatch is None or attempts is None:
        async with machine.store.begin() as tx:
            await machine.complete(tx, job)
            if turns is not None and is_hopeless:
                again = turns.job(job, job.args, dedupe_key=key)
                await machine.queue.add(tx, [again], now=machine.clock.now())
        return

    async def close(tx: Tx) -> None:
        await machine.complete(tx, job)
        if turns is not None and turns.left:
            # The range stays open; what of it is recorded now is not tried again.
            again = turns.job(job, job.args, dedupe_key=key)
            await machine.queue.add(tx, [again], now=machine.clock.now())
            return
        await ranges.close(tx, notification_id, number)
        await finish.ask_if_done(tx, machine, notification_id, now=machine.clock.now())

    sifted = await limits.sift(machine, dispatch, attempts)
    dispatch, probing = await take_probes(machine, dispatch, sifted.attempts)
    async with Recorder(machine, dispatch, probing=probing) as recorder:
        recorder.add_all(sifted.results)
        is_whole = await Sending(machine, dispatch, recorder, probing, turns).run(sifted.attempts)
        await recorder.flush(close if is_whole else None)
    if not is_whole:
        raise Interrupted


async def _attempts(tx: Tx, dispatch: Dispatch, number: int, now: datetime) -> list[Attempt] | None:
    """Return what is to be tried in a range, without what is recorded already; None if the range is closed."""
    notification = dispatch.notification
    selection = await ranges.open_selection(tx, notification.id, number)
    if selection is None:
        return None
    receivers = await audience.receivers(
        tx,
        notification.project_id,
        notification.audience,
        selection,
        started_at=dispatch.started_at or now,
        meant=conditions.meant(notification.audience, now),
    )
    attempts = [first_attempt(notification, receiver) for receiver in receivers]
    known = await deliveries.recorded(tx, [attempt.delivery_id for attempt in attempts])
    return [attempt for attempt in attempts if attempt.delivery_id not in known]


async def take_probes(machine: Machine, dispatch: Dispatch, attempts: list[Attempt]) -> tuple[Dispatch, frozenset[str]]:
    """Return the keys whose pause is over and which this job is to try again; those that another one tries, rest on."""
    now = machine.clock.now()
    used = {attempt.receiver.vapid_key_id for attempt in attempts}
    resting = [key for key in dispatch.keys.values() if key.id in used and keys.is_probing(key, now)]
    if not resting:
        return dispatch, frozenset()
    async with machine.store.begin() as tx:
        probing = frozenset([key.id for key in resting if await keys.take_probe(tx, key, now=now)])
    rested = {key.id: keys.rested(key, now) for key in resting}
    return replace(dispatch, keys=dispatch.keys | rested), probing
