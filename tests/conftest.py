"""What tests are given: a fresh database of either kind, a frozen clock, identifiers, a sealer, a queue."""

import asyncio
import itertools
import os
import random
import shutil
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from tests.support import left_out
from tests.support.postgres import PostgresServer, running_postgres

from heliograph.kit.clock import FrozenClock
from heliograph.kit.context import Context
from heliograph.kit.ids import Ids
from heliograph.kit.sealing import Sealer
from heliograph.queue.embedded import EmbeddedQueue
from heliograph.storage.migrate import migrate
from heliograph.storage.store import Store

# How long an example takes says something of the machine, and nothing of the property.
hypothesis.settings.register_profile("heliograph", deadline=None)
hypothesis.settings.load_profile("heliograph")

_TEMPLATE = "heliograph_template"
_numbers = itertools.count()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which browser tests were left out and why."""
    for line in left_out.lines(terminalreporter):
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server with a migrated template database, started when first asked for."""
    with running_postgres() as server:
        server.create(_TEMPLATE)
        asyncio.run(migrate(server.url(_TEMPLATE)))
        yield server


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    asyncio.run(migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A fresh, migrated SQLite database."""
    path = tmp_path / "heliograph.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_url(postgres: PostgresServer) -> Iterator[str]:
    """A fresh, migrated PostgreSQL database."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    postgres.create(name, template=_TEMPLATE)
    yield postgres.url(name)
    postgres.drop(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh, migrated database; the test runs once on each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[Store]:
    """An open store on a fresh database; the test runs once on each kind."""
    opened = await Store.open(database_url, pool_size=8)
    yield opened
    await opened.close()


@pytest.fixture
def clock() -> FrozenClock:
    """A clock that moves only when told to."""
    return FrozenClock(datetime(2026, 3, 14, 9, 26, 53, 589793, tzinfo=UTC))


@pytest.fixture
def ids(clock: FrozenClock, request: pytest.FixtureRequest) -> Ids:
    """Identifiers that are the same in every run of a test."""
    return Ids(clock, random.Random(request.node.nodeid).randbytes)


@pytest.fixture
def sealer() -> Sealer:
    """A sealer under a master key of its own."""
    return Sealer(bytes(range(32)))


@pytest.fixture
def ctx(clock: FrozenClock, ids: Ids, sealer: Sealer) -> Context:
    """What a verb is given; its `now` is where the clock stood when the test began."""
    return Context(clock.now(), ids, sealer)


@pytest.fixture
def queue(store: Store, ids: Ids) -> EmbeddedQueue:
    """The embedded queue on the test's store."""
    return EmbeddedQueue(store, ids)
