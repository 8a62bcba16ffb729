"""Segments over HTTP."""

from typing import Any

import httpx
import pytest
from tests.support.api import Tenant

from heliograph.actions import segment_sizes
from heliograph.bootstrap import Heliograph

GOLD = {"kind": "attribute", "name": "plan", "is": "eq", "value": "gold"}
GERMAN = {"kind": "language", "in": ["de"]}
CONTENT = {"title": "Hello", "url": "https://shop.example/"}


async def _person(api: httpx.AsyncClient, alice: Tenant, name: str, **values: Any) -> str:
    body = {"external_id": name, **values}
    answer = await api.post("/v1/profiles", headers=alice.manage, json=body)
    assert answer.status_code in (200, 201), answer.text
    return str(answer.json()["id"])


async def _segment(api: httpx.AsyncClient, alice: Tenant, rule: dict[str, Any], name: str = "Gold") -> dict[str, Any]:
    answer = await api.post("/v1/segments", headers=alice.manage, json={"name": name, "rule": rule})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def test_a_segment_is_made_listed_changed_and_deleted(api: httpx.AsyncClient, alice: Tenant, bob: Tenant):
    """And is another project's business at no time."""
    made = await _segment(api, alice, GOLD)
    place = f"/v1/segments/{made['id']}"
    assert (await api.get(place, headers=alice.manage)).json() == made
    assert (await api.get("/v1/segments", headers=alice.manage)).json()["items"] == [made]
    assert (await api.get("/v1/segments", headers=bob.manage)).json()["items"] == []
    for call in (api.get, api.delete):
        assert (await call(place, headers=bob.manage)).status_code == 404

    changed = (await api.patch(place, headers=alice.manage, json={"rule": GERMAN})).json()
    assert (changed["name"], changed["rule"]) == ("Gold", GERMAN)
    again = await api.post("/v1/segments", headers=alice.manage, json={"name": "Gold", "rule": GOLD})
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert (await api.delete(place, headers=alice.manage)).status_code == 204
    assert (await api.get(place, headers=alice.manage)).status_code == 404

    acts = {entry["act"] for entry in (await api.get("/v1/audit", headers=alice.manage)).json()["items"]}
    assert acts >= {"segment_removed", "segment_changed", "segment_made"}


async def test_a_name_is_taken_once(api: httpx.AsyncClient, alice: Tenant):
    """Renaming a segment to another one's name is refused, and to its own is not."""
    first, _ = await _segment(api, alice, GOLD, "a"), await _segment(api, alice, GOLD, "b")
    place = f"/v1/segments/{first['id']}"
    assert (await api.patch(place, headers=alice.manage, json={"name": "b"})).status_code == 409
    assert (await api.patch(place, headers=alice.manage, json={"name": "a"})).status_code == 200


@pytest.mark.parametrize(
    ("rule", "pointer"),
    [
        ({"kind": "horoscope"}, "/rule/kind"),
        ({"name": "plan"}, "/rule/kind"),
        ({**GOLD, "value": {"x": 1}}, "/rule/value/x"),
        ({**GOLD, "colour": "red"}, "/rule/colour"),
        ({"kind": "combine", "match": "all", "of": [GOLD, {"kind": "cart"}]}, "/rule/of/1"),
        ({"kind": "combine", "match": "all", "of": [GOLD, 7]}, "/rule/of/1"),
    ],
)
async def test_a_broken_rule_is_refused_with_its_place(
    api: httpx.AsyncClient, alice: Tenant, rule: dict[str, Any], pointer: str
):
    """Wherever a rule may stand."""
    calls = (
        ("/v1/segments", {"name": "x", "rule": rule}, pointer),
        ("/v1/segments/preview", {"rule": rule}, pointer),
        (
            "/v1/notifications",
            {"audience": {"kind": "segment", "rule": rule}, "content": CONTENT},
            "/audience" + pointer,
        ),
    )
    for path, body, expected in calls:
        answer = await api.post(path, headers=alice.manage, json=body)
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (400, expected)


async def test_a_preview_counts_and_names_some(api: httpx.AsyncClient, alice: Tenant, bob: Tenant):
    """Of the own project's people alone."""
    ada = await _person(api, alice, "ada", attributes={"plan": "gold"})
    await _person(api, alice, "bea", attributes={"plan": "silver"})
    await _person(api, bob, "carl", attributes={"plan": "gold"})
    answer = await api.post("/v1/segments/preview", headers=alice.manage, json={"rule": GOLD})
    sample = [{"id": ada, "external_id": "ada"}]
    assert answer.json() == {"count": 1, "is_exact": True, "looked_at": 2, "sample": sample}
    made = await _segment(api, alice, GOLD)
    assert (await api.get(f"/v1/segments/{made['id']}/count", headers=alice.manage)).json() == answer.json()


