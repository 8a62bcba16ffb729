"""The browsers of this machine and the push service they are pointed at, started once for all tests."""

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.browser.support.chromium import Chromium
from tests.browser.support.driver import Browser, binary, missing
from tests.browser.support.firefox import Firefox
from tests.browser.support.heliograph import Heliograph
from tests.browser.support.processes import end_stragglers
from tests.browser.support.project import Project
from tests.browser.support.prompts import PromptShop
from tests.browser.support.sender import Sender
from tests.browser.support.shop import Shop
from tests.browser.support.site import Site

from heliograph.devpush import DevPush, DevPushConfig

DRIVERS = {"firefox": Firefox, "chromium": Chromium}
REQUIRED = "HELIOGRAPH_REQUIRE_BROWSERS"


HERE = Path(__file__).parent
LONGEST = 400  # seconds: the first test also pays for the starts, and each wait has its own, shorter deadline


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep all tests with browsers in one process of pytest-xdist: two browsers at a time are enough for a machine."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("browsers"))
            item.add_marker(pytest.mark.timeout(LONGEST))


@pytest.fixture(scope="session")
def tidy(room: Path) -> Iterator[None]:
    """See to it that nothing which these tests started outlives them."""
    yield
    end_stragglers()


@pytest.fixture(scope="session")
def room() -> Iterator[Path]:
    """A directory with a short name, for browsers put sockets into theirs and a socket's path has 108 bytes at most."""
    with tempfile.TemporaryDirectory(prefix="hg-", ignore_cleanup_errors=True) as directory:
        yield Path(directory)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def devpush(tidy: None) -> AsyncIterator[DevPush]:
    async with DevPush(DevPushConfig(http_port=0, tls_port=0, mcs_port=0)) as service:
        yield service


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=sorted(DRIVERS))
async def browser(request: pytest.FixtureRequest, room: Path, devpush: DevPush) -> AsyncIterator[Browser]:
    name = request.param
    lacking = missing().get(name)
    if lacking and os.environ.get(REQUIRED):
        pytest.fail(f"{REQUIRED} is set, but there is {lacking}.")
    program = binary(name)
    if lacking or program is None:
        pytest.skip(lacking or f"no {name}")
    driven = DRIVERS[name](program, room / name, devpush)
    try:
        await driven.start()
        yield driven
    finally:
        await driven.dispose()


@pytest_asyncio.fixture(loop_scope="session")
async def site() -> AsyncIterator[Site]:
    served = Site()
    await served.start()
    yield served
    await served.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def heliograph(room: Path, devpush: DevPush) -> AsyncIterator[Heliograph]:
    installation = Heliograph(room / "heliograph", devpush)
    try:
        await installation.start()
        yield installation
    finally:
        await installation.dispose()


@pytest_asyncio.fixture(loop_scope="session")
async def project(heliograph: Heliograph, site: Site) -> Project:
    return await Project.create(heliograph, site.origin)


@pytest_asyncio.fixture(loop_scope="session")
async def shop(heliograph: Heliograph, project: Project, site: Site) -> Shop:
    return Shop(site, heliograph.url, project.publishable_key)


@pytest_asyncio.fixture(loop_scope="session")
async def prompts(heliograph: Heliograph, project: Project, site: Site) -> PromptShop:
    return PromptShop(site, heliograph.url, project.publishable_key)


@pytest_asyncio.fixture(loop_scope="session")
async def own_sender(project: Project, devpush: DevPush) -> AsyncIterator[Sender]:
    """A sender that has the project's own application server key."""
    server = Sender(devpush)
    await project.use_vapid_key(server.private_key)
    yield server
    await server.close()
