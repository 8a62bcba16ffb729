"""Push messages that are not Heliograph's form, signed with the project's key: the person always sees something."""

import json

import pytest
from tests.browser.support.driver import Browser
from tests.browser.support.sender import Sender, Subscription
from tests.browser.support.shop import Shop, ShopPage
from tests.browser.support.waiting import eventually

from heliograph.devpush import DevPush

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def subscribed(page: ShopPage) -> Subscription:
    await page.subscribe()
    return Subscription.from_json(await page.subscription())


async def shows(page: ShopPage, title: str, body: str, devpush: DevPush, subscription: Subscription) -> None:
    shown: list[tuple[str, str]] = []

    async def there() -> bool:
        shown[:] = [(one["title"], one["body"]) for one in await page.notifications()]
        return shown == [(title, body)]

    def missing() -> str:
        return f"{title!r} {body!r}; shown is {shown!r}, devpush has {devpush.messages(subscription.endpoint)!r}"

    await eventually(there, missing)


@pytest.mark.parametrize(
    ("payload", "title", "body"),
    [
        pytest.param(b"Sale ends at noon", "localhost", "Sale ends at noon", id="plain text"),
        pytest.param(b'{"title": "Half', "localhost", '{"title": "Half', id="half JSON"),
        pytest.param(None, "localhost", "You have a new notification.", id="no payload"),
        pytest.param(json.dumps({"title": "T", "body": "B"}).encode(), "T", "B", id="another system's form"),
        pytest.param(b'{"notification": {"body": 7, "icon": 3}}', "localhost", "7", id="wrong types"),
    ],
)
async def test_something_is_shown(
    browser: Browser,
    shop: Shop,
    own_sender: Sender,
    devpush: DevPush,
    payload: bytes | None,
    title: str,
    body: str,
) -> None:
    """Whatever a push says, the worker shows a notification, so that no browser takes the permission away."""
    page = await shop.open(browser)
    subscription = await subscribed(page)
    assert await own_sender.send(subscription, payload) == 201
    await shows(page, title, body, devpush, subscription)
    await page.close()
