"""Brings a database to this version's schema. Of several processes that start at once, one works, the others wait.

Every command looks whether something is missing, and hardly ever is anything: so Alembic is loaded only to work.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from heliograph.storage.engines import DatabaseUrl, StoreError, postgresql_engine, sqlite_engine

_DIRECTORY = Path(__file__).parent / "migrations"
_ALEMBICS = "alembic_version"
_LOCK = 0x68656C696F  # any number that nobody else locks: "helio"


async def migrate(url: str) -> list[str]:
    """Run the revisions that are missing, all in one transaction; return their names, oldest first.

    Raises:
        StoreError: the database does not answer, or it was made by a newer version of Heliograph.
    """
    async with _locked(url) as connection:
        missing = await connection.run_sync(_missing)
        if missing:
            await connection.run_sync(_upgrade)
        return missing


async def missing(tx: AsyncConnection) -> list[str]:
    """Return the names of the revisions that a database lacks, as an open transaction sees it; none if it is newer.

    An older process goes on with a newer schema: revisions add before they take away.
    """
    try:
        return await tx.run_sync(_missing)
    except StoreError:
        return []


async def pending(url: str) -> list[str]:
    """Return the names of the revisions that are missing, oldest first. Changes nothing."""
    async with _locked(url) as connection:
        return await connection.run_sync(_missing)


@asynccontextmanager
async def _locked(url: str) -> AsyncIterator[AsyncConnection]:
    parsed = DatabaseUrl.parse(url)
    # The writer's BEGIN IMMEDIATE is the lock on SQLite.
    is_sqlite = parsed.dialect == "sqlite"
    # Waiting for another process's migration, or for a new index, takes what it takes.
    engine = (
        sqlite_engine(parsed, is_writer=True, pool_size=1)
        if is_sqlite
        else postgresql_engine(parsed, pool_size=1, is_limited=False)
    )
    try:
        async with engine.begin() as connection:
            if not is_sqlite:
                await connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK})
            yield connection
    except (DBAPIError, OSError) as error:
        cause = str(getattr(error, "orig", None) or error).strip()
        raise StoreError(
            f"The database {parsed.public} cannot be migrated: {cause.splitlines()[0] if cause else error!r}"
        ) from error
    finally:
        await engine.dispose()


def _config() -> Any:
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_DIRECTORY).replace("%", "%%"))
    return config


@cache
def revisions() -> tuple[str, ...]:
    """Return all revisions that this version knows, newest first. Each one's file begins with its number."""
    files = (_DIRECTORY / "versions").glob("[0-9]*_*.py")
    return tuple(sorted((file.name.partition("_")[0] for file in files), reverse=True))


def _current(connection: Connection) -> str | None:
    if not inspect(connection).has_table(_ALEMBICS):
        return None
    found: str | None = connection.execute(text(f"SELECT version_num FROM {_ALEMBICS}")).scalar_one_or_none()  # noqa: S608
    return found


def _missing(connection: Connection) -> list[str]:
    current = _current(connection)
    names = revisions()
    if current is not None and current not in names:
        raise StoreError(
            f"The database is at revision {current!r}, which this version of Heliograph does not know: it is older."
        )
    newer = names[: names.index(current)] if current is not None else names
    return list(newer[::-1])


def _upgrade(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415 - takes a tenth of a second, and hardly ever is anything missing

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
