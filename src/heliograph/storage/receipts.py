"""Rows of receipts: what user agents report, kept by delivery and event so that a repeat changes nothing."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from heliograph.domain.delivery import ReceiptEvent
from heliograph.storage.sql import insert_ignore
from heliograph.storage.store import Tx
from heliograph.storage.tables import receipts


@dataclass(frozen=True, slots=True)
class Receipt:
    """One report. `action` names the button that was pressed."""

    delivery_id: str
    event: ReceiptEvent
    action: str | None
    at: datetime


async def add(tx: Tx, project_id: str, reported: Collection[Receipt], *, now: datetime) -> None:
    """Write receipts; those that are known already stay as they were first reported."""
    rows = [
        {
            "delivery_id": receipt.delivery_id,
            "event": receipt.event,
            "project_id": project_id,
            "action": receipt.action,
            "at": receipt.at,
            "received_at": now,
        }
        # In one order for everybody: two workers that report the same deliveries must not wait for each other.
        for receipt in sorted(reported, key=lambda receipt: (receipt.delivery_id, receipt.event))
    ]
    await insert_ignore(tx, receipts, rows, conflict=("delivery_id", "event"))
