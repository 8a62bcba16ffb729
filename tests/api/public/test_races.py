"""Many browsers, tabs and operators at the same moment: one endpoint is one row, and nobody waits for ever."""

import asyncio
import random
from collections import Counter

import pytest
from tests.support.pages import Answer, Browser, Site, rows

from heliograph.bootstrap import Heliograph
from heliograph.storage.tables import memberships, subscriptions


async def test_registering_one_endpoint_from_many_tabs(site: Site, heliograph: Heliograph) -> None:
    """Tabs that register one endpoint at once get one row; the last secret is the one that works."""
    browser = Browser.new("a")
    made = await asyncio.gather(*(site.register(browser, groups=[{"name": "news"}]) for _ in range(12)))
    assert len(await rows(heliograph.store, subscriptions)) == 1
    assert len({answer.id for answer in made}) == 1
    assert Counter(answer.status for answer in made) == {201: 1, 200: 11}
    looks = [await site.call("GET", f"/subscriptions/{one.id}", secret=one.secret) for one in made]
    assert Counter(look.status_code for look in looks) == {200: 1, 401: 11}


async def test_one_endpoint_with_several_keys(site: Site, heliograph: Heliograph) -> None:
    """Of several that name one endpoint with different keys, the first has it and the others are told so."""
    browsers = [Browser.new(f"n{number}") for number in range(8)]
    for browser in browsers:
        browser.endpoint = browsers[0].endpoint
    answers = await asyncio.gather(*(site.call("POST", "/subscriptions", one.body(site)) for one in browsers))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 7}
    assert len(await rows(heliograph.store, subscriptions)) == 1


async def test_replacing_onto_one_endpoint(site: Site, heliograph: Heliograph) -> None:
    """Rows that take the same endpoint over at once end up with one active row among them."""
    made = [await site.register(Browser.new(f"n{number}")) for number in range(6)]
    target = Browser.new("target")
    calls = [site.call("PUT", f"/subscriptions/{one.id}", target.body(site), secret=one.secret) for one in made]
    answers = await asyncio.gather(*calls, site.call("POST", "/subscriptions", target.body(site)))
    assert {answer.status_code for answer in answers} <= {200, 201}
    kept = await rows(heliograph.store, subscriptions)
    active = [one for one in kept if one["state"] == "active"]
    assert [one["endpoint"] for one in active] == [target.endpoint]
    assert all(one["state_reason"] == "replaced" for one in kept if one not in active)


async def test_swapping_endpoints(site: Site, heliograph: Heliograph) -> None:
    """Two rows that take each other's endpoint over at once do not wait for each other for ever."""
    for turn in range(5):
        one, two = Browser.new(f"one{turn}"), Browser.new(f"two{turn}")
        first, second = await site.register(one), await site.register(two)
        answers = await asyncio.gather(
            site.call("PUT", f"/subscriptions/{first.id}", two.body(site), secret=first.secret),
            site.call("PUT", f"/subscriptions/{second.id}", one.body(site), secret=second.secret),
        )
        assert [answer.status_code for answer in answers] == [200, 200]
    live = [kept["endpoint"] for kept in await rows(heliograph.store, subscriptions) if kept["state"] == "active"]
    assert len(live) == len(set(live))


@pytest.mark.parametrize("seed", range(3))
async def test_everything_at_once(seed: int, site: Site, heliograph: Heliograph) -> None:
    """A storm of calls about a few browsers: no fault, no endpoint twice, no member that is not subscribed."""
    chance = random.Random(seed)
    browsers = [Browser.new(f"n{number}") for number in range(4)]
    made: list[Answer] = [await site.register(browser) for browser in browsers]

    async def call() -> int:
        one, browser = chance.choice(made), chance.choice(browsers)
        path = f"/subscriptions/{one.id}"
        group = f"{path}/groups/{chance.choice('abc')}"
        match chance.randrange(6):
            case 0:
                answer = await site.call("PUT", path, browser.body(site, groups=[{"name": "x"}]), secret=one.secret)
            case 1:
                answer = await site.call("DELETE", path, secret=one.secret)
            case 2:
                answer = await site.call("PUT", group, secret=one.secret)
            case 3:
                answer = await site.call("DELETE", group, secret=one.secret)
            case 4:
                answer = await site.client.delete(f"/v1/subscriptions/{one.id}", headers=site.admin)
            case _:
                answer = await site.call("GET", path, secret=one.secret)
        return answer.status_code

    statuses = Counter(await asyncio.gather(*(call() for _ in range(60))))
    assert set(statuses) <= {200, 204, 409}, statuses
    kept = {one["id"]: one for one in await rows(heliograph.store, subscriptions)}
    live = [one["endpoint"] for one in kept.values() if one["endpoint"]]
    assert len(live) == len(set(live))
    for member in await rows(heliograph.store, memberships):
        assert kept[member["subscription_id"]]["state"] != "unsubscribed"
