"""Files of subscriptions for tests: rows with real keys, in the words of several vendors."""

import csv
import hashlib
import io
from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from heliograph.protocols import base64url, vapid

VENDOR = ec.derive_private_key(20_261_122, ec.SECP256R1())
"""The vendor's application server key."""
PRIVATE = base64url.encode(vapid.private_bytes(VENDOR))
PUBLIC = base64url.encode(vapid.public_bytes(VENDOR))


@cache
def point(number: int) -> str:
    """A browser's public key; a few of them serve many rows."""
    return base64url.encode(vapid.public_bytes(ec.derive_private_key(1 + number % 16, ec.SECP256R1())))


def auth(number: int) -> str:
    """A browser's secret."""
    return base64url.encode(hashlib.sha256(f"auth {number}".encode()).digest()[:16])


def endpoint(number: int) -> str:
    """An address on a real push service's host."""
    return f"https://fcm.googleapis.com/fcm/send/browser-{number:07d}"


def plain(number: int, **more: Any) -> dict[str, Any]:
    """A row of the plain format."""
    return {"endpoint": endpoint(number), "p256dh": point(number), "auth": auth(number), **more}


def onesignal(number: int, **more: Any) -> dict[str, Any]:
    """A row of OneSignal's export."""
    row = {"id": str(number), "identifier": endpoint(number), "device_type": "5", "language": "en", "tags": "{}"}
    return {**row, "external_user_id": "", "web_auth": auth(number), "web_p256": point(number), **more}


def as_csv(rows: list[dict[str, Any]], *, delimiter: str = ",") -> bytes:
    """Rows as CSV, with the columns of the first."""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()
