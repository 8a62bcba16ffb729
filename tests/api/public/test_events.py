"""What a page tells of its visitor: taken once, in any order, of its own visitor alone; and what is refused."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from tests.support.pages import Browser, Site, problem, rows

from heliograph.bootstrap import Heliograph
from heliograph.domain.identity import sign
from heliograph.kit.clock import FrozenClock
from heliograph.storage.tables import carts, events, profiles, subscriptions, visitors

ADA, BOB = "hvi_" + "a" * 22, "hvi_" + "b" * 22


def an_event(own_id: str, name: str, at: datetime, **properties: Any) -> dict[str, Any]:
    """An event as a page writes it."""
    return {"id": own_id, "name": name, "at": at.isoformat(), "properties": properties}


def proof(site: Site, heliograph: Heliograph, external_id: str) -> dict[str, str]:
    """What the site's server signs."""
    project = site.project.project
    secret = heliograph.sealer.open(project.identity_secret, f"project/{project.id}/identity_secret")
    return {"external_id": external_id, "signature": sign(external_id, secret)}


async def tell(site: Site, *told: Any, visitor: str = ADA, **more: Any) -> dict[str, Any]:
    """Tell events of a visitor; the test fails if that fails."""
    response = await site.call("POST", "/events", {"visitor": visitor, "events": list(told), **more})
    assert response.status_code == 202, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def test_what_a_visitor_does_is_kept(site: Site, heliograph: Heliograph, clock: FrozenClock) -> None:
    """The first event makes an anonymous profile; item, amount and instant are read from what was told."""
    at = clock.now() - timedelta(seconds=3)
    view = an_event("1", "item_view", at, item={"id": 77, "price": "1 234,50", "title": "Tea"})
    answer = await tell(site, view, context={"language": "de-DE", "time_zone": "Europe/Berlin"})
    assert answer == {"accepted": 1, "refused": [], "identified": False}
    [kept] = await rows(heliograph.store, events)
    [person] = await rows(heliograph.store, profiles)
    [visitor] = await rows(heliograph.store, visitors)
    assert (kept["item_id"], kept["amount_milli"], kept["at"], kept["source"]) == ("77", 1_234_500, at, "page")
    assert kept["profile_id"] == visitor["profile_id"] == person["id"]
    assert (person["external_id"], person["language"], person["time_zone"]) == (None, "de-DE", "Europe/Berlin")


async def test_twice_is_once(site: Site, heliograph: Heliograph, clock: FrozenClock) -> None:
    """The same batch again changes nothing, though its clock and its time of sending are others by now."""
    at = clock.now()
    add = an_event("1", "cart_add", at, item={"id": "a", "price": 2, "count": 2})
    await tell(site, add, add, sent_at=at.isoformat())
    clock.advance(timedelta(seconds=30))
    await tell(site, add, sent_at=(at + timedelta(seconds=29)).isoformat())
    assert len(await rows(heliograph.store, events)) == 1
    [cart] = await rows(heliograph.store, carts)
    assert (cart["item_count"], cart["total_milli"]) == (2, 4_000)


@pytest.mark.parametrize("content_type", ["text/plain", "text/plain;charset=UTF-8", "application/json"])
async def test_as_a_page_that_is_being_left_sends_it(content_type: str, site: Site, clock: FrozenClock) -> None:
    """`sendBeacon` has neither headers of ours nor a preflight: plain text and the key in the address are enough."""
    body = {"visitor": ADA, "events": [an_event("1", "page_view", clock.now(), url="https://shop.example/")]}
    headers = {"Heliograph-Key": None, "Content-Type": content_type}
    response = await site.call("POST", f"/events?key={site.key}", content=json.dumps(body).encode(), headers=headers)
    assert response.status_code == 202
    assert response.json()["accepted"] == 1


