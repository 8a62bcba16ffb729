"""Recording: results become rows, counts, retry jobs and ended subscriptions in one transaction, batch after batch.

A crash between sending and recording repeats what was in the air and in the batch; the service worker drops what it has
shown already.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Self

from heliograph.delivery import keys
from heliograph.delivery.decide import Decision, Deferred, Expired, Result, decide
from heliograph.delivery.dispatch import Dispatch
from heliograph.delivery.machine import Machine
from heliograph.domain.delivery import DeliveryState
from heliograph.domain.notification import NotificationState
from heliograph.domain.outcome import Accepted, Gone, Refused, Skipped, TryLater, kind_of
from heliograph.errors import Unavailable
from heliograph.kit import tracing
from heliograph.kit.log import get_logger
from heliograph.names import JobName, Metric
from heliograph.queue.base import NewJob
from heliograph.storage import attempts, audience, counts, deliveries, notifications, pruning
from heliograph.storage.attempts import AttemptRow
from heliograph.storage.deliveries import Change
from heliograph.storage.pruning import Dead
from heliograph.storage.store import Tx, after_commit
from heliograph.storage.vapid_keys import VapidKey
from heliograph.storage.witnesses import proved

BATCH = 256
"""Results in one transaction at most."""
GATHER_SECONDS = 0.02
"""How long the first result of a batch waits for company; while one batch is written the next one gathers by itself."""
AGAIN_SECONDS = 0.5
MOVED = "endpoint_replaced"
_IDS_PER_RETRY = 250
_MILLISECOND = timedelta(milliseconds=1)
_PAUSES = (0.1, 0.5, 2.0, 5.0)
"""Seconds between attempts to write: a deadlock is over at once, a database restarts in a few seconds."""

_log = get_logger("delivery.record")

_FAILED = frozenset({DeliveryState.RETRYING, DeliveryState.GONE, DeliveryState.REJECTED, DeliveryState.EXPIRED})

_Decided = tuple[Result, Decision]


class Recorder:
    """Takes the results of one job and writes them. Use it as an async context manager around sending.

    Attributes:
        keys: the project's keys as they stand after what was recorded.
        is_cancelled: whether the notification was cancelled meanwhile.
    """

    def __init__(self, machine: Machine, dispatch: Dispatch, *, probing: frozenset[str] = frozenset()) -> None:
        self._machine = machine
        self._dispatch = dispatch
        self._probing = probing
        self._buffer: list[Result] = []
        self._recorded: list[str] = []
        self._tally = keys.KeyTally()
        self._wake = asyncio.Event()
        self._writing = asyncio.Lock()
        self._loop: asyncio.Task[None] | None = None
        self._is_closing = False
        self.keys: dict[str, VapidKey] = dict(dispatch.keys)
        self.is_cancelled = dispatch.is_cancelled

    async def __aenter__(self) -> Self:
        self._loop = asyncio.create_task(self._write_as_they_come())
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._loop is not None
        self._is_closing = True
        self._wake.set()
        # Not cancelled: a write that is cut short has been sent for nothing.
        await self._loop

    def add(self, result: Result) -> None:
        """Take a result; it is written soon."""
        self._buffer.append(result)
        self._wake.set()

    def add_all(self, results: Iterable[Result]) -> None:
        """Take results that were known before anything was tried."""
        for result in results:
            self.add(result)

    async def flush(self, finally_: Callable[[Tx], Awaitable[None]] | None = None) -> None:
        """Write what was taken; with `finally_`, something more in the last transaction."""
        async with self._writing:
            while len(self._buffer) > BATCH:
                await self._insist(lambda: self._write(self._buffer[:BATCH], None))
            if finally_ is not None:
                await self._insist(self._apply_missed_receipts)
            if self._buffer or finally_ is not None:
                await self._insist(lambda: self._write(self._buffer[:BATCH], finally_))

    async def _write_as_they_come(self) -> None:
        while not self._is_closing:
            await self._wake.wait()
            self._wake.clear()
            await asyncio.sleep(0 if self._is_closing else GATHER_SECONDS)
            try:
                await self.flush()
            except Exception as error:  # noqa: BLE001 - the database may be back before the job ends
                _log.warning("record_failed", error=type(error).__name__, waiting=len(self._buffer))
                await asyncio.sleep(0 if self._is_closing else AGAIN_SECONDS)

    async def _insist(self, write: Callable[[], Awaitable[None]]) -> None:
        """Write; a database that is away for a moment must not cost what was sent already."""
        for pause in _PAUSES:
            try:
                return await write()
            except Unavailable:
                if self._is_closing:
                    raise
                await asyncio.sleep(pause)
        return await write()

    async def _write(self, results: list[Result], finally_: Callable[[Tx], Awaitable[None]] | None) -> None:
        machine = self._machine
        async with machine.store.begin() as tx:
            now = machine.clock.now()
            added = await record(tx, machine, self._dispatch, results, now=now)
            await self._note_keys(tx, results, now)
            state = await notifications.state_of(tx, self._dispatch.notification.id)
            if finally_ is not None:
                await finally_(tx)
        self.is_cancelled = state in (None, NotificationState.CANCELLED)
        self._recorded += added
        del self._buffer[: len(results)]

    async def _apply_missed_receipts(self) -> None:
        """Look again for receipts of the whole job: one may have been written at the same moment as its delivery.

        In a transaction of its own: deliveries are locked before counts, everywhere.
        """
        async with self._machine.store.begin() as tx:
            now = self._machine.clock.now()
            await deliveries.apply_receipts(tx, self._recorded, now=now, shard=self._machine.shard)

    async def _note_keys(self, tx: Tx, results: list[Result], now: datetime) -> None:
        accepted: Counter[str] = Counter()
        refused: Counter[str] = Counter()
        witnesses: dict[str, list[str]] = defaultdict(list)
        for result in results:
            key_id = result.attempt.receiver.vapid_key_id
            if isinstance(result.what, Accepted):
                accepted[key_id] += 1
            elif isinstance(result.what, Refused) and (result.attempt.number == 1 or key_id in self._probing):
                refused[key_id] += 1
                witnesses[key_id].append(result.attempt.receiver.id)
        self._tally.add(accepted, refused)
        for key_id in sorted(accepted | refused):
            if key_id in self.keys:
                self.keys[key_id] = await keys.note(
                    tx,
                    self.keys[key_id],
                    accepted=accepted[key_id],
                    refused=refused[key_id],
                    tally=self._tally,
                    is_probe=key_id in self._probing,
                    is_proved=not accepted[key_id] and bool(await proved(tx, witnesses[key_id], most=1)),
                    now=now,
                )


async def record(tx: Tx, machine: Machine, dispatch: Dispatch, results: list[Result], *, now: datetime) -> list[str]:
    """Write a batch of results; return the deliveries whose rows are new. What was written before is left alone."""
    results = await _without_moved(tx, results)
    decided = [(result, decide(dispatch, result, chance=machine.chance())) for result in results]
    fresh = [pair for pair in decided if pair[0].attempt.is_first_record]
    repeated = [pair for pair in decided if not pair[0].attempt.is_first_record]
    added = await deliveries.add_new(tx, [_row(dispatch, pair, now) for pair in fresh])
    written = [pair for pair in fresh if pair[0].attempt.delivery_id in added]
    written += await _change_repeated(tx, dispatch, repeated, now)
    await attempts.add(tx, [row for pair in written if (row := _attempt(pair)) is not None])
    await pruning.end(tx, [_dead(pair) for pair in written if pair[1].prune], now=now)
    await counts.add(tx, dispatch.notification.id, _deltas(written), machine.shard)
    after_commit(tx, lambda: _measure(machine, written))
    after_commit(tx, lambda: _tell_failures(machine, dispatch, written))
    await machine.queue.add(tx, _retry_jobs(dispatch, written, now), now=now)
    await deliveries.apply_receipts(tx, sorted(added), now=now, shard=machine.shard)
    return sorted(added)


def _tell_failures(machine: Machine, dispatch: Dispatch, written: list[_Decided]) -> None:
    if machine.on_failure is None:
        return
    for result, decision in written:
        if decision.change.state in _FAILED:
            reason = f"{decision.change.state} {decision.change.reason or ''}".strip()
            machine.on_failure(dispatch.notification.id, result.attempt.receiver.id, reason)


async def _without_moved(tx: Tx, results: list[Result]) -> list[Result]:
    """Let those be tried again whose endpoint is gone because the browser got another one while this was in the air."""
    gone = {result.attempt.receiver.id: result for result in results if isinstance(result.what, Gone)}
    now_at = await audience.by_ids(tx, sorted(gone))
    moved = {
        one.id
        for one in now_at.values()
        if one.state == "active" and one.endpoint_hash != gone[one.id].attempt.receiver.endpoint_hash
    }
    return [
        replace(result, what=TryLater(MOVED)) if result.attempt.receiver.id in moved else result for result in results
    ]


async def _change_repeated(tx: Tx, dispatch: Dispatch, repeated: list[_Decided], now: datetime) -> list[_Decided]:
    groups: dict[tuple[Change, int, datetime | None], list[_Decided]] = defaultdict(list)
    for result, decision in repeated:
        attempt = result.attempt
        change = _bucketed(dispatch, decision, now)
        groups[(change, attempt.number - 1, attempt.due)].append((result, decision))
    written = []
    for (change, before, due), pairs in groups.items():
        ids = [result.attempt.delivery_id for result, _ in pairs]
        changed = await deliveries.change_waiting(tx, ids, change, attempts_before=before, due_before=due, now=now)
        written += [pair for pair in pairs if pair[0].attempt.delivery_id in changed]
    return written


def _row(dispatch: Dispatch, pair: _Decided, now: datetime) -> dict[str, Any]:
    result, decision = pair
    change = _bucketed(dispatch, decision, now)
    return {
        "id": result.attempt.delivery_id,
        "project_id": dispatch.notification.project_id,
        "notification_id": dispatch.notification.id,
        "subscription_id": result.attempt.receiver.id,
        "profile_id": result.attempt.receiver.profile_id,
        "state": str(change.state),
        "reason": change.reason,
        "attempts": change.attempts,
        "status_code": change.status_code,
        "service_message_id": change.service_message_id,
        "next_attempt_at": change.next_attempt_at,
        "accepted_at": change.accepted_at,
        "created_at": now,
        "updated_at": now,
    }


def _attempt(pair: _Decided) -> AttemptRow | None:
    """Return the row of an attempt; None if nothing was tried."""
    result = pair[0]
    if isinstance(result.what, Deferred | Expired | Skipped):
        return None
    outcome, reason = kind_of(result.what)
    return AttemptRow(
        delivery_id=result.attempt.delivery_id,
        number=result.attempt.number,
        at=result.at,
        outcome=outcome,
        reason=reason,
        status_code=result.status,
        duration_ms=None if result.took is None else round(result.took / _MILLISECOND),
    )


def _bucketed(dispatch: Dispatch, decision: Decision, now: datetime) -> Change:
    """Round the time of the next attempt up, so that many deliveries share one job and one update."""
    change, at = decision.change, decision.change.next_attempt_at
    if at is None or decision.is_exact:
        return change
    rounded = bucket(at, now)
    # What is still in time must not be rounded past its deadline.
    return replace(change, next_attempt_at=at if at < dispatch.deadline <= rounded else rounded)


def bucket(at: datetime, now: datetime) -> datetime:
    """Return the end of the bucket that an instant lies in: a second wide, or a tenth of the wait."""
    wait = at - now
    width = max(timedelta(seconds=1), timedelta(seconds=int(wait.total_seconds() // 10)))
    return now + -(-wait // width) * width


def _dead(pair: _Decided) -> Dead:
    receiver, change = pair[0].attempt.receiver, pair[1].change
    return Dead(receiver.id, receiver.endpoint_hash, change.reason or "gone")


def _deltas(written: list[_Decided]) -> Counter[counts.Key]:
    deltas: Counter[counts.Key] = Counter()
    for result, decision in written:
        deltas[(str(decision.change.state), decision.change.reason or "")] += 1
        if not result.attempt.is_first_record:
            deltas[(str(DeliveryState.RETRYING), result.attempt.last_reason or "")] -= 1
    return deltas


def _measure(machine: Machine, written: list[_Decided]) -> None:
    for result, decision in written:
        tracing.count(f"deliveries.{decision.change.state}")
        machine.meters.add(
            Metric.DELIVERIES,
            state=str(decision.change.state),
            reason=decision.change.reason or "",
            push_service=str(result.attempt.receiver.push_service),
        )


def _retry_jobs(dispatch: Dispatch, written: list[_Decided], now: datetime) -> list[NewJob]:
    due: dict[datetime, list[str]] = defaultdict(list)
    for result, decision in written:
        at = _bucketed(dispatch, decision, now).next_attempt_at
        if at is not None:
            due[at].append(result.attempt.delivery_id)
    return [
        NewJob(
            JobName.RETRY,
            {
                "notification_id": dispatch.notification.id,
                "delivery_ids": ids[start : start + _IDS_PER_RETRY],
                "due": at.isoformat(),
            },
            run_at=at,
            priority=dispatch.priority,
        )
        for at, ids in sorted(due.items())
        for start in range(0, len(ids), _IDS_PER_RETRY)
    ]
