"""Groups that browsers join and leave."""

import asyncio

from tests.support.pages import Browser, Site, problem, rows

from heliograph.bootstrap import Heliograph
from heliograph.storage.tables import groups, memberships


async def _groups(site: Site, made: object) -> list[tuple[str, str | None]]:
    look = await site.call("GET", f"/subscriptions/{made.id}", secret=made.secret)
    return [(group["name"], group["identifier"]) for group in look.json()["groups"]]


async def test_joining_and_leaving(site: Site, heliograph: Heliograph) -> None:
    """A browser joins and leaves a group, or a part of it, as often as it likes; the group becomes known."""
    made = await site.register(Browser.new("a"))
    path = f"/subscriptions/{made.id}/groups"
    for query in ("", "", "?identifier=42", "?identifier=42", "?identifier=SKU%204711%2Fb"):
        response = await site.call("PUT", f"{path}/warehouse{query}", secret=made.secret)
        assert (response.status_code, response.content) == (204, b"")
    assert await _groups(site, made) == [("warehouse", None), ("warehouse", "42"), ("warehouse", "SKU 4711/b")]
    for query in ("", "", "?identifier=42", "?identifier=never"):
        response = await site.call("DELETE", f"{path}/warehouse{query}", secret=made.secret)
        assert (response.status_code, response.content) == (204, b"")
    assert await _groups(site, made) == [("warehouse", "SKU 4711/b")]
    known = [(group["name"], group["identifier"]) for group in await rows(heliograph.store, groups)]
    assert sorted(known) == [("warehouse", ""), ("warehouse", "42"), ("warehouse", "SKU 4711/b")]


async def test_a_refresh_adds_groups_and_takes_none(site: Site) -> None:
    """Groups that are named again or anew are joined; those that are not named stay."""
    browser = Browser.new("a")
    made = await site.register(browser, groups=[{"name": "news"}])
    body = browser.body(site, groups=[{"name": "sale"}, {"name": "news"}])
    assert (await site.call("PUT", f"/subscriptions/{made.id}", body, secret=made.secret)).status_code == 200
    assert await _groups(site, made) == [("news", None), ("sale", None)]


async def test_odd_names_are_refused(site: Site, heliograph: Heliograph) -> None:
    """A name that is no group's is refused, and nothing is joined."""
    made = await site.register(Browser.new("a"))
    for name in ("News", "-news", "a b", "a" * 65, "news.", "n%C3%A9ws", "%00", "a%0Ab", "%2e%2e"):
        for method in ("PUT", "DELETE"):
            response = await site.call(method, f"/subscriptions/{made.id}/groups/{name}", secret=made.secret)
            assert response.status_code in (400, 404)
            code = "invalid_request" if response.status_code == 400 else "not_found"
            problem(response, response.status_code, code)
    assert await rows(heliograph.store, memberships) == []


async def test_identifiers_are_checked(site: Site, heliograph: Heliograph) -> None:
    """An identifier is 1 to 128 printable characters, in the address and in a body."""
    made = await site.register(Browser.new("a"))
    path = f"/subscriptions/{made.id}/groups/warehouse"
    for identifier in ("", "a" * 129, "%00", "%0a", "%E2%80%AE"):
        response = await site.call("PUT", f"{path}?identifier={identifier}", secret=made.secret)
        problem(response, 400, "invalid_request")
    for identifier in ("", "a" * 129, "\n", "\u202e", 42):
        more = {"groups": [{"name": "warehouse", "identifier": identifier}]}
        response = await site.call("POST", "/subscriptions", Browser.new("b").body(site, **more))
        document = problem(response, 400, "invalid_request")
        assert document["errors"][0]["pointer"].startswith("/groups/0")
    assert await rows(heliograph.store, memberships) == []


async def test_there_is_a_limit(site: Site, heliograph: Heliograph) -> None:
    """A subscription is in at most fifty groups; the one too many changes nothing."""
    fifty = [{"name": "warehouse", "identifier": str(number)} for number in range(50)]
    made = await site.register(Browser.new("a"), groups=fifty)
    problem(await site.call("PUT", f"/subscriptions/{made.id}/groups/news", secret=made.secret), 409, "conflict")
    assert len(await rows(heliograph.store, memberships)) == 50
    again = await site.call("PUT", f"/subscriptions/{made.id}/groups/warehouse?identifier=7", secret=made.secret)
    assert again.status_code == 204
    response = await site.call("POST", "/subscriptions", Browser.new("b").body(site, groups=[*fifty, {"name": "x"}]))
    problem(response, 400, "invalid_request")
    assert len(await rows(heliograph.store, groups)) == 50


async def test_a_person_who_left_joins_nothing(site: Site) -> None:
    """After unsubscribing a browser has to register again before it joins groups or is somebody's."""
    made = await site.register(Browser.new("a"))
    await site.call("DELETE", f"/subscriptions/{made.id}", secret=made.secret)
    problem(await site.call("PUT", f"/subscriptions/{made.id}/groups/news", secret=made.secret), 409, "conflict")
    assert (await site.call("DELETE", f"/subscriptions/{made.id}/groups/news", secret=made.secret)).status_code == 204


async def test_groups_of_many_at_once(site: Site, heliograph: Heliograph) -> None:
    """Browsers that join the same new groups at the same moment, in any order, all get in."""
    names = [{"name": name} for name in ("a", "b", "c", "d")]

    async def join(number: int) -> None:
        order = names[number % 4 :] + names[: number % 4]
        await site.register(Browser.new(f"n{number}"), groups=order)

    await asyncio.gather(*(join(number) for number in range(12)))
    assert len(await rows(heliograph.store, memberships)) == 48
    assert len(await rows(heliograph.store, groups)) == 4
