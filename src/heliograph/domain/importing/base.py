"""What a row of anybody's file comes to, before it is checked: an address on a channel and what is said about it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, ClassVar, Protocol

Row = Mapping[str, Any]
"""Values by column, in lower case: texts of a CSV, any JSON of JSON Lines."""

WEB = "web"
_MILLISECONDS_FROM = 100_000_000_000
_WRONG = ("", "0", "f", "false", "n", "no", "null", "none")
_LAST_SECOND = 253_402_214_400


class ImportFormat(StrEnum):
    """Whose columns a file has."""

    AUTO = "auto"
    PLAIN = "plain"
    ONESIGNAL = "onesignal"
    PUSHPAD = "pushpad"
    PERFECTY = "perfecty"
    SPRYKER = "spryker"
    HELIOGRAPH = "heliograph"


class Refusal(StrEnum):
    """Why a row was not taken, beyond its form (`kit.records.RowFault`)."""

    MISSING_FIELD = "missing_field"
    ENDPOINT_REFUSED = "endpoint_refused"
    RECEIVER_KEYS_REFUSED = "receiver_keys_refused"
    KEY_MISSING = "application_server_key_missing"
    KEY_UNKNOWN = "application_server_key_unknown"
    CONFLICT = "conflict"
    UNSUBSCRIBED_HERE = "unsubscribed_here"
    ENDED_HERE = "ended_here"
    ENDED_THERE = "ended_there"
    EXPIRED = "expired"
    NOT_PUSH = "not_push"
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - a reason


class RowRefused(ValueError):  # noqa: N818 - not an error of ours
    """This row is not taken; the sentence says why and never repeats an address or a key."""

    def __init__(self, reason: Refusal, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Candidate:
    """What a row says, unchecked. Keys are base64url or base64.

    Attributes:
        channel: `web`, or what a phone is on: then `address` is its token.
        server_key: the public application server key that it was made with, if the row says.
        attributes: of the person if `external_id` says who that is.
        groups: names with identifiers or None, as the vendor wrote them.
        provider: the name of the provider, if the row says.
        dropped: names of fields that could not be read.
    """

    address: str = field(repr=False)
    channel: str = WEB
    p256dh: str = field(default="", repr=False)
    auth: str = field(default="", repr=False)
    server_key: str | None = None
    app_id: str | None = None
    external_id: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    language: str | None = None
    time_zone: str | None = None
    groups: tuple[tuple[str, str | None], ...] = ()
    provider: str | None = None
    origin: str | None = None
    user_agent: str | None = None
    created_at: datetime | None = None
    browser_expires_at: datetime | None = None
    expires_at: datetime | None = None
    dropped: tuple[str, ...] = ()


class Format(Protocol):
    """How one vendor writes its rows."""

    name: ClassVar[ImportFormat]

    def fits(self, columns: frozenset[str]) -> bool:
        """Tell whether these can be the vendor's columns."""
        ...

    def read(self, row: Row) -> Candidate:
        """Read one row.

        Raises:
            RowRefused: it is no subscription that could be kept.
        """
        ...


def text(row: Row, *names: str) -> str | None:
    """Return the first of some columns that holds something, as text."""
    for name in names:
        value = row.get(name)
        if isinstance(value, bool) or value is None or isinstance(value, dict | list):
            continue
        found = str(value).strip()
        if found:
            return found
    return None


def needed(row: Row, *names: str) -> str:
    """Return the first of some columns that holds something, or refuse the row."""
    found = text(row, *names)
    if found is None:
        raise RowRefused(Refusal.MISSING_FIELD, f"The column {names[0]} is empty.")
    return found


def is_true(row: Row, name: str) -> bool:
    """Tell whether a column says yes, in any of the usual spellings."""
    return str(row.get(name, "")).strip().lower() not in _WRONG


def inner(row: Row, name: str) -> Any:
    """Return the JSON that a column holds, as text or as it is; None if it holds none."""
    value = row.get(name)
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value) if value.strip() else None
    except (ValueError, RecursionError):
        return None


def instant(row: Row, *names: str) -> datetime | None:
    """Return the instant in the first of some columns: ISO 8601 (UTC unless it says otherwise) or a Unix time."""
    found = text(row, *names)
    if found is None:
        return None
    try:
        number = float(found)
    except ValueError:
        return _iso(found)
    if number >= _MILLISECONDS_FROM:
        number /= 1000
    return datetime.fromtimestamp(number, UTC) if 0 < number < _LAST_SECOND else None


def _iso(found: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(found.removesuffix(" UTC"))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def keys_of(row: Row) -> tuple[str, str, str]:
    """Return endpoint, p256dh and auth, flat or as `PushSubscription.toJSON()` nests them, or refuse the row."""
    nested = inner(row, "subscription")
    if isinstance(nested, dict):
        row = {**row, **{str(key).lower(): value for key, value in nested.items()}}
    keys = inner(row, "keys")
    if isinstance(keys, dict):
        row = {**row, **keys}
    return needed(row, "endpoint"), needed(row, "p256dh"), needed(row, "auth")
