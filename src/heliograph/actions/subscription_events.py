"""What webhooks are told of subscriptions: identifiers and words, never an address, a key or a secret."""

from collections.abc import Mapping
from typing import Any

from heliograph.domain.webhook import Event
from heliograph.kit.context import Context
from heliograph.names import EventType
from heliograph.storage import outbox
from heliograph.storage.store import Tx
from heliograph.storage.subscriptions import Subscription

_SHOWN = ("channel", "push_service", "vapid_key_id", "origin", "language", "time_zone")
_COMPARED = ("state", "push_service", "origin", "language", "time_zone", "user_agent", "browser_expires_at")


def tell(tx: Tx, ctx: Context, kind: EventType, *, project_id: str, subscription_id: str, **more: Any) -> None:
    """Tell of one subscription."""
    outbox.note_one(tx, project_id, Event(kind, ctx.now, {"subscription_id": subscription_id, **more}))


def tell_created(tx: Tx, ctx: Context, row: Mapping[str, Any]) -> None:
    """Tell of a new row."""
    shown = {name: None if row.get(name) is None else str(row[name]) for name in _SHOWN}
    kind = EventType.SUBSCRIPTION_CREATED
    tell(tx, ctx, kind, project_id=row["project_id"], subscription_id=row["id"], **shown)


def tell_changed(tx: Tx, ctx: Context, old: Subscription, values: Mapping[str, Any]) -> None:
    """Tell what is different in a row that a browser refreshed; nothing if nothing is."""
    which = {"project_id": old.project_id, "subscription_id": old.id}
    if values["endpoint_hash"] != old.endpoint_hash:
        tell(tx, ctx, EventType.SUBSCRIPTION_REPLACED, **which, push_service=str(values["push_service"]))
    if values["vapid_key_id"] != old.vapid_key_id:
        keys = {"from_vapid_key_id": old.vapid_key_id, "to_vapid_key_id": values["vapid_key_id"]}
        tell(tx, ctx, EventType.SUBSCRIPTION_MOVED_KEY, **which, **keys)
    changed = [name for name in _COMPARED if name in values and values[name] != getattr(old, name)]
    if changed:
        tell(tx, ctx, EventType.SUBSCRIPTION_CHANGED, **which, changed=changed)
