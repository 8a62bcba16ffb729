"""Rows of attempts: what each try to send a delivery came to. They live as long as their delivery.

What the push service calls the message it took is in the delivery: only one attempt is ever accepted.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select

from heliograph.domain.outcome import OutcomeKind
from heliograph.storage.sql import chunks, insert_bulk
from heliograph.storage.store import Tx
from heliograph.storage.tables import attempts


@dataclass(frozen=True, slots=True)
class AttemptRow:
    """One try.

    Attributes:
        number: counts from 1 within a delivery.
        at: when its outcome was known.
        status_code: of the push service's answer, if there was one.
        duration_ms: how long the exchange took, if there was one.
    """

    delivery_id: str
    number: int
    at: datetime
    outcome: OutcomeKind
    reason: str | None
    status_code: int | None
    duration_ms: int | None


async def add(tx: Tx, rows: Sequence[AttemptRow]) -> None:
    """Write attempts, after their deliveries; what is written already stays."""
    for part in chunks(rows, columns=len(attempts.c)):
        await insert_bulk(tx, attempts, [asdict(row) for row in part], conflict=("delivery_id", "number"))


async def of_deliveries(tx: Tx, delivery_ids: Sequence[str]) -> dict[str, list[AttemptRow]]:
    """Return the attempts of some deliveries, each one's in their order."""
    found: dict[str, list[AttemptRow]] = {}
    for part in chunks(delivery_ids):
        query = select(attempts).where(attempts.c.delivery_id.in_(part))
        for row in await tx.execute(query.order_by(attempts.c.delivery_id, attempts.c.number)):
            values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
            values["outcome"] = OutcomeKind(values["outcome"])
            found.setdefault(row.delivery_id, []).append(AttemptRow(**values))
    return found
