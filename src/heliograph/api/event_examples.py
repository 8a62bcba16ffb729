"""An example of what each type of event tells. `docs/reference/webhooks.md` shows them; a test compares real ones."""

from collections.abc import Mapping
from typing import Any

from heliograph.names import EventType

_BODY = "01k2p7wq8e4vz9x3m5n6r7s8t0"
_AT = "2026-03-14T09:26:53Z"
_SUBSCRIPTION = {"subscription_id": f"sub_{_BODY}"}
_DELIVERY = {
    "delivery_id": f"dlv_{_BODY}",
    "notification_id": f"ntf_{_BODY}",
    **_SUBSCRIPTION,
    "profile_id": f"pro_{_BODY}",
}
_GROUP = {"group": {"name": "warehouse", "identifier": "42"}}


def _state(reason: str | None, status: int | None, again: str | None = None, attempts: int = 1) -> dict[str, Any]:
    return {**_DELIVERY, "reason": reason, "attempts": attempts, "status_code": status, "next_attempt_at": again}


def _notification(state: str) -> dict[str, Any]:
    return {"notification_id": f"ntf_{_BODY}", "state": state}


EVENT_EXAMPLES: Mapping[EventType, dict[str, Any]] = {
    EventType.DELIVERY_ACCEPTED: _state(None, 201),
    EventType.DELIVERY_DEFERRED: _state("server_error", 503, "2026-03-14T09:26:58Z"),
    EventType.DELIVERY_REJECTED: _state("too_large", 413),
    EventType.DELIVERY_GONE: _state("unsubscribed", 410),
    EventType.DELIVERY_EXPIRED: _state("deadline", None),
    EventType.DELIVERY_FAILED: _state("internal_error", None, attempts=0),
    EventType.DELIVERY_SKIPPED: _state("cancelled", None, attempts=0),
    EventType.DELIVERY_DISPLAYED: {**_DELIVERY, "happened_at": _AT},
    EventType.DELIVERY_CLICKED: {**_DELIVERY, "happened_at": _AT, "action": "buy"},
    EventType.DELIVERY_DISMISSED: {**_DELIVERY, "happened_at": _AT},
    EventType.SUBSCRIPTION_CREATED: {
        **_SUBSCRIPTION,
        "channel": "web",
        "push_service": "mozilla",
        "vapid_key_id": f"vap_{_BODY}",
        "origin": "https://shop.example",
        "language": "en",
        "time_zone": "Europe/Berlin",
    },
    EventType.SUBSCRIPTION_CHANGED: {**_SUBSCRIPTION, "changed": ["language", "user_agent"]},
    EventType.SUBSCRIPTION_REPLACED: {**_SUBSCRIPTION, "push_service": "mozilla"},
    EventType.SUBSCRIPTION_MOVED_KEY: {
        **_SUBSCRIPTION,
        "from_vapid_key_id": f"vap_{_BODY}",
        "to_vapid_key_id": "vap_01k2p7wq8e4vz9x3m5n6r7s8t1",
    },
    EventType.SUBSCRIPTION_UNSUBSCRIBED: {**_SUBSCRIPTION, "reason": "by_person"},
    EventType.SUBSCRIPTION_GONE: {**_SUBSCRIPTION, "reason": "unsubscribed"},
    EventType.SUBSCRIPTION_EXPIRED: {**_SUBSCRIPTION, "reason": "expired"},
    EventType.SUBSCRIPTION_ERASED: _SUBSCRIPTION,
    EventType.SUBSCRIPTION_JOINED_GROUP: {**_SUBSCRIPTION, **_GROUP},
    EventType.SUBSCRIPTION_LEFT_GROUP: {**_SUBSCRIPTION, **_GROUP},
    EventType.SUBSCRIPTION_IDENTIFIED: {**_SUBSCRIPTION, "profile_id": f"pro_{_BODY}"},
    EventType.SUBSCRIPTION_LOGGED_OUT: _SUBSCRIPTION,
    EventType.NOTIFICATION_STARTED: _notification("running"),
    EventType.NOTIFICATION_FINISHED: _notification("done"),
    EventType.NOTIFICATION_FAILED: _notification("failed"),
    EventType.NOTIFICATION_CANCELLED: _notification("cancelled"),
    EventType.WEBHOOK_DISABLED: {"webhook_id": f"whk_{_BODY}", "reason": "failing"},
    EventType.WEBHOOK_TEST: {"webhook_id": f"whk_{_BODY}"},
}
"""The member `data` of an event, by type."""
