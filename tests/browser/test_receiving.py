"""A person at a real browser: subscribes in the shop, sees notifications, clicks them; Heliograph is told of it."""

import json

import pytest
from tests.browser.support.driver import Browser
from tests.browser.support.project import Project
from tests.browser.support.sender import Sender, Subscription
from tests.browser.support.shop import Shop

from heliograph.devpush import AckCode, DevPush, Fault, FaultKind
from heliograph.devpush.addresses import token_of

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_subscribe_in_the_page(browser: Browser, shop: Shop, project: Project) -> None:
    """One press on "Notify me" makes one active subscription at Heliograph; a later page load makes no second one."""
    page = await shop.open(browser)
    subscription_id = await page.subscribe()
    assert (await project.subscription(subscription_id))["state"] == "active"
    await page.load()
    assert (await page.status("subscribed"))["subscription"] == subscription_id
    listed = await project.ask("GET", "/v1/subscriptions")
    assert [row["id"] for row in listed["items"]] == [subscription_id]
    await page.close()


async def test_notification_as_it_was_sent(browser: Browser, shop: Shop, project: Project) -> None:
    """The person sees title and body; tag, icon, language, direction and data are in the browser as they were sent."""
    page = await shop.open(browser)
    await page.subscribe()
    sent = await project.send(
        title="Grüße aus dem Lager 🌞",
        body="Ihre Bestellung ist unterwegs.",
        url=shop.url("/order/42"),
        icon=shop.url("/icon.png"),
        tag="order-42",
        language="de",
        direction="ltr",
        data={"order": 42, "lines": ["ä", None, 1.5]},
    )
    delivery = await sent.becomes("displayed")
    (shown,) = await page.notifications()
    assert shown["data"].pop("heliograph")["navigate"] == shop.url("/order/42")
    assert shown == {
        "title": "Grüße aus dem Lager 🌞",
        "body": "Ihre Bestellung ist unterwegs.",
        "tag": "order-42",
        "icon": shop.url("/icon.png"),
        "lang": "de",
        "dir": "ltr",
        "data": {"data": {"order": 42, "lines": ["ä", None, 1.5]}},
    }
    (seen,) = [one for one in await browser.on_screen() if one.title == "Grüße aus dem Lager 🌞"]
    assert seen.body.endswith("Ihre Bestellung ist unterwegs.")
    assert delivery["status_code"] == 201
    await page.close()


async def test_click_opens_the_page_and_is_counted(browser: Browser, shop: Shop, project: Project) -> None:
    """A click takes the notification away, opens its page in front, tells that page of the click, and is recorded."""
    page = await shop.open(browser)
    await page.subscribe()
    sent = await project.send(title="Opens order 42", url=shop.url("/order/42?from=push"), data={"order": 42})
    await browser.click("Opens order 42")
    await sent.becomes("clicked")
    await browser.wait_until_in_front(shop.url("/order/42?from=push"))
    assert await page.notifications() == []
    (delivery,) = await sent.deliveries()
    assert delivery["dismissed_at"] is None  # Firefox also tells the worker that the alert was closed
    assert len(shop.site.visited("/order/42")) == 1
    await page.close()


async def test_click_returns_to_an_open_page(browser: Browser, shop: Shop, project: Project) -> None:
    """Where the page is open already, a click brings that tab to the front and opens no second one."""
    order = await shop.open(browser, "/order/42")
    await order.subscribe()
    other = await shop.open(browser, "/offers")
    before = sorted(await browser.addresses())
    sent = await project.send(title="Back to order 42", url=shop.url("/order/42"), data={"order": 42})
    await browser.click("Back to order 42")
    await sent.becomes("clicked")
    await browser.wait_until_in_front(shop.url("/order/42"))
    clicked = await order.hears("clicked")
    assert clicked["notification"] == sent.id
    assert clicked["data"] == {"order": 42}
    assert sorted(await browser.addresses()) == before
    await other.close()
    await order.close()


