"""What pages tell of their visitors, and every page trigger, in real browsers."""

from datetime import datetime
from typing import Any

import pytest
import pytest_asyncio
from tests.browser.support.driver import Browser
from tests.browser.support.firefox import Firefox
from tests.browser.support.heliograph import Heliograph
from tests.browser.support.project import Project, signed
from tests.browser.support.shop import Shop
from tests.browser.support.site import Site
from tests.browser.support.tracked import TrackedPage, TrackedShop
from tests.browser.support.waiting import eventually

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def tracked(heliograph: Heliograph, project: Project, site: Site) -> TrackedShop:
    return TrackedShop(site, heliograph.url, project.publishable_key)


async def test_page_views_cart_and_order(browser: Browser, tracked: TrackedShop) -> None:
    """What happens on a page arrives by itself or when the page is left, under one visitor's name on all pages."""
    page = await tracked.open(browser, "/?utm_source=mail")
    await page.give("trackItemView", {"item": {"id": 42, "price": "19,99"}})
    await tracked.has_heard("page_view", "item_view")
    await page.give("addToCart", {"item": {"id": 42, "price": "19,99", "count": 2}})
    await page.load("/second")
    await tracked.has_heard("page_view", "item_view", "cart_add", "page_view")
    await page.give("order", {"order": {"id": 7, "price": 39.98}})
    await page.close()
    events = await tracked.has_heard("page_view", "item_view", "cart_add", "page_view", "order")
    assert events[0]["properties"]["utm_source"] == "mail"
    assert events[1]["properties"] == {"item": {"id": "42", "price": 19.99}}
    assert len({batch["visitor"] for batch in tracked.batches}) == 1
    assert tracked.site.visited("/beacon", "POST")


async def test_single_page_application(browser: Browser, tracked: TrackedShop) -> None:
    """Addresses that an application goes to, and back from, are page views; tidying them up is none."""
    page = await tracked.open(browser)
    await page.tab.run("""
        history.pushState({}, "", "/second");
        history.replaceState({}, "", "/second?sorted=1");
        history.pushState({}, "", "/third");
        heliograph.reInit();
        const back = new Promise((resolve) => addEventListener("popstate", resolve, { once: true }));
        history.back();
        await back;
    """)
    events = await tracked.has_heard("page_view", "page_view", "page_view", "page_view")
    paths = [event["properties"]["url"].removeprefix(tracked.site.origin) for event in events]
    assert paths == ["/", "/second", "/third", "/second?sorted=1"]
    await page.close()


async def test_flocktory_tag(browser: Browser, tracked: TrackedShop) -> None:
    """A site's Flocktory commands, its array of them and its elements work when only the script tag is another."""
    tracked.publish(
        '<div class="i-flocktory" data-fl-user-name="Ada" data-fl-user-email="ada@shop.example"></div>'
        '<div class="i-flocktory" data-fl-action="track-item-view" data-fl-item-id="42" data-fl-item-vendor="A"></div>',
        before='window.flocktory = [["addToCart", {products: [{id: "P1", name: "Tee", price: "15.25", count: 2}]}]];',
        attributes='data-alias="flocktory"',
    )
    page = await tracked.open(browser)
    await page.tab.run("""
        const later = document.createElement("div");
        later.className = "i-flocktory";
        later.dataset.flAction = "fire-event";
        later.dataset.flEvent = "openPopup";
        document.body.append(later);
        flocktory.push(["attachToProfile", { data: { loyalty: "gold" } }]);
    """)
    events = await tracked.has_heard("page_view", "item_view", "cart_add", "openpopup", in_order=False)
    assert events[1]["properties"] == {"item": {"id": "42", "vendor": "A"}}
    assert events[2]["properties"] == {"item": {"id": "P1", "price": 15.25, "title": "Tee", "count": 2}}
    assert {"loyalty": "gold"} in [batch["attributes"] for batch in tracked.batches]
    assert "ada@" not in str(tracked.batches)
    assert await page.tab.run("return flocktory.loaded && flocktory.getData();") == {
        "user": {"name": "Ada", "email": "ada@shop.example"},
        "cart": {"items": [{"id": "P1", "price": 15.25, "count": 2}]},
    }
    assert await page.faults() == []
    await page.close()


