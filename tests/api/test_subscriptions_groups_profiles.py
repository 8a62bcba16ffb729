"""What servers see and change of subscriptions, groups and profiles."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.support.api import Tenant
from tests.support.pages import Answer, Browser, Site, problem, row, rows

from heliograph.actions import groups as group_actions
from heliograph.bootstrap import Heliograph
from heliograph.domain.identity import sign
from heliograph.kit.clock import FrozenClock
from heliograph.names import Scope
from heliograph.storage import tables


@pytest.fixture
def site(alice: Tenant, api: httpx.AsyncClient) -> Site:
    """The pages of Alice's project."""
    return Site(alice.made, api, alice.made.project.origins[0])


def _proof(site: Site, heliograph: Heliograph, external_id: str) -> dict[str, str]:
    project = site.project.project
    secret = heliograph.sealer.open(project.identity_secret, f"project/{project.id}/identity_secret")
    return {"external_id": external_id, "signature": sign(external_id, secret)}


async def _list(api: httpx.AsyncClient, tenant: Tenant, path: str, **query: Any) -> dict[str, Any]:
    response = await api.get(f"/v1/{path}", params=query, headers=tenant.only(Scope.READ))
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def _all(api: httpx.AsyncClient, tenant: Tenant, path: str, limit: int, **query: Any) -> list[str]:
    """Walk through all pages; no page may be longer than asked for, and none but the last shorter."""
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = await _list(api, tenant, path, limit=limit, **query, **cursor)
        found += [item["id"] for item in page["items"]]
        if page["next"] is None:
            return found
        assert len(page["items"]) == limit
        cursor = {"cursor": page["next"]}


async def test_a_subscription_as_servers_see_it(
    api: httpx.AsyncClient, alice: Tenant, site: Site, heliograph: Heliograph, clock: FrozenClock
) -> None:
    """A server sees everything but what would let it impersonate the browser or push around us."""
    more = {"language": "de", "time_zone": "Europe/Berlin", "groups": [{"name": "warehouse", "identifier": "42"}]}
    made = await site.register(Browser.new("a"), identity=_proof(site, heliograph, "ada"), **more)
    response = await api.get(f"/v1/subscriptions/{made.id}", headers=alice.only(Scope.READ))
    seen = response.json()
    profile = (await rows(heliograph.store, tables.profiles))[0]
    at = seen["created_at"]
    assert seen == {
        "id": made.id,
        "channel": "web",
        "state": "active",
        "state_reason": None,
        "push_service": "mozilla",
        "vapid_key_id": site.project.vapid_key.id,
        "profile_id": profile["id"],
        "external_id": "ada",
        "groups": [{"name": "warehouse", "identifier": "42"}],
        "origin": site.origin,
        "language": "de",
        "time_zone": "Europe/Berlin",
        "user_agent": seen["user_agent"],
        "created_at": at,
        "refreshed_at": at,
        "ended_at": None,
    }
    assert (await _list(api, alice, "subscriptions"))["items"] == [seen]


async def test_ending_a_subscription(
    api: httpx.AsyncClient, alice: Tenant, site: Site, clock: FrozenClock, heliograph: Heliograph
) -> None:
    """An operator may end a subscription; the browser is told when it asks, and may come back."""
    browser = Browser.new("a")
    made = await site.register(browser, groups=[{"name": "news"}], identity=_proof(site, heliograph, "ada"))
    for _ in range(2):
        response = await api.delete(f"/v1/subscriptions/{made.id}", headers=alice.manage)
        assert response.status_code == 204
    seen = (await api.get(f"/v1/subscriptions/{made.id}", headers=alice.manage)).json()
    assert (seen["state"], seen["state_reason"]) == ("unsubscribed", "by_operator")
    assert (seen["groups"], seen["external_id"], seen["profile_id"]) == ([], None, None)
    look = await site.call("GET", f"/subscriptions/{made.id}", secret=made.secret)
    assert look.json()["state"] == "unsubscribed"
    assert (await site.register(browser)).body["state"] == "active"


async def test_groups_of_a_subscription(api: httpx.AsyncClient, alice: Tenant, site: Site) -> None:
    """An operator puts subscriptions into groups and takes them out."""
    made = await site.register(Browser.new("a"))
    url = f"/v1/subscriptions/{made.id}/groups/warehouse"
    for query in ("", "?identifier=42", "?identifier=42"):
        assert (await api.put(url + query, headers=alice.manage)).status_code == 204
    assert (await api.delete(url, headers=alice.manage)).status_code == 204
    assert (await api.delete(url, headers=alice.manage)).status_code == 204
    look = await site.call("GET", f"/subscriptions/{made.id}", secret=made.secret)
    assert look.json()["groups"] == [{"name": "warehouse", "identifier": "42"}]
    problem(await api.put(url.replace("warehouse", "Ware"), headers=alice.manage), 400, "invalid_request")
    await site.call("DELETE", f"/subscriptions/{made.id}", secret=made.secret)
    problem(await api.put(url, headers=alice.manage), 409, "conflict")


