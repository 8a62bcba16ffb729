"""Rows of messages to webhooks: events packed into a body that stays the same, and what came of each attempt."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.engine import Row

from heliograph.domain.webhook import MessageState
from heliograph.kit.ids import floor_id
from heliograph.storage.outbox import MAX_EVENTS
from heliograph.storage.sql import constant
from heliograph.storage.store import Tx
from heliograph.storage.tables import webhook_attempts, webhook_messages, webhook_outbox

MAX_BODY = 262_144
"""Bytes of events in one message, unless a single transaction's are more."""
_WAITING = webhook_messages.c.state == constant("waiting")


@dataclass(frozen=True, slots=True)
class Message:
    """One message.

    Attributes:
        attempts: in all.
        tries: since it was made or replayed.
        next_attempt_at: of one that waits.
        status_code: of the last answer.
        fault: why there was no answer.
    """

    id: str
    webhook_id: str
    event_count: int
    state: MessageState
    attempts: int
    tries: int
    next_attempt_at: datetime | None
    status_code: int | None
    fault: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """A message that is to be sent now."""

    id: str
    body: bytes = field(repr=False)
    event_count: int
    attempts: int
    tries: int


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One attempt."""

    message_id: str
    number: int
    at: datetime
    status_code: int | None
    fault: str | None
    duration_ms: int | None


@dataclass(frozen=True, slots=True)
class Packed:
    """Events that were taken out of the outbox."""

    events: bytes = field(repr=False)
    event_count: int


def new(message_id: str, webhook_id: str, event_count: int, *, now: datetime) -> Message:
    """Return a message that is to be sent at once."""
    return Message(
        id=message_id,
        webhook_id=webhook_id,
        event_count=event_count,
        state=MessageState.WAITING,
        attempts=0,
        tries=0,
        next_attempt_at=now,
        status_code=None,
        fault=None,
        created_at=now,
        updated_at=now,
    )


_COLUMNS = [webhook_messages.c[name] for name in Message.__dataclass_fields__]


def _message(row: Row[Any]) -> Message:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return Message(**values | {"state": MessageState(values["state"])})


async def take_events(tx: Tx, webhook_id: str) -> Packed | None:
    """Take the oldest events that wait for a webhook, as many as one message holds; None if there are none."""
    query = select(webhook_outbox.c.number, webhook_outbox.c.event_count, webhook_outbox.c.events)
    query = query.where(webhook_outbox.c.webhook_id == webhook_id).order_by(webhook_outbox.c.number).limit(MAX_EVENTS)
    numbers: list[int] = []
    texts: list[bytes] = []
    count = size = 0
    for row in await tx.execute(query):
        if numbers and (count + row.event_count > MAX_EVENTS or size + len(row.events) > MAX_BODY):
            break
        numbers.append(row.number)
        texts.append(row.events)
        count, size = count + row.event_count, size + len(row.events)
    if not numbers:
        return None
    await tx.execute(delete(webhook_outbox).where(webhook_outbox.c.number.in_(numbers)))
    return Packed(b",".join(texts), count)


async def waited_for(tx: Tx, *, after: datetime, before: datetime, limit: int) -> list[str]:
    """Return webhooks for which events wait that were written between two instants."""
    written = webhook_outbox.c.created_at
    some = select(webhook_outbox.c.webhook_id).where(written > after, written < before)
    chosen = some.order_by(written).limit(limit).subquery()
    return sorted((await tx.execute(select(chosen.c.webhook_id).distinct())).scalars())


async def add(tx: Tx, message: Message, body: bytes) -> None:
    """Write a new message."""
    values = {name: getattr(message, name) for name in Message.__dataclass_fields__}
    await tx.execute(insert(webhook_messages).values(values | {"body": body}))


async def due(tx: Tx, webhook_id: str, *, now: datetime) -> Due | None:
    """Return the message of a webhook that is due longest."""
    columns = [webhook_messages.c[name] for name in Due.__dataclass_fields__]
    query = select(*columns).where(*_due(webhook_id, now)).order_by(webhook_messages.c.next_attempt_at).limit(1)
    row = (await tx.execute(query)).first()
    return None if row is None else Due(*row)


def _due(webhook_id: str, now: datetime) -> tuple[Any, ...]:
    return webhook_messages.c.webhook_id == webhook_id, _WAITING, webhook_messages.c.next_attempt_at <= now


async def record(tx: Tx, attempt: AttemptRow, values: dict[str, Any]) -> bool:
    """Write what came of an attempt; False if the message was changed meanwhile."""
    statement = update(webhook_messages).where(
        webhook_messages.c.id == attempt.message_id, _WAITING, webhook_messages.c.attempts == attempt.number - 1
    )
    facts = {"attempts": attempt.number, "status_code": attempt.status_code, "fault": attempt.fault}
    if (await tx.execute(statement.values(values | facts | {"updated_at": attempt.at}))).rowcount != 1:
        return False
    row = {name: getattr(attempt, name) for name in AttemptRow.__dataclass_fields__}
    await tx.execute(insert(webhook_attempts).values(row))
    return True


async def hurry(tx: Tx, webhook_id: str, *, now: datetime) -> None:
    """Let every message that waits for a webhook be due now: its receiver is back."""
    statement = update(webhook_messages).where(webhook_messages.c.webhook_id == webhook_id, _WAITING)
    await tx.execute(statement.where(webhook_messages.c.next_attempt_at > now).values(next_attempt_at=now))


async def get(tx: Tx, webhook_id: str, message_id: str) -> tuple[Message, bytes] | None:
    """Return one message of a webhook, and its body."""
    query = select(*_COLUMNS, webhook_messages.c.body)
    query = query.where(webhook_messages.c.webhook_id == webhook_id, webhook_messages.c.id == message_id)
    row = (await tx.execute(query)).first()
    if row is None:
        return None
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    body: bytes = values.pop("body")
    return Message(**values | {"state": MessageState(values["state"])}), body


async def attempts_of(tx: Tx, message_id: str) -> list[AttemptRow]:
    """Return the attempts of a message, first to last."""
    columns = [webhook_attempts.c[name] for name in AttemptRow.__dataclass_fields__]
    query = select(*columns).where(webhook_attempts.c.message_id == message_id).order_by(webhook_attempts.c.number)
    return [AttemptRow(*row) for row in await tx.execute(query)]


async def page(tx: Tx, webhook_id: str, *, state: MessageState | None, before: str | None, limit: int) -> list[Message]:
    """Return messages of a webhook, newest first."""
    query = select(*_COLUMNS).where(webhook_messages.c.webhook_id == webhook_id)
    if state is not None:
        query = query.where(webhook_messages.c.state == state)
    if before is not None:
        query = query.where(webhook_messages.c.id < before)
    return [_message(row) for row in await tx.execute(query.order_by(webhook_messages.c.id.desc()).limit(limit))]


async def replay(tx: Tx, webhook_id: str, ids: Sequence[str], *, now: datetime) -> int:
    """Let finished messages be sent again, under their own identifiers; return how many were."""
    chosen = select(webhook_messages.c.id).where(
        webhook_messages.c.id.in_(ids), webhook_messages.c.webhook_id == webhook_id, ~_WAITING
    )
    return await _replay(tx, chosen, now)


async def replay_since(
    tx: Tx, webhook_id: str, states: Sequence[MessageState], *, since: datetime, limit: int, now: datetime
) -> int:
    """Let messages made since an instant be sent again that are in these states, oldest first; return how many were."""
    chosen = (
        select(webhook_messages.c.id)
        .where(
            webhook_messages.c.webhook_id == webhook_id,
            webhook_messages.c.state.in_(states),
            webhook_messages.c.id >= floor_id("msg", since),
        )
        .order_by(webhook_messages.c.id)
        .limit(limit)
    )
    return await _replay(tx, chosen, now)


async def _replay(tx: Tx, chosen: Select[Any], now: datetime) -> int:
    ids = list((await tx.execute(chosen)).scalars())
    values = {"state": MessageState.WAITING, "tries": 0, "next_attempt_at": now, "updated_at": now}
    statement = update(webhook_messages).where(webhook_messages.c.id.in_(ids), ~_WAITING)
    return (await tx.execute(statement.values(values))).rowcount


async def sweep(tx: Tx, *, before: datetime, limit: int) -> int:
    """Delete messages that nothing happened to since before an instant, and events that wait since then, in portions.

    A message in hand is never that old: what waits so long waits for a webhook that is off.
    """
    old = select(webhook_messages.c.id).where(webhook_messages.c.updated_at < before)
    chosen = old.order_by(webhook_messages.c.updated_at).limit(limit)
    swept = (await tx.execute(delete(webhook_messages).where(webhook_messages.c.id.in_(chosen)))).rowcount
    stale = select(webhook_outbox.c.number).where(webhook_outbox.c.created_at < before)
    chosen = stale.order_by(webhook_outbox.c.created_at).limit(limit)
    return max(swept, (await tx.execute(delete(webhook_outbox).where(webhook_outbox.c.number.in_(chosen)))).rowcount)
