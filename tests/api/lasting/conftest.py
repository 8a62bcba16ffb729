"""One installation of each kind for a whole test file: for tests whose calls change nothing, or do no harm to others.

A file here is marked `pytest.mark.asyncio(loop_scope="module")`.
"""

import os
import shutil

import pytest
import pytest_asyncio
from tests.support.api import api_client, bearer, installation_key, make_tenant

from heliograph.api.app import create_app
from heliograph.bootstrap import build
from heliograph.settings import Settings


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database_url(request, sqlite_template, tmp_path_factory):
    """A migrated database of either kind, for the whole file."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("bad_input") / "heliograph.db"
        shutil.copyfile(sqlite_template, path)
        yield f"sqlite:///{path}"
    else:
        server = request.getfixturevalue("postgres")
        name = f"bad_input_{os.getpid()}"
        server.create(name, template="heliograph_template")
        yield server.url(name)
        server.drop(name)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def heliograph(database_url):
    """A wired installation."""
    wired = await build(Settings(database_url=database_url, master_key=bytes(range(32))))
    yield wired
    await wired.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(heliograph, contract):
    """A client that checks every answer."""
    async with api_client(create_app(heliograph), contract) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def alice(heliograph):
    """A project."""
    return await make_tenant(heliograph, "alice")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bob(heliograph):
    """Another project."""
    return await make_tenant(heliograph, "bob")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def operator(heliograph):
    """Headers of a call with a key of the installation."""
    return bearer(await installation_key(heliograph))