async def test_a_call_that_tells_nothing_makes_nobody(site: Site, heliograph: Heliograph) -> None:
    """A visitor becomes a profile when there is something to keep."""
    assert await tell(site, context={"language": "en"}) == {"accepted": 0, "refused": [], "identified": False}
    assert await rows(heliograph.store, profiles) == []


async def test_a_clock_that_is_wrong(site: Site, heliograph: Heliograph, clock: FrozenClock) -> None:
    """What `sent_at` shows to be wrong is put right; what is in the future happened now; what is old is refused."""
    now = clock.now()
    wrong = now + timedelta(days=3000)
    await tell(site, an_event("1", "a", wrong - timedelta(minutes=5)), sent_at=wrong.isoformat())
    await tell(site, an_event("2", "b", now + timedelta(days=900)))
    answer = await tell(site, an_event("3", "c", now - timedelta(days=8)), an_event("4", "d", now))
    kept = {row["name"]: row["at"] for row in await rows(heliograph.store, events)}
    assert kept == {"a": now - timedelta(minutes=5), "b": now, "d": now}
    assert [(one["index"], one["code"]) for one in answer["refused"]] == [(0, "event_too_old")]
    ids = [row["id"] for row in await rows(heliograph.store, events)]
    assert all(each[4:8] == ids[0][4:8] for each in ids), "identifiers sort by time, whatever the page's clock says"


async def test_identification_takes_along_what_was_done(site: Site, heliograph: Heliograph, clock: FrozenClock) -> None:
    """The first proof gives the anonymous profile its name; on a second device everything moves to that person."""
    now = clock.now()
    await tell(site, an_event("1", "item_view", now, item={"id": "a"}), attributes={"tier": "gold", "from": "one"})
    answer = await tell(site, identity=proof(site, heliograph, "ada"))
    assert answer["identified"]
    [person] = await rows(heliograph.store, profiles)
    assert person["external_id"] == "ada"
    add = an_event("2", "cart_add", now, item={"id": "b", "price": 3})
    browser = await site.register(Browser.new("phone"), visitor=BOB)
    assert not browser.body["identified"]
    await tell(site, add, visitor=BOB, attributes={"tier": "iron", "phone": True})
    assert len(await rows(heliograph.store, profiles)) == 2
    await tell(site, visitor=BOB, identity=proof(site, heliograph, "ada"))
    [person] = await rows(heliograph.store, profiles)
    assert person["attributes"] == {"tier": "gold", "from": "one", "phone": True}
    assert {row["profile_id"] for row in await rows(heliograph.store, events)} == {person["id"]}
    assert {row["profile_id"] for row in await rows(heliograph.store, visitors)} == {person["id"]}
    [subscription] = await rows(heliograph.store, subscriptions)
    assert subscription["profile_id"] == person["id"]
    [cart] = await rows(heliograph.store, carts)
    assert (cart["profile_id"], cart["item_count"]) == (person["id"], 1)


async def test_a_second_person_gets_nothing_of_the_first(
    site: Site, heliograph: Heliograph, clock: FrozenClock
) -> None:
    """A browser that changes hands takes nothing along, and a logged-out one begins as nobody."""
    now = clock.now()
    await tell(site, an_event("1", "cart_add", now, item={"id": "a"}), identity=proof(site, heliograph, "ada"))
    assert (await tell(site, an_event("2", "a", now), identity=proof(site, heliograph, "bob")))["identified"]
    assert not (await tell(site, an_event("3", "a", now), visitor=BOB))["identified"]
    async with heliograph.store.read() as tx:
        joined = events.join(profiles, profiles.c.id == events.c.profile_id)
        query = select(profiles.c.external_id, events.c.name).select_from(joined)
        found = sorted((row[0] or "", row[1]) for row in await tx.execute(query))
    assert found == [("", "a"), ("ada", "cart_add"), ("bob", "a")]


