"""Rotation of the application server key: the overlap, the next visit, the end of the old key."""

import pytest
from tests.browser.support.driver import Browser
from tests.browser.support.heliograph import Heliograph
from tests.browser.support.project import EVERYONE, Project, profile, signed
from tests.browser.support.shop import Shop
from tests.browser.support.waiting import eventually

from heliograph.devpush import DevPush

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

WAREHOUSE = {"kind": "group", "group": "warehouse", "identifier": "42"}


async def test_key_rotation(
    browser: Browser, shop: Shop, project: Project, heliograph: Heliograph, devpush: DevPush
) -> None:
    """A rotation loses nobody: the old key before the visit, the new one after it, one row, and the old key ends."""
    secret = await project.new_identity_secret()
    page = await shop.open(browser)
    subscription_id = await page.subscribe()
    await page.call("join", "warehouse", "42")
    await page.call("identify", signed(secret, "ada"))
    before = await page.endpoint()
    made = await project.subscription(subscription_id)
    old_id = made["vapid_key_id"]

    await project.use_vapid_key()
    assert await states(project) == {"retiring": 1, "active": 0}
    # devpush refuses what is signed with another key than the browser subscribed with
    for number, audience in enumerate((EVERYONE, WAREHOUSE, profile("ada"))):
        await (await project.send(audience, title=f"Old key {number}", url=shop.url("/"))).becomes("displayed")
    assert {record.status for record in devpush.messages(before)} == {201}
    assert (await project.subscription(subscription_id))["vapid_key_id"] == old_id

    await page.load()

    async def moved() -> bool:
        return bool((await project.subscription(subscription_id))["vapid_key_id"] != old_id)

    await eventually(moved, "the page to move to the new key")
    assert (await page.status("subscribed"))["subscription"] == subscription_id
    after = await page.endpoint()
    assert after != before
    row = await project.subscription(subscription_id)
    assert row["external_id"] == "ada"
    assert [(group["name"], group["identifier"]) for group in row["groups"]] == [("warehouse", "42")]
    assert row["created_at"] == made["created_at"]
    assert await states(project) == {"retiring": 0, "active": 1}
    for number, audience in enumerate((EVERYONE, WAREHOUSE, profile("ada"))):
        await (await project.send(audience, title=f"New key {number}", url=shop.url("/"))).becomes("displayed")
    assert {record.status for record in devpush.messages(after)} == {201}

    # the upkeep spares a key that was replaced less than a day ago
    heliograph.execute("UPDATE vapid_keys SET retiring_at = retiring_at - 90000000000 WHERE id = ?", old_id)
    await heliograph.keep_up()

    async def retired() -> bool:
        return await states(project) == {"retired": 0, "active": 1}

    await eventually(retired, "the old key to retire by itself")
    await (await project.send(title="Still here", url=shop.url("/"))).becomes("displayed")
    await page.close()


async def states(project: Project) -> dict[str, int]:
    """Return the states of the project's two keys with how many active subscriptions use each."""
    listed = await project.ask("GET", "/v1/vapid-keys")
    return {key["state"]: key["active_subscriptions"] for key in listed["items"]}
