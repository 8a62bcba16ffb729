"""The two-step window from both of its sides: the site's page, and ours on the push host."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
from tests.support.pages import Browser, Site, problem, rows

from heliograph.bootstrap import Heliograph
from heliograph.domain.window import STATE_LIFE
from heliograph.kit.clock import FrozenClock
from heliograph.storage import windows as window_rows
from heliograph.storage.tables import subscriptions, window_states

HOST = "push.shop.example"
PUSH = f"https://{HOST}"
HTTP = "http://shop.example"
VISITOR = "hvi_AAECAwQFBgcICQoLDA0ODw"


async def set_up(site: Site, **more: Any) -> httpx.Response:
    """Say where the window is."""
    body = {"push_host": HOST, "openers": [HTTP]} | more
    return await site.client.put("/v1/site/window", json=body, headers=site.admin)


async def call(site: Site, origin: str, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
    """Call as a page of another origin than the site's own."""
    return await site.call(method, path, body, headers={"Origin": origin}, **more)


async def opened(site: Site, **body: Any) -> str:
    """Open a window as the http page does, and return its state."""
    answer = await call(site, HTTP, "POST", "/windows", body)
    assert answer.status_code == 201, answer.text
    assert answer.json()["origin"] == PUSH
    return str(answer.json()["state"])


async def test_the_whole_way(site: Site) -> None:
    """Opened by an http page, claimed and finished by the window, whose origin may subscribe."""
    assert (await set_up(site)).status_code == 200
    asked = await call(site, HTTP, "GET", f"/windows?visitor={VISITOR}")
    assert asked.json() == {"origin": PUSH, "subscribed": False}
    state = await opened(site, visitor=VISITOR)
    claimed = await call(site, PUSH, "POST", "/windows/claim", {"state": state})
    assert claimed.json() == {"opener": HTTP}
    browser = Browser.new("ada")
    registered = await call(site, PUSH, "POST", "/subscriptions", browser.body(site))
    assert registered.status_code == 201, registered.text
    made = registered.json()
    finish = {"state": state, "subscription": made["id"]}
    assert (await call(site, PUSH, "POST", "/windows/finish", finish, secret=made["secret"])).status_code == 204
    again = await call(site, PUSH, "POST", "/windows/finish", finish, secret=made["secret"])
    problem(again, 404, "not_found")


async def test_a_state_is_good_once(site: Site) -> None:
    """Of two windows that show the same state, also at the same moment, one gets it."""
    await set_up(site)
    state = await opened(site)
    both = await asyncio.gather(*(call(site, PUSH, "POST", "/windows/claim", {"state": state}) for _ in range(2)))
    assert sorted(answer.status_code for answer in both) == [200, 404]


async def test_a_state_ends(site: Site, clock: FrozenClock, heliograph: Heliograph) -> None:
    """Who looks at the window for ten minutes opens it again; the row is swept."""
    await set_up(site)
    state = await opened(site)
    clock.advance(STATE_LIFE + timedelta(seconds=1))
    problem(await call(site, PUSH, "POST", "/windows/claim", {"state": state}), 404, "not_found")
    async with heliograph.store.begin() as tx:
        assert await window_rows.sweep(tx, now=clock.now(), limit=10) == 1
    assert await rows(heliograph.store, window_states) == []


async def test_an_http_page_may_open_the_window_and_nothing_else(site: Site) -> None:
    """What it says may have been changed on its way, so it can neither subscribe nor claim."""
    await set_up(site)
    browser = Browser.new("ada")
    problem(await call(site, HTTP, "POST", "/subscriptions", browser.body(site)), 403, "origin_refused")
    state = await opened(site)
    problem(await call(site, HTTP, "POST", "/windows/claim", {"state": state}), 403, "origin_refused")
    assert (await call(site, PUSH, "POST", "/windows/claim", {"state": state})).status_code == 200


async def test_a_hostile_page_cannot_open_it(site: Site) -> None:
    """Only the origins that were named may, exactly as the browser writes them."""
    await set_up(site)
    for origin in ("http://evil.example", "http://shop.example.evil.example", "http://shop.example:8080", "null"):
        problem(await call(site, origin, "POST", "/windows", {}), 403, "origin_refused")


async def test_a_state_of_one_project_is_nothing_to_another(site: Site, other_site: Site) -> None:
    """States do not cross."""
    await set_up(site)
    await other_site.client.put(
        "/v1/site/window", json={"push_host": "push.other.example", "openers": []}, headers=other_site.admin
    )
    state = await opened(site)
    answer = await call(other_site, "https://push.other.example", "POST", "/windows/claim", {"state": state})
    problem(answer, 404, "not_found")


async def test_the_visitor_is_joined_while_nobody_knows_who_that_is(site: Site, heliograph: Heliograph) -> None:
    """An http page could name somebody else's visitor, so a known person is never joined by a window."""
    await set_up(site)
    events = {
        "visitor": VISITOR,
        "events": [
            {
                "id": "1",
                "name": "page_view",
                "at": "2026-03-14T09:26:53Z",
                "properties": {"url": "https://shop.example/"},
            }
        ],
    }
    seen = await site.call("POST", "/events", events)
    assert seen.json()["accepted"] == 1, seen.text
    state = await opened(site, visitor=VISITOR)
    await call(site, PUSH, "POST", "/windows/claim", {"state": state})
    made = (await call(site, PUSH, "POST", "/subscriptions", Browser.new("ada").body(site))).json()
    finish = {"state": state, "subscription": made["id"]}
    await call(site, PUSH, "POST", "/windows/finish", finish, secret=made["secret"])
    (row,) = await rows(heliograph.store, subscriptions)
    assert row["profile_id"] is not None
    assert (await call(site, HTTP, "GET", f"/windows?visitor={VISITOR}")).json()["subscribed"] is True


async def test_without_a_window_there_is_none_to_open(site: Site) -> None:
    """A site of https pages needs none."""
    assert (await site.call("GET", "/windows")).json() == {"origin": None, "subscribed": False}
    problem(await site.call("POST", "/windows", {}), 404, "not_found")


async def test_two_projects_cannot_have_one_host(site: Site, other_site: Site) -> None:
    """Subscriptions belong to the host's origin."""
    await set_up(site)
    problem(await set_up(other_site), 409, "conflict")
    assert (await site.client.delete("/v1/site/window", headers=site.admin)).status_code == 204
    assert (await set_up(other_site)).status_code == 200
    problem(await call(site, HTTP, "POST", "/windows", {}), 403, "origin_refused")


async def test_what_cannot_be_a_window_is_refused(site: Site) -> None:
    """With a sentence for each member."""
    document = problem(await set_up(site, push_host="https://push.shop.example"), 400, "invalid_request")
    assert document["errors"][0]["pointer"] == "/push_host"
    document = problem(await set_up(site, openers=["http://shop.example", "*"]), 400, "invalid_request")
    assert document["errors"][0]["pointer"] == "/openers/1"
