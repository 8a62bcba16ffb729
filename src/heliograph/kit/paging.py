"""Keyset paging: a page begins behind the last row of the page before it, so that no page costs more than the first.

The cursor is opaque to callers and bound to the listing that made it: one of another listing, or of the same listing
with other filters, is refused instead of giving a page that looks right.
"""

import base64
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

MAX_LIMIT = 200
DEFAULT_LIMIT = 50
MAX_CURSOR = 300
"""Characters of a cursor that are looked at."""
_MARK_BYTES = 6

Row = TypeVar("Row")


class CursorError(ValueError):
    """The cursor was not made by this listing."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows, and the cursor of the next page if there is one."""

    items: list[Row]
    next: str | None = None


def _mark(listing: str) -> bytes:
    return hashlib.sha256(f"cursor\0{listing}".encode()).digest()[:_MARK_BYTES]


def cursor_after(key: str, listing: str) -> str:
    """Return the cursor of the page behind the row whose key is `key`."""
    return base64.urlsafe_b64encode(_mark(listing) + key.encode()).rstrip(b"=").decode()


def key_of(cursor: str, listing: str) -> str:
    """Return the key behind which the page begins.

    Raises:
        CursorError: the cursor is damaged or belongs to another listing.
    """
    try:
        bare = cursor[:MAX_CURSOR]
        raw = base64.urlsafe_b64decode((bare + "=" * (-len(bare) % 4)).encode("ascii"))
        key = raw[_MARK_BYTES:].decode()
    except ValueError as error:
        raise CursorError("This is not a cursor.") from error
    # The mark is no secret, so a stranger can make a cursor; PostgreSQL cannot even compare U+0000.
    if raw[:_MARK_BYTES] != _mark(listing) or not key or "\0" in key or cursor_after(key, listing) != cursor:
        raise CursorError("This cursor belongs to another listing: start without one.")
    return key


async def read_page(
    fetch: Callable[[str | None, int], Awaitable[list[Row]]],
    key: Callable[[Row], str],
    *,
    listing: str,
    cursor: str | None,
    limit: int,
) -> Page[Row]:
    """Read one page.

    Args:
        fetch: given the key behind which to begin (or None) and a number of rows, returns rows in the listing's order.
        key: what the listing is ordered by; different for every row.
        listing: names the listing with its project and filters.
        cursor: what the page before gave as `next`.
        limit: rows of a page, 1 to 200.

    Raises:
        CursorError: the cursor is not of this listing.
    """
    after = None if cursor is None else key_of(cursor, listing)
    # One row more than asked for tells whether a next page exists without counting.
    rows = await fetch(after, limit + 1)
    if len(rows) <= limit:
        return Page(rows)
    return Page(rows[:limit], cursor_after(key(rows[limit - 1]), listing))
