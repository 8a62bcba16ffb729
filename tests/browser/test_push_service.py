"""Real browsers and devpush, with the test's own page and worker: subscribe, receive, decrypt, unsubscribe."""

import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.browser.support.driver import Browser, BrowserError, Tab
from tests.browser.support.sender import Sender, Subscription, encrypted
from tests.browser.support.site import Site
from tests.browser.support.waiting import FIRST_SUBSCRIBE, eventually

from heliograph.devpush import AckCode, DevPush
from heliograph.protocols.encryption import MAX_PLAINTEXT

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

WORKER = """
const tell = (path, what) => fetch(path, { method: "POST", body: JSON.stringify(what) });
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => event.waitUntil((async () => {
  const text = event.data ? event.data.text() : null;
  await tell("/pushed", { text, trusted: event.isTrusted });
  await self.registration.showNotification("Push", { body: (text ?? "").slice(0, 20), tag: "push" });
})()));
"""
SUBSCRIBE = """
await navigator.serviceWorker.register("/worker.js");
const registration = await navigator.serviceWorker.ready;
const key = Uint8Array.from(atob(args[0].replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
return subscription.toJSON();
"""
UNSUBSCRIBE = """
const registration = await navigator.serviceWorker.ready;
for (const shown of await registration.getNotifications()) shown.close();
return await (await registration.pushManager.getSubscription()).unsubscribe();
"""


@pytest_asyncio.fixture(loop_scope="session")
async def sender(devpush: DevPush) -> AsyncIterator[Sender]:
    server = Sender(devpush)
    yield server
    await server.close()


@pytest_asyncio.fixture(loop_scope="session")
async def tab(browser: Browser, site: Site) -> AsyncIterator[Tab]:
    site.put("/", "<!doctype html><title>a page</title><p>a page", "text/html")
    site.put("/worker.js", WORKER, "text/javascript")
    opened = await browser.open(site.origin + "/")
    yield opened
    await opened.close()


async def subscribed(tab: Tab, sender: Sender) -> Subscription:
    return Subscription.from_json(await tab.run(SUBSCRIBE, sender.public_key))


async def arrived(site: Site, text: str | None) -> None:
    def texts() -> list[str | None]:
        return [visit.json["text"] for visit in site.visited("/pushed", "POST") if visit.json["trusted"]]

    await eventually(lambda: text in texts(), lambda: f"{text!r:.60}; so far came {texts()!r:.200}")


async def test_browser_decrypts(tab: Tab, site: Site, sender: Sender, devpush: DevPush) -> None:
    """What an application server encrypts for the keys of a subscription comes out of the browser's push event."""
    subscription = await subscribed(tab, sender)
    assert await sender.send(subscription, json.dumps({"title": "Grüße 🌞"}).encode()) == 201
    await arrived(site, json.dumps({"title": "Grüße 🌞"}))
    await tab.run(UNSUBSCRIBE)


async def test_empty_and_largest_payload(tab: Tab, site: Site, sender: Sender) -> None:
    """A push without payload and one of the largest size both arrive."""
    subscription = await subscribed(tab, sender)
    assert await sender.send(subscription, None) == 201
    await arrived(site, None)
    assert await sender.send(subscription, b"x" * MAX_PLAINTEXT) == 201
    await arrived(site, "x" * MAX_PLAINTEXT)
    await tab.run(UNSUBSCRIBE)


async def test_damaged_message_is_not_delivered(tab: Tab, site: Site, sender: Sender, devpush: DevPush) -> None:
    """A message that was altered on its way makes no push event, and does not stop the next one."""
    subscription = await subscribed(tab, sender)
    whole = encrypted(b"secret", subscription)
    assert await sender.post(subscription.endpoint, whole[:-1] + bytes([whole[-1] ^ 1])) == 201
    assert await sender.send(subscription, b"the next") == 201
    await arrived(site, "the next")
    assert len(site.visited("/pushed", "POST")) == 1
    await tab.run(UNSUBSCRIBE)


async def test_message_acked(tab: Tab, site: Site, sender: Sender, devpush: DevPush) -> None:
    """Devpush learns from the browser that a message came."""
    subscription = await subscribed(tab, sender)
    await sender.send(subscription, b"to be acked")
    await arrived(site, "to be acked")

    def codes() -> list[AckCode | None]:
        return [record.acked_code for record in devpush.messages(subscription.endpoint)]

    await eventually(lambda: codes() == [AckCode.DELIVERED], lambda: f"an ack; codes are {codes()}")
    await tab.run(UNSUBSCRIBE)


async def test_unsubscribe_ends_the_endpoint(tab: Tab, sender: Sender) -> None:
    """After unsubscribe() in the page the endpoint answers 410, and a new subscription has another one."""
    first = await subscribed(tab, sender)
    assert await tab.run(UNSUBSCRIBE) is True

    async def gone() -> bool:
        return await sender.send(first, b"too late") == 410

    await eventually(gone, "410")
    second = await subscribed(tab, sender)
    assert second.endpoint != first.endpoint
    await tab.run(UNSUBSCRIBE)


async def test_other_key_is_refused(tab: Tab, sender: Sender, devpush: DevPush) -> None:
    """A subscription belongs to one application server key: the browser refuses a second one."""
    await subscribed(tab, sender)
    stranger = Sender(devpush)
    with pytest.raises(BrowserError, match=r"application ?[sS]erver ?[kK]ey"):
        await subscribed(tab, stranger)
    await stranger.close()
    await tab.run(UNSUBSCRIBE)


async def test_reconnects_after_a_lost_connection(tab: Tab, site: Site, sender: Sender, devpush: DevPush) -> None:
    """What is sent while the browser has no connection comes when it is back."""
    subscription = await subscribed(tab, sender)
    registration = devpush.registration(subscription.endpoint)
    assert registration is not None
    await eventually(lambda: registration.user_agent in devpush.connected(), "the first connection", FIRST_SUBSCRIBE)
    if registration.service == "mozilla":  # Chromium waits half a minute when it is dropped soon after its login
        devpush.disconnect([registration.user_agent])
    assert await sender.send(subscription, b"meanwhile") == 201
    await arrived(site, "meanwhile")
    await tab.run(UNSUBSCRIBE)
