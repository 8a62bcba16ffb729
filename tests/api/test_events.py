"""What the customer's server tells of people and items, and what is told of one person."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.support.api import Tenant
from tests.support.pages import problem, rows

from heliograph.bootstrap import Heliograph
from heliograph.kit.clock import FrozenClock
from heliograph.names import Scope
from heliograph.storage.tables import carts, events, profiles


def _event(
    own_id: str, clock: FrozenClock, name: str = "a", who: str | None = "ada", **properties: Any
) -> dict[str, Any]:
    told = {"id": own_id, "name": name, "at": clock.now().isoformat(), "properties": properties}
    return told if who is None else told | {"external_id": who}


async def _tell(api: httpx.AsyncClient, alice: Tenant, *told: Any) -> dict[str, Any]:
    response = await api.post("/v1/events", json={"events": told}, headers=alice.only(Scope.SEND))
    assert response.status_code == 202, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def test_a_server_tells_of_people_and_items(
    api: httpx.AsyncClient, alice: Tenant, heliograph: Heliograph, clock: FrozenClock
) -> None:
    """People who are new become profiles; what happens to an item is nobody's; the same thing twice counts once."""
    dropped = _event("d", clock, "item_price_dropped", None, item={"id": "tea", "price": 1, "old_price": 2})
    add = _event("1", clock, "cart_add", item={"id": "tea", "price": "2,5", "count": 2})
    told = [add, _event("1", clock, "cart_add", "bob", item={"id": "tea"}), dropped]
    for _ in range(2):
        assert await _tell(api, alice, *told) == {"accepted": 3, "refused": []}
    people = {row["id"]: row["external_id"] for row in await rows(heliograph.store, profiles)}
    assert sorted(people.values()) == ["ada", "bob"]
    kept = await rows(heliograph.store, events)
    assert sorted(
        (people.get(row["profile_id"], ""), row["name"], row["amount_milli"]) for row in kept if row["amount_milli"]
    ) == [
        ("", "item_price_dropped", 1_000),
        ("ada", "cart_add", 2_500),
    ]
    assert {people[row["profile_id"]]: row["total_milli"] for row in await rows(heliograph.store, carts)} == {
        "ada": 5_000,
        "bob": 0,
    }


async def test_a_thousand_at_once(
    api: httpx.AsyncClient, alice: Tenant, heliograph: Heliograph, clock: FrozenClock
) -> None:
    """A full batch of as many people goes in one call; one more is refused."""
    told = [_event(str(number), clock, who=f"p{number}") for number in range(1_001)]
    assert (await _tell(api, alice, *told[:-1]))["accepted"] == 1_000
    assert len(await rows(heliograph.store, events)) == 1_000
    problem(await api.post("/v1/events", json={"events": told}, headers=alice.only(Scope.SEND)), 400, "invalid_request")


@pytest.mark.parametrize(
    ("name", "who", "properties", "code"),
    [
        ("order", None, {"order": {"id": "1"}}, "event_not_allowed"),
        ("item_available", "ada", {"item": {"id": "tea"}}, "event_not_allowed"),
        ("item_available", None, {}, "event_malformed"),
        ("a", "", {}, "event_malformed"),
        ("a", "x" * 257, {}, "event_malformed"),
        ("a", "a\u0007", {}, "event_malformed"),
    ],
)
async def test_what_needs_somebody(
    name: str,
    who: str | None,
    properties: dict[str, Any],
    code: str,
    api: httpx.AsyncClient,
    alice: Tenant,
    clock: FrozenClock,
) -> None:
    """Who did it must be said, and of what happens to an item it must not."""
    answer = await _tell(api, alice, _event("1", clock, name, who, **properties), _event("2", clock))
    assert answer["accepted"] == 1
    assert [(one["index"], one["code"]) for one in answer["refused"]] == [(0, code)]


async def test_events_of_one_person(api: httpx.AsyncClient, alice: Tenant, bob: Tenant, clock: FrozenClock) -> None:
    """They come newest first, in pages, and to their own project alone."""
    for number in range(5):
        clock.advance(timedelta(minutes=1))
        await _tell(api, alice, _event(str(number), clock, f"e{number}"))
    [person] = (await api.get("/v1/profiles?external_id=ada", headers=alice.manage)).json()["items"]
    path = f"/v1/profiles/{person['id']}/events"
    first = (await api.get(f"{path}?limit=3", headers=alice.manage)).json()
    rest = (await api.get(f"{path}?limit=3&cursor={first['next']}", headers=alice.manage)).json()
    assert [one["name"] for one in (*first["items"], *rest["items"])] == ["e4", "e3", "e2", "e1", "e0"]
    assert rest["next"] is None
    problem(await api.get(path, headers=bob.manage), 404, "not_found")


async def test_an_export_tells_what_somebody_did(
    api: httpx.AsyncClient, alice: Tenant, heliograph: Heliograph, clock: FrozenClock
) -> None:
    """Events and cart are part of what is known of a person, and go with the person."""
    await _tell(api, alice, _event("1", clock, "cart_add", item={"id": "tea", "count": 2}))
    [person] = (await api.get("/v1/profiles?external_id=ada", headers=alice.manage)).json()["items"]
    path = f"/v1/profiles/{person['id']}"
    export = (await api.get(f"{path}/export", headers=alice.manage)).json()
    assert [one["name"] for one in export["events"]] == ["cart_add"]
    assert [(line["id"], line["count"]) for line in export["cart"]["lines"]] == [("tea", 2)]
    assert (await api.delete(f"{path}?everything=true", headers=alice.manage)).status_code == 204
    assert await rows(heliograph.store, events) == await rows(heliograph.store, carts) == []
