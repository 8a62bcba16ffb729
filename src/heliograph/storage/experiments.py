"""The notifications that an A/B test consists of."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from heliograph.domain.experiment import CONTROL, WINNER
from heliograph.storage.store import Tx
from heliograph.storage.tables import notifications


@dataclass(frozen=True, slots=True)
class ArmRow:
    """One variant of a dispatch. `content` is JSON as it is kept."""

    name: str
    notification_id: str
    content: dict[str, Any]


async def arms(tx: Tx, dispatch_id: str) -> list[ArmRow]:
    """Return the variants of a dispatch in the order in which they were named."""
    query = select(notifications.c.variant, notifications.c.id, notifications.c.content).where(
        notifications.c.dispatch_id == dispatch_id
    )
    rows = [ArmRow(*row) for row in await tx.execute(query.order_by(notifications.c.id))]
    return [row for row in rows if row.name and row.name != CONTROL and not row.name.startswith(WINNER)]


async def decide(
    tx: Tx,
    notification_id: str,
    *,
    variant: str,
    content: dict[str, Any],
    send_at: datetime,
    expires_at: datetime,
) -> None:
    """Write what a notification that waited for a winner says, and when. Whoever calls this has locked the row."""
    values = {"variant": variant, "content": content, "send_at": send_at, "expires_at": expires_at}
    await tx.execute(update(notifications).where(notifications.c.id == notification_id).values(values))
