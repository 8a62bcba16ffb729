"""What the store owes on both databases: whole transactions, one state for a reader, nothing lost."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvloop
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from heliograph.errors import Unavailable
from heliograph.storage import engines
from heliograph.storage.sql import insert_ignore, upsert
from heliograph.storage.store import Store, Tx
from heliograph.storage.tables import groups, installation


async def put(tx: Tx, name: str, value: str) -> None:
    await upsert(tx, installation, [{"name": name, "value": value}], conflict=["name"], update=["value"])


async def value(tx: Tx, name: str) -> str | None:
    found: str | None = await tx.scalar(select(installation.c.value).where(installation.c.name == name))
    return found


async def test_a_transaction_is_kept_when_it_ends(store: Store) -> None:
    """What was written in a transaction that ended is there for others."""
    async with store.begin() as tx:
        await put(tx, "a", "1")
    async with store.read() as tx:
        assert await value(tx, "a") == "1"


async def test_an_exception_takes_everything_back(store: Store) -> None:
    """A transaction through which an exception passes leaves nothing, and the next one works."""

    async def fail() -> None:
        async with store.begin() as tx:
            await put(tx, "a", "1")
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    async with store.begin() as tx:
        assert await value(tx, "a") is None
        await put(tx, "a", "2")


async def test_a_cancelled_transaction_is_taken_back(store: Store) -> None:
    """A task that is cancelled inside a transaction leaves nothing and blocks nobody."""
    inside = asyncio.Event()

    async def hang() -> None:
        async with store.begin() as tx:
            await put(tx, "a", "1")
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(10), store.begin() as tx:
        assert await value(tx, "a") is None


async def test_a_task_cancelled_while_it_waits_blocks_nobody(store: Store) -> None:
    """Giving up while waiting for a turn does not take the turn along."""
    async with store.begin():
        waiting = [asyncio.create_task(_write(store, str(number))) for number in range(5)]
        await asyncio.sleep(0)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    async with asyncio.timeout(10):
        await _write(store, "after")


async def _write(store: Store, name: str) -> None:
    async with store.begin() as tx:
        await put(tx, name, "")


async def test_a_reader_sees_one_state_throughout(store: Store) -> None:
    """What others write while a reader looks does not change what it sees."""
    async with store.begin() as tx:
        await put(tx, "a", "before")
    async with store.read() as reader:
        assert await value(reader, "a") == "before"
        async with store.begin() as tx:
            await put(tx, "a", "after")
            assert await value(reader, "a") == "before"
        assert await value(reader, "a") == "before"
    async with store.read() as reader:
        assert await value(reader, "a") == "after"


async def test_a_reader_cannot_write(store: Store) -> None:
    """A statement that writes fails in a transaction that was opened for reading, and the connection stays good."""
    with pytest.raises(DBAPIError):
        async with store.read() as tx:
            await put(tx, "a", "1")
    async with store.begin() as tx:
        await put(tx, "a", "2")
    async with store.read() as tx:
        assert await value(tx, "a") == "2"


async def test_what_is_not_committed_is_not_seen(store: Store) -> None:
    """A reader does not see a writer's unfinished work."""
    async with store.begin() as tx:
        await put(tx, "a", "1")
        async with store.read() as reader:
            assert await value(reader, "a") is None


async def test_concurrent_writers_lose_no_update(database_url: str, store: Store) -> None:
    """Many tasks on several stores add to one number by read-then-write under a lock of the row; none is lost."""
    async with store.begin() as tx:
        await put(tx, "n", "0")
    stores = [await Store.open(database_url, pool_size=3) for _ in range(2)]

    async def add(own: Store) -> None:
        async with own.begin() as tx:
            statement = select(installation.c.value).where(installation.c.name == "n").with_for_update()
            before = await tx.scalar(statement)
            await put(tx, "n", str(int(before) + 1))

    await asyncio.gather(*(add(stores[number % 2]) for number in range(40)))
    for each in stores:
        await each.close()
    async with store.read() as tx:
        assert await value(tx, "n") == "40"


