"""Handing events over to webhooks: one job at a time for each of them, in a lane of their own in the worker.

Load, close, call, open, record: no call inside a transaction. A message is packed and taken out of the outbox in one
transaction, so a kill at any moment repeats a call at worst: receivers tell a repeated event by its identifier.
"""

import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from heliograph.delivery.machine import Interrupted, Machine
from heliograph.domain import webhook as rules
from heliograph.domain.webhook import DisabledReason, Event, MessageState
from heliograph.kit.http import HttpResponse, TransportFault
from heliograph.kit.ids import Ids
from heliograph.kit.log import get_logger
from heliograph.names import Act, EventType, JobName, Metric
from heliograph.queue.base import WEBHOOKS, Job, NewJob
from heliograph.storage import audit, outbox, webhook_messages, webhooks
from heliograph.storage.audit import Entry
from heliograph.storage.store import Tx, after_commit
from heliograph.storage.webhook_messages import AttemptRow, Due
from heliograph.storage.webhooks import Webhook

ROUNDS = 50
"""Messages that one job hands over, before it lets the job of another webhook have its place."""
_GONE = 410
_ASKS_TO_WAIT = (429, 503)
_LATEST = timedelta(hours=1)
_MISSED = timedelta(seconds=30)
_PORTION = 1_000

_log = get_logger("delivery.webhooks")


@dataclass(frozen=True, slots=True)
class _Turn:
    webhook: Webhook
    message: Due


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came of a call: a status or a fault."""

    at: datetime
    took: float
    status: int | None = None
    fault: str | None = None
    after: timedelta | None = None

    @property
    def is_good(self) -> bool:
        return self.status is not None and 200 <= self.status < 300  # noqa: PLR2004 - RFC 9110 section 15.3


async def hand_over(machine: Machine, job: Job) -> None:
    """Send what waits for a webhook. Arguments: `webhook_id`."""
    webhook_id: str = job.args["webhook_id"]
    for _ in range(ROUNDS):
        if machine.stopping.is_set():
            raise Interrupted
        turn = await _next(machine, job, webhook_id)
        if turn is None:
            return
        answer = await _call(machine, turn)
        await _record(machine, turn, answer)
    async with machine.store.begin() as tx:
        await machine.complete(tx, job)
        now = machine.clock.now()
        await outbox.ask(tx, [webhook_id], run_at=now, now=now)


async def wake(machine: Machine, job: Job) -> None:
    """Ask for the job of a webhook, because the time of a message has come. Arguments: `webhook_id`."""
    now = machine.clock.now()
    async with machine.store.begin() as tx:
        await outbox.ask(tx, [job.args["webhook_id"]], run_at=now, now=now)
        await machine.complete(tx, job)


async def pick_up(tx: Tx, *, now: datetime) -> None:
    """Ask for what fell between two chairs: events that were committed just when their webhook's job ended."""
    waited = await webhook_messages.waited_for(tx, after=now - _LATEST, before=now - _MISSED, limit=_PORTION)
    failing = [one.id for one in await webhooks.failing(tx, limit=_PORTION) if one.disabled_reason is None]
    wanted = await webhooks.enabled(tx, sorted({*waited, *failing}))
    await outbox.ask(tx, wanted, run_at=now, now=now)


async def _next(machine: Machine, job: Job, webhook_id: str) -> _Turn | None:
    """Return the next message, packed if need be; without one, finish the job."""
    now = machine.clock.now()
    async with machine.store.begin() as tx:
        webhook = await webhooks.load(tx, webhook_id, lock=True)
        if webhook is None or not webhook.is_enabled:
            await machine.complete(tx, job)
            return None
        if webhook.rests_until is not None and now < webhook.rests_until:
            await machine.complete(tx, job)
            await outbox.ask(tx, [webhook_id], run_at=webhook.rests_until, now=now)
            return None
        message = await webhook_messages.due(tx, webhook_id, now=now) or await _pack(tx, machine, webhook, now)
        if message is None:
            await machine.complete(tx, job)
            return None
    return _Turn(webhook, message)


async def _pack(tx: Tx, machine: Machine, webhook: Webhook, now: datetime) -> Due | None:
    packed = await webhook_messages.take_events(tx, webhook.id)
    if packed is None:
        return None
    message_id = Ids(machine.clock).new("msg")
    body = rules.body_of(webhook.project_id, packed.events, at=now)
    message = webhook_messages.new(message_id, webhook.id, packed.event_count, now=now)
    await webhook_messages.add(tx, message, body)
    return Due(message_id, body, packed.event_count, 0, 0)


