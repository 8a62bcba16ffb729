"""A shop whose pages tell what people do. The page script is the real one; what it sends ends at the shop.

Campaigns of the kind "inline", one for each slot of the page, show which triggers hold.
"""

import contextlib
import json
from html import escape
from typing import Any

from tests.browser.support.driver import Browser, BrowserError, Tab
from tests.browser.support.prompts import campaign
from tests.browser.support.site import Site
from tests.browser.support.waiting import eventually

PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>body {{ font: 16px/1.5 sans-serif; margin: 2rem }} #tall {{ height: 4000px }}</style>
<h1>{title}</h1>
{body}
<script>{before}</script>
<script src="/stub.js"></script>
<script async src="{api}/sdk/v1/heliograph.js" data-key="{key}" {attributes}></script>
</html>
"""
# Runs before the page script. Sends to the shop what is meant for the server; a page may be cut off from it.
STUB = """
window.heliograph = window.heliograph || [];
window.faults = [];
window.addEventListener("error", ({ message }) => faults.push(message));
window.addEventListener("unhandledrejection", ({ reason }) => faults.push(String(reason)));
heliograph.push(["on", "error", ({ code, message }) => (window.told ??= []).push(code + ": " + message)]);
const [fetchReally, beaconReally] = [window.fetch, navigator.sendBeacon.bind(navigator)];
const cutOff = () => sessionStorage.getItem("cut-off") !== null;
window.fetch = (url, init) => {
  const { pathname } = new URL(url);
  if (pathname === "/v1/public/campaigns")
    return Promise.resolve(new Response(JSON.stringify({ campaigns: CAMPAIGNS, visitor: {} })));
  if (pathname === "/v1/public/campaign-events") {
    for (const { campaign } of JSON.parse(init.body).events) (window.counted ??= []).push(campaign);
    return Promise.resolve(new Response("{}"));
  }
  if (pathname !== "/v1/public/events") return fetchReally(url, init);
  return cutOff() ? Promise.reject(new TypeError("cut off")) : fetchReally("/events", init);
};
navigator.sendBeacon = (url, body) => !cutOff() && beaconReally("/beacon", body);
"""
SHOWN = """
return [...document.querySelectorAll("[data-hg-spot]")].filter((one) => one.querySelector("heliograph-prompt"))
  .map((one) => one.dataset.hgSpot).sort();
"""
LOADED = "return window.heliograph?.loaded === true;"


class TrackedShop:
    """The shop's pages; every path of `PATHS` is one."""

    PATHS = ("/", "/second", "/third")

    def __init__(self, site: Site, api: str, key: str) -> None:
        self.site = site
        self._api = api
        self._key = key
        self.publish()

    def publish(
        self,
        body: str = "",
        *,
        before: str = "",
        attributes: str = "",
        triggers: dict[str, dict[str, Any]] | None = None,
    ) -> None:
        """Give all pages this content; each name of `triggers` is a slot, filled when its trigger holds."""
        campaigns = [
            campaign("inline", id=f"cmp_{name}", spot=name, triggers=[[trigger]])
            for name, trigger in (triggers or {}).items()
        ]
        slots = "".join(f'<div data-hg-spot="{escape(name)}"></div>' for name in triggers or {})
        self.site.put("/stub.js", STUB.replace("CAMPAIGNS", json.dumps(campaigns)), "text/javascript")
        for path in self.PATHS:
            about = {"before": before, "attributes": attributes, "api": self._api, "key": self._key}
            page = PAGE.format(title=f"Page {path}", body=slots + body, **about)
            self.site.put(path, page, "text/html; charset=utf-8")

    async def open(self, browser: Browser, path: str = "/") -> "TrackedPage":
        page = TrackedPage(await browser.open(self.site.origin + path), self)
        await page.ready()
        return page

    @property
    def batches(self) -> list[dict[str, Any]]:
        """What the server would have got, in the order of arrival."""
        return [visit.json for visit in self.site.visits if visit.path in ("/events", "/beacon")]

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events in it as the server counts them: each id once."""
        found: dict[str, dict[str, Any]] = {}
        for batch in self.batches:
            for event in batch["events"]:
                found.setdefault(event["id"], event)
        return list(found.values())

    async def has_heard(self, *names: str, in_order: bool = True) -> list[dict[str, Any]]:
        """Wait until exactly these events have arrived, and return them in the order of `names`."""

        def found() -> list[str]:
            heard = [event["name"] for event in self.events]
            return heard if in_order else sorted(heard)

        wanted = list(names) if in_order else sorted(names)
        await eventually(lambda: found() == wanted, lambda: f"the events {wanted}; there are {found()}", 30)
        return self.events if in_order else sorted(self.events, key=lambda event: names.index(event["name"]))


class TrackedPage:
    """One page of it in one tab."""

    def __init__(self, tab: Tab, shop: TrackedShop) -> None:
        self.tab = tab
        self.shop = shop

    async def ready(self) -> None:
        async def loaded() -> bool:
            # A page that is just being left answers nothing, in the one browser by an error, in the other by null.
            with contextlib.suppress(BrowserError, TypeError):
                return bool(await self.tab.run(LOADED))
            return False

        await eventually(loaded, "the page script")

    async def load(self, path: str) -> None:
        await self.tab.go(self.shop.site.origin + path)
        await self.ready()

    async def give(self, *command: Any) -> None:
        """Give a command, as a page does."""
        await self.tab.run("heliograph.push(args[0]);", list(command))

    async def shows(self, *slots: str) -> None:
        """Wait until exactly these slots are filled."""
        seen: list[str] = []

        async def reached() -> bool:
            seen[:] = await self.tab.run(SHOWN)
            return seen == sorted(slots)

        def difference() -> str:
            return f"the slots; {set(slots) - set(seen)} are empty, {set(seen) - set(slots)} should be"

        await eventually(reached, difference, 30)

    async def faults(self) -> list[str]:
        """Return what the page would have seen of errors that nobody caught."""
        return list(await self.tab.run("return window.faults;"))

    async def kept(self) -> list[str]:
        """Return the names of everything of ours in the storages of the page."""
        return list(await self.tab.run("return [...Object.keys(localStorage), ...Object.keys(sessionStorage)].sort();"))

    async def close(self) -> None:
        await self.tab.close()