async def test_no_way_through(browser: Browser, tracked: TrackedShop) -> None:
    """What could not be sent is sent by a later page, once."""
    page = await tracked.open(browser)
    await page.tab.run("sessionStorage.setItem('cut-off', '1');")
    await page.give("fireEvent", "kept.one")
    await page.load("/second")
    await page.give("fireEvent", "kept.two")
    await page.tab.run("sessionStorage.removeItem('cut-off');")
    await page.load("/third")

    def arrived() -> bool:
        return [event["name"] for event in tracked.events if event["name"] != "page_view"] == ["kept.one", "kept.two"]

    await eventually(arrived, lambda: f"the two events; there are {tracked.events}")
    await page.close()


@pytest.mark.parametrize("attributes", ['data-track="off"', ""])
async def test_without_consent(browser: Browser, tracked: TrackedShop, attributes: str) -> None:
    """A person who does not agree leaves no trace in browser or network; agreed, the page is counted."""
    before = "" if attributes else 'window.heliograph = [["consent", false]];'
    tracked.publish(before=before, attributes=attributes)
    page = await tracked.open(browser)
    await page.give("addToCart", {"item": {"id": 1}})
    await page.load("/second")
    assert await page.kept() == []
    assert tracked.batches == []
    await page.give("consent", True)
    events = await tracked.has_heard("page_view")
    assert events[0]["properties"]["url"].endswith("/second")
    assert "heliograph:visitor" in await page.kept()
    await page.close()


# What old libraries and careless scripts do to a page.
POLLUTED = """
Array.prototype.toJSON = function () { return "broken"; };
Object.prototype.toJSON = function () { return "broken"; };
Array.prototype.last = function () { return this[this.length - 1]; };
Object.prototype.extra = { id: "polluted" };
"""
HOSTILE = """
const cyclic = { id: 1 };
cyclic.item = cyclic.items = cyclic.cart = cyclic.order = cyclic.user = cyclic;
const throwing = new Proxy({}, { get() { throw new Error("mine"); }, ownKeys() { throw new Error("mine"); } });
const huge = { item: { id: "x".repeat(1e7), title: "y".repeat(1e7) }, event: "z".repeat(1e7) };
const elements = { item: document.body, order: window, user: document };
for (const name of Object.keys(heliograph))
  for (const about of [undefined, null, 0, "", [], {}, cyclic, throwing, huge, elements, Symbol("x"), () => 1])
    if (/^(track|add|remove|update|order|set|fire|attach|post|ex|pre|get)/.test(name))
      heliograph.push([name, about, () => undefined]);
heliograph.push(null, 5, [], [null], throwing, ["__proto__"], ["constructor", {}]);
heliograph.push(["fireEvent", "still.works", { list: [1, 2] }]);
"""


@pytest.mark.parametrize("how", ["polluted", "blocked"])
async def test_hostile_page(browser: Browser, tracked: TrackedShop, how: str) -> None:
    """Whatever a page's scripts do and hand over, they get no error back, and the commands after it work."""
    blocked = "Object.defineProperty(window, 'localStorage', {get() { throw new Error('blocked'); }});"
    tracked.publish(before=POLLUTED if how == "polluted" else blocked)
    page = await tracked.open(browser)
    await page.tab.run(HOSTILE)

    def arrived() -> list[dict[str, Any]]:
        return [event for event in tracked.events if event["name"] == "still.works"]

    (event,) = await eventually(arrived, lambda: f"the last event; there are {[e['name'] for e in tracked.events]}")
    assert event["properties"] == {"list": [1, 2]}
    assert await page.faults() == []
    await page.close()


async def test_two_tabs_at_once(browser: Browser, tracked: TrackedShop) -> None:
    """Two tabs that tell of much at the same time are one visitor, and each event arrives."""
    one = await tracked.open(browser)
    two = await tracked.open(browser, "/second")
    for index in range(20):
        for page, name in ((one, "one"), (two, "two")):
            await page.give("fireEvent", name, {"index": index})
    for page in (one, two):
        await page.close()

    def arrived() -> bool:
        found = [
            (event["name"], event["properties"]["index"]) for event in tracked.events if event["name"] != "page_view"
        ]
        return sorted(found) == sorted((name, index) for name in ("one", "two") for index in range(20))

    await eventually(arrived, lambda: f"forty events; there are {len(tracked.events)}")
    assert len({batch["visitor"] for batch in tracked.batches}) == 1