@pytest.mark.parametrize("limit", [1, 3, 200])
async def test_filters_and_pages(
    limit: int, api: httpx.AsyncClient, alice: Tenant, site: Site, heliograph: Heliograph, clock: FrozenClock
) -> None:
    """Every filter, alone or with others, gives exactly what fits, oldest first, each once, however it is paged."""
    made: list[Answer] = []
    for number in range(9):
        clock.advance(timedelta(milliseconds=1))
        more: dict[str, Any] = {"groups": []}
        if number % 2 == 0:
            more["groups"] += [{"name": "even"}, {"name": "even", "identifier": str(number % 4)}]
        if number % 3 == 0:
            more["identity"] = _proof(site, heliograph, "ada")
        made.append(await site.register(Browser.new(f"n{number}"), **more))
    for number in (4, 7):
        async with heliograph.store.begin() as tx:
            query = tables.subscriptions.update().where(tables.subscriptions.c.id == made[number].id)
            await tx.execute(query.values(state="gone", ended_at=clock.now()))
    expected: list[tuple[dict[str, str], list[int]]] = [
        ({}, list(range(9))),
        ({"state": "active"}, [0, 1, 2, 3, 5, 6, 8]),
        ({"state": "gone"}, [4, 7]),
        ({"state": "unsubscribed"}, []),
        ({"group": "even"}, [0, 2, 4, 6, 8]),
        ({"group": "even", "identifier": "0"}, [0, 4, 8]),
        ({"group": "even", "identifier": "x"}, []),
        ({"group": "odd"}, []),
        ({"external_id": "ada"}, [0, 3, 6]),
        ({"external_id": "eve"}, []),
        ({"group": "even", "state": "active"}, [0, 2, 6, 8]),
        ({"group": "even", "external_id": "ada"}, [0, 6]),
        ({"group": "even", "external_id": "ada", "state": "gone"}, []),
        ({"state": "active", "external_id": "ada"}, [0, 3, 6]),
    ]
    for query, numbers in expected:
        found = await _all(api, alice, "subscriptions", limit, **query)
        assert found == [made[number].id for number in numbers], query


async def test_odd_filters(api: httpx.AsyncClient, alice: Tenant, site: Site) -> None:
    """A filter that nobody knows, or that makes no sense, is refused and not ignored."""
    for number in range(2):
        await site.register(Browser.new(f"n{number}"))
    for query in (
        {"state": "Active"},
        {"state": "deleted"},
        {"group": "News"},
        {"group": ""},
        {"identifier": "42"},
        {"external_id": ""},
        {"external_id": "a" * 257},
        {"limit": "0"},
        {"limit": "201"},
        {"limit": "x"},
        {"cursor": "x"},
        {"profile": "ada"},
    ):
        problem(await api.get("/v1/subscriptions", params=query, headers=alice.manage), 400, "invalid_request")
    cursor = (await _list(api, alice, "subscriptions", limit=1))["next"]
    assert cursor is not None
    query = {"cursor": cursor, "state": "gone"}
    problem(await api.get("/v1/subscriptions", params=query, headers=alice.manage), 400, "invalid_request")


async def test_other_projects_see_nothing(
    api: httpx.AsyncClient, alice: Tenant, bob: Tenant, site: Site, heliograph: Heliograph
) -> None:
    """What is Alice's does not exist for Bob: not to see, not to change, not to filter by."""
    made = await site.register(Browser.new("a"), groups=[{"name": "news"}], identity=_proof(site, heliograph, "ada"))
    group_id = (await _list(api, alice, "groups"))["items"][0]["id"]
    profile_id = (await _list(api, alice, "profiles"))["items"][0]["id"]
    before = [await rows(heliograph.store, table) for table in (tables.subscriptions, tables.memberships)]
    for path in ("subscriptions", "groups", "profiles", "subscriptions?group=news", "subscriptions?external_id=ada"):
        assert (await api.get(f"/v1/{path}", headers=bob.manage)).json() == {"items": [], "next": None}
    for method, path in (
        ("GET", f"subscriptions/{made.id}"),
        ("DELETE", f"subscriptions/{made.id}"),
        ("PUT", f"subscriptions/{made.id}/groups/news"),
        ("DELETE", f"subscriptions/{made.id}/groups/news"),
        ("GET", f"groups/{group_id}"),
        ("DELETE", f"groups/{group_id}"),
        ("GET", f"profiles/{profile_id}"),
        ("DELETE", f"profiles/{profile_id}"),
    ):
        problem(await api.request(method, f"/v1/{path}", headers=bob.manage), 404, "not_found")
    problem(await api.patch(f"/v1/profiles/{profile_id}", json={}, headers=bob.manage), 404, "not_found")
    assert [await rows(heliograph.store, table) for table in (tables.subscriptions, tables.memberships)] == before


