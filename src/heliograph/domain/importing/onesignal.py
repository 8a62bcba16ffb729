"""OneSignal's CSV export (`POST /players/csv_export`), with the extra fields `web_auth` and `web_p256`.

Columns and device types as its documentation of the export names them; `invalid_identifier` and the types that are
missing there are those of its players API.
"""

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
    is_true,
    needed,
    text,
)

_MOBILE = {
    "0": "ios",
    "1": "android",
    "2": "amazon",
    "13": "huawei",
    "iospush": "ios",
    "androidpush": "android",
    "fireospush": "amazon",
    "huaweipush": "huawei",
}
_WEB_PREFIX = {
    "5": "https://fcm.googleapis.com/fcm/send/",
    "chromepush": "https://fcm.googleapis.com/fcm/send/",
    "8": "https://updates.push.services.mozilla.com/wpush/v2/",
    "firefoxpush": "https://updates.push.services.mozilla.com/wpush/v2/",
}
_SAFARI = ("7", "17", "safaripush", "safarilegacypush")
_SUBSCRIBED = 1


class OneSignal:
    """One row per subscription of any kind; `identifier` is the address."""

    name: ClassVar[ImportFormat] = ImportFormat.ONESIGNAL

    def fits(self, columns: frozenset[str]) -> bool:
        """Tell whether the columns are OneSignal's."""
        return "identifier" in columns and bool({"device_type", "web_auth", "invalid_identifier"} & columns)

    def read(self, row: Row) -> Candidate:
        """Read one row: a browser's, or a phone's, which is kept for later."""
        if is_true(row, "invalid_identifier") or _has_left(row):
            raise RowRefused(Refusal.ENDED_THERE, "OneSignal marks this subscription as ended.")
        kind = (text(row, "device_type") or "").lower()
        identifier = needed(row, "identifier")
        tags = inner(row, "tags")
        common: dict[str, Any] = {
            "external_id": text(row, "external_user_id", "external_id"),
            "attributes": tags if isinstance(tags, dict) else {},
            "language": text(row, "language"),
            "time_zone": _zone(row),
            "created_at": instant(row, "created_at"),
            "dropped": ("tags",) if text(row, "tags") and not isinstance(tags, dict) else (),
        }
        if kind in _MOBILE:
            return Candidate(address=identifier, channel=_MOBILE[kind], app_id=text(row, "app_id"), **common)
        if kind in _SAFARI and not identifier.startswith("https://"):
            return Candidate(address=identifier, channel="safari", app_id=text(row, "app_id"), **common)
        if text(row, "web_auth") is None and not identifier.startswith("https://"):
            raise RowRefused(Refusal.NOT_PUSH, "The row is no push subscription (e-mail, SMS or something else).")
        return Candidate(
            address=identifier if identifier.startswith("https://") else _WEB_PREFIX.get(kind, "") + identifier,
            channel=WEB,
            p256dh=needed(row, "web_p256", "web_p256dh"),
            auth=needed(row, "web_auth"),
            **common,
        )


def _has_left(row: Row) -> bool:
    """Tell whether `notification_types` says so: 1 is subscribed, other numbers are reasons not to be."""
    given = text(row, "notification_types")
    try:
        return given is not None and int(float(given)) != _SUBSCRIBED
    except (ValueError, OverflowError):
        return False


def _zone(row: Row) -> str | None:
    """Return `timezone_id`; `timezone` is a number of seconds and no zone."""
    found = text(row, "timezone_id", "timezone")
    return found if found is not None and "/" in found else None
