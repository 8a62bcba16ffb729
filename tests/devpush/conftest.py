"""A devpush of its own for every test, with a clock that stands still, a sender and a browser."""

from collections.abc import AsyncIterator

import pytest
from tests.devpush.support.firefox_client import FirefoxClient
from tests.devpush.support.sender import Sender

from heliograph.devpush import DevPush, DevPushConfig
from heliograph.kit.clock import FrozenClock

ANY_PORTS = {"http_port": 0, "tls_port": 0, "mcs_port": 0}


@pytest.fixture
async def devpush(clock: FrozenClock) -> AsyncIterator[DevPush]:
    async with DevPush(DevPushConfig(**ANY_PORTS), clock) as service:
        yield service


@pytest.fixture
async def sender(clock: FrozenClock) -> AsyncIterator[Sender]:
    one = Sender(clock)
    yield one
    await one.client.aclose()


@pytest.fixture
async def browser(devpush: DevPush) -> AsyncIterator[FirefoxClient]:
    one = FirefoxClient(devpush.ws_url)
    await one.open()
    yield one
    await one.close()


@pytest.fixture
async def endpoint(browser: FirefoxClient, sender: Sender) -> str:
    """A Mozilla endpoint of the browser, bound to the sender's key."""
    return await browser.register(sender.key)
