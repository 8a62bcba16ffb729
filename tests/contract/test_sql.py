"""Inserting what may be there already, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from heliograph.storage.sql import chunks, constant, insert_ignore, insert_new, upsert
from heliograph.storage.store import Store
from heliograph.storage.tables import installation, leases


async def test_an_upsert_overwrites_only_what_it_names(store: Store) -> None:
    """Other columns of a row that exists are left alone; of one key twice in a call the last wins."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    async with store.begin() as tx:
        await upsert(tx, leases, [{"name": "n", "holder": "a", "until": now}], conflict=["name"], update=["until"])
        rows = [{"name": "n", "holder": name, "until": now + timedelta(days=day)} for day, name in enumerate("bc")]
        await upsert(tx, leases, rows, conflict=["name"], update=["until"])
        assert (await tx.execute(select(leases))).all() == [("n", "a", now + timedelta(days=1))]
        await upsert(tx, leases, [], conflict=["name"], update=["until"])


async def test_inserting_tells_what_is_new(store: Store) -> None:
    """Of a thousand rows, those that exist already are left alone and the new ones are returned."""
    async with store.begin() as tx:
        first = [{"name": str(number), "value": "old"} for number in range(0, 1000, 3)]
        await insert_ignore(tx, installation, first, conflict=["name"])
        rows = [{"name": str(number), "value": "new"} for number in range(1000)]
        new = await insert_new(tx, installation, rows, conflict=["name"], returning=["name"])
        assert {row.name for row in new} == {str(number) for number in range(1000) if number % 3}
        assert await insert_new(tx, installation, rows, conflict=["name"], returning=["name"]) == []
        assert await insert_new(tx, installation, [], conflict=["name"], returning=["name"]) == []
        await insert_ignore(tx, installation, [], conflict=["name"])


def test_chunks_fit_into_a_statement() -> None:
    """Nothing is lost and nothing is too long."""
    parts = list(chunks(range(70_000), columns=3))
    assert [item for part in parts for item in part] == list(range(70_000))
    assert max(len(part) for part in parts) * 3 <= 32_766


def test_only_words_are_written_into_statements() -> None:
    """A value from outside could never become SQL."""
    assert str(constant("ready")) == "'ready'"
    with pytest.raises(ValueError, match="plain words"):
        constant("ready' OR '1'='1")
