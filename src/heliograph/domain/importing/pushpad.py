"""Pushpad: the members of its REST API's subscriptions (`endpoint`, `p256dh`, `auth`, `uid`, `tags`)."""

import re
from typing import ClassVar

from heliograph.domain.importing.base import Candidate, ImportFormat, Row, inner, instant, keys_of, text

_SEPARATOR = re.compile(r"[,;|]")


class Pushpad:
    """`uid` is the person, `tags` are groups."""

    name: ClassVar[ImportFormat] = ImportFormat.PUSHPAD

    def fits(self, columns: frozenset[str]) -> bool:
        """Tell whether the columns are Pushpad's."""
        return "endpoint" in columns and bool({"uid", "tags"} & columns) and {"p256dh", "auth"} <= columns

    def read(self, row: Row) -> Candidate:
        """Read one row."""
        endpoint, p256dh, auth = keys_of(row)
        return Candidate(
            address=endpoint,
            p256dh=p256dh,
            auth=auth,
            external_id=text(row, "uid"),
            groups=tuple((tag, None) for tag in _tags(row)),
            created_at=instant(row, "created_at"),
        )


def _tags(row: Row) -> list[str]:
    """Return the tags: a list, a list as JSON, or words between commas."""
    found = inner(row, "tags")
    if not isinstance(found, list):
        found = _SEPARATOR.split(text(row, "tags") or "")
    return [str(tag).strip() for tag in found if str(tag).strip()]
