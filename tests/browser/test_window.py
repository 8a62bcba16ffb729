"""The two-step window in real browsers: an http page that browsers do not trust, and our page on the push host."""

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from tests.browser.support.driver import INSECURE_HOST, Browser, BrowserError, Tab
from tests.browser.support.project import Project
from tests.browser.support.site import Site
from tests.browser.support.waiting import ARRIVAL, FIRST_SUBSCRIBE, eventually
from tests.support.left_out import SCREENSHOTS

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>The http shop</title>
<link rel="icon" href="data:,">
<h1>The http shop</h1>
<button id="ask">Notify me</button>
<script>
  window.heliograph = window.heliograph || [];
  window.said = [];
  document.getElementById("ask").onclick = () =>
    heliograph.push(["subscribe", {}, (error, status) => said.push(error ? String(error) : status.status)]);
</script>
<script async src="API/sdk/v1/heliograph.js" data-key="KEY"></script>
</html>
"""
# Opens the window as a shop would, with what a stranger can know.
HOSTILE = """<!doctype html>
<title>Not the shop</title>
<link rel="icon" href="data:,">
<button id="ask">Win a prize</button>
<script>
  window.heard = [];
  addEventListener("message", (event) => heard.push(event.data));
  document.getElementById("ask").onclick = () =>
    open("API/window#key=KEY&state=STATE", "heliograph", "popup,width=460,height=520");
</script>
"""
STATUS = "return JSON.stringify(await heliograph.status());"
TITLE = "document.getElementById('title').textContent"
LOADED = "return window.heliograph?.loaded === true;"


class HttpShop:
    """A shop on an http origin that browsers do not trust, whose project has its window on Heliograph's own host."""

    def __init__(self, site: Site, project: Project) -> None:
        self._site = site
        self._project = project
        self.origin = f"http://{INSECURE_HOST}:{urlsplit(site.origin).port}"
        self.push = project.heliograph.url

    async def set_up(self) -> None:
        self.put("/", PAGE)
        window = {"push_host": urlsplit(self.push).netloc, "openers": [self.origin]}
        await self._project.ask("PUT", "/v1/site/window", window)

    def put(self, path: str, page: str) -> None:
        page = page.replace("API", self.push).replace("KEY", self._project.publishable_key)
        self._site.put(path, page.replace("STATE", "A" * 43), "text/html; charset=utf-8")

    async def open(self, browser: Browser) -> Tab:
        tab = await browser.open(f"{self.origin}/")
        assert await tab.run("return isSecureContext;") is False
        await eventually(lambda: tab.run(LOADED), "the page script to load", ARRIVAL)
        return tab


@pytest_asyncio.fixture(loop_scope="session")
async def http_shop(browser: Browser, site: Site, project: Project) -> AsyncIterator[HttpShop]:
    shop = HttpShop(site, project)
    await shop.set_up()
    yield shop
    # The next test's project has the same host.
    await project.ask("DELETE", "/v1/site/window")
    await browser.permit(shop.push, "granted")


async def status(tab: Tab, wanted: str, within: float = ARRIVAL) -> dict[str, Any]:
    """Wait until the page says this status."""
    seen: list[Any] = []

    async def reached() -> dict[str, Any] | None:
        seen[:] = [json.loads(await tab.run(STATUS))]
        return seen[0] if seen[0]["status"] == wanted else None

    return await eventually(reached, lambda: f"the status {wanted}; it is {seen}", within)


async def closed(browser: Browser, push: str) -> None:
    """Wait until no window of the push host is open."""

    async def gone() -> bool:
        return not any(address.startswith(f"{push}/window") for address in await browser.addresses())

    await eventually(gone, "the window to close", ARRIVAL)


async def subscribed_in(tab: Tab, project: Project) -> dict[str, Any]:
    """Wait until the window has done its work; returns the project's only subscription."""
    await status(tab, "subscribed", FIRST_SUBSCRIBE)
    (row,) = (await project.ask("GET", "/v1/subscriptions"))["items"]
    return dict(row)


