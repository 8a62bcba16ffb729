"""What API tests are given: the wired application on both databases, a client that checks every answer, two tenants."""

from collections.abc import AsyncIterator

import httpx
import pytest
from litestar import Litestar
from litestar.datastructures import State
from tests.support.api import Tenant, api_client, bare_app, bearer, installation_key, make_tenant
from tests.support.openapi import Contract

from heliograph.api.openapi import openapi_document
from heliograph.bootstrap import Heliograph, build
from heliograph.kit.clock import FrozenClock
from heliograph.settings import Settings


@pytest.fixture
async def heliograph(database_url: str, clock: FrozenClock) -> AsyncIterator[Heliograph]:
    """A wired installation on a fresh database; the test runs once on each kind."""
    wired = await build(Settings(database_url=database_url, master_key=bytes(range(32))), clock=clock)
    yield wired
    await wired.close()


@pytest.fixture
def app(heliograph: Heliograph) -> Litestar:
    """The application, of this test's installation and with nothing remembered of another's."""
    shared = bare_app()
    shared.state = State({"heliograph": heliograph})
    return shared


@pytest.fixture(scope="session")
def contract() -> Contract:
    """What the OpenAPI document promises; it depends on no installation."""
    return Contract(openapi_document(bare_app(), base_url="http://push.test"))


@pytest.fixture
async def api(app: Litestar, contract: Contract) -> AsyncIterator[httpx.AsyncClient]:
    """A client in this process; an answer that is not as documented fails the test."""
    async with api_client(app, contract) as client:
        yield client


@pytest.fixture
async def alice(heliograph: Heliograph) -> Tenant:
    """A project."""
    return await make_tenant(heliograph, "alice")


@pytest.fixture
async def bob(heliograph: Heliograph) -> Tenant:
    """Another project, whose things are not Alice's business."""
    return await make_tenant(heliograph, "bob")


@pytest.fixture
async def operator(heliograph: Heliograph) -> dict[str, str]:
    """Headers of a call with a key of the installation."""
    return bearer(await installation_key(heliograph))
