"""A running application on a fresh database of either kind, with two sites."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from tests.support.pages import ORIGIN, Site

from heliograph.actions import projects
from heliograph.api.app import create_app
from heliograph.bootstrap import Heliograph, build
from heliograph.kit.clock import FrozenClock
from heliograph.settings import Settings


@pytest.fixture
async def heliograph(database_url: str, clock: FrozenClock, tmp_path: Path) -> AsyncIterator[Heliograph]:
    """A wired installation on a fresh database."""
    settings = Settings(data_dir=tmp_path / "data", database_url=database_url, master_key=bytes(range(32)))
    wired = await build(settings, clock=clock)
    yield wired
    await wired.close()


@pytest.fixture
async def client(heliograph: Heliograph) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the whole application."""
    transport = httpx.ASGITransport(create_app(heliograph))
    async with httpx.AsyncClient(transport=transport, base_url="https://push.example") as opened:
        yield opened


async def _site(heliograph: Heliograph, client: httpx.AsyncClient, origin: str) -> Site:
    async with heliograph.store.begin() as tx:
        made = await projects.create(
            tx, heliograph.context(), name="Shop", origins=[origin], vapid_subject="mailto:push@example.com"
        )
    return Site(made, client, origin)


@pytest.fixture
async def site(heliograph: Heliograph, client: httpx.AsyncClient) -> Site:
    """A project with one origin."""
    return await _site(heliograph, client, ORIGIN)


@pytest.fixture
async def other_site(heliograph: Heliograph, client: httpx.AsyncClient) -> Site:
    """Another project of the same installation."""
    return await _site(heliograph, client, "https://other.example")
