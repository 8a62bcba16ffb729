"""Notifications of an exclusion group that are announced or on their way, and what they have decided so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import select, text

from heliograph.domain.delivery import DeliveryState
from heliograph.domain.exclusion import Rank
from heliograph.domain.notification import Audience, Notification
from heliograph.storage.sql import chunks
from heliograph.storage.store import Tx
from heliograph.storage.tables import deliveries, notifications

MOST = 100
"""Rivals that are looked at: so many campaigns of one group at the same moment are a mistake of somebody."""
_OPEN = text("notifications.state IN ('scheduled', 'running')")


@dataclass(frozen=True, slots=True)
class Rival:
    """Another notification of the same group."""

    rank: Rank
    audience: Audience


async def ahead_of(tx: Tx, notification: Notification, group: str, rank: Rank) -> list[Rival]:
    """Return the open notifications of a group that go before one, the first first."""
    columns = [notifications.c[name] for name in ("id", "priority", "send_at", "audience")]
    query = select(*columns).where(
        notifications.c.project_id == notification.project_id, notifications.c.exclusion_group == group, _OPEN
    )
    found = [
        Rival(Rank(row.priority or 0, row.send_at, row.id), msgspec.convert(row.audience, Audience))
        for row in await tx.execute(query.limit(MOST))
    ]
    ahead = [one for one in found if one.rank.id != notification.id and one.rank.beats(rank)]
    return sorted(ahead, key=lambda one: (-one.rank.priority, one.rank.send_at, one.rank.id))


async def decided(tx: Tx, delivery_ids: Sequence[str]) -> Mapping[str, datetime | None]:
    """Return deliveries that are recorded: when each is decided again, or None if it is settled."""
    found: dict[str, datetime | None] = {}
    for part in chunks(delivery_ids):
        query = select(deliveries.c.id, deliveries.c.state, deliveries.c.next_attempt_at).where(
            deliveries.c.id.in_(part)
        )
        for row in await tx.execute(query):
            found[row.id] = row.next_attempt_at if row.state == DeliveryState.RETRYING else None
    return found
