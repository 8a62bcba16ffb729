"""What an operator does with webhooks: make, change, rotate the secret, test, look at messages, replay, remove.

Calling receivers is `delivery.webhooks`'. The edge looks where a name leads before it opens a transaction
(`delivery.receivers`); here only the text of an address is judged.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from heliograph.actions import audit
from heliograph.domain.webhook import (
    OVERLAP,
    SECRET_BYTES,
    DisabledReason,
    MessageState,
    ReceiverError,
    body_of,
    read_receiver,
    secret_place,
    shown,
)
from heliograph.errors import Conflict, FieldError, NotFound, ReceiverRefused
from heliograph.kit.context import Context
from heliograph.kit.paging import Page, read_page
from heliograph.names import Act, EventType
from heliograph.storage import outbox, projects, webhook_messages, webhooks
from heliograph.storage.store import Tx
from heliograph.storage.webhook_messages import AttemptRow, Message
from heliograph.storage.webhooks import Webhook

MAX_WEBHOOKS = 20
REPLAYED_AT_ONCE = 1_000
"""Messages that one call lets be sent again."""


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A webhook and its secret, which is not shown again."""

    webhook: Webhook
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Told:
    """A message with its events and every attempt to hand it over."""

    message: Message
    events: list[dict[str, Any]]
    attempts: list[AttemptRow]


@dataclass(frozen=True, slots=True)
class Change:
    """What shall be different; None leaves a thing as it is."""

    url: str | None = field(default=None, repr=False)
    description: str | None = None
    event_types: Sequence[EventType] | None = None
    is_enabled: bool | None = None


def refused(error: ReceiverError) -> ReceiverRefused:
    """Return what a caller is told of an address that may not be called."""
    return ReceiverRefused(str(error), (FieldError("/url", str(error)),))