_EVENT = {"id": "1", "name": "a", "at": "2026-03-14T09:26:53Z"}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"name": "Bad Name"}, "event_malformed"),
        ({"name": "x" * 65}, "event_malformed"),
        ({"id": ""}, "event_malformed"),
        ({"id": "x" * 65}, "event_malformed"),
        ({"at": "2026-03-14T09:26:53"}, "event_malformed"),
        ({"at": "yesterday"}, "event_malformed"),
        ({"more": 1}, "event_malformed"),
        ({"properties": [1]}, "event_malformed"),
        ({"properties": {"a": "x" * 17_000}}, "event_too_large"),
        ({"properties": {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}}, "event_too_large"),
        ({"properties": {"a": 1e300}}, "event_malformed"),
        ({"properties": {"a": 2**70}}, "event_malformed"),
        ({"name": "item_view"}, "event_malformed"),
        ({"name": "item_view", "properties": {"item": 5}}, "event_malformed"),
        ({"name": "item_view", "properties": {"item": {"id": "x" * 129}}}, "event_malformed"),
        ({"name": "item_view", "properties": {"item": {"id": True}}}, "event_malformed"),
        ({"name": "cart_add", "properties": {"item": {"id": "a", "count": -1}}}, "event_malformed"),
        ({"name": "cart_add", "properties": {"items": [{"price": 1}]}}, "event_malformed"),
        ({"name": "cart_update", "properties": {"items": [{"id": n} for n in range(101)]}}, "event_malformed"),
        ({"name": "order", "properties": {"order": {"id": "1", "price": "12 €"}}}, "event_malformed"),
        ({"name": "item_price_dropped", "properties": {"item": {"id": "a"}}}, "event_not_allowed"),
    ],
)
async def test_an_odd_event_does_not_take_others_down(change: dict[str, Any], code: str, site: Site) -> None:
    """Each event is read by itself, and what is wrong with it is said."""
    answer = await tell(site, _EVENT | change, _EVENT)
    assert answer["accepted"] == 1
    [refused] = answer["refused"]
    assert (refused["index"], refused["code"]) == (0, code)
    assert refused["detail"].endswith(".")


@pytest.mark.parametrize(
    "body",
    [
        {"events": []},
        {"visitor": "hvi_short"},
        {"visitor": "hvi_" + "ä" * 22},
        {"visitor": ADA, "events": [_EVENT] * 101},
        {"visitor": ADA, "attributes": {f"a{number}": 1 for number in range(10_000)}},
        {"visitor": ADA, "attributes": {"a": "x" * 20_000}},
        {"visitor": ADA, "attributes": {"a\n": 1}},
        {"visitor": ADA, "sent_at": "2026-03-14T09:26:53"},
        {"visitor": ADA, "profile_id": "pro_1"},
        {"visitor": ADA, "identity": {"external_id": "ada"}},
    ],
)
async def test_calls_that_are_refused(body: dict[str, Any], site: Site, heliograph: Heliograph) -> None:
    """What is wrong with a whole call is a problem, and nothing of it is kept."""
    problem(await site.call("POST", "/events", body), 400, "invalid_request")
    assert await rows(heliograph.store, profiles) == []


async def test_a_forged_proof(site: Site, heliograph: Heliograph, clock: FrozenClock) -> None:
    """Who signs badly is told so, and nothing is kept."""
    forged = {"external_id": "ada", "signature": "0" * 64}
    body = {"visitor": ADA, "identity": forged, "events": [an_event("1", "a", clock.now())]}
    problem(await site.call("POST", "/events", body), 403, "identity_refused")
    assert await rows(heliograph.store, events) == []


async def _whose(heliograph: Heliograph, subscription_id: str) -> str | None:
    [found] = [row for row in await rows(heliograph.store, subscriptions) if row["id"] == subscription_id]
    people = {row["id"]: row["external_id"] or "a visitor" for row in await rows(heliograph.store, profiles)}
    return people.get(found["profile_id"])