async def test_writers_of_one_process_take_turns_in_the_order_of_asking(
    sqlite_url: str,
) -> None:
    """On SQLite the writer's turn is first come, first served."""
    store = await Store.open(sqlite_url)
    order: list[int] = []

    async def write(number: int) -> None:
        async with store.begin() as tx:
            order.append(number)
            await put(tx, str(number), "")

    await asyncio.gather(*(write(number) for number in range(20)))
    await store.close()
    assert order == list(range(20))


async def test_a_transaction_inside_its_own_is_refused(sqlite_url: str) -> None:
    """On SQLite a second transaction of the same task would wait for the first for ever, so it says so at once."""
    store = await Store.open(sqlite_url)
    async with store.begin() as tx:
        with pytest.raises(RuntimeError, match="wait for itself"):
            await _write(store, "inner")
        await put(tx, "outer", "")
    await _write(store, "later")
    await store.close()


_VICTIM = """
import asyncio, sys
from heliograph.storage.store import Store
from heliograph.storage.tables import installation
from sqlalchemy import insert

async def main(url):
    store = await Store.open(url)
    for number in range(1_000_000):
        async with store.begin() as tx:
            await tx.execute(insert(installation), [{"name": f"{number}{half}", "value": "x" * 500} for half in "ab"])
        print(number, flush=True)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_what_was_acknowledged_survives_kill_9(database_url: str, store: Store) -> None:
    """A process killed in the middle of writing loses no transaction that it had reported, and halves none."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _VICTIM, database_url, stdout=subprocess.PIPE, env=environment
    )
    assert victim.stdout is not None
    lines = [await asyncio.wait_for(victim.stdout.readline(), 30) for _ in range(50)]
    victim.send_signal(signal.SIGKILL)
    rest, _ = await victim.communicate()
    reported = int((b"".join(lines) + rest).splitlines()[-1])
    async with store.begin() as tx:
        names = set((await tx.execute(select(installation.c.name))).scalars())
    assert {f"{number}{half}" for number in range(reported + 1) for half in "ab"} <= names
    assert len(names) % 2 == 0


