"""Receivers of webhooks: which address may be one, how messages are signed, when they are tried again. Pure rules.

The form of the headers and of the signature is Standard Webhooks (standardwebhooks.com).
"""

import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from heliograph.kit.addresses import is_public
from heliograph.names import EventType

SECRET_BYTES = 32
SECRET_PREFIX = "whsec_"  # noqa: S105 - what every secret begins with
MAX_URL = 2048
OVERLAP = timedelta(hours=24)
"""How long the secret before signs beside a new one."""
STEPS = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 36_000))
"""Waits after the first, second, … attempt of a message, a day and more in all; after the last it is dead."""
MAX_AFTER = timedelta(hours=12)
"""The longest wait that a receiver may ask for."""
REST = timedelta(seconds=1)
LONGEST_REST = timedelta(minutes=1)
"""A receiver that failed is left alone for a moment, which doubles with each failure, up to this."""
LONGEST_ASKED_REST = timedelta(hours=1)
"""A receiver may ask to be left alone for longer (429 or 503 with Retry-After), up to this."""
DISABLED_AFTER = timedelta(days=3)
"""A receiver that took nothing for so long is called no more."""
RECOVERED_AFTER = 3
"""After so many failures in a row a success shows that the receiver is back: what waits for it goes at once."""
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
_INSIDE = (".localhost", ".local", ".internal", ".lan", ".home.arpa", ".test", ".invalid", ".onion")
_JITTER = 0.25


class DisabledReason(StrEnum):
    """Why a webhook is off."""

    OPERATOR = "operator"
    GONE = "gone"
    """Its receiver answered 410."""
    FAILING = "failing"
    """Its receiver took nothing for days."""


class MessageState(StrEnum):
    """How far a message has come."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"


class ReceiverError(ValueError):
    """This address may not be called; the sentence says why, without the address."""


@dataclass(frozen=True, slots=True)
class Receiver:
    """An address that may be called, as far as its text tells; `is_allowed`: the operator allows its origin by name."""

    url: str
    host: str
    port: int
    is_allowed: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `data` holds identifiers and words, never an address of a browser or a key."""

    type: EventType
    at: datetime
    data: dict[str, Any]


def read_receiver(url: str, allowed: frozenset[str]) -> Receiver:
    """Check the text of an address.

    Args:
        url: of the receiver, used byte for byte.
        allowed: origins such as `http://127.0.0.1:9000` that may be plain and lie inside, by the operator's will.

    Raises:
        ReceiverError: it is no address that a stranger's word may lead to.
    """
    if len(url) > MAX_URL:
        raise ReceiverError(f"An address has at most {MAX_URL} characters.")
    if not _PRINTABLE.fullmatch(url) or "\\" in url:
        raise ReceiverError("An address is printable ASCII without spaces or backslashes.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ReceiverError("This is not a URL.") from error
    if "@" in parts.netloc or "#" in url:
        raise ReceiverError("An address must not hold a user name or a fragment.")
    scheme, netloc = parts.scheme.lower(), parts.netloc.lower()
    if f"{scheme}://{netloc}" in allowed:
        default = 443 if scheme == "https" else 80
        return Receiver(url, parts.hostname or "", port or default, is_allowed=True)
    if scheme != "https":
        raise ReceiverError("An address must begin with https://.")
    return Receiver(url, _public_host(netloc), port or 443)


def _public_host(netloc: str) -> str:
    # Not `hostname`: it takes the inside of brackets out of `evil[…]`, and clients do not.
    host = netloc[1 : netloc.index("]")] if netloc.startswith("[") and "]" in netloc else netloc.partition(":")[0]
    if is_public(host):
        return host
    if not _HOST.fullmatch(host) or host.rpartition(".")[2].isdigit() or host.endswith(_INSIDE):
        raise ReceiverError("The host must be a name or an address of the public internet.")
    return host


def shown(secret: bytes) -> str:
    """Return a secret as receivers are given it."""
    return SECRET_PREFIX + b64encode(secret).decode()


def unshown(text: str) -> bytes:
    """Return the bytes of a secret that `shown` wrote."""
    return b64decode(text.removeprefix(SECRET_PREFIX))


def signed_headers(secrets: Sequence[bytes], message_id: str, body: bytes, *, at: datetime) -> list[tuple[str, str]]:
    """Return the three headers of a message that is sent at an instant; one signature for each secret in force."""
    seconds = str(int(at.timestamp()))
    text = f"{message_id}.{seconds}.".encode() + body
    signatures = (b64encode(hmac.new(secret, text, hashlib.sha256).digest()).decode() for secret in secrets)
    return [
        ("webhook-id", message_id),
        ("webhook-timestamp", seconds),
        ("webhook-signature", " ".join(f"v1,{signature}" for signature in signatures)),
    ]


def secret_place(webhook_id: str) -> str:
    """Return where the secrets of a webhook are kept, for the sealer."""
    return f"webhook/{webhook_id}/secret"


def body_of(project_id: str, events: bytes, *, at: datetime) -> bytes:
    """Return a message's body; `events` are JSON texts with commas between."""
    stamp = at.isoformat().replace("+00:00", "Z")
    head = f'{{"type":"batch","timestamp":"{stamp}","data":{{"project_id":"{project_id}","events":['
    return head.encode() + events + b"]}}"


def next_attempt_at(now: datetime, *, tries: int, after: timedelta | None, chance: float) -> datetime | None:
    """Return when a message is tried again; None if this was its last try. `tries` counts this one."""
    if tries > len(STEPS):
        return None
    wait = STEPS[tries - 1] * (1 + _JITTER * min(max(chance, 0.0), 1.0))
    return now + max(wait, min(after or timedelta(0), MAX_AFTER))


def rest(failures: int, asked: timedelta | None = None) -> timedelta:
    """Return how long a receiver is left alone after so many failures in a row, or because it asked for it."""
    own: timedelta = min(REST * 2 ** min(max(failures - 1, 0), 10), LONGEST_REST)
    return max(own, min(asked or timedelta(0), LONGEST_ASKED_REST))
