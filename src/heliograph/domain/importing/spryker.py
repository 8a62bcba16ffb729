"""Spryker: `spy_push_notification_subscription` joined with its group, provider and locale.

The query that gives these columns is in docs/howto/move-here.md: the tables themselves name things by numbers.
"""

from typing import ClassVar

from heliograph.domain.importing.base import (
    Candidate,
    ImportFormat,
    Refusal,
    Row,
    RowRefused,
    inner,
    instant,
    text,
)


class Spryker:
    """`payload` is what the browser gave, in either of the two shapes that Spryker's own clients send."""

    name: ClassVar[ImportFormat] = ImportFormat.SPRYKER

    def fits(self, columns: frozenset[str]) -> bool:
        """Tell whether the columns are Spryker's."""
        return "payload" in columns and bool({"group_name", "fk_push_notification_group", "expired_at"} & columns)

    def read(self, row: Row) -> Candidate:
        """Read one row."""
        payload = inner(row, "payload")
        if not isinstance(payload, dict):
            raise RowRefused(Refusal.MISSING_FIELD, "The column payload is no JSON object.")
        nested = payload.get("keys")
        keys = nested if isinstance(nested, dict) else {}
        p256dh, auth = (
            text(keys, "p256dh") or text(payload, "publicKey"),
            text(keys, "auth") or text(payload, "authToken"),
        )
        endpoint = text(payload, "endpoint")
        if endpoint is None or p256dh is None or auth is None:
            raise RowRefused(Refusal.MISSING_FIELD, "The payload has no endpoint, or no keys to encrypt to.")
        group, locale = text(row, "group_name"), text(row, "locale_name")
        return Candidate(
            address=endpoint,
            p256dh=p256dh,
            auth=auth,
            language=None if locale is None else locale.replace("_", "-"),
            groups=() if group is None else ((group, text(row, "group_identifier")),),
            provider=text(row, "provider_name"),
            created_at=instant(row, "created_at"),
            expires_at=instant(row, "expired_at"),
        )
