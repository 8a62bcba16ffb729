"""What a service worker finds in a push message, checked member by member: the declarative part and our own."""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

_TYPES: dict[str, type | tuple[type, ...]] = {
    "body": str,
    "lang": str,
    "tag": str,
    "icon": str,
    "image": str,
    "badge": str,
    "silent": bool,
    "requireInteraction": bool,
    "renotify": bool,
    "mutable": bool,
    "actions": list,
}
_DECLARATIVE = 8030


class PayloadError(ValueError):
    """The message is not what our service worker understands; WebKit's declarative parser would drop it too."""


@dataclass(frozen=True, slots=True)
class Payload:
    """`token` is the delivery token with its proof; `delivery` and `notification` are identifiers."""

    token: str
    delivery: str
    notification: str
    is_shown: bool
    content: dict[str, Any]


def parse_payload(plaintext: bytes) -> Payload:
    """Read the decrypted message, or raise `PayloadError` with one sentence."""
    try:
        value = json.loads(plaintext)
    except (ValueError, RecursionError) as error:
        raise PayloadError("The message is not JSON.") from error
    if not isinstance(value, dict):
        raise PayloadError("The message is not a JSON object.")
    ours = value.get("heliograph")
    if not isinstance(ours, dict) or not isinstance(ours.get("d"), str) or not isinstance(ours.get("n"), str):
        raise PayloadError("heliograph.d and heliograph.n are missing.")
    delivery = ours["d"].partition(".")[0]
    if not delivery.startswith("dlv_") or "." not in ours["d"] or not ours["n"].startswith("ntf_"):
        raise PayloadError("heliograph.d is dlv_….<mac>, heliograph.n is ntf_….")
    notification = value.get("notification")
    if notification is not None:
        _check_notification(value, notification)
    return Payload(ours["d"], delivery, ours["n"], notification is not None, value)


def _check_notification(value: dict[str, Any], notification: Any) -> None:
    if value.get("web_push") != _DECLARATIVE:
        raise PayloadError("web_push must be 8030.")
    if not isinstance(notification, dict):
        raise PayloadError("notification must be an object.")
    if not isinstance(notification.get("title"), str) or not notification["title"]:
        raise PayloadError("notification.title must be a string that is not empty.")
    navigate = notification.get("navigate")
    if not isinstance(navigate, str) or not urlsplit(navigate).scheme or not urlsplit(navigate).netloc:
        raise PayloadError("notification.navigate must be an absolute URL.")
    for name, wanted in _TYPES.items():
        if name in notification and not isinstance(notification[name], wanted):
            raise PayloadError(f"notification.{name} has the wrong type.")
    if notification.get("dir", "auto") not in {"auto", "ltr", "rtl"}:
        raise PayloadError("notification.dir is auto, ltr or rtl.")
