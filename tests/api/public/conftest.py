"""Two sites whose pages call the application; every answer is held to the OpenAPI document."""

import httpx
import pytest
from tests.support.pages import ORIGIN, Site

from heliograph.actions import projects
from heliograph.bootstrap import Heliograph


async def _site(heliograph: Heliograph, api: httpx.AsyncClient, origin: str) -> Site:
    async with heliograph.store.begin() as tx:
        made = await projects.create(
            tx, heliograph.context(), name="Shop", origins=[origin], vapid_subject="mailto:push@example.com"
        )
    return Site(made, api, origin)


@pytest.fixture
async def site(heliograph: Heliograph, api: httpx.AsyncClient) -> Site:
    """A project with one origin."""
    return await _site(heliograph, api, ORIGIN)


@pytest.fixture
async def other_site(heliograph: Heliograph, api: httpx.AsyncClient) -> Site:
    """Another project of the same installation."""
    return await _site(heliograph, api, "https://other.example")
