"""The store: one database, reached by `begin()` for writing and `read()` for a consistent look (ARCHITECTURE 6).

Whoever opens a transaction commits it, and only edges and workers open one. On SQLite there is one writer per
process, served in the order of asking, and several readers that each see a snapshot; on PostgreSQL there is a pool
of connections.

What survives: a transaction whose `async with` ended is kept when the process is killed at any moment. SQLite runs
in WAL mode with `synchronous=NORMAL`, which hands every commit to the operating system but does not wait for the
disk; a loss of power may take back the last commits, never more, and never damages the file. `?synchronous=full` in
the URL waits for the disk at every commit. PostgreSQL decides by its own `synchronous_commit`.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from typing import Literal, Self, TypeAlias

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from heliograph.errors import Unavailable
from heliograph.kit.tracing import step
from heliograph.storage.engines import DatabaseUrl, StoreError, is_passing, postgresql_engine, sqlite_engine

__all__ = ["Store", "StoreError", "Tx", "after_commit", "before_commit"]

Tx: TypeAlias = AsyncConnection
"""An open transaction, handed to verbs and queries. They never commit it."""

_AFTER_COMMIT = "heliograph.after_commit"
_BEFORE_COMMIT = "heliograph.before_commit"


def after_commit(tx: Tx, call: Callable[[], None]) -> None:
    """Have `call` made once the transaction is committed, and not at all if it is rolled back. It must not wait."""
    tx.info[_AFTER_COMMIT].append(call)


def before_commit(tx: Tx, call: Callable[[Tx], Awaitable[None]]) -> bool:
    """Have `call` made as the last thing in the transaction: what it locks is locked after everything else.

    The same function is called once, however often it is given; return whether this was the first time.
    """
    if call in tx.info[_BEFORE_COMMIT]:
        return False
    tx.info[_BEFORE_COMMIT].append(call)
    return True


class Store:
    """The database of an installation. Make one with `Store.open`, end it with `close`."""

    def __init__(self, url: DatabaseUrl, writer: AsyncEngine, reader: AsyncEngine) -> None:
        self.dialect = url.dialect
        """`sqlite` or `postgresql`."""
        self._url = url
        self._writer = writer
        self._reader = reader
        self._turn: AbstractAsyncContextManager[object] = _Turn() if url.dialect == "sqlite" else nullcontext()

    @classmethod
    async def open(cls, url: str, *, pool_size: int = 10) -> Self:
        """Open the database and make sure that it answers.

        Args:
            url: `sqlite:///relative.db`, `sqlite:////absolute.db` or `postgresql://user:password@host/name`.
            pool_size: connections to PostgreSQL, or readers of the SQLite file, at most.

        Raises:
            StoreError: the URL is of no known kind, or the database does not answer. The sentence holds no password.
        """
        parsed = DatabaseUrl.parse(url)
        if parsed.dialect == "sqlite":
            writer = sqlite_engine(parsed, is_writer=True, pool_size=1)
            reader = sqlite_engine(parsed, is_writer=False, pool_size=pool_size)
        else:
            writer = reader = postgresql_engine(parsed, pool_size=pool_size)
        store = cls(parsed, writer, reader)
        try:
            async with store.begin():
                pass
            await store.check()
        except (Unavailable, DBAPIError, OSError) as error:
            await store.close()
            raise StoreError(f"The database {parsed.public} does not answer: {_reason(error)}.") from error
        return store

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Tx]:
        """Open a transaction for writing; it commits at the end, and rolls back when an exception passes.

        Raises:
            Unavailable: the database cannot be reached, is busy for too long, or asks to try again (a deadlock).
        """
        async with self._turn, self._transaction(self._writer) as tx:
            calls: list[Callable[[], None]] = []
            last: list[Callable[[Tx], Awaitable[None]]] = []
            tx.info[_AFTER_COMMIT], tx.info[_BEFORE_COMMIT] = calls, last
            yield tx
            # Whoever rolled back by hand leaves nothing to be told.
            for write in last if tx.in_transaction() else ():
                await write(tx)
        for call in calls:
            call()

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        """Open a transaction that sees one state of the database throughout, and in which writing fails.

        Raises:
            Unavailable: the database cannot be reached.
        """
        async with self._transaction(self._reader, read_only=True) as tx:
            yield tx

    def within(self, tx: Tx) -> "Store":
        """Return this store for work that shall be part of an open transaction: all that it opens is that one.

        Nothing is committed before whoever opened `tx` commits it.
        """
        return _Within(self.dialect, tx)

    async def check(self) -> None:
        """Make sure that the database answers.

        Raises:
            Unavailable: it does not.
        """
        async with self.read() as tx:
            await tx.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Release all connections."""
        await self._reader.dispose()
        await self._writer.dispose()

    @asynccontextmanager
    async def _transaction(self, engine: AsyncEngine, *, read_only: bool = False) -> AsyncIterator[Tx]:
        try:
            async with AsyncExitStack() as stack:
                stack.enter_context(step("database.read" if read_only else "database.write"))
                connection = await stack.enter_async_context(engine.connect())
                if read_only and self.dialect == "postgresql":
                    await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                await stack.enter_async_context(connection.begin())
                yield connection
        except PoolTimeout as error:
            raise Unavailable("The database is busy.") from error
        except DBAPIError as error:
            if is_passing(error):
                raise Unavailable("The database cannot be reached or is busy.") from error
            raise


class _Within(Store):
    """The store as seen from inside a transaction."""

    def __init__(self, dialect: Literal["sqlite", "postgresql"], tx: Tx) -> None:
        self.dialect = dialect
        self._tx = tx

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Tx]:
        """Give the open transaction, which stays open."""
        yield self._tx

    @asynccontextmanager
    async def read(self) -> AsyncIterator[Tx]:
        """Give the open transaction, which sees what it has written."""
        yield self._tx

    async def close(self) -> None:
        """Close nothing: the connection is somebody else's."""


class _Turn:
    """The one writer's turn: first come, first served, where SQLite's own waiting is a lottery."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._holder: asyncio.Task[object] | None = None

    async def __aenter__(self) -> None:
        if self._holder is not None and self._holder is asyncio.current_task():
            raise RuntimeError("A transaction is open in this task already, and would wait for itself.")
        await self._lock.acquire()
        self._holder = asyncio.current_task()

    async def __aexit__(self, *_: object) -> None:
        self._holder = None
        self._lock.release()


def _reason(error: BaseException) -> str:
    """Return the driver's own first line: it names host and cause, and never the password."""
    error = error.__cause__ or error
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().splitlines()[0].rstrip(".") if str(cause).strip() else type(cause).__name__
