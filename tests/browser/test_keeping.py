"""A subscription over time: browsers are closed, people leave and change, servers forget, keys are replaced."""

import pytest
from tests.browser.support.driver import Browser
from tests.browser.support.heliograph import Heliograph
from tests.browser.support.project import Project, profile, signed
from tests.browser.support.sender import Sender, Subscription
from tests.browser.support.shop import Shop
from tests.browser.support.waiting import START, eventually

from heliograph.devpush import DevPush, Fault, FaultKind
from heliograph.devpush.addresses import token_of

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

UNSUBSCRIBE_BEHIND_OUR_BACK = """
const registration = await navigator.serviceWorker.getRegistration("/push/");
return await (await registration.pushManager.getSubscription()).unsubscribe();
"""


async def test_queued_while_the_browser_is_closed(browser: Browser, shop: Shop, project: Project) -> None:
    """What is sent while the browser is closed is shown after its next start, with no page of the shop open."""
    page = await shop.open(browser)
    await page.subscribe()
    await browser.quit()
    sent = await project.send(title="While you were away", url=shop.url("/offers"))
    await sent.becomes("accepted")
    await browser.start()
    await sent.becomes("displayed", START)
    assert not [address for address in await browser.addresses() if address.startswith(shop.site.origin)]
    await browser.click("While you were away")
    await sent.becomes("clicked")
    await browser.wait_until_in_front(shop.url("/offers"))


async def test_unsubscribe_in_the_page(browser: Browser, shop: Shop, project: Project, own_sender: Sender) -> None:
    """Who unsubscribes in the page is unsubscribed at Heliograph and at the push service, and is sent nothing more."""
    page = await shop.open(browser)
    subscription_id = await page.subscribe()
    value = await page.subscription()
    assert (await page.call("unsubscribe"))["status"] == "unsubscribed"
    await project.subscription_becomes(subscription_id, "unsubscribed")
    assert await page.subscription() is None

    async def gone() -> bool:
        return await own_sender.send(Subscription.from_json(value), b"too late") == 410

    await eventually(gone, "the push service to answer 410")
    await (await project.send(title="To nobody", url=shop.url("/"))).reaches_nobody()
    await page.close()


async def test_gone_is_pruned(
    browser: Browser, shop: Shop, project: Project, heliograph: Heliograph, devpush: DevPush
) -> None:
    """A browser that unsubscribed without a word is found out by the next send (410), and is sent nothing more."""
    page = await shop.open(browser)
    subscription_id = await page.subscribe()
    endpoint = await page.endpoint()
    assert await page.tab.run(UNSUBSCRIBE_BEHIND_OUR_BACK) is True
    registration = devpush.registration(endpoint)
    assert registration is not None
    token = registration.token
    await eventually(lambda: (found := devpush.registration(token)) is None or found.gone_at, "the browser's word")
    make_old(heliograph, subscription_id)
    sent = await project.send(title="Finds out", url=shop.url("/"))
    await sent.becomes("gone")
    await project.subscription_becomes(subscription_id, "gone")
    requests = len(devpush.messages(endpoint))
    await (await project.send(title="To nobody", url=shop.url("/"))).reaches_nobody()
    assert len(devpush.messages(endpoint)) == requests
    await page.close()


def make_old(heliograph: Heliograph, subscription_id: str) -> None:
    """A fresh endpoint that is gone is asked for again half a minute later; an old one is believed."""
    heliograph.execute("UPDATE subscriptions SET endpoint_since = created_at - 600000000 WHERE id = ?", subscription_id)


async def test_heliograph_lost_its_memory(
    browser: Browser, shop: Shop, project: Project, heliograph: Heliograph
) -> None:
    """After Heliograph was restored from a backup without the subscription, the next page load registers it again."""
    backup = heliograph.back_up()
    page = await shop.open(browser)
    before = await page.subscribe()
    await heliograph.restore(backup)
    await page.tab.run("sessionStorage.clear()")  # as on the first page of the next visit
    await page.load()
    after = (await page.status("subscribed"))["subscription"]

    async def known_again() -> bool:
        listed = await project.ask("GET", "/v1/subscriptions")
        return [row["state"] for row in listed["items"]] == ["active"]

    await eventually(known_again, f"a subscription after {before}; the page says {after}")
    await (await project.send(title="Known again", url=shop.url("/"))).becomes("displayed")
    await page.close()


