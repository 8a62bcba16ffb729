"""The demo's shop with a real browser: what a person does who follows the README."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests.browser.support.driver import Browser, Tab
from tests.browser.support.waiting import FIRST_SUBSCRIBE, eventually

from heliograph.cli.demo import afternoon
from heliograph.cli.demo.stage import Stage, stage
from heliograph.cli.processes import listen, pointed_at
from heliograph.devpush import DevPush
from heliograph.settings import Settings

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest_asyncio.fixture(loop_scope="session")
async def running(devpush: DevPush, tmp_path: Path) -> AsyncIterator[Stage]:
    settings = pointed_at(Settings.load({}).replace(data_dir=tmp_path / "data"), devpush)
    with listen("127.0.0.1", 0) as api, listen("127.0.0.1", 0) as shop:
        async with stage(settings, devpush, api_socket=api, shop_socket=shop) as staged:
            yield staged


async def is_visible(tab: Tab, selector: str) -> bool:
    return bool(await tab.run("return !document.querySelector(args[0]).hidden", selector))


async def test_notify_me_leads_to_a_notification_and_its_click_to_the_lamp(browser: Browser, running: Stage):
    """A person presses the button, gets a notification, clicks it, and stands before the lamp."""
    tab = await browser.open(f"{running.shop.origin}/product/moon")
    await eventually(lambda: is_visible(tab, "#on"), "the button to be offered", FIRST_SUBSCRIBE)

    await tab.press("#on")
    await eventually(lambda: is_visible(tab, "#try"), "the page to be subscribed", FIRST_SUBSCRIBE)
    await tab.run("history.replaceState(null, '', '/')")  # so that the click is seen to lead somewhere
    await tab.press("#try")
    await browser.click("Back in stock")

    await browser.wait_until_in_front(f"{running.shop.origin}/product/reading")
    said = await tab.run("return document.querySelector('#log').textContent")
    assert "subscribed (notifications are on)" in said


async def test_a_cart_that_is_left_behind_comes_back(browser: Browser, running: Stage):
    """A person who is subscribed leaves a lamp in the cart, and hears of it; an order would have called that off."""
    await afternoon.begin(running.shop)
    tab = await browser.open(f"{running.shop.origin}/product/moon")
    await eventually(lambda: is_visible(tab, "#on"), "the button to be offered", FIRST_SUBSCRIBE)
    await tab.press("#on")
    await eventually(lambda: is_visible(tab, "#try"), "the page to be subscribed", FIRST_SUBSCRIBE)
    await tab.press("#add")
    await eventually(lambda: is_visible(tab, "#buy"), "the cart to be told", FIRST_SUBSCRIBE)

    async def reminded() -> bool:
        titles = [shown.title for shown in await browser.on_screen()]
        return any(title in ("Paper moon is waiting for you", "You left something in your cart") for title in titles)

    async def held_back() -> bool:
        (one,) = (await running.shop.ask("GET", "/campaigns?kind=message")).json()["items"]
        total = (await running.shop.ask("GET", f"/campaigns/{one['id']}/statistics")).json()["total"]
        return bool(total["skipped"].get("control"))

    async def settled() -> bool:
        # One visitor in ten is of the control group, and which one nobody can choose.
        return await reminded() or await held_back()

    await eventually(settled, "the reminder", FIRST_SUBSCRIBE)
    await tab.close()
