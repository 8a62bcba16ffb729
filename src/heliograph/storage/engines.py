"""How a database URL becomes SQLAlchemy engines: drivers, pragmas, pools."""

import contextlib
import logging
import os
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, Self

import msgspec
import psycopg
from sqlalchemy import URL, AsyncAdaptedQueuePool, event, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

_BUSY_TIMEOUT = timedelta(seconds=30)
_POOL_TIMEOUT = timedelta(seconds=30)
_CONNECT_TIMEOUT = timedelta(seconds=10)
_PATIENCE = {
    # Of libpq, for a server that is gone without a word: the kernel asks after 30 s of silence, and gives up after 30 s
    # without an answer. A URL that names one of them wins.
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "30000",
}
_LIMITS = {
    # Of the server, for what waits or is left lying; every statement of ours is bounded and takes milliseconds.
    "lock_timeout": "30s",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
}
_WAL_BYTES_KEPT = 64 * 1024 * 1024
_SYNCHRONOUS = ("normal", "full")
_PASSING_SQLITE = frozenset({"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_IOERR"})
_PASSING_SQLSTATES = ("08", "25P03", "40", "53", "55P03", "57")
"""Connection lost, left idle for too long, rolled back to resolve a conflict, out of resources, lock not available,
operator's shutdown or the statement's time over."""

# At DEBUG this driver logs every statement with its values: endpoints, keys, hashes of secrets.
logging.getLogger("aiosqlite").setLevel(logging.INFO)


class StoreError(Exception):
    """The database cannot be used; one sentence for the operator."""


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A database URL that has been understood."""

    dialect: Literal["sqlite", "postgresql"]
    url: URL
    synchronous: str = "normal"

    @property
    def public(self) -> str:
        """The URL without its password."""
        return self.url.set(drivername=self.dialect).render_as_string(hide_password=True)

    @property
    def path(self) -> Path:
        """The SQLite file."""
        return Path(self.url.database or "")

    @classmethod
    def parse(cls, url: str) -> Self:
        """Understand a URL, or raise `StoreError`."""
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError):
            # The text is not repeated: a mistyped URL still holds its password.
            raise StoreError("The database URL is not of the form sqlite:///path or postgresql://host/name.") from None
        match parsed.drivername.partition("+")[0]:
            case "sqlite":
                return cls._sqlite(parsed)
            case "postgresql" | "postgres":
                return cls("postgresql", parsed.set(drivername="postgresql+psycopg"))
            case other:
                raise StoreError(
                    f"A database of the kind {other!r} is not supported: use sqlite:///path or postgresql://host/name."
                )

    @classmethod
    def _sqlite(cls, url: URL) -> Self:
        if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
            raise StoreError(
                "SQLite needs a file, such as sqlite:///heliograph.db: readers and the writer are several connections."
            )
        synchronous = str(url.query.get("synchronous", "normal")).lower()
        unknown = set(url.query) - {"synchronous"}
        if unknown or synchronous not in _SYNCHRONOUS:
            raise StoreError("The only option of a SQLite URL is ?synchronous=normal or ?synchronous=full.")
        return cls("sqlite", url.set(drivername="sqlite+aiosqlite", query={}), synchronous)


def is_passing(error: DBAPIError) -> bool:
    """Tell whether the same transaction may well succeed a little later: nothing is wrong with the statement."""
    if error.connection_invalidated:
        return True
    cause = error.orig
    sqlite_name = getattr(cause, "sqlite_errorname", None)
    if sqlite_name is not None:
        return any(sqlite_name.startswith(name) for name in _PASSING_SQLITE)
    if isinstance(cause, psycopg.Error):
        if cause.sqlstate is not None:
            return cause.sqlstate.startswith(_PASSING_SQLSTATES)
        # The server said nothing at all: there was no connection, unless the driver could not even write the values.
        return not isinstance(cause, psycopg.DataError | psycopg.ProgrammingError)
    return False


def _dumps(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def postgresql_engine(url: DatabaseUrl, *, pool_size: int, is_limited: bool = True) -> AsyncEngine:
    """Make the engine for PostgreSQL: psycopg, at most `pool_size` connections, each checked before use.

    A statement that waits for a lock or runs for too long is ended by the server, and so is a session that left a
    transaction open; unless `is_limited` is False, or the URL has `options` of its own.
    """
    patience = {name: value for name, value in _PATIENCE.items() if name not in url.url.query}
    engine = create_async_engine(
        url.url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=_POOL_TIMEOUT.total_seconds(),
        pool_pre_ping=True,
        connect_args={
            "connect_timeout": int(_CONNECT_TIMEOUT.total_seconds()),
            "application_name": "heliograph",
            **patience,
        },
        json_serializer=_dumps,
        json_deserializer=msgspec.json.decode,
        hide_parameters=True,
    )
    if is_limited and "options" not in url.url.query:
        event.listen(engine.sync_engine, "connect", _limit)
    return engine


def _limit(connection: Any, _record: Any) -> None:
    """Set the limits of a new session: not in its start-up packet, which poolers refuse."""
    cursor = connection.cursor()
    names = ", ".join("set_config(%s, %s, false)" for _ in _LIMITS)
    cursor.execute(f"SELECT {names}", [word for limit in _LIMITS.items() for word in limit])
    cursor.close()
    connection.commit()


def sqlite_engine(url: DatabaseUrl, *, is_writer: bool, pool_size: int) -> AsyncEngine:
    """Make an engine for a SQLite file: the writer begins with `BEGIN IMMEDIATE`, readers cannot write."""
    if not url.path.parent.is_dir():
        raise StoreError(f"The directory {str(url.path.parent)!r} of the database file does not exist.")
    if is_writer:
        _make_private(url.path)
    engine = create_async_engine(
        url.url,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=_POOL_TIMEOUT.total_seconds(),
        connect_args={"timeout": _BUSY_TIMEOUT.total_seconds()},
        json_serializer=_dumps,
        json_deserializer=msgspec.json.decode,
        hide_parameters=True,
    )

    def on_connect(connection: Any, _record: Any) -> None:
        # The driver's own transaction control would begin too late and never IMMEDIATE.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in _pragmas(url, is_writer=is_writer):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        # A transaction that reads first and writes later would fail as "locked" if another wrote in between.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")

    event.listen(engine.sync_engine, "connect", on_connect)
    event.listen(engine.sync_engine, "begin", on_begin)
    return engine


def _make_private(path: Path) -> None:
    """Make a new file that its owner alone may read: it holds addresses and keys of browsers, and data of people.

    SQLite gives the files beside it, such as the WAL, the same rights. A file that is there is not even opened: closing
    it again would take the locks away that this process has on it.
    """
    with contextlib.suppress(OSError):  # SQLite says better what is wrong
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _pragmas(url: DatabaseUrl, *, is_writer: bool) -> list[str]:
    # Kilobytes, for each connection; the file's pages are in the operating system's memory besides.
    common = ["foreign_keys = ON", "temp_store = MEMORY", f"cache_size = {-16_000 if is_writer else -4_000}"]
    if is_writer:
        return [
            "journal_mode = WAL",
            f"synchronous = {url.synchronous}",
            f"journal_size_limit = {_WAL_BYTES_KEPT}",
            *common,
        ]
    return ["query_only = ON", *common]