async def test_a_subscription_is_its_visitors(site: Site, heliograph: Heliograph, clock: FrozenClock) -> None:
    """Who shows the secret binds its subscription to its visitor; after a logout it is the next visitor's."""
    made = await site.register(Browser.new("phone"))
    mine = {"subscription": made.id, "secret": made.secret}
    await tell(site, an_event("1", "a", clock.now()), **mine | {"secret": "hss_wrong"})
    assert await _whose(heliograph, made.id) is None
    await tell(site, an_event("2", "b", clock.now()), **mine)
    assert await _whose(heliograph, made.id) == "a visitor"
    path = f"/subscriptions/{made.id}/identity"
    await site.call("POST", path, proof(site, heliograph, "ada"), secret=made.secret)
    assert await _whose(heliograph, made.id) == "ada"
    assert (await tell(site))["identified"], "the visitor of the subscription is Ada too"
    await site.call("DELETE", path, secret=made.secret)
    await tell(site, an_event("3", "c", clock.now()), visitor=BOB, **mine)
    assert await _whose(heliograph, made.id) == "a visitor"
    owners = {row["id"]: row["external_id"] for row in await rows(heliograph.store, profiles)}
    told = {row["name"]: owners[row["profile_id"]] for row in await rows(heliograph.store, events)}
    assert told == {"a": "ada", "b": "ada", "c": None}


async def test_a_name_that_somebody_found_binds_no_subscription(
    site: Site, heliograph: Heliograph, clock: FrozenClock
) -> None:
    """Whoever has an identified visitor's token, and no signature, gets nothing sent in the person's name."""
    await tell(site, an_event("1", "a", clock.now()), identity=proof(site, heliograph, "ada"))
    made = await site.register(Browser.new("thief"), visitor=ADA)
    assert not made.body["identified"]
    await tell(site, an_event("2", "a", clock.now()), subscription=made.id, secret=made.secret)
    assert await _whose(heliograph, made.id) is None


async def test_registering_with_a_visitor(site: Site, heliograph: Heliograph) -> None:
    """A registration may name the visitor; with a proof both are the person's; the device is kept."""
    agent = "Mozilla/5.0 (Android 15; Mobile; rv:136.0) Gecko/136.0 Firefox/136.0"
    body = Browser.new("phone").body(site, visitor=ADA)
    made = (await site.call("POST", "/subscriptions", body, headers={"User-Agent": agent})).json()
    assert await _whose(heliograph, made["id"]) == "a visitor"
    [row] = await rows(heliograph.store, subscriptions)
    assert (row["browser"], row["os"], row["is_mobile"]) == ("firefox", "android", True)
    await site.register(Browser.new("phone"), visitor=ADA, identity=proof(site, heliograph, "ada"))
    assert await _whose(heliograph, made["id"]) == "ada"
    assert (await tell(site))["identified"]
    assert len(await rows(heliograph.store, profiles)) == 1


async def test_the_secret_of_a_persons_subscription_tells_who_it_is(
    site: Site, heliograph: Heliograph, clock: FrozenClock
) -> None:
    """A visitor at a browser that is subscribed as Ada is Ada; one who is known as somebody else stays that."""
    made = await site.register(Browser.new("phone"), identity=proof(site, heliograph, "ada"))
    mine = {"subscription": made.id, "secret": made.secret}
    assert not (await tell(site, an_event("1", "a", clock.now())))["identified"]
    assert (await tell(site, an_event("2", "b", clock.now()), **mine))["identified"]
    await tell(site, visitor=BOB, identity=proof(site, heliograph, "bob"))
    await tell(site, an_event("1", "c", clock.now()), visitor=BOB, **mine)
    owners = {row["id"]: row["external_id"] for row in await rows(heliograph.store, profiles)}
    told = {row["name"]: owners[row["profile_id"]] for row in await rows(heliograph.store, events)}
    assert told == {"a": "ada", "b": "ada", "c": "bob"}
