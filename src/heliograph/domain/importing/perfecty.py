"""Perfecty Push: its WordPress table `perfecty_push_users`, as phpMyAdmin or `wp db query` export it."""

from typing import ClassVar

from heliograph.domain.importing.base import (
    Candidate,
    ImportFormat,
    Refusal,
    Row,
    RowRefused,
    instant,
    is_true,
    needed,
    text,
)


class Perfecty:
    """`is_active` is the person's wish, `disabled` what the push service made of it; `wp_user_id` is newer."""

    name: ClassVar[ImportFormat] = ImportFormat.PERFECTY

    def fits(self, columns: frozenset[str]) -> bool:
        """Tell whether the columns are Perfecty's."""
        return {"endpoint", "key_auth", "key_p256dh"} <= columns

    def read(self, row: Row) -> Candidate:
        """Read one row."""
        if ("is_active" in row and not is_true(row, "is_active")) or is_true(row, "disabled"):
            raise RowRefused(Refusal.ENDED_THERE, "Perfecty marks this subscription as ended.")
        person = text(row, "wp_user_id")
        return Candidate(
            address=needed(row, "endpoint"),
            p256dh=needed(row, "key_p256dh"),
            auth=needed(row, "key_auth"),
            external_id=None if person in ("0", "NULL", "\\N") else person,
            created_at=instant(row, "creation_time"),
        )
