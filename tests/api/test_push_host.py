"""What a customer's push host serves."""

from collections.abc import AsyncIterator

import httpx
import pytest
from litestar import Litestar
from tests.support.api import Tenant

from heliograph.actions import windows
from heliograph.bootstrap import Heliograph

HOST = "push.shop.example"


@pytest.fixture
async def browser(app: Litestar, heliograph: Heliograph, alice: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    """A client that asks the push host; pages are no part of the API's document."""
    async with heliograph.store.begin() as tx:
        await windows.put(tx, heliograph.context(), project_id=alice.id, push_host=HOST, openers=[])
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=f"https://{HOST}") as client:
        yield client


async def test_the_windows_page_trusts_nobody(browser: httpx.AsyncClient) -> None:
    """A strict policy, nobody may frame it, and no COOP: it must reach the page that opened it."""
    page = await browser.get("/window")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert "unsafe" not in page.headers["content-security-policy"]
    assert "cross-origin-opener-policy" not in page.headers
    assert "<script>" not in page.text
    assert (await browser.get("/window.css")).headers["content-type"].startswith("text/css")


async def test_the_files_of_a_sites_root(browser: httpx.AsyncClient, alice: Tenant) -> None:
    """A worker file of the same origin, and the manifest of the project whose host it is."""
    worker = await browser.get("/push/heliograph-worker.js")
    assert worker.headers["content-type"].startswith("text/javascript")
    assert worker.text == 'importScripts("/sdk/v1/worker.js");\n'
    manifest = await browser.get("/manifest.json")
    assert manifest.headers["content-type"].startswith("application/manifest+json")
    assert manifest.json()["name"] == alice.made.project.name
    assert (await browser.get("/manifest.json", headers={"Host": "push.other.example"})).status_code == 404
