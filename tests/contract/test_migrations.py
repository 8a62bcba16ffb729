"""The schema's history leads to the schema that the code knows, on both databases, whoever starts at the same time."""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection, MetaData, text
from sqlalchemy.exc import IntegrityError
from tests.support.postgres import PostgresServer

from heliograph.storage.migrate import _config, migrate, pending, revisions
from heliograph.storage.store import Store, StoreError, Tx
from heliograph.storage.tables import metadata

_CATALOGUE = {
    "sqlite": "SELECT type, name, sql FROM sqlite_master WHERE tbl_name NOT LIKE 'alembic%'",
    "postgresql": """
        SELECT 'column', table_name || '.' || column_name, concat_ws(' ', data_type, character_maximum_length,
               collation_name, is_nullable, column_default)
          FROM information_schema.columns WHERE table_schema = 'public'
        UNION ALL SELECT 'index', indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'
        UNION ALL SELECT 'constraint', conrelid::regclass || '.' || conname, pg_get_constraintdef(oid)
          FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    """,
}


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_urls(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[list[str]]:
    """Two databases of one kind without any table."""
    if request.param == "sqlite":
        yield [f"sqlite:///{tmp_path}/{name}.db" for name in "ab"]
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    names = [f"empty_{os.getpid()}_{name}" for name in "ab"]
    for name in names:
        server.create(name)
    yield [server.url(name) for name in names]
    for name in names:
        server.drop(name)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    store = await Store.open(url, pool_size=2)
    try:
        yield store
    finally:
        await store.close()


async def _catalogue(store: Store) -> dict[tuple[str, str], list[str]]:
    async with store.read() as tx:
        rows = await tx.execute(text(_CATALOGUE[store.dialect]))
    return {(kind, name): _parts(sql or "") for kind, name, sql in rows if "alembic" not in name}


def _parts(sql: str) -> list[str]:
    """Cut at commas: the order of a table's constraints says nothing."""
    head, _, rest = re.sub(r"[\s\"]+", " ", sql).partition("(")
    return [head, *sorted(part.strip() for part in rest.removesuffix(")").split(","))]


async def test_migrations_and_tables_say_the_same(empty_urls: list[str]) -> None:
    """A database that was migrated and one made from `tables.py` have the same columns, indexes and constraints."""
    migrated_url, made_url = empty_urls
    await migrate(migrated_url)
    async with opened(migrated_url) as migrated, opened(made_url) as made:
        async with made.begin() as tx:
            await tx.run_sync(metadata.create_all)
        assert await _catalogue(migrated) == await _catalogue(made)
        async with migrated.begin() as tx:
            assert await tx.run_sync(_difference) == []


def _difference(connection: Connection) -> list[object]:
    options = {"compare_type": True, "compare_server_default": True}
    context = MigrationContext.configure(connection, opts=options)
    found: list[object] = compare_metadata(context, metadata)
    return found


async def test_migrating_twice_does_nothing_the_second_time(empty_urls: list[str]) -> None:
    """What is missing is told, then done, then nothing is missing."""
    url, _ = empty_urls
    missing = await pending(url)
    assert missing[0] == "0001"
    assert await migrate(url) == missing
    assert await pending(url) == []
    assert await migrate(url) == []


async def test_a_database_of_a_newer_version_is_left_alone(empty_urls: list[str]) -> None:
    """An older Heliograph says that it is older instead of touching anything."""
    url, _ = empty_urls
    await migrate(url)
    async with opened(url) as store, store.begin() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for look in (pending, migrate):
        with pytest.raises(StoreError, match="does not know"):
            await look(url)


async def test_a_migration_that_fails_leaves_nothing(empty_urls: list[str]) -> None:
    """All revisions run in one transaction: after a failure the database is as it was."""
    url, _ = empty_urls
    async with opened(url) as store:
        async with store.begin() as tx:
            await tx.execute(text("CREATE TABLE leases (in_the_way INTEGER)"))
        before = await _catalogue(store)
        with pytest.raises(StoreError, match="cannot be migrated"):
            await migrate(url)
        assert await _catalogue(store) == before


async def test_processes_that_start_at_once_migrate_once(empty_urls: list[str]) -> None:
    """Of several processes one does the work, the others wait, and none fails."""
    url, _ = empty_urls
    code = (
        "import asyncio, sys; from heliograph.storage.migrate import migrate; print(asyncio.run(migrate(sys.argv[1])))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-W",
            "error",
            "-c",
            code,
            url,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        for _ in range(3)
    ]
    results = [await process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], results
    assert sorted(out.startswith(b"['0001'") for out, _ in results) == [False, False, True]


async def test_the_steps_back_undo_the_steps_forward(empty_urls: list[str]) -> None:
    """Going down to nothing leaves no table, and going up again works."""
    url, _ = empty_urls
    await migrate(url)
    async with opened(url) as store:
        before = await _catalogue(store)
        async with store.begin() as tx:
            await tx.run_sync(_down)
        assert await _catalogue(store) == {}
        await migrate(url)
        assert await _catalogue(store) == before


async def test_people_keep_their_subscriptions_when_names_become_optional(empty_urls: list[str]) -> None:
    """Revision 0010 on a database in use: who owns what stays, names stay unique, and there may be none."""
    url, _ = empty_urls
    await migrate(url)
    async with opened(url) as store:
        async with store.begin() as tx:
            await tx.run_sync(_to, "0010-1")
            await _a_person_with_a_subscription(tx)
        await migrate(url)
        person = "INSERT INTO profiles (id, project_id, external_id, attributes, created_at, updated_at) "
        now = "0" if store.dialect == "sqlite" else "now()"
        async with store.begin() as tx:
            assert (await tx.execute(text("SELECT profile_id FROM subscriptions"))).scalar_one() == "pro_1"
            for number in (2, 3):
                await tx.execute(text(f"{person} VALUES ('pro_{number}', 'prj_1', NULL, '{{}}', {now}, {now})"))
        with pytest.raises(IntegrityError):
            async with store.begin() as tx:
                await tx.execute(text(f"{person} VALUES ('pro_4', 'prj_1', 'ada', '{{}}', {now}, {now})"))


async def _a_person_with_a_subscription(tx: Tx) -> None:
    """Fill in what the old schema asks for, whatever it is."""
    names = ("projects", "vapid_keys", "providers", "profiles", "subscriptions")
    old = MetaData()
    await tx.run_sync(lambda connection: old.reflect(connection, only=names))
    ids = {"projects": "prj_1", "vapid_keys": "vap_1", "providers": "prv_1", "profiles": "pro_1"}
    known = {f"{name[:-1]}_id": value for name, value in ids.items()} | {"external_id": "ada"}
    for name in names:
        table = old.tables[name]
        row = {
            column.name: ids.get(name, "sub_1") if column.name == "id" else known.get(column.name, _anything(column))
            for column in table.columns
            if not column.nullable or column.name == "profile_id"
        }
        await tx.execute(table.insert().values(row))


def _anything(column: Column[Any]) -> Any:
    match column.type.python_type.__name__:
        case "str":
            return "{}"
        case "bytes":
            return b"x"
        case "datetime":
            return datetime(2026, 3, 14, tzinfo=UTC)
        case "dict":
            return {}
        case "bool":
            return True
        case _:
            return 0


def test_revisions_are_told_by_their_files() -> None:
    """What is read from the files' names is what Alembic makes of their contents."""
    walked = ScriptDirectory.from_config(_config()).walk_revisions()
    assert revisions() == tuple(revision.revision for revision in walked)


def _down(connection: Connection) -> None:
    _to(connection, "base")


def _to(connection: Connection, revision: str) -> None:
    config = _config()
    config.attributes["connection"] = connection
    command.downgrade(config, revision)
