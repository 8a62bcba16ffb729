"""What webhooks are told of deliveries. Made only if somebody wants to know (`storage.outbox`)."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from heliograph.domain.delivery import DeliveryState, ReceiptEvent
from heliograph.domain.webhook import Event
from heliograph.names import EventType
from heliograph.storage import outbox
from heliograph.storage.store import Tx

WHOSE = ("project_id", "id", "notification_id", "subscription_id", "profile_id")
"""Columns that say which delivery it is."""
_OF_STATE: Mapping[str, EventType] = {
    DeliveryState.ACCEPTED: EventType.DELIVERY_ACCEPTED,
    DeliveryState.RETRYING: EventType.DELIVERY_DEFERRED,
    DeliveryState.REJECTED: EventType.DELIVERY_REJECTED,
    DeliveryState.GONE: EventType.DELIVERY_GONE,
    DeliveryState.EXPIRED: EventType.DELIVERY_EXPIRED,
    DeliveryState.FAILED: EventType.DELIVERY_FAILED,
    DeliveryState.SKIPPED: EventType.DELIVERY_SKIPPED,
}
_OF_RECEIPT: Mapping[ReceiptEvent, EventType] = {
    ReceiptEvent.DISPLAYED: EventType.DELIVERY_DISPLAYED,
    ReceiptEvent.DISMISSED: EventType.DELIVERY_DISMISSED,
    ReceiptEvent.CLICKED: EventType.DELIVERY_CLICKED,
}
_SAID = ("reason", "attempts", "status_code", "next_attempt_at")


def tell_states(tx: Tx, project_id: str, rows: Callable[[], Iterable[Mapping[str, Any]]], *, now: datetime) -> None:
    """Tell of deliveries that came into the state which their rows have."""
    outbox.note(tx, project_id, lambda: [event for row in rows() if (event := _event(row, now)) is not None], now=now)


def tell_receipts(tx: Tx, delivery: Any, values: Mapping[str, Any], *, now: datetime) -> None:
    """Tell of what a browser reported; `values` are the columns that it changed."""
    for reported, kind in _OF_RECEIPT.items():
        at = values.get(f"{reported}_at")
        if at is not None:
            data = _which(delivery._mapping) | {"happened_at": at}  # noqa: SLF001 - SQLAlchemy's public name for it
            if reported is ReceiptEvent.CLICKED:
                data["action"] = values.get("clicked_action")
            outbox.note_one(tx, delivery.project_id, Event(kind, now, data))


def _event(row: Mapping[str, Any], now: datetime) -> Event | None:
    kind = _OF_STATE.get(str(row["state"]))
    return None if kind is None else Event(kind, now, _which(row) | {name: row.get(name) for name in _SAID})


def _which(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "delivery_id": row["id"],
        "notification_id": row["notification_id"],
        "subscription_id": row["subscription_id"],
        "profile_id": row["profile_id"],
    }
