"""What user agents report about deliveries. A report may come twice, late, or before the delivery is recorded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from heliograph.domain.delivery import ReceiptEvent, delivery_of_token
from heliograph.kit.context import Context
from heliograph.storage import deliveries, receipts
from heliograph.storage.receipts import Receipt
from heliograph.storage.store import Tx

MAX_RECEIPTS = 50
"""Receipts in one call."""
MAX_AGE = timedelta(days=30)
"""A report that says it is older is taken to be this old: a phone may have been off, a clock may be wrong."""
_MAX_ACTION = 64
_MAX_TOKEN = 100


class ReceiptFault(StrEnum):
    """Why one receipt of a call was not taken."""

    MALFORMED = "receipt_malformed"
    """It is not of the documented form."""
    NOT_GENUINE = "delivery_unknown"
    """Its delivery token was not made for this project."""


@dataclass(frozen=True, slots=True)
class Reported:
    """A report, unchecked: `delivery` is `dlv_….<mac>` as it was in the payload."""

    delivery: str
    event: ReceiptEvent
    action: str | None = None
    at: datetime | None = None


def check(reported: Reported, *, receipt_key: bytes, now: datetime) -> Receipt | ReceiptFault:
    """Return what a report says if its token is genuine; its instant is brought between 30 days ago and now."""
    if len(reported.delivery) > _MAX_TOKEN:
        return ReceiptFault.NOT_GENUINE
    delivery_id = delivery_of_token(reported.delivery, receipt_key)
    if delivery_id is None:
        return ReceiptFault.NOT_GENUINE
    if reported.at is not None and reported.at.tzinfo is None:
        return ReceiptFault.MALFORMED
    at = min(max(reported.at or now, now - MAX_AGE), now)
    return Receipt(delivery_id, reported.event, _action(reported.action), at)


def _action(name: str | None) -> str | None:
    kept = "".join(character for character in (name or "")[:_MAX_ACTION] if character.isprintable())
    return kept or None


async def record(tx: Tx, ctx: Context, *, project_id: str, reported: Sequence[Receipt]) -> None:
    """Write checked reports, and let those count whose delivery is recorded; the others count when it is."""
    if not reported:
        return
    await receipts.add(tx, project_id, reported, now=ctx.now)
    await deliveries.apply_receipts(tx, sorted({receipt.delivery_id for receipt in reported}), now=ctx.now)
