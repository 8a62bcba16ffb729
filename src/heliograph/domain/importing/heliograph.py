"""Our own export: everything that a subscription is, and back again without loss."""

from collections.abc import Mapping
from typing import Any, ClassVar

from heliograph.domain.importing.base import (
    WEB,
    Candidate,
    ImportFormat,
    Refusal,
    Row,
    RowRefused,
    inner,
    instant,
    needed,
    text,
)

COLUMNS = (
    "channel",
    "endpoint",
    "p256dh",
    "auth",
    "application_server_key",
    "token",
    "app_id",
    "external_id",
    "attributes",
    "language",
    "time_zone",
    "groups",
    "provider",
    "origin",
    "user_agent",
    "created_at",
    "browser_expires_at",
    "expires_at",
)
"""The columns of an export, in order. `groups` is a JSON list of [name, identifier or null], `attributes` an object."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")
_CHANNELS = frozenset({WEB, "safari", "ios", "android", "amazon", "huawei", "rustore"})


def disarmed(value: str) -> str:
    """Return a text that no spreadsheet takes for a formula: with `'` in front if it begins like one."""
    return f"'{value}" if value.startswith(_FORMULA) else value


def _armed(value: Any) -> Any:
    return value[1:] if isinstance(value, str) and value.startswith("'") else value


class Heliograph:
    """What `heliograph export` writes."""

    name: ClassVar[ImportFormat] = ImportFormat.HELIOGRAPH

    def fits(self, columns: frozenset[str]) -> bool:
        """Tell whether the columns are ours."""
        return {"channel", "endpoint", "application_server_key", "groups"} <= columns

    def read(self, row: Row) -> Candidate:
        """Read one row."""
        if not isinstance(row.get("groups"), list):  # a CSV, where a leading ' is written for spreadsheets
            row = {name: _armed(value) for name, value in row.items()}
        channel = text(row, "channel") or WEB
        if channel not in _CHANNELS:
            raise RowRefused(Refusal.NOT_PUSH, "There is no such channel.")
        attributes, groups = inner(row, "attributes"), inner(row, "groups")
        is_web = channel == WEB
        return Candidate(
            address=needed(row, "endpoint") if is_web else needed(row, "token"),
            channel=channel,
            p256dh=needed(row, "p256dh") if is_web else "",
            auth=needed(row, "auth") if is_web else "",
            server_key=text(row, "application_server_key"),
            app_id=text(row, "app_id"),
            external_id=_exact(row, "external_id"),
            attributes=attributes if isinstance(attributes, Mapping) else {},
            language=text(row, "language"),
            time_zone=text(row, "time_zone"),
            groups=_groups(groups),
            provider=text(row, "provider"),
            origin=text(row, "origin"),
            user_agent=text(row, "user_agent"),
            created_at=instant(row, "created_at"),
            browser_expires_at=instant(row, "browser_expires_at"),
            expires_at=instant(row, "expires_at"),
        )


def _exact(row: Row, name: str) -> str | None:
    """Return a text with its spaces: an id is an id."""
    value = row.get(name)
    return value if isinstance(value, str) and value else None


def _groups(given: Any) -> tuple[tuple[str, str | None], ...]:
    found: list[tuple[str, str | None]] = []
    for item in given if isinstance(given, list) else ():
        match item:
            case [str(name), None]:
                found.append((name, None))
            case [str(name), str(identifier)]:
                found.append((name, identifier))
            case _:
                continue
    return tuple(found)