async def _call(machine: Machine, turn: _Turn) -> _Answer:
    webhook = turn.webhook
    secrets = [machine.sealer.open(webhook.secret, rules.secret_place(webhook.id))]
    at = machine.clock.now()
    if webhook.old_secret is not None and webhook.old_secret_until is not None and at < webhook.old_secret_until:
        secrets.append(machine.sealer.open(webhook.old_secret, rules.secret_place(webhook.id)))
    headers = rules.signed_headers(secrets, turn.message.id, turn.message.body, at=at)
    began = time.perf_counter()
    answer = await machine.receivers.post(machine.sender, webhook.url, headers, turn.message.body)
    took = time.perf_counter() - began
    machine.meters.observe(Metric.WEBHOOK_SECONDS, took)
    now = machine.clock.now()
    match answer:
        case HttpResponse():
            return _Answer(now, took, status=answer.status, after=_after(answer, now))
        case TransportFault():
            return _Answer(now, took, fault=str(answer.kind))


def _after(answer: HttpResponse, now: datetime) -> timedelta | None:
    """Read Retry-After (RFC 9110 section 10.2.3): seconds or a date."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), int(rules.MAX_AFTER.total_seconds())))
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return None if at.tzinfo is None else max(at - now, timedelta(0))


async def _record(machine: Machine, turn: _Turn, answer: _Answer) -> None:
    message = turn.message
    row = AttemptRow(
        message.id, message.attempts + 1, answer.at, answer.status, answer.fault, round(answer.took * 1000)
    )
    async with machine.store.begin() as tx:
        webhook = await webhooks.load(tx, turn.webhook.id, lock=True)
        if webhook is None:
            return
        if answer.is_good:
            if await webhook_messages.record(tx, row, _finished(message, MessageState.DELIVERED)):
                after_commit(tx, lambda: machine.meters.add(Metric.WEBHOOK_EVENTS, message.event_count))
            result = "delivered"
            await _succeeded(tx, webhook, answer.at)
        else:
            result = await _failed_message(tx, machine, turn, answer, row)
            await _failed(tx, machine, webhook, answer)
        after_commit(tx, lambda: machine.meters.add(Metric.WEBHOOK_ATTEMPTS, result=result))


def _finished(message: Due, state: MessageState) -> dict[str, Any]:
    return {"state": state, "tries": message.tries + 1, "next_attempt_at": None}


async def _succeeded(tx: Tx, webhook: Webhook, now: datetime) -> None:
    if not webhook.failures_in_row:
        return
    await webhooks.change(tx, webhook.id, {"failures_in_row": 0, "failing_since": None, "rests_until": None})
    if webhook.failures_in_row >= rules.RECOVERED_AFTER:
        await webhook_messages.hurry(tx, webhook.id, now=now)


async def _failed_message(tx: Tx, machine: Machine, turn: _Turn, answer: _Answer, row: AttemptRow) -> str:
    message = turn.message
    tries = message.tries + 1
    at = rules.next_attempt_at(answer.at, tries=tries, after=answer.after, chance=machine.chance())
    if at is None or answer.status == _GONE:
        await webhook_messages.record(tx, row, _finished(message, MessageState.DEAD))
        _log.warning("webhook_message_dead", webhook=turn.webhook.id, message=message.id, status=answer.status)
        return "dead"
    if await webhook_messages.record(tx, row, {"tries": tries, "next_attempt_at": at}):
        # The wake of the attempt before may not have run yet.
        key = f"webhook/{message.id}/{row.number}"
        args = {"webhook_id": turn.webhook.id}
        job = NewJob(JobName.WEBHOOK_WAKE, args, run_at=at, priority=WEBHOOKS, dedupe_key=key)
        await machine.queue.add(tx, [job], now=answer.at)
    return "again"


async def _failed(tx: Tx, machine: Machine, webhook: Webhook, answer: _Answer) -> None:
    now, failures = answer.at, webhook.failures_in_row + 1
    since = webhook.failing_since or now
    asked = answer.after if answer.status in _ASKS_TO_WAIT else None
    values: dict[str, Any] = {
        "failures_in_row": failures,
        "failing_since": since,
        "rests_until": now + rules.rest(failures, asked),
    }
    reason = None
    if answer.status == _GONE:
        reason = DisabledReason.GONE
    elif now - since >= rules.DISABLED_AFTER:
        reason = DisabledReason.FAILING
    if reason is not None and webhook.is_enabled:
        values |= {"is_enabled": False, "disabled_reason": reason, "updated_at": now}
        await _tell_disabled(tx, machine, webhook, reason, now)
    await webhooks.change(tx, webhook.id, values)


async def _tell_disabled(tx: Tx, machine: Machine, webhook: Webhook, reason: DisabledReason, now: datetime) -> None:
    entry = Entry(
        id=Ids(machine.clock).new("aud"),
        project_id=webhook.project_id,
        actor_kind="machine",
        actor_id=None,
        act=str(Act.WEBHOOK_DISABLED),
        subject_id=webhook.id,
        request_id=None,
        at=now,
        details={"reason": str(reason)},
    )
    await audit.add(tx, entry)
    data = {"webhook_id": webhook.id, "reason": str(reason)}
    outbox.note_one(tx, webhook.project_id, Event(EventType.WEBHOOK_DISABLED, now, data))
    _log.warning("webhook_disabled", webhook=webhook.id, reason=str(reason))