# name of the slot: what it waits for
TRIGGERS: dict[str, dict[str, Any]] = {
    "authorised": {"kind": "authorised", "is": True},
    "first visit": {"kind": "first_visit", "is": True},
    "page views": {"kind": "page_views", "from": 2, "to": 2},
    "products viewed": {"kind": "products_viewed", "from": 2},
    "entry url": {"kind": "entry_url", "mode": "contains", "value": "utm_source"},
    "current url": {"kind": "current_url", "mode": "regex", "value": "/second$"},
    "visited url": {"kind": "visited_url", "mode": "contains", "value": "utm_source"},
    "leave intent": {"kind": "leave_intent"},
    "focus": {"kind": "focus", "is": True},
    "cart count": {"kind": "cart_count", "from": 3, "to": 3},
    "cart total": {"kind": "cart_total", "from": 25.5, "to": 25.5},
    "session time": {"kind": "session_time", "from": 0.1},
    "time on page": {"kind": "time_on_page", "from": 0.3},
    "inactivity": {"kind": "inactivity", "from": 0.2},
    "utm": {"kind": "utm", "source": "mail", "medium": "cpc"},
    "referrer": {"kind": "referrer", "contains": "127.0.0.1"},
    "spot": {"kind": "spot", "value": "checkout"},
    "mobile": {"kind": "mobile", "is": False},
    "event": {"kind": "event", "name": "openPopup"},
    "cookie": {"kind": "cookie", "name": "loyal"},
    "incognito": {"kind": "incognito", "is": False},
    "scroll": {"kind": "scroll", "from": 50},
}
NEVER: dict[str, dict[str, Any]] = {
    "not this page": {"kind": "current_url", "mode": "contains", "value": "/second", "exclude": True},
    "not visited": {"kind": "visited_url", "mode": "contains", "value": "/second"},
    "not so many": {"kind": "cart_count", "from": 4},
    "not so long": {"kind": "time_on_page", "from": 3600},
    "not advertised": {"kind": "utm", "source": "mail", "campaign": "spring"},
    "not that event": {"kind": "event", "name": "other"},
    "not mobile": {"kind": "mobile", "is": True},
    "no such trigger": {"kind": "weather", "is": "fine"},
    "no expression": {"kind": "entry_url", "mode": "regex", "value": "("},
}

# name of the slot: what fills it
ACTS = {
    "authorised": "heliograph.addData({ user: { email: 'ada@shop.example' } });",
    "products viewed": "heliograph.trackItemView({ item: { id: 2 } });",
    "cart count": "heliograph.addToCart({ item: { id: 1, price: 10, count: 3 } });",
    "cart total": "heliograph.updateCart({ cart: { items: [{ id: 1, price: '8,50', count: 3 }] } });",
    "spot": "heliograph.precheckout({ spot: 'checkout' });",
    "event": "heliograph.fireEvent({ event: 'openPopup' });",
    "cookie": "document.cookie = 'loyal=1'; heliograph.fireEvent('look');",
    "scroll": "scrollTo(0, 3000);",
    "leave intent": "document.documentElement.dispatchEvent(new MouseEvent('mouseleave', { clientY: -1 }));",
}


async def test_triggers(browser: Browser, tracked: TrackedShop) -> None:
    """Every page trigger holds when it should, as soon as it does, and not before."""
    tracked.publish('<div id="tall"></div>', triggers=TRIGGERS | NEVER)
    origin = tracked.site.origin
    elsewhere = origin.replace("localhost", "127.0.0.1")
    advertisement = f'<!doctype html><a href="{origin}/?utm_source=mail&amp;utm_medium=cpc">Shoes</a>'
    tracked.site.put("/from", advertisement, "text/html")
    tab = await browser.open(f"{elsewhere}/from")
    page = TrackedPage(tab, tracked)
    await tab.press("a")
    await page.ready()
    await page.give("trackItemView", {"item": {"id": 1}})
    await page.load("/second")
    at_once = [
        "first visit",
        "page views",
        "entry url",
        "current url",
        "visited url",
        "utm",
        "referrer",
        "mobile",
        "incognito",
    ]
    waited = ["session time", "time on page", "inactivity"]
    focused = ["focus"] if await tab.run("return document.hasFocus();") else []
    shown = [*at_once, *waited, *focused]
    await page.shows(*shown)
    for name, script in ACTS.items():
        await tab.run(script)
        shown.append(name)
        await page.shows(*shown)
    assert sorted(shown) == sorted(TRIGGERS)
    await page.close()


