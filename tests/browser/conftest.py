"""The browsers of this machine, started once for all tests, and what they need around them."""

import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.browser.support.chromium import Chromium
from tests.browser.support.driver import Browser, PushAddresses, binary, missing
from tests.browser.support.firefox import Firefox
from tests.browser.support.processes import end_stragglers
from tests.browser.support.site import Site

DRIVERS = {"firefox": Firefox, "chromium": Chromium}
REQUIRED = "HELIOGRAPH_REQUIRE_BROWSERS"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def push_addresses() -> AsyncIterator[PushAddresses]:
    yield PushAddresses("ws://127.0.0.1:1/", "http://127.0.0.1:1", 1, "A" * 43 + "=")


@pytest_asyncio.fixture(scope="session", loop_scope="session", params=sorted(DRIVERS))
async def browser(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, push_addresses: PushAddresses
) -> AsyncIterator[Browser]:
    name = request.param
    if name in missing() and not os.environ.get(REQUIRED):
        pytest.skip(missing()[name])
    program = binary(name)
    assert program is not None, f"{REQUIRED} is set, but there is {missing()[name]}"
    driven = DRIVERS[name](program, tmp_path_factory.mktemp(name), push_addresses)
    try:
        await driven.start()
        yield driven
    finally:
        await driven.dispose()
        end_stragglers()


@pytest_asyncio.fixture(loop_scope="session")
async def site() -> AsyncIterator[Site]:
    served = Site()
    await served.start()
    yield served
    await served.stop()