async def test_why_somebody_is_in_a_segment_is_told_node_by_node(api: httpx.AsyncClient, alice: Tenant):
    """By the person's own id or the profile's, with the values that were seen."""
    ada = await _person(api, alice, "ada", attributes={"plan": "gold"}, language="fr")
    made = await _segment(api, alice, {"kind": "combine", "match": "all", "of": [GOLD, GERMAN]})
    place = f"/v1/segments/{made['id']}/explain"
    told = (await api.get(place, headers=alice.manage, params={"profile": "ada"})).json()
    assert told == {
        "profile": {"id": ada, "external_id": "ada"},
        "holds": False,
        "answer": {
            "rule": {"kind": "combine", "match": "all"},
            "holds": False,
            "seen": {"hold": 1, "of": 2},
            "of": [
                {"rule": GOLD, "holds": True, "seen": {"value": "gold", "exists": True}, "of": []},
                {"rule": GERMAN, "holds": False, "seen": "fr", "of": []},
            ],
        },
    }
    assert (await api.get(place, headers=alice.manage, params={"profile": ada})).json() == told
    assert (await api.get(place, headers=alice.manage, params={"profile": "nobody"})).status_code == 404


async def test_a_segment_that_waits_to_be_sent_to_cannot_be_deleted(api: httpx.AsyncClient, alice: Tenant):
    """The refusal names what needs it; when that is cancelled, the segment can go."""
    made = await _segment(api, alice, GOLD)
    body = {
        "audience": {"kind": "segment", "segment": made["id"]},
        "content": CONTENT,
        "send_at": "2026-03-15T09:00:00Z",
    }
    sent = (await api.post("/v1/notifications", headers=alice.manage, json=body)).json()
    assert (sent["audience"]["segment"], sent["audience"]["rule"]) == (made["id"], GOLD)
    refused = await api.delete(f"/v1/segments/{made['id']}", headers=alice.manage)
    assert refused.status_code == 409
    assert sent["id"] in refused.json()["detail"]
    await api.post(f"/v1/notifications/{sent['id']}/cancel", headers=alice.manage)
    assert (await api.delete(f"/v1/segments/{made['id']}", headers=alice.manage)).status_code == 204


async def test_a_segment_of_a_campaign_cannot_be_deleted(api: httpx.AsyncClient, alice: Tenant):
    """A draft needs it already, whether it was named by its id or by its name."""
    made = await _segment(api, alice, GOLD)
    message = {"trigger": {"kind": "api"}, "audience": {"kind": "segment", "segment": "Gold"}, "content": CONTENT}
    campaign = await api.post("/v1/campaigns", headers=alice.manage, json={"name": "c", "message": message})
    assert campaign.status_code == 201, campaign.text
    refused = await api.delete(f"/v1/segments/{made['id']}", headers=alice.manage)
    assert refused.status_code == 409
    assert campaign.json()["id"] in refused.json()["detail"]


@pytest.mark.parametrize("audience", [{}, {"segment": "seg_none"}, {"segment": "seg_x", "rule": GOLD}])
async def test_an_audience_is_one_segment_or_one_rule(api: httpx.AsyncClient, alice: Tenant, audience: dict[str, Any]):
    """Neither nothing, nor both, nor one that is not there."""
    body = {"audience": {"kind": "segment", **audience}, "content": CONTENT}
    assert (await api.post("/v1/notifications", headers=alice.manage, json=body)).status_code in (400, 404)


async def test_a_dry_run_tells_who_of_a_segment_would_get_it(api: httpx.AsyncClient, alice: Tenant):
    """Nothing is sent, and somebody without a browser is nobody to send to."""
    await _person(api, alice, "ada", attributes={"plan": "gold"})
    body = {"audience": {"kind": "segment", "rule": GOLD}, "content": CONTENT, "dry_run": True}
    answer = await api.post("/v1/notifications", headers=alice.manage, json=body)
    assert answer.status_code == 200
    assert (answer.json()["receivers"]["exactness"], answer.json()["receivers"]["looked_at"]) == ("exact", 0)


async def test_the_schema_of_rules_is_served(api: httpx.AsyncClient, alice: Tenant):
    """Editors and the dashboard learn from it what can be asked."""
    answer = await api.get("/v1/segments/schema", headers=alice.manage)
    assert answer.json()["$ref"] == "#/$defs/Condition"


async def test_a_count_stops_when_its_time_is_over(heliograph: Heliograph, api: httpx.AsyncClient, alice: Tenant):
    """It says at least how many there are, and that there may be more."""
    for number in range(3):
        await _person(api, alice, f"person {number}", attributes={"plan": "gold"})
    late = iter([0.0, 0.0, 9.0, 9.0])
    async with heliograph.store.read() as tx:
        found = await segment_sizes.size(
            tx, heliograph.context(), project_id=alice.id, rule=GOLD, window=2, stopwatch=lambda: next(late)
        )
    assert (found.count, found.is_exact, found.looked_at) == (2, False, 2)


async def test_a_count_goes_from_window_to_window(heliograph: Heliograph, api: httpx.AsyncClient, alice: Tenant):
    """Nobody is counted twice or left out between two of them."""
    for number in range(9):
        await _person(api, alice, f"person {number}", attributes={"plan": "gold" if number % 2 else "silver"})
    async with heliograph.store.read() as tx:
        found = await segment_sizes.size(tx, heliograph.context(), project_id=alice.id, rule=GOLD, window=1)
    assert (found.count, found.is_exact, found.looked_at) == (4, True, 9)
    assert sorted(str(one.external_id) for one in found.sample) == ["person 1", "person 3", "person 5", "person 7"]
