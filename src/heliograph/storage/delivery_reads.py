"""Deliveries as the admin API shows them: one, or pages by notification or subscription. Written by delivery alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.engine import Row

from heliograph.domain.delivery import DeliveryState
from heliograph.storage.store import Tx
from heliograph.storage.tables import counts as count_rows
from heliograph.storage.tables import deliveries


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notification for one subscription, and what came of it.

    Attributes:
        service_message_id: what the push service calls the message that it took.
    """

    id: str
    notification_id: str
    subscription_id: str
    profile_id: str | None
    state: DeliveryState
    reason: str | None
    attempts: int
    status_code: int | None
    service_message_id: str | None
    next_attempt_at: datetime | None
    created_at: datetime
    accepted_at: datetime | None
    displayed_at: datetime | None
    clicked_at: datetime | None
    dismissed_at: datetime | None
    clicked_action: str | None
    updated_at: datetime


_COLUMNS = [deliveries.c[name] for name in Delivery.__dataclass_fields__]


def read(row: Row[Any]) -> Delivery:
    """Make a delivery of a row that has its columns."""
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return Delivery(**{**values, "state": DeliveryState(values["state"])})


async def get(tx: Tx, project_id: str, delivery_id: str) -> Delivery | None:
    """Return one delivery of a project."""
    query = select(*_COLUMNS).where(deliveries.c.id == delivery_id, deliveries.c.project_id == project_id)
    row = (await tx.execute(query)).first()
    return None if row is None else read(row)


async def by_ids(tx: Tx, project_id: str, delivery_ids: Sequence[str]) -> dict[str, Delivery]:
    """Return deliveries of a project by identifier; those that are not there are missing."""
    query = select(*_COLUMNS).where(deliveries.c.id.in_(delivery_ids), deliveries.c.project_id == project_id)
    return {row.id: read(row) for row in await tx.execute(query)}


async def of_notification(
    tx: Tx, notification_id: str, *, state: DeliveryState | None, after: str | None, limit: int
) -> list[Delivery]:
    """Return a notification's deliveries in the order of their identifiers, which are hashes."""
    query = select(*_COLUMNS).where(deliveries.c.notification_id == notification_id)
    if state is not None:
        query = query.where(deliveries.c.state == state)
    return await _page(tx, query, after=after, limit=limit)


async def of_subscription(
    tx: Tx, project_id: str, subscription_id: str, *, after: str | None, limit: int
) -> list[Delivery]:
    """Return a subscription's deliveries in the order of their identifiers, which are hashes."""
    query = select(*_COLUMNS).where(
        deliveries.c.subscription_id == subscription_id, deliveries.c.project_id == project_id
    )
    return await _page(tx, query, after=after, limit=limit)


async def _page(tx: Tx, query: Select[Any], *, after: str | None, limit: int) -> list[Delivery]:
    if after is not None:
        query = query.where(deliveries.c.id > after)
    return [read(row) for row in await tx.execute(query.order_by(deliveries.c.id).limit(limit))]


async def counts(tx: Tx, notification_ids: Sequence[str]) -> dict[str, dict[tuple[str, str], int]]:
    """Return deliveries of some notifications, counted by state and reason; the reason is "" where there is none."""
    columns = (count_rows.c.notification_id, count_rows.c.state, count_rows.c.reason)
    query = (
        select(*columns, func.sum(count_rows.c.count))
        .where(count_rows.c.notification_id.in_(notification_ids))
        .group_by(*columns)
    )
    found: dict[str, dict[tuple[str, str], int]] = {}
    for notification_id, state, reason, count in await tx.execute(query):
        if count:
            found.setdefault(notification_id, {})[state, reason] = int(count)
    return found