async def test_groups(
    api: httpx.AsyncClient, alice: Tenant, site: Site, clock: FrozenClock, heliograph: Heliograph
) -> None:
    """Groups are made by hand or by the first who joins; deleting one ends its memberships and nothing else."""
    body = {"name": "warehouse", "identifier": "42"}
    made = await api.post("/v1/groups", json=body, headers=alice.manage)
    assert made.status_code == 201
    assert made.json() == body | {"id": made.json()["id"], "created_at": made.json()["created_at"]}
    again = await api.post("/v1/groups", json=body, headers=alice.manage)
    assert (again.status_code, again.json()) == (200, made.json())
    clock.advance(timedelta(seconds=1))
    joined = await site.register(Browser.new("a"), groups=[body, {"name": "warehouse"}, {"name": "news"}])
    listed = (await _list(api, alice, "groups"))["items"]
    assert sorted((group["name"], group["identifier"] or "") for group in listed) == [
        ("news", ""),
        ("warehouse", ""),
        ("warehouse", "42"),
    ]
    assert len((await _list(api, alice, "groups", name="warehouse"))["items"]) == 2
    assert await _all(api, alice, "groups", 1) == [group["id"] for group in listed]
    assert (await api.get(f"/v1/groups/{made.json()['id']}", headers=alice.manage)).json() == made.json()
    for status in (204, 404):
        assert (await api.delete(f"/v1/groups/{made.json()['id']}", headers=alice.manage)).status_code == status
    look = await site.call("GET", f"/subscriptions/{joined.id}", secret=joined.secret)
    assert [(group["name"], group["identifier"]) for group in look.json()["groups"]] == [
        ("news", None),
        ("warehouse", None),
    ]