async def test_foreign_keys_are_kept(store: Store) -> None:
    """A row that points at nothing is refused."""
    orphan = {
        "id": "grp_1",
        "project_id": "prj_none",
        "name": "g",
        "identifier": "",
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    with pytest.raises(IntegrityError):
        async with store.begin() as tx:
            await insert_ignore(tx, groups, [orphan], conflict=["id"])


async def test_a_connection_that_the_server_closed_is_replaced(postgresql_url: str) -> None:
    """After the server cut every connection, the transaction under way says so, and the next one works."""
    store = await Store.open(postgresql_url)
    admin = await Store.open(postgresql_url)

    async def cut_off() -> None:
        async with store.begin() as tx:
            mine = await tx.scalar(text("SELECT pg_backend_pid()"))
            async with admin.begin() as other:
                await other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": mine})
            await put(tx, "a", "1")

    with pytest.raises(Unavailable):
        await cut_off()
    async with store.begin() as tx:
        assert await value(tx, "a") is None
    await store.close()
    await admin.close()


async def _shown(store: Store, *names: str) -> dict[str, str]:
    async with store.begin() as tx:
        return {name: await tx.scalar(text(f"SHOW {name}")) for name in names}


async def test_nothing_waits_for_ever_in_postgresql(postgresql_url: str) -> None:
    """A session has limits of its own; who writes `options` into the URL decides, and so does a migration."""
    store = await Store.open(postgresql_url)
    names = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
    assert await _shown(store, *names) == dict(zip(names, ("30s", "1min", "1min"), strict=True))
    await store.close()
    store = await Store.open(f"{postgresql_url}&options=-c%20lock_timeout%3D7s&keepalives_idle=9")
    assert await _shown(store, *names) == dict(zip(names, ("7s", "0", "0"), strict=True))
    await store.close()
    engine = engines.postgresql_engine(engines.DatabaseUrl.parse(postgresql_url), pool_size=1, is_limited=False)
    async with engine.begin() as connection:
        assert await connection.scalar(text("SHOW statement_timeout")) == "0"
    await engine.dispose()


async def test_a_lock_that_is_held_for_ever_is_not_waited_for(postgresql_url: str) -> None:
    """Who needs it is told to come back, and the connection is good for the next one."""
    store = await Store.open(postgresql_url)
    async with store.begin() as tx:
        await put(tx, "a", "1")
    async with store.begin() as holder:
        await put(holder, "a", "2")
        with pytest.raises(Unavailable):
            await _wait_for(store, "a")
        async with store.begin() as tx:
            assert await value(tx, "a") == "1"
    await store.close()


async def _wait_for(store: Store, name: str) -> None:
    async with store.begin() as tx:
        await tx.execute(text("SET LOCAL lock_timeout = '50ms'"))
        await put(tx, name, "3")


async def test_a_transaction_that_is_left_open_loses_its_locks(postgresql_url: str) -> None:
    """A process that hangs in the middle of one holds up nobody for long; when it wakes up it is told."""
    store = await Store.open(postgresql_url)

    async def hang() -> None:
        async with store.begin() as tx:
            await tx.execute(text("SET LOCAL idle_in_transaction_session_timeout = '50ms'"))
            await put(tx, "a", "lost")
            async with store.begin() as other:
                await put(other, "a", "kept")
            await put(tx, "b", "lost")

    with pytest.raises(Unavailable):
        await hang()
    async with store.begin() as tx:
        assert (await value(tx, "a"), await value(tx, "b")) == ("kept", None)
    await store.close()


async def test_a_deadlock_asks_to_try_again(postgresql_url: str) -> None:
    """Of two transactions that wait for each other one goes on and the other is told that it may come back."""
    store = await Store.open(postgresql_url)
    async with store.begin() as tx:
        await put(tx, "a", "")
        await put(tx, "b", "")
    meeting = asyncio.Barrier(2)

    async def cross(first: str, second: str) -> None:
        async with store.begin() as tx:
            await tx.execute(text("SET LOCAL deadlock_timeout = '50ms'"))
            await put(tx, first, first)
            await meeting.wait()
            await put(tx, second, first)

    results = await asyncio.gather(cross("a", "b"), cross("b", "a"), return_exceptions=True)
    await store.close()
    assert sorted(type(result) for result in results if result) == [Unavailable]


async def test_values_that_cannot_be_sent_are_no_reason_to_wait(postgresql_url: str) -> None:
    """What the driver itself refuses will be refused for ever, so nobody is told to come back."""
    store = await Store.open(postgresql_url)
    with pytest.raises(DBAPIError):
        await _write(store, "a\0")
    await store.close()


def test_a_new_file_is_its_owners_only(tmp_path: Path) -> None:
    """Whatever others may do in the directory, they read neither the database nor what lies beside it."""
    tmp_path.chmod(0o755)

    def modes() -> dict[str, int]:
        return {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}

    async def made() -> dict[str, int]:
        store = await Store.open(f"sqlite:///{tmp_path / 'new.db'}")
        async with store.begin() as tx:
            await tx.execute(text("CREATE TABLE lamps (id INTEGER)"))
        found = modes()
        await store.close()
        return found

    mask = os.umask(0o022)
    try:
        found = asyncio.run(made())
    finally:
        os.umask(mask)
    assert "new.db-wal" in found
    assert set(found.values()) == {0o600}


async def test_a_file_that_another_process_keeps_is_busy(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waits too long for another process's transaction is told that it may come back."""
    monkeypatch.setattr(engines, "_BUSY_TIMEOUT", timedelta(milliseconds=50))
    store, other = await Store.open(sqlite_url), await Store.open(sqlite_url)
    async with other.begin():
        with pytest.raises(Unavailable):
            await _write(store, "a")
    await _write(store, "a")
    await store.close()
    await other.close()


def test_the_store_works_on_the_loop_that_serves(database_url: str) -> None:
    """Writers, readers and cancelled ones get on with each other on uvloop too."""

    async def run() -> int | None:
        store = await Store.open(database_url, pool_size=4)
        tasks = [asyncio.create_task(_write(store, str(number))) for number in range(20)]
        await asyncio.sleep(0)
        tasks[7].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        async with store.read() as tx:
            count = await tx.scalar(select(func.count()).select_from(installation))
        await store.close()
        return count

    assert uvloop.run(run()) in (19, 20)