@pytest.mark.parametrize("browser", ["firefox"], indirect=True)
async def test_push_service_lost_its_memory(browser: Browser, shop: Shop, project: Project, devpush: DevPush) -> None:
    """When the push service forgot the browser, the worker subscribes again and keeps its place at Heliograph."""
    page = await shop.open(browser)
    subscription_id = await page.subscribe()
    before = await page.endpoint()
    registration = devpush.registration(before)
    assert registration is not None
    refreshed_at = (await project.subscription(subscription_id))["refreshed_at"]
    await page.tab.close()
    devpush.forget([registration.user_agent])

    async def replaced() -> bool:
        return (await project.subscription(subscription_id))["refreshed_at"] != refreshed_at

    # no page is open: the browser's event (pushsubscriptionchange) wakes the worker
    await eventually(replaced, "the worker to tell Heliograph of its new endpoint")
    sent = await project.send(title="Found you again", url=shop.url("/"))
    await sent.becomes("displayed")
    page = await shop.open(browser)
    assert (await page.status("subscribed"))["subscription"] == subscription_id
    assert await page.endpoint() != before
    await page.close()


@pytest.mark.parametrize("browser", ["chromium"], indirect=True)  # tells nobody, and keeps the dead subscription
async def test_endpoint_died(
    browser: Browser, shop: Shop, project: Project, heliograph: Heliograph, devpush: DevPush
) -> None:
    """When the push service gave up an endpoint and the browser does not notice, the next page load replaces it."""
    page = await shop.open(browser)
    subscription_id = await page.subscribe()
    before = await page.endpoint()
    make_old(heliograph, subscription_id)
    devpush.add_fault(Fault(kind=FaultKind.STATUS, status=410, token=token_of(before)))
    await (await project.send(title="Lost", url=shop.url("/"))).becomes("gone")
    await page.tab.run("sessionStorage.clear()")
    await page.load()
    await project.subscription_becomes(subscription_id, "active")
    assert await page.endpoint() != before
    await (await project.send(title="Found again", url=shop.url("/"))).becomes("displayed")
    devpush.clear_faults()
    await page.close()


async def test_logout_on_a_shared_browser(browser: Browser, shop: Shop, project: Project) -> None:
    """After Ada's logout her notifications come no more to this browser, and after Bob's login his do."""
    secret = await project.new_identity_secret()
    page = await shop.open(browser)
    await page.subscribe()
    assert await page.call("identify", signed(secret, "ada")) == {"identified": True}
    await (await project.send(profile("ada"), title="For Ada", url=shop.url("/"))).becomes("displayed")
    assert await page.call("logout") == {"identified": False}
    await (await project.send(profile("ada"), title="Ada only", url=shop.url("/"))).reaches_nobody()
    await page.call("identify", signed(secret, "bob"))
    await (await project.send(profile("bob"), title="For Bob", url=shop.url("/"))).becomes("displayed")
    await (await project.send(profile("ada"), title="Ada only", url=shop.url("/"))).reaches_nobody()
    await shop.has_shown(["For Ada", "For Bob"])
    await page.close()


async def test_key_change_replaces_the_subscription(browser: Browser, shop: Shop, project: Project) -> None:
    """After the project's application server key changed, a page load subscribes with the new one and keeps its id."""
    page = await shop.open(browser)
    subscription_id = await page.subscribe()
    before = await page.endpoint()
    await project.use_vapid_key()
    await (await project.send(title="Signed with the old key", url=shop.url("/"))).becomes("displayed")
    await page.load()

    async def replaced() -> bool:
        subscription = await page.subscription()
        return bool(subscription and subscription["endpoint"] != before)

    await eventually(replaced, "a subscription with the new key")
    assert (await page.status("subscribed"))["subscription"] == subscription_id
    await (await project.send(title="Signed with the new key", url=shop.url("/"))).becomes("displayed")
    listed = await project.ask("GET", "/v1/subscriptions")
    assert [row["id"] for row in listed["items"]] == [subscription_id]
    await page.close()
