"""Inserting what may be there already, on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import DBAPIError

from heliograph.kit.clock import FrozenClock
from heliograph.storage.sql import chunks, constant, insert_ignore, insert_new, upsert
from heliograph.storage.store import Store, Tx
from heliograph.storage.tables import deliveries, installation, leases, profiles


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


def _delivery(number: int, **changes: Any) -> dict[str, Any]:
    now = datetime(2026, 3, 14, 9, 26, 53, 589793, tzinfo=UTC) + timedelta(microseconds=number)
    row = {"id": f"dlv_{number:032x}", "project_id": "prj_1", "notification_id": "ntf_1", "subscription_id": "sub_1"}
    row |= {"profile_id": None, "state": "accepted", "reason": None, "attempts": 1, "status_code": 201}
    row |= {"service_message_id": "Grüße {\"'\\,", "accepted_at": now, "next_attempt_at": None}
    return row | {"created_at": now, "updated_at": now} | changes


async def _without_parents(tx: Tx) -> None:
    """Let the rows of this test stand alone."""
    if tx.dialect.name == "sqlite":
        await tx.execute(text("PRAGMA defer_foreign_keys = ON"))
    else:
        await tx.execute(text("SET LOCAL session_replication_role = replica"))


async def test_a_range_of_deliveries_is_one_statement(store: Store) -> None:
    """500 rows go in one go, come back as they were given, and a repeat inserts the others only."""
    rows = [_delivery(number) for number in range(500)]
    statements: list[str] = []
    async with store.begin() as tx:
        await _without_parents(tx)
        engine = tx.sync_connection.engine if tx.sync_connection else None
        event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
        new = await insert_new(tx, deliveries, rows[:400], conflict=["id"], returning=["id"])
        assert len(new) == 400
        assert len(statements) == 1
        new = await insert_new(tx, deliveries, rows, conflict=["id"], returning=["id", "created_at"])
        assert sorted(new) == [(row["id"], row["created_at"]) for row in rows[400:]]
        found = await tx.execute(select(*(deliveries.c[name] for name in rows[0])).order_by(deliveries.c.id))
        assert [dict(row._mapping) for row in found] == rows
        await tx.rollback()


async def test_one_key_twice_in_a_call_is_inserted_once(store: Store) -> None:
    """Of equal keys in one call one row is written, few rows or many."""
    for count in (2, 50):
        async with store.begin() as tx:
            await _without_parents(tx)
            rows = [_delivery(number % (count // 2)) for number in range(count)]
            assert len(await insert_new(tx, deliveries, rows, conflict=["id"], returning=["id"])) == count // 2
            await tx.rollback()


async def test_what_is_too_long_is_refused_by_postgresql(postgresql_url: str) -> None:
    """A value that does not fit its column is never cut silently, few rows or many."""
    store = await Store.open(postgresql_url)
    for count in (2, 50):
        async with store.begin() as tx:
            rows = [_delivery(number, state="x" * 17) for number in range(count)]
            with pytest.raises(DBAPIError, match="too long"):
                await insert_new(tx, deliveries, rows, conflict=["id"], returning=["id"])
            await tx.rollback()
    await store.close()


async def test_many_json_values_are_inserted_as_they_are(store: Store, clock: FrozenClock) -> None:
    """JSON columns survive the way of many rows too."""
    now = clock.now()
    common = {"project_id": "prj_1", "created_at": now, "updated_at": now}
    attributes = [{"n": number, "'": ["\\", None, {}]} for number in range(50)]
    rows = [
        common | {"id": f"pro_{n:03}", "external_id": str(n), "attributes": each} for n, each in enumerate(attributes)
    ]
    async with store.begin() as tx:
        await _without_parents(tx)
        await insert_new(tx, profiles, rows, conflict=["id"], returning=["id"])
        assert list((await tx.execute(select(profiles.c.attributes).order_by(profiles.c.id))).scalars()) == attributes
        await tx.rollback()
