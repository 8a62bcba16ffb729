"""Rows of webhooks: who is told of what, how well that goes, and with which secrets it is signed."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Row

from heliograph.domain.webhook import DisabledReason
from heliograph.names import EventType
from heliograph.storage.store import Tx
from heliograph.storage.tables import projects, webhook_outbox, webhooks


@dataclass(frozen=True, slots=True)
class Webhook:
    """One webhook.

    Attributes:
        event_types: what it is told of; empty: everything.
        secret: sealed; signs.
        old_secret: sealed; signs too until `old_secret_until`.
        failing_since: its first failure after its last success.
        rests_until: nothing is sent before that.
    """

    id: str
    project_id: str
    url: str = field(repr=False)
    description: str
    event_types: tuple[EventType, ...]
    is_enabled: bool
    disabled_reason: DisabledReason | None
    secret: bytes = field(repr=False)
    old_secret: bytes | None = field(repr=False)
    old_secret_until: datetime | None
    failures_in_row: int
    failing_since: datetime | None
    rests_until: datetime | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Failing:
    """A webhook whose receiver fails, or that was switched off for it."""

    id: str
    project_id: str
    since: datetime
    disabled_reason: DisabledReason | None


def _webhook(row: Row[Any]) -> Webhook:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    values["event_types"] = tuple(EventType(name) for name in values["event_types"] if name in set(EventType))
    reason = values["disabled_reason"]
    values["disabled_reason"] = None if reason is None else DisabledReason(reason)
    return Webhook(**values)


async def add(tx: Tx, webhook: Webhook) -> None:
    """Write a new webhook."""
    values = {name: getattr(webhook, name) for name in Webhook.__dataclass_fields__}
    await tx.execute(insert(webhooks).values(values | {"event_types": list(webhook.event_types)}))


async def get(tx: Tx, project_id: str, webhook_id: str, *, lock: bool = False) -> Webhook | None:
    """Return one webhook of a project; with `lock`, nobody else changes it meanwhile."""
    query = select(webhooks).where(webhooks.c.project_id == project_id, webhooks.c.id == webhook_id)
    row = (await tx.execute(query.with_for_update(key_share=True) if lock else query)).first()
    return None if row is None else _webhook(row)


async def load(tx: Tx, webhook_id: str, *, lock: bool = False) -> Webhook | None:
    """Return a webhook of a project that is still there, for its messages to be sent."""
    query = (
        select(webhooks)
        .join(projects, projects.c.id == webhooks.c.project_id)
        .where(webhooks.c.id == webhook_id, projects.c.deleted_at.is_(None))
    )
    row = (await tx.execute(query.with_for_update(key_share=True, of=webhooks) if lock else query)).first()
    return None if row is None else _webhook(row)


async def page(tx: Tx, project_id: str, *, after: str | None, limit: int) -> list[Webhook]:
    """Return webhooks of a project, oldest first."""
    query = select(webhooks).where(webhooks.c.project_id == project_id).order_by(webhooks.c.id).limit(limit)
    if after is not None:
        query = query.where(webhooks.c.id > after)
    return [_webhook(row) for row in await tx.execute(query)]


async def count(tx: Tx, project_id: str) -> int:
    """Return how many webhooks a project has."""
    query = select(func.count()).where(webhooks.c.project_id == project_id)
    return int((await tx.execute(query)).scalar_one())


async def change(tx: Tx, webhook_id: str, values: dict[str, Any]) -> None:
    """Overwrite columns of a webhook."""
    await tx.execute(update(webhooks).where(webhooks.c.id == webhook_id).values(values))


async def remove(tx: Tx, webhook_id: str) -> None:
    """Delete a webhook with its messages, and what waits for it."""
    await tx.execute(delete(webhook_outbox).where(webhook_outbox.c.webhook_id == webhook_id))
    await tx.execute(delete(webhooks).where(webhooks.c.id == webhook_id))


async def switch_off(tx: Tx, project_id: str) -> None:
    """Let nothing be written for the webhooks of a project any more, because it is deleted."""
    await tx.execute(update(webhooks).where(webhooks.c.project_id == project_id).values(is_enabled=False))


async def failing(tx: Tx, *, limit: int) -> list[Failing]:
    """Return webhooks of the installation whose receivers fail, those that do so longest first."""
    query = (
        select(webhooks.c.id, webhooks.c.project_id, webhooks.c.failing_since, webhooks.c.disabled_reason)
        .join(projects, projects.c.id == webhooks.c.project_id)
        .where(webhooks.c.failing_since.is_not(None), projects.c.deleted_at.is_(None))
        .order_by(webhooks.c.failing_since)
        .limit(limit)
    )
    return [
        Failing(row.id, row.project_id, row.failing_since, row.disabled_reason and DisabledReason(row.disabled_reason))
        for row in await tx.execute(query)
    ]


async def enabled(tx: Tx, webhook_ids: Sequence[str]) -> list[str]:
    """Return those of these webhooks that are on."""
    query = select(webhooks.c.id).where(webhooks.c.id.in_(webhook_ids), webhooks.c.is_enabled.is_(True))
    return list((await tx.execute(query.order_by(webhooks.c.id))).scalars())
