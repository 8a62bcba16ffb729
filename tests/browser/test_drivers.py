"""The drivers themselves: what a test asks of a browser really happens there. No Heliograph in this file."""

import pytest
from tests.browser.support.driver import Browser, OnScreen, Tab
from tests.browser.support.site import Site
from tests.browser.support.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

WORKER = """
const tell = (what) => fetch("/told", { method: "POST", body: JSON.stringify(what) });
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(tell(what("click", event)));
});
self.addEventListener("notificationclose", (event) => event.waitUntil(tell(what("close", event))));
const what = (name, event) =>
  ({ event: name, title: event.notification.title, action: event.action ?? "", trusted: event.isTrusted });
"""
SHOW = """
await navigator.serviceWorker.register("/worker.js");
const registration = await navigator.serviceWorker.ready;
await registration.showNotification(args[0], { body: "a body", actions: [{ action: "later", title: "Later" }] });
return Notification.permission;
"""
TITLES = "return (await (await navigator.serviceWorker.ready).getNotifications()).map((n) => n.title);"


async def page_that_shows(title: str, browser: Browser, site: Site) -> Tab:
    site.put("/", "<!doctype html><title>a page</title><p>a page", "text/html")
    site.put("/worker.js", WORKER, "text/javascript")
    tab = await browser.open(site.origin + "/")
    assert await tab.run(SHOW, title) == "granted"
    return tab


async def told(site: Site, event: str) -> dict[str, object]:
    """Return the first event of this kind; Firefox fires a close after each click as well."""

    def heard() -> list[dict[str, object]]:
        return [visit.json for visit in site.visited("/told", "POST") if visit.json["event"] == event]

    return (await eventually(heard, f"the worker to tell of a {event}"))[0]


async def test_notification_is_on_screen_and_listed(browser: Browser, site: Site) -> None:
    """A notification of the page's worker is to be seen outside the page and listed inside it."""
    tab = await page_that_shows("Seen", browser, site)

    async def seen() -> list[OnScreen]:
        return [shown for shown in await browser.on_screen() if shown.title == "Seen"]

    (shown,) = await eventually(seen, "the notification")
    # Chromium adds the origin in front of the body
    assert shown.body.endswith("a body")
    assert await tab.run(TITLES) == ["Seen"]
    assert ("Later" in shown.actions) is (browser.name == "chromium")
    await browser.dismiss("Seen")
    await tab.close()


async def test_click_is_trusted(browser: Browser, site: Site) -> None:
    """A click on the notification reaches the worker as the browser's own event, and the notification goes away."""
    tab = await page_that_shows("Click me", browser, site)
    await browser.click("Click me")
    assert await told(site, "click") == {"event": "click", "title": "Click me", "action": "", "trusted": True}
    assert await tab.run(TITLES) == []
    await tab.close()


async def test_dismissal_is_trusted(browser: Browser, site: Site) -> None:
    """Waving the notification away reaches the worker as the browser's own event."""
    tab = await page_that_shows("Wave", browser, site)
    await browser.dismiss("Wave")
    assert await told(site, "close") == {"event": "close", "title": "Wave", "action": "", "trusted": True}
    await tab.close()


@pytest.mark.parametrize("browser", ["chromium"], indirect=True)  # Firefox draws no buttons on its own alerts
async def test_action_button(browser: Browser, site: Site) -> None:
    """A press on a button of the notification names the button."""
    tab = await page_that_shows("Button", browser, site)
    await browser.press_action("Button", "Later")
    assert await told(site, "click") == {"event": "click", "title": "Button", "action": "later", "trusted": True}
    await tab.close()


async def test_tabs_and_gestures(browser: Browser, site: Site) -> None:
    """The drivers know which tabs there are, which is in front, and press buttons with a user gesture."""
    script = "document.title = navigator.userActivation.isActive ? 'yes' : 'no'"
    site.put("/one", f'<!doctype html><button onclick="{script}">press</button>', "text/html")
    site.put("/two", "<!doctype html><p>two", "text/html")
    one = await browser.open(site.origin + "/one")
    two = await browser.open(site.origin + "/two")
    assert {site.origin + "/one", site.origin + "/two"} <= set(await browser.addresses())
    await browser.wait_until_in_front(site.origin + "/two")
    await one.press("button")
    assert await one.run("return document.title") == "yes"
    await two.close()
    await one.close()


async def test_quit_and_start_keeps_the_profile(browser: Browser, site: Site) -> None:
    """What a page stored is there after the browser was closed and started again."""
    site.put("/", "<!doctype html><p>a page", "text/html")
    tab = await browser.open(site.origin + "/")
    await tab.run("localStorage.setItem('kept', 'yes')")
    await browser.quit()
    await browser.start()
    tab = await browser.open(site.origin + "/")
    assert await tab.run("return localStorage.getItem('kept')") == "yes"
    await tab.close()
