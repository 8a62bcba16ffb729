"""Recipes and entries over HTTP."""

from datetime import timedelta

import httpx
import pytest
from tests.support.api import Tenant

from heliograph.bootstrap import Heliograph
from heliograph.domain.recipes import RECIPES
from heliograph.worker.run import drain


async def _started(api: httpx.AsyncClient, alice: Tenant, name: str) -> str:
    """Make and start the campaign of a recipe; return its path."""
    listed = (await api.get("/v1/campaigns/recipes", headers=alice.manage)).json()["items"]
    (recipe,) = [one for one in listed if one["name"] == name]
    made = await api.post("/v1/campaigns", headers=alice.manage, json=recipe["campaign"])
    assert made.status_code == 201, made.text
    path = f"/v1/campaigns/{made.json()['id']}"
    started = await api.post(f"{path}/start", headers=alice.manage)
    assert started.json()["state"] == "running"
    return path


@pytest.mark.parametrize("recipe", [recipe.name for recipe in RECIPES])
async def test_a_recipe_is_a_campaign_as_it_stands(api: httpx.AsyncClient, alice: Tenant, recipe: str) -> None:
    """What the list gives, the door takes, and it can be started."""
    await _started(api, alice, recipe)


async def test_entries_are_listed_and_counted(
    heliograph: Heliograph, api: httpx.AsyncClient, alice: Tenant, bob: Tenant
) -> None:
    """With what became of each; another project knows nothing of them."""
    path = await _started(api, alice, "cart-abandoned")
    now = heliograph.clock.now()
    events = [
        {"id": who, "external_id": who, "name": "cart_add", "at": now.isoformat(), "properties": {"item": {"id": "7"}}}
        for who in ("ada", "bert")
    ]
    order = {"id": "o", "external_id": "bert", "name": "order", "properties": {"order": {"id": "1"}}}
    await api.post("/v1/events", headers=alice.manage, json={"events": events})
    later = (now + timedelta(seconds=5)).isoformat()
    heliograph.clock.advance(timedelta(seconds=5))  # type: ignore[attr-defined]
    answer = await api.post("/v1/events", headers=alice.manage, json={"events": [order | {"at": later}]})
    assert answer.status_code == 202, answer.text
    counted = (await api.get(f"{path}/entries/counts", headers=alice.manage)).json()
    assert counted == {"states": {"waiting": 1, "cancelled": 1}, "reasons": {"cancelling_event": 1}}
    heliograph.clock.advance(timedelta(hours=2))  # type: ignore[attr-defined]
    await drain(heliograph)
    (one,) = (await api.get(f"{path}/entries", headers=alice.manage, params={"profile": "ada"})).json()["items"]
    assert (one["state"], one["reason"], one["item"]) == ("skipped", "no_subscription", "7")
    assert len((await api.get(f"{path}/entries", headers=alice.manage)).json()["items"]) == 2
    nobody = await api.get(f"{path}/entries", headers=alice.manage, params={"profile": "nobody"})
    assert nobody.json()["items"] == []
    for place in ("entries", "entries/counts"):
        assert (await api.get(f"{path}/{place}", headers=bob.manage)).status_code == 404


async def test_an_attribute_brings_into_a_segment_at_once(
    heliograph: Heliograph, api: httpx.AsyncClient, alice: Tenant
) -> None:
    """Nobody waits for the hourly look where the shop says it itself; said again it is nothing new."""
    gold = {"kind": "attribute", "name": "plan", "is": "eq", "value": "gold"}
    message = {
        "trigger": {"kind": "entered"},
        "audience": {"kind": "segment", "rule": gold},
        "content": {"title": "Hello", "url": "https://shop.example/"},
    }
    made = await api.post("/v1/campaigns", headers=alice.manage, json={"name": "Gold", "message": message})
    path = f"/v1/campaigns/{made.json()['id']}"
    await api.post(f"{path}/start", headers=alice.manage)
    await drain(heliograph)
    for plan in ("blue", "gold", "gold"):
        person = {"external_id": "ada", "attributes": {"plan": plan}}
        assert (await api.post("/v1/profiles", headers=alice.manage, json=person)).status_code in (200, 201)
    counted = (await api.get(f"{path}/entries/counts", headers=alice.manage)).json()
    assert counted["states"] == {"waiting": 1}


@pytest.mark.parametrize(
    ("trigger", "pointer"),
    [
        ({"kind": "event"}, "/message/trigger"),
        ({"kind": "event", "event": "Bad Name"}, "/message/trigger/event"),
        ({"kind": "event", "event": "item_available"}, "/message/trigger/reach"),
        ({"kind": "event", "event": "a", "restart": True}, "/message/trigger/restart"),
        ({"kind": "event", "event": "a", "delay_seconds": 10**9}, "/message/trigger/delay_seconds"),
        ({"kind": "event", "event": "a", "where": [{"property": "p"}] * 9}, "/message/trigger/where"),
        ({"kind": "event", "event": "a", "where": [{"property": "p", "is": "gt", "value": "x"}]}, "/message/trigger"),
        ({"kind": "event", "event": "a", "surprise": 1}, "/message/trigger"),
        ({"kind": "inactive", "days": 0}, "/message/trigger/days"),
        ({"kind": "date", "attribute": "b", "at": "25:00"}, "/message/trigger/at"),
        ({"kind": "date", "attribute": "b", "time_zone": "Mars"}, "/message/trigger/time_zone"),
        ({"kind": "entered", "once_per_seconds": 0}, "/message/trigger/once_per_seconds"),
        ({"kind": "telepathy"}, "/message/trigger"),
    ],
)
async def test_a_wrong_trigger_is_refused_with_its_place(
    api: httpx.AsyncClient, alice: Tenant, trigger: dict[str, object], pointer: str
) -> None:
    """What is wrong, and where, before anything is stored."""
    message = {
        "trigger": trigger,
        "audience": {"kind": "everyone"},
        "content": {"title": "Hello", "url": "https://shop.example/"},
    }
    answer = await api.post("/v1/campaigns", headers=alice.manage, json={"name": "x", "message": message})
    assert answer.status_code == 400, answer.text
    assert answer.json()["errors"][0]["pointer"].startswith(pointer), answer.text
    assert (await api.get("/v1/campaigns", headers=alice.manage)).json()["items"] == []