async def test_an_http_page_subscribes_through_the_window(
    browser: Browser, http_shop: HttpShop, project: Project
) -> None:
    """A click opens the window, which asks and subscribes for its own host, answers, and closes."""
    tab = await http_shop.open(browser)
    await status(tab, "default")
    await tab.press("#ask")
    row = await subscribed_in(tab, project)
    assert (row["state"], row["origin"]) == ("active", http_shop.push)
    assert await tab.run("return said;") == ["subscribed"]
    await closed(browser, http_shop.push)

    # The page remembers, also after it was loaded anew.
    await tab.go(f"{http_shop.origin}/")
    await eventually(lambda: tab.run(LOADED), "the page script to load", ARRIVAL)
    await status(tab, "subscribed")

    # After cleared cookies the window opens, finds that it is subscribed, and closes at once.
    await tab.run("localStorage.clear(); return true;")
    await tab.go(f"{http_shop.origin}/")
    await eventually(lambda: tab.run(LOADED), "the page script to load", ARRIVAL)
    await status(tab, "default")
    await tab.press("#ask")
    await status(tab, "subscribed")
    await closed(browser, http_shop.push)
    (same,) = (await project.ask("GET", "/v1/subscriptions"))["items"]
    assert same["id"] == row["id"]

    sent = await project.send(title="From the window")
    await sent.becomes("displayed")
    await tab.close()


async def test_a_hostile_page_gets_nothing_from_it(browser: Browser, http_shop: HttpShop, project: Project) -> None:
    """A window without a state of its own says so, asks nothing and tells nobody anything."""
    http_shop.put("/hostile", HOSTILE)
    tab = await browser.open(f"{http_shop.origin}/hostile")
    await tab.press("#ask")
    window = await browser.opened(f"{http_shop.push}/window")
    await eventually(
        lambda: window.run("return document.getElementById('title').textContent.includes('does not belong');"),
        "the window to say that it belongs to nobody",
        ARRIVAL,
    )
    assert await window.run("return document.getElementById('yes').hidden;") is True
    # What it was given stays in no history.
    assert await window.run("return location.href;") == f"{http_shop.push}/window"
    assert await tab.run("return heard;") == []
    assert (await project.ask("GET", "/v1/subscriptions"))["items"] == []
    await window.close()
    await tab.close()


async def test_nobody_frames_the_window(browser: Browser, site: Site, project: Project) -> None:
    """A click that was meant for another page cannot land on it."""
    framed = f'<!doctype html><title>Frames</title><iframe src="{project.heliograph.url}/window"></iframe>'
    site.put("/frames", framed, "text/html; charset=utf-8")
    tab = await browser.open(f"{site.origin}/frames")
    with pytest.raises(BrowserError):
        await tab.run("return document.querySelector('iframe').contentWindow.document.title;")
    assert await tab.run("return document.querySelector('iframe').contentDocument === null;")
    await tab.close()


async def test_the_window_asks(browser: Browser, http_shop: HttpShop, project: Project) -> None:
    """Who has not decided yet is asked by our page first; after "not now" nothing is different."""
    await browser.permit(http_shop.push, "prompt")
    tab = await http_shop.open(browser)
    await tab.press("#ask")
    window = await browser.opened(f"{http_shop.push}/window")
    await eventually(lambda: window.run(f"return {TITLE}.includes('{INSECURE_HOST}');"), "the question", ARRIVAL)
    keep(browser, "window", await window.screenshot())
    await window.press("#no")
    await closed(browser, http_shop.push)
    await eventually(lambda: tab.run("return said.length === 1;"), "the answer", ARRIVAL)
    assert await tab.run("return said;") == ["default"]
    assert (await project.ask("GET", "/v1/subscriptions"))["items"] == []
    await tab.close()


async def test_a_blocked_host_is_explained(browser: Browser, http_shop: HttpShop, project: Project) -> None:
    """The window shows how to lift the block in this browser, and the page hears of it."""
    await browser.permit(http_shop.push, "denied")
    tab = await http_shop.open(browser)
    await tab.press("#ask")
    window = await browser.opened(f"{http_shop.push}/window")
    await eventually(lambda: window.run(f"return {TITLE}.includes('blocked');"), "the guide", ARRIVAL)
    keep(browser, "window-blocked", await window.screenshot())
    await status(tab, "denied")
    await window.press("#no")
    await closed(browser, http_shop.push)
    await tab.close()


def keep(browser: Browser, name: str, picture: bytes) -> None:
    """Put a screenshot where a person may look at it."""
    place = SCREENSHOTS / browser.name / f"{name}.png"
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(picture)