async def test_a_large_group_is_deleted_in_steps(
    api: httpx.AsyncClient, alice: Tenant, site: Site, heliograph: Heliograph, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deleting a group removes its members a few at a time, so that others can write in between."""
    monkeypatch.setattr(group_actions, "REMOVED_AT_ONCE", 3)
    for number in range(9):
        await site.register(Browser.new(f"n{number}"), groups=[{"name": "news"}, {"name": "sale"}])
    group_id = (await _list(api, alice, "groups", name="news"))["items"][0]["id"]
    assert (await api.delete(f"/v1/groups/{group_id}", headers=alice.manage)).status_code == 204
    left = await rows(heliograph.store, tables.memberships)
    assert [member["group_name"] for member in left] == ["sale"] * 9


async def test_profiles(api: httpx.AsyncClient, alice: Tenant, clock: FrozenClock) -> None:
    """A person is made or changed by the customer's own id; what a call does not name stays."""
    body = {"external_id": "ada", "attributes": {"tier": "gold", "visits": 3, "tags": ["a", {"b": None}]}}
    made = await api.post("/v1/profiles", json=body | {"language": "en-GB"}, headers=alice.manage)
    assert made.status_code == 201
    profile = made.json()
    assert profile == {
        "id": profile["id"],
        "external_id": "ada",
        "attributes": body["attributes"],
        "language": "en-GB",
        "time_zone": None,
        "created_at": profile["created_at"],
        "updated_at": profile["created_at"],
        "last_seen_at": None,
    }
    clock.advance(timedelta(hours=1))
    change = {"external_id": "ada", "attributes": {"tier": None, "visits": 4.5}, "time_zone": "UTC"}
    again = await api.post("/v1/profiles", json=change, headers=alice.manage)
    assert again.status_code == 200
    assert again.json()["attributes"] == {"visits": 4.5, "tags": ["a", {"b": None}]}
    assert (again.json()["language"], again.json()["time_zone"]) == ("en-GB", "UTC")
    assert again.json()["updated_at"] > again.json()["created_at"]
    url = f"/v1/profiles/{profile['id']}"
    patched = await api.patch(url, json={"language": None, "attributes": {"größe": "xl"}}, headers=alice.manage)
    assert (patched.json()["language"], patched.json()["attributes"]["größe"]) == (None, "xl")
    assert (await api.patch(url, json={}, headers=alice.manage)).json() == patched.json()
    assert (await api.get(url, headers=alice.only(Scope.READ))).json() == patched.json()
    assert (await _list(api, alice, "profiles", external_id="ada"))["items"] == [patched.json()]
    assert (await _list(api, alice, "profiles", external_id="Ada"))["items"] == []


async def test_forgetting_a_person(api: httpx.AsyncClient, alice: Tenant, site: Site, heliograph: Heliograph) -> None:
    """A deleted profile is gone with its attributes; its browsers stay subscribed, as nobody's."""
    made = await site.register(Browser.new("a"), identity=_proof(site, heliograph, "ada"))
    profile_id = (await row(heliograph.store, tables.subscriptions, made.id))["profile_id"]
    for status in (204, 404):
        assert (await api.delete(f"/v1/profiles/{profile_id}", headers=alice.manage)).status_code == status
    assert await rows(heliograph.store, tables.profiles) == []
    kept = await row(heliograph.store, tables.subscriptions, made.id)
    assert (kept["state"], kept["profile_id"]) == ("active", None)


async def test_forgetting_and_identifying_at_once(
    api: httpx.AsyncClient, alice: Tenant, site: Site, heliograph: Heliograph
) -> None:
    """A person who is forgotten while their browsers come and go: nobody waits for ever, nothing dangles."""
    proof = _proof(site, heliograph, "ada")
    made = [await site.register(Browser.new(f"n{number}"), identity=proof) for number in range(5)]

    async def identify(one: Answer) -> int:
        return (await site.call("POST", f"/subscriptions/{one.id}/identity", proof, secret=one.secret)).status_code

    async def forget() -> int:
        found = (await _list(api, alice, "profiles"))["items"]
        if not found:
            return 404
        return (await api.delete(f"/v1/profiles/{found[0]['id']}", headers=alice.manage)).status_code

    for _ in range(4):
        statuses = await asyncio.gather(*(identify(one) for one in made), forget(), *(identify(one) for one in made))
        assert set(statuses) <= {200, 204, 404}, statuses
    known = {profile["id"] for profile in await rows(heliograph.store, tables.profiles)}
    bound = {kept["profile_id"] for kept in await rows(heliograph.store, tables.subscriptions)}
    assert bound - {None} <= known


async def test_odd_profiles(api: httpx.AsyncClient, alice: Tenant, heliograph: Heliograph) -> None:
    """Ids, attributes, languages and zones that cannot be kept are refused, and the member is named."""
    deep: Any = 1
    for _ in range(40):
        deep = [deep]
    for body, pointer in (
        ({"external_id": ""}, "/external_id"),
        ({"external_id": "a\nb"}, "/external_id"),
        ({"external_id": "a" * 257}, "/external_id"),
        ({"external_id": "a", "language": "en_GB"}, "/language"),
        ({"external_id": "a", "time_zone": "Mars/Olympus"}, "/time_zone"),
        ({"external_id": "a", "attributes": []}, "/attributes"),
        ({"external_id": "a", "attributes": None}, "/attributes"),
        ({"external_id": "a", "attributes": {"": 1}}, "/attributes"),
        ({"external_id": "a", "attributes": {"x" * 65: 1}}, "/attributes"),
        ({"external_id": "a", "attributes": {"a\u2028": 1}}, "/attributes"),
        ({"external_id": "a", "attributes": {"a": "x" * 16_384}}, "/attributes"),
        ({"external_id": "a", "attributes": {f"a{number}": 1 for number in range(101)}}, "/attributes"),
        ({"external_id": "a", "attributes": {"a": 2**63}}, "/attributes"),
        ({"external_id": "a", "attributes": {"a": [-(2**63) - 1]}}, "/attributes"),
        ({"external_id": "a", "attributes": {"a": {"b": -1e18}}}, "/attributes"),
        ({"external_id": "a", "attributes": {"a": deep}}, ""),
        ({"external_id": "a", "attributes": {"a": "\x00"}}, ""),
    ):
        response = await api.post("/v1/profiles", json=body, headers=alice.manage)
        document = problem(response, 400, "invalid_request")
        if pointer:
            assert document["errors"][0]["pointer"].startswith(pointer), document
    content = b'{"external_id": "a", "attributes": {"a": 1e999}}'
    headers = alice.manage | {"Content-Type": "application/json"}
    problem(await api.post("/v1/profiles", content=content, headers=headers), 400, "invalid_request")
    assert await rows(heliograph.store, tables.profiles) == []


async def test_numbers_survive(api: httpx.AsyncClient, alice: Tenant) -> None:
    """Whole numbers and fractions, however large, come back as they went in, from both databases."""
    attributes = {"a": 2**63 - 1, "b": -(2**63), "c": 1.5e17, "d": 0.1, "e": True, "f": False, "g": "1", "h": [1, 1.0]}
    body = {"external_id": "ada", "attributes": attributes}
    made = await api.post("/v1/profiles", json=body, headers=alice.manage)
    assert made.json()["attributes"] == attributes
    assert (await api.get(f"/v1/profiles/{made.json()['id']}", headers=alice.manage)).json()["attributes"] == attributes