async def create(
    tx: Tx,
    ctx: Context,
    *,
    project_id: str,
    url: str,
    allowed: frozenset[str],
    description: str = "",
    event_types: Sequence[EventType] = (),
    is_enabled: bool = True,
) -> NewSecret:
    """Make a webhook; without event types it is told of everything.

    Raises:
        ReceiverRefused: the address may not be called. `allowed` are origins that the operator lets be called.
        Conflict: the project has as many as it may.
    """
    _check_url(url, allowed)
    if await projects.lock(tx, project_id) is None:
        raise NotFound("There is no such project.")
    if await webhooks.count(tx, project_id) >= MAX_WEBHOOKS:
        raise Conflict(f"A project has at most {MAX_WEBHOOKS} webhooks: remove one first.")
    webhook_id, secret = ctx.ids.new("whk"), ctx.random_bytes(SECRET_BYTES)
    webhook = Webhook(
        id=webhook_id,
        project_id=project_id,
        url=url,
        description=description,
        event_types=tuple(dict.fromkeys(event_types)),
        is_enabled=is_enabled,
        disabled_reason=None if is_enabled else DisabledReason.OPERATOR,
        secret=ctx.sealer.seal(secret, secret_place(webhook_id)),
        old_secret=None,
        old_secret_until=None,
        failures_in_row=0,
        failing_since=None,
        rests_until=None,
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    await webhooks.add(tx, webhook)
    await audit.note(tx, ctx, Act.WEBHOOK_MADE, project_id=project_id, subject_id=webhook_id)
    return NewSecret(webhook, shown(secret))


async def listing(tx: Tx, *, project_id: str, cursor: str | None, limit: int) -> Page[Webhook]:
    """Return a page of webhooks, oldest first."""
    return await read_page(
        lambda after, count: webhooks.page(tx, project_id, after=after, limit=count),
        lambda webhook: webhook.id,
        listing=f"webhooks/{project_id}",
        cursor=cursor,
        limit=limit,
    )


async def get(tx: Tx, *, project_id: str, webhook_id: str, lock: bool = False) -> Webhook:
    """Return one webhook, or raise `NotFound`."""
    webhook = await webhooks.get(tx, project_id, webhook_id, lock=lock)
    if webhook is None:
        raise NotFound("There is no such webhook in this project.")
    return webhook


async def change(
    tx: Tx, ctx: Context, *, project_id: str, webhook_id: str, change: Change, allowed: frozenset[str]
) -> Webhook:
    """Change a webhook. One that is switched on again goes on with what waits for it.

    Raises:
        NotFound: there is no such webhook in the project.
        ReceiverRefused: the new address may not be called.
    """
    old = await get(tx, project_id=project_id, webhook_id=webhook_id, lock=True)
    values: dict[str, Any] = {}
    if change.url is not None:
        _check_url(change.url, allowed)
        values["url"] = change.url
    if change.description is not None:
        values["description"] = change.description
    if change.event_types is not None:
        values["event_types"] = list(dict.fromkeys(change.event_types))
    if change.is_enabled is not None:
        values["is_enabled"] = change.is_enabled
        values["disabled_reason"] = None if change.is_enabled else DisabledReason.OPERATOR
    values = {name: value for name, value in values.items() if _differs(value, getattr(old, name))}
    if values:
        names = sorted(values)
        if {"url", "is_enabled", "disabled_reason"} & set(values):
            # Whoever changes this has looked: what is known of failures is of the past.
            values |= {"failures_in_row": 0, "failing_since": None, "rests_until": None}
            await webhook_messages.hurry(tx, webhook_id, now=ctx.now)
        await webhooks.change(tx, webhook_id, values | {"updated_at": ctx.now})
        await outbox.hasten(tx, webhook_id, now=ctx.now)
        await audit.note(tx, ctx, Act.WEBHOOK_CHANGED, project_id=project_id, subject_id=webhook_id, changed=names)
    return await get(tx, project_id=project_id, webhook_id=webhook_id)


def _differs(value: Any, old: Any) -> bool:
    return bool(value != (list(old) if isinstance(old, tuple) else old))


async def rotate_secret(
    tx: Tx, ctx: Context, *, project_id: str, webhook_id: str, overlap: timedelta = OVERLAP
) -> NewSecret:
    """Make a new secret and return it, once; the one before signs beside it until the overlap is over."""
    old = await get(tx, project_id=project_id, webhook_id=webhook_id, lock=True)
    secret = ctx.random_bytes(SECRET_BYTES)
    values = {
        "secret": ctx.sealer.seal(secret, secret_place(webhook_id)),
        "old_secret": old.secret if overlap else None,
        "old_secret_until": ctx.now + overlap if overlap else None,
        "updated_at": ctx.now,
    }
    await webhooks.change(tx, webhook_id, values)
    await audit.note(tx, ctx, Act.WEBHOOK_SECRET_RENEWED, project_id=project_id, subject_id=webhook_id)
    return NewSecret(await get(tx, project_id=project_id, webhook_id=webhook_id), shown(secret))


async def remove(tx: Tx, ctx: Context, *, project_id: str, webhook_id: str) -> None:
    """Delete a webhook with its messages; what waits for it is not sent any more."""
    await get(tx, project_id=project_id, webhook_id=webhook_id, lock=True)
    await webhooks.remove(tx, webhook_id)
    await audit.note(tx, ctx, Act.WEBHOOK_REMOVED, project_id=project_id, subject_id=webhook_id)


async def test(tx: Tx, ctx: Context, *, project_id: str, webhook_id: str) -> Message:
    """Send one event of the type `webhook.test`; return its message, which tells what came of it.

    Raises:
        NotFound: there is no such webhook in the project.
        Conflict: it is off.
    """
    webhook = await get(tx, project_id=project_id, webhook_id=webhook_id, lock=True)
    _check_on(webhook)
    event = {
        "id": ctx.ids.new("evt"),
        "type": EventType.WEBHOOK_TEST,
        "timestamp": ctx.now,
        "data": {"webhook_id": webhook_id},
    }
    message = webhook_messages.new(ctx.ids.new("msg"), webhook_id, 1, now=ctx.now)
    await webhook_messages.add(tx, message, body_of(project_id, msgspec.json.encode(event), at=ctx.now))
    await webhooks.change(tx, webhook_id, {"rests_until": None})
    await outbox.hasten(tx, webhook_id, now=ctx.now)
    return message


async def messages(
    tx: Tx, *, project_id: str, webhook_id: str, state: MessageState | None, cursor: str | None, limit: int
) -> Page[Message]:
    """Return a page of a webhook's messages, newest first."""
    await get(tx, project_id=project_id, webhook_id=webhook_id)
    return await read_page(
        lambda before, count: webhook_messages.page(tx, webhook_id, state=state, before=before, limit=count),
        lambda message: message.id,
        listing=f"messages/{webhook_id}/{state}",
        cursor=cursor,
        limit=limit,
    )


async def message(tx: Tx, *, project_id: str, webhook_id: str, message_id: str) -> Told:
    """Return one message with its events and attempts, or raise `NotFound`."""
    await get(tx, project_id=project_id, webhook_id=webhook_id)
    found = await webhook_messages.get(tx, webhook_id, message_id)
    if found is None:
        raise NotFound("There is no such message of this webhook.")
    row, body = found
    events = msgspec.json.decode(body)["data"]["events"]
    return Told(row, events, await webhook_messages.attempts_of(tx, message_id))


async def replay(tx: Tx, ctx: Context, *, project_id: str, webhook_id: str, message_ids: Sequence[str]) -> int:
    """Let messages be sent again under their own identifiers; return how many. Those that wait already are left.

    Raises:
        NotFound: there is no such webhook in the project.
        Conflict: it is off.
    """
    await _ready_to_replay(tx, project_id, webhook_id)
    count = await webhook_messages.replay(tx, webhook_id, message_ids, now=ctx.now)
    await _replayed(tx, ctx, project_id, webhook_id, count)
    return count


async def replay_since(
    tx: Tx, ctx: Context, *, project_id: str, webhook_id: str, states: Sequence[MessageState], since: datetime
) -> int:
    """Let messages in these states made since an instant be sent again, oldest first; return how many.

    At most `REPLAYED_AT_ONCE`; raises what `replay` raises.
    """
    await _ready_to_replay(tx, project_id, webhook_id)
    limit = REPLAYED_AT_ONCE
    count = await webhook_messages.replay_since(tx, webhook_id, states, since=since, limit=limit, now=ctx.now)
    await _replayed(tx, ctx, project_id, webhook_id, count)
    return count


async def _ready_to_replay(tx: Tx, project_id: str, webhook_id: str) -> None:
    _check_on(await get(tx, project_id=project_id, webhook_id=webhook_id, lock=True))


async def _replayed(tx: Tx, ctx: Context, project_id: str, webhook_id: str, count: int) -> None:
    if count:
        await outbox.hasten(tx, webhook_id, now=ctx.now)
        act = Act.WEBHOOK_REPLAYED
        await audit.note(tx, ctx, act, project_id=project_id, subject_id=webhook_id, messages=count)


def _check_on(webhook: Webhook) -> None:
    if not webhook.is_enabled:
        raise Conflict("The webhook is off: switch it on first (is_enabled: true).")


def _check_url(url: str, allowed: frozenset[str]) -> None:
    try:
        read_receiver(url, allowed)
    except ReceiverError as error:
        raise refused(error) from error
