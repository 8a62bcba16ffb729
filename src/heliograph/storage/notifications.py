"""Rows of notifications, and the two JSON columns as the domain's values."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import insert, select, update
from sqlalchemy.engine import Row

from heliograph.domain.contact_rules import ContactRules
from heliograph.domain.notification import (
    Audience,
    Content,
    Notification,
    NotificationKind,
    NotificationState,
    Urgency,
)
from heliograph.domain.rate import Limits, Rate
from heliograph.domain.webhook import Event
from heliograph.names import EventType
from heliograph.storage import outbox
from heliograph.storage.store import Tx
from heliograph.storage.tables import notifications, projects, subscriptions

_TOLD = {
    NotificationState.RUNNING: EventType.NOTIFICATION_STARTED,
    NotificationState.DONE: EventType.NOTIFICATION_FINISHED,
    NotificationState.FAILED: EventType.NOTIFICATION_FAILED,
    NotificationState.CANCELLED: EventType.NOTIFICATION_CANCELLED,
}
_IDS_AT_ONCE = 500
"""Parameters of one query: databases limit them."""


@dataclass(frozen=True, slots=True)
class Progress:
    """When each step of a notification happened."""

    started_at: datetime | None
    planned_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class NotificationRow:
    """A notification and how far it has come."""

    notification: Notification
    progress: Progress


def _says_nothing(member: Any) -> bool:
    return member is None or member is False or (isinstance(member, str | tuple | dict) and not member)


def stored(value: Content | Audience) -> Any:
    """Return a value as JSON without the members that say nothing."""
    kept = {name: member for name, member in asdict(value).items() if not _says_nothing(member)}
    if isinstance(value, Content):
        # As text: jsonb would write 1e300 as 301 digits, and lose the order of members.
        kept["data"] = None if value.data is None else msgspec.json.encode(value.data).decode()
    return msgspec.to_builtins(kept)


def read_content(stored: dict[str, Any]) -> Content:
    """Read what `stored` wrote."""
    data = stored.get("data")
    return msgspec.convert(stored | {"data": None if data is None else msgspec.json.decode(data)}, Content)


def _row(row: Row[Any]) -> NotificationRow:
    values = row._mapping  # noqa: SLF001 - SQLAlchemy's public name for it
    return NotificationRow(
        notification=Notification(
            id=values["id"],
            project_id=values["project_id"],
            kind=NotificationKind(values["kind"]),
            content=read_content(values["content"]),
            audience=msgspec.convert(values["audience"], Audience),
            state=NotificationState(values["state"]),
            ttl=timedelta(seconds=values["ttl_seconds"]),
            urgency=Urgency(values["urgency"]),
            topic=values["topic"],
            created_at=values["created_at"],
            send_at=values["send_at"],
            expires_at=values["expires_at"],
            rate=None if values["rate"] is None else Rate.parse(values["rate"]),
            limits=None if values["limits"] is None else ContactRules.of(values["limits"]),
            campaign_id=values["campaign_id"],
            dispatch_id=values["dispatch_id"],
            variant=values["variant"],
            priority=values["priority"] or 0,
            variables=values["variables"],
        ),
        progress=Progress(values["started_at"], values["planned_at"], values["finished_at"]),
    )


async def add(tx: Tx, notification: Notification) -> None:
    """Write a new notification."""
    limits = notification.limits
    exclusion = None if limits is None else limits.exclusion
    await tx.execute(
        insert(notifications).values(
            id=notification.id,
            project_id=notification.project_id,
            kind=notification.kind,
            state=notification.state,
            content=stored(notification.content),
            audience=stored(notification.audience),
            segment_id=notification.audience.segment_id,
            ttl_seconds=int(notification.ttl.total_seconds()),
            urgency=notification.urgency,
            topic=notification.topic,
            created_at=notification.created_at,
            send_at=notification.send_at,
            expires_at=notification.expires_at,
            rate=None if notification.rate is None else str(notification.rate),
            limits=None if limits is None else limits.stored(),
            campaign_id=notification.campaign_id,
            dispatch_id=notification.dispatch_id,
            variant=notification.variant,
            variables=notification.variables,
            exclusion_group=None if exclusion is None else exclusion.group,
            priority=notification.priority or None,
        )
    )


async def get(tx: Tx, project_id: str, notification_id: str) -> NotificationRow | None:
    """Return one notification of a project."""
    query = select(notifications).where(notifications.c.project_id == project_id, notifications.c.id == notification_id)
    row = (await tx.execute(query)).first()
    return None if row is None else _row(row)


async def load_row(tx: Tx, notification_id: str, *, lock: bool = False) -> NotificationRow | None:
    """Return a notification and how far it has come; with `lock`, no other transaction changes it meanwhile."""
    query = select(notifications).where(notifications.c.id == notification_id)
    if lock:
        # Not a plain FOR UPDATE: inserting a delivery holds a share of the row for its foreign key.
        query = query.with_for_update(key_share=True)
    row = (await tx.execute(query)).first()
    return None if row is None else _row(row)


async def load_with_limits(tx: Tx, notification_id: str) -> tuple[NotificationRow, Limits] | None:
    """Return a notification, how far it has come, and the rates in force for it."""
    query = (
        select(notifications, projects.c.rates)
        .join(projects, projects.c.id == notifications.c.project_id)
        .where(notifications.c.id == notification_id)
    )
    row = (await tx.execute(query)).first()
    if row is None:
        return None
    loaded = _row(row)
    return loaded, Limits.of(loaded.notification.rate, row.rates or {})


async def change_rate(tx: Tx, notification_id: str, rate: Rate | None, *, of: tuple[NotificationState, ...]) -> bool:
    """Give a notification another rate, or none, if its state is one of `of`; False if it is not."""
    statement = (
        update(notifications)
        .where(notifications.c.id == notification_id, notifications.c.state.in_(of))
        .values(rate=None if rate is None else str(rate))
    )
    return (await tx.execute(statement)).rowcount > 0


async def page(
    tx: Tx, project_id: str, *, before: str | None, limit: int, state: NotificationState | None = None
) -> list[NotificationRow]:
    """Return notifications of a project, newest first."""
    query = (
        select(notifications)
        .where(notifications.c.project_id == project_id)
        .order_by(notifications.c.id.desc())
        .limit(limit)
    )
    if before is not None:
        query = query.where(notifications.c.id < before)
    if state is not None:
        query = query.where(notifications.c.state == state)
    return [_row(row) for row in await tx.execute(query)]


async def state_of(tx: Tx, notification_id: str) -> NotificationState | None:
    """Return the state alone: asked before every range of a running send."""
    query = select(notifications.c.state).where(notifications.c.id == notification_id)
    state = (await tx.execute(query)).scalar_one_or_none()
    return None if state is None else NotificationState(state)


async def move(
    tx: Tx, notification_id: str, *, to: NotificationState, of: tuple[NotificationState, ...], **at: datetime
) -> bool:
    """Change the state if it is one of `of`; False if it was not. `at` are instants to note, such as `started_at`."""
    statement = (
        update(notifications)
        .where(notifications.c.id == notification_id, notifications.c.state.in_(of))
        .values(state=to, **at)
    )
    project_id = (await tx.execute(statement.returning(notifications.c.project_id))).scalar_one_or_none()
    if project_id is None:
        return False
    event = _TOLD.get(to)
    if event is not None and at:
        data = {"notification_id": notification_id, "state": str(to)}
        outbox.note_one(tx, project_id, Event(event, max(at.values()), data))
    return True


async def fix_audience(tx: Tx, notification_id: str, audience: Audience) -> None:
    """Overwrite whom a notification is for, before anything of it is sent."""
    await tx.execute(
        update(notifications).where(notifications.c.id == notification_id).values(audience=stored(audience))
    )


async def note(tx: Tx, notification_id: str, **at: datetime) -> None:
    """Note instants without a change of state, such as `planned_at`."""
    await tx.execute(update(notifications).where(notifications.c.id == notification_id).values(**at))


async def any_subscription(tx: Tx, project_id: str, subscription_ids: Sequence[str]) -> bool:
    """Tell whether at least one of these subscriptions is the project's."""
    for start in range(0, len(subscription_ids), _IDS_AT_ONCE):
        some = subscription_ids[start : start + _IDS_AT_ONCE]
        query = select(subscriptions.c.id).where(subscriptions.c.project_id == project_id, subscriptions.c.id.in_(some))
        if (await tx.execute(query.limit(1))).first() is not None:
            return True
    return False
