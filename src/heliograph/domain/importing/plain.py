"""`endpoint,p256dh,auth`, or what browsers give: `PushSubscription.toJSON()`, as pywebpush and web-push keep it."""

from typing import ClassVar

from heliograph.domain.importing.base import Candidate, ImportFormat, Row, instant, keys_of, text


class Plain:
    """Flat columns, or objects with `keys`; a few more columns are read if they are there."""

    name: ClassVar[ImportFormat] = ImportFormat.PLAIN

    def fits(self, columns: frozenset[str]) -> bool:
        """Tell whether address and keys are there."""
        return "subscription" in columns or (
            "endpoint" in columns and ("keys" in columns or {"p256dh", "auth"} <= columns)
        )

    def read(self, row: Row) -> Candidate:
        """Read one row."""
        endpoint, p256dh, auth = keys_of(row)
        group = text(row, "group")
        return Candidate(
            address=endpoint,
            p256dh=p256dh,
            auth=auth,
            server_key=text(row, "application_server_key"),
            external_id=text(row, "external_id"),
            language=text(row, "language"),
            time_zone=text(row, "time_zone", "timezone"),
            groups=() if group is None else ((group, text(row, "identifier")),),
            created_at=instant(row, "created_at"),
            browser_expires_at=instant(row, "expiration_time", "expirationtime"),
        )