@pytest.mark.parametrize("browser", ["firefox"], indirect=True)  # Chromium gives no sign
async def test_private_window(browser: Firefox, tracked: TrackedShop) -> None:
    """A private window is known as one. Firefox objects to tracking in it, so nothing is told before a plain yes."""
    tracked.publish(triggers={name: {"kind": "incognito", "is": name == "private"} for name in ("private", "usual")})
    usual = await tracked.open(browser)
    await usual.shows("usual")
    page = TrackedPage(await browser.open_private(tracked.site.origin), tracked)
    await page.ready()
    await tracked.has_heard("page_view")
    assert await page.kept() == []
    await page.give("consent", True)
    # No prompt is shown where nobody can subscribe, but counted is what would have been.
    await eventually(lambda: page.tab.run("return (window.counted ?? []).includes('cmp_private');"), "the trigger", 30)
    await tracked.has_heard("page_view", "page_view")
    assert len({batch["visitor"] for batch in tracked.batches}) == 2
    await page.close()
    await usual.close()


async def test_told_to_the_server(browser: Browser, shop: Shop, project: Project) -> None:
    """What a visitor did before and after logging in is theirs at the server; what comes after a logout is not."""
    proof = signed(await project.new_identity_secret(), "ada")
    page = await shop.open(browser)
    await page.tab.run("""
        heliograph.push(["trackItemView", { item: { id: "42", price: "19,99" } }]);
        heliograph.push(["updateCart", { cart: { items: [{ id: "42", price: "19,99", count: 2 }] } }]);
        heliograph.push(["setAttributes", { loyalty: "gold" }]);
    """)
    await page.load("/offers")
    await page.call("identify", proof)
    await page.tab.run("heliograph.push(['addToCart', { item: { id: '43', price: 5 } }]);")
    wanted = ["page_view", "item_view", "cart_update", "page_view", "cart_add"]
    found: list[Any] = []

    async def told() -> bool:
        people = (await project.ask("GET", "/v1/profiles"))["items"]
        found[:] = [person for person in people if person["external_id"] == "ada"]
        for person in tuple(found):
            events = (await project.ask("GET", f"/v1/profiles/{person['id']}/events"))["items"]
            found.append(
                [event["name"] for event in sorted(events, key=lambda event: datetime.fromisoformat(event["at"]))]
            )
        return found[1:] == [wanted]

    await eventually(told, lambda: f"Ada's events; there are {found}", 30)
    assert found[0]["attributes"] == {"loyalty": "gold"}
    await page.call("logout")
    await page.tab.run("heliograph.push(['fireEvent', 'by.nobody']);")
    await page.load("/")
    assert await told()
    assert [error for error in await page.heard("error") if "/events" in error] == []
    await page.close()


async def test_subscription_of_a_visitor(browser: Browser, shop: Shop, project: Project) -> None:
    """Who subscribes without having logged in can be told of what they left in the cart: both are one person's."""
    page = await shop.open(browser)
    await page.tab.run("heliograph.push(['addToCart', { item: { id: '42', price: 5 } }]);")
    subscription_id = await page.subscribe()
    found: list[Any] = []

    async def linked() -> bool:
        subscription = await project.subscription(subscription_id)
        found[:] = [subscription["profile_id"], subscription["external_id"]]
        if subscription["profile_id"] is None:
            return False
        events = await project.ask("GET", f"/v1/profiles/{subscription['profile_id']}/events")
        found.append(sorted(event["name"] for event in events["items"]))
        return found[1:] == [None, ["cart_add", "page_view"]]

    await eventually(linked, lambda: f"the subscription to be the visitor's; there are {found}", 30)
    await page.close()
