"""A customer's shop, built as the documentation tells customers to: the script tag, the one-line worker, landing pages.

Below / it has a worker of its own, as a progressive web app has. What the page hears of Heliograph it keeps in
`window.heard`, and `window.call` lets a test use a verb through JSON.
"""

import json
from html import escape
from typing import Any

from tests.browser.support.driver import Browser, Tab
from tests.browser.support.site import Site
from tests.browser.support.waiting import ARRIVAL, FIRST_SUBSCRIBE, eventually

WORKER_PATH = "/push/heliograph-worker.js"
PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>body {{ font: 18px/1.5 sans-serif; margin: 3rem }} button {{ font: inherit; padding: .4rem 1rem }}</style>
<h1>{title}</h1>
<button id="subscribe">Notify me</button>
<p>Notifications: <output id="status">unknown</output></p>
<script>
  window.heliograph = window.heliograph || [];
  window.heard = [];
  const wanted = JSON.parse(new URLSearchParams(location.search).get("wanted") ?? "{{}}");
  const plain = (what) => what instanceof Error ? String(what) : what;
  for (const event of ["subscribed", "unsubscribed", "changed", "clicked", "data", "error"])
    heliograph.push(["on", event, (what) => heard.push({{ event, what: plain(what) }})]);
  heliograph.push(["on", "changed", (now) => document.getElementById("status").textContent = now.status]);
  document.getElementById("subscribe").onclick = () => heliograph.push(["subscribe", wanted]);
  window.call = async (verb, args) => JSON.stringify((await heliograph[verb](...JSON.parse(args))) ?? null);
</script>
<script async src="{api}/sdk/v1/heliograph.js" data-key="{key}"></script>
"""
APP_WORKER = """
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  if (event.request.url.endsWith("/from-the-app")) event.respondWith(new Response("by the app's own worker"));
});
self.addEventListener("push", (event) => event.waitUntil(self.registration.showNotification("The wrong worker")));
"""
# Tells the shop of everything that is really shown; what the worker does is left as it is.
COUNTED = """
const show = self.registration.showNotification.bind(self.registration);
self.registration.showNotification = (title, options) => {
  fetch("/shown", { method: "POST", body: JSON.stringify({ title, options }), keepalive: true });
  return show(title, options);
};
"""
HAS_LOADED = "return typeof window.call === 'function' && window.heliograph.loaded === true;"
CALL = "return JSON.parse(await window.call(args[0], args[1]));"
HEARD = "return JSON.stringify(window.heard);"
NOTIFICATIONS = """
const registration = await navigator.serviceWorker.getRegistration("/push/");
const shown = registration ? await registration.getNotifications() : [];
const copy = ({ title, body, tag, icon, lang, dir, data }) => ({ title, body, tag, icon, lang, dir, data });
return JSON.stringify(shown.map(copy));
"""
SUBSCRIPTION = """
const registration = await navigator.serviceWorker.getRegistration("/push/");
const subscription = await registration?.pushManager.getSubscription();
return JSON.stringify(subscription ?? null);
"""
CLOSE_ALL = """
const registration = await navigator.serviceWorker.getRegistration("/push/");
for (const shown of registration ? await registration.getNotifications() : []) shown.close();
"""


class Shop:
    """The shop's pages on a site, using the project with the publishable key `key` of the Heliograph at `api`."""

    def __init__(self, site: Site, api: str, key: str) -> None:
        self.site = site
        worker = f'importScripts("{api}/sdk/v1/worker.js");\n'
        site.put(WORKER_PATH, COUNTED + worker, "text/javascript")
        site.put("/app-worker.js", APP_WORKER, "text/javascript")
        for path, title in {"/": "The shop", "/order/42": "Order 42", "/offers": "Offers"}.items():
            site.put(path, PAGE.format(title=escape(title), api=api, key=key), "text/html; charset=utf-8")

    def url(self, path: str) -> str:
        return self.site.origin + path

    @property
    def shown(self) -> list[str]:
        """The titles of all notifications that the worker has shown so far."""
        return [visit.json["title"] for visit in self.site.visited("/shown", "POST")]

    async def has_shown(self, titles: list[str]) -> None:
        """Wait until the worker has told of the last of these notifications, and see that there were no others."""
        await eventually(lambda: titles[-1] in self.shown, f"the worker to tell of {titles[-1]!r}")
        assert self.shown == titles

    async def open(self, browser: Browser, path: str = "/") -> "ShopPage":
        """Open a page of the shop and wait until the script tag is at work."""
        page = ShopPage(await browser.open(self.url(path)), self)
        await page.ready()
        return page


class ShopPage:
    """One page of the shop in one tab."""

    def __init__(self, tab: Tab, shop: Shop) -> None:
        self.tab = tab
        self.shop = shop

    async def ready(self) -> None:
        await eventually(lambda: self.tab.run(HAS_LOADED), "the page script")

    async def load(self, path: str = "/") -> None:
        """Go to a page of the shop in this tab."""
        await self.tab.go(self.shop.url(path))
        await self.ready()

    async def call(self, verb: str, *args: Any) -> Any:
        """Use a verb of the page script and return its result."""
        return await self.tab.run(CALL, verb, json.dumps(args))

    async def subscribe(self) -> str:
        """Press "Notify me" and return the subscription's id."""
        await self.tab.press("#subscribe")
        status = await self.status("subscribed", FIRST_SUBSCRIBE)
        return str(status["subscription"])

    async def status(self, wanted: str, within: float = ARRIVAL) -> dict[str, Any]:
        """Wait until the page script says this status."""
        seen: list[Any] = []

        async def reached() -> dict[str, Any] | None:
            seen[:] = [await self.call("status"), *await self.heard("error")]
            return seen[0] if seen[0]["status"] == wanted else None

        return await eventually(reached, lambda: f"the status {wanted}; it is {seen}", within)

    async def heard(self, event: str) -> list[Any]:
        """Return what the page's listeners were told so far."""
        everything = json.loads(await self.tab.run(HEARD))
        return [entry["what"] for entry in everything if entry["event"] == event]

    async def hears(self, event: str) -> Any:
        """Wait for an event of the page script and return the first one."""
        found = await eventually(lambda: self.heard(event), f"the page to hear of {event!r}")
        return found[0]

    async def notifications(self) -> list[dict[str, Any]]:
        """Return the notifications of our worker that are to be seen."""
        return list(json.loads(await self.tab.run(NOTIFICATIONS)))

    async def subscription(self) -> Any:
        """Return what the browser itself says of the subscription, or None when it has none."""
        return json.loads(await self.tab.run(SUBSCRIPTION))

    async def endpoint(self) -> str:
        """Return the address that the push service gave."""
        return str((await self.subscription())["endpoint"])

    async def close(self) -> None:
        """Take this shop's notifications from the screen and close the tab."""
        await self.tab.run(CLOSE_ALL)
        await self.tab.close()
