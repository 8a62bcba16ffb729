"""Keyset paging: each row once, whatever the page's size; cursors that belong to their listing."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from heliograph.kit.paging import CursorError, cursor_after, key_of, read_page

LETTERS = st.characters(codec="utf-8", exclude_characters="\0")
KEYS = st.lists(st.text(LETTERS, min_size=1, max_size=8), unique=True, max_size=40)


def _fetch(rows):
    async def fetch(after, limit):
        return [row for row in sorted(rows) if after is None or row > after][:limit]

    return fetch


@settings(deadline=None)
@given(rows=KEYS, limit=st.integers(1, 45))
async def test_following_the_cursor_gives_each_row_once(rows, limit):
    """All pages together are the listing, every page but the last is full, and the last has no cursor."""
    found, sizes, cursor = [], [], None
    while True:
        page = await read_page(_fetch(rows), lambda row: row, listing="rows", cursor=cursor, limit=limit)
        found += page.items
        sizes.append(len(page.items))
        cursor = page.next
        if cursor is None:
            break
    assert found == sorted(rows)
    assert all(size == limit for size in sizes[:-1])
    assert sizes[-1] > 0 or rows == []


@settings(deadline=None)
@given(
    rows=st.lists(st.text(LETTERS, min_size=1, max_size=8), unique=True, min_size=4),
    new=st.text(LETTERS, min_size=1, max_size=8),
)
async def test_a_row_added_meanwhile_moves_no_other(rows, new):
    """Rows that were there all the time are seen once, though one is added between two pages."""
    first = await read_page(_fetch(rows), lambda row: row, listing="rows", cursor=None, limit=2)
    second = await read_page(
        _fetch({*rows, new}), lambda row: row, listing="rows", cursor=first.next, limit=len(rows) + 1
    )
    seen = [row for row in first.items + second.items if row != new or new in rows]
    assert seen == sorted(rows)


@given(key=st.text(LETTERS, min_size=1, max_size=60), listing=st.text(max_size=60))
def test_a_cursor_gives_its_key_back(key, listing):
    """A cursor is opaque, safe in an address, and read by the listing that made it."""
    cursor = cursor_after(key, listing)
    assert cursor.replace("-", "").replace("_", "").isalnum()
    assert key_of(cursor, listing) == key


@given(key=st.text(min_size=1, max_size=60), listing=st.text(max_size=60), other=st.text(max_size=60))
def test_a_cursor_of_another_listing_is_refused(key, listing, other):
    """A cursor of one listing means nothing to another."""
    if other == listing:
        return
    with pytest.raises(CursorError):
        key_of(cursor_after(key, listing), other)


@given(text=st.text(max_size=400))
def test_anything_else_is_refused(text):
    """No text that we did not make is a cursor, and none is a fault."""
    with pytest.raises(CursorError):
        key_of(text, "rows")