@pytest.mark.parametrize("browser", ["chromium"], indirect=True)  # Firefox draws no buttons on its own alerts
async def test_action_button(browser: Browser, shop: Shop, project: Project) -> None:
    """A press on a button of the notification opens the button's own page and is recorded with the button's name."""
    page = await shop.open(browser)
    await page.subscribe()
    buttons = [
        {"action": "track", "title": "Track it", "url": shop.url("/order/42")},
        {"action": "more", "title": "More offers", "url": shop.url("/offers")},
    ]
    sent = await project.send(title="With buttons", url=shop.url("/"), actions=buttons)
    await browser.press_action("With buttons", "More offers")
    delivery = await sent.becomes("clicked")
    assert delivery["clicked_action"] == "more"
    await browser.wait_until_in_front(shop.url("/offers"))
    await page.close()


async def test_dismissal_is_counted(browser: Browser, shop: Shop, project: Project) -> None:
    """A notification that the person waves away is recorded as dismissed, and opens nothing."""
    page = await shop.open(browser)
    await page.subscribe()
    before = sorted(await browser.addresses())
    sent = await project.send(title="Not now", url=shop.url("/offers"))
    await browser.dismiss("Not now")
    await sent.becomes("dismissed")
    assert sorted(await browser.addresses()) == before
    await page.close()


async def test_data_push_reaches_the_page_and_shows_nothing(browser: Browser, shop: Shop, project: Project) -> None:
    """A data push is handed to the open page as JSON; the person sees nothing."""
    page = await shop.open(browser)
    await page.subscribe()
    sent = await project.send(kind="data", data={"stock": {"42": 0}})
    heard = await page.hears("data")
    assert (heard["data"], heard["notification"]) == ({"stock": {"42": 0}}, sent.id)
    assert await page.notifications() == []
    assert shop.shown == []
    await page.close()


async def test_lost_answer(browser: Browser, shop: Shop, project: Project, devpush: DevPush) -> None:
    """A push message whose acceptance Heliograph never heard of is shown once, and counts as displayed."""
    page = await shop.open(browser)
    await page.subscribe()
    endpoint = await page.endpoint()
    devpush.add_fault(Fault(kind=FaultKind.LOST_ANSWER, token=token_of(endpoint), times=1))
    await (await project.send(title="Only once", url=shop.url("/"))).becomes("displayed")
    await (await project.send(title="The next one", url=shop.url("/"))).becomes("displayed")
    await shop.has_shown(["Only once", "The next one"])
    devpush.clear_faults()
    await page.close()


async def test_repetition_is_shown_once(
    browser: Browser, shop: Shop, project: Project, own_sender: Sender, devpush: DevPush
) -> None:
    """A push message that comes a second time, as after a crash between sending and recording, is not shown again."""
    page = await shop.open(browser)
    await page.subscribe()
    subscription = Subscription.from_json(await page.subscription())
    sent = await project.send(title="Only once", url=shop.url("/"))
    await sent.becomes("displayed")
    (shown,) = await page.notifications()
    again = {
        "web_push": 8030,
        "notification": {"title": "Only once, again", "navigate": shop.url("/"), "mutable": True},
        "heliograph": {"d": shown["data"]["heliograph"]["delivery"], "n": sent.id},
    }
    assert await own_sender.send(subscription, json.dumps(again).encode()) == 201
    await (await project.send(title="The next one", url=shop.url("/"))).becomes("displayed")
    assert [record.acked_code for record in devpush.messages(subscription.endpoint)] == [AckCode.DELIVERED] * 3
    await shop.has_shown(["Only once", "The next one"])
    await page.close()


async def test_beside_the_worker_of_a_web_app(browser: Browser, shop: Shop, project: Project) -> None:
    """A site's own worker keeps its pages and its fetch handler; pushes go to ours, which controls no page."""
    page = await shop.open(browser)
    await page.tab.run("await navigator.serviceWorker.register('/app-worker.js'); await navigator.serviceWorker.ready;")
    await page.load("/offers")
    await page.subscribe()
    sent = await project.send(title="From our worker", url=shop.url("/"))
    await sent.becomes("displayed")
    assert [one["title"] for one in await page.notifications()] == ["From our worker"]
    assert await page.tab.run("return (await fetch('/from-the-app')).text();") == "by the app's own worker"
    scopes = await page.tab.run(
        "return (await navigator.serviceWorker.getRegistrations()).map((one) => new URL(one.scope).pathname).sort();"
    )
    assert scopes == ["/", "/push/"]
    await page.close()
