"""Prompt campaigns from the author's side: written, checked, started, changed, counted; pages see each step at once."""

from typing import Any

import httpx
import pytest
from tests.support.api import Tenant
from tests.support.prompts import SLIDE

from heliograph.actions.prompt_events import STANDARD
from heliograph.kit.clock import FrozenClock

ADA, BOB = "hvi_" + "a" * 22, "hvi_" + "b" * 22


async def write(api: httpx.AsyncClient, tenant: Tenant, *, start: bool = True, **given: Any) -> dict[str, Any]:
    """Make a prompt campaign; members of the campaign are given by name, all others are of its prompt."""
    own = {name: given.pop(name) for name in ("priority", "exclusion_group", "starts_at", "ends_at") if name in given}
    body = {"name": "Ask", "prompt": SLIDE | given} | own
    response = await api.post("/v1/campaigns", headers=tenant.manage, json=body)
    assert response.status_code == 201, response.text
    made: dict[str, Any] = response.json()
    if start:
        started = await api.post(f"/v1/campaigns/{made['id']}/start", headers=tenant.manage)
        assert started.json()["state"] == "running"
    return made


async def shown(api: httpx.AsyncClient, tenant: Tenant, visitor: str = ADA) -> list[dict[str, Any]]:
    """Return what a page is given."""
    body = {"visitor": visitor, "permission": "default", "language": "de"}
    response = await api.post("/v1/public/campaigns", headers=tenant.page, json=body)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["campaigns"]
    return found


async def test_a_campaign_from_draft_to_done(api: httpx.AsyncClient, alice: Tenant) -> None:
    """Pages are given it while it runs, and as it is: each step is seen at once in the process that took it."""
    made = await write(api, alice, start=False, priority=3, exclusion_group="ask")
    here = f"/v1/campaigns/{made['id']}"
    assert (made["kind"], made["state"], made["prompt"]) == ("prompt", "draft", SLIDE)
    assert await shown(api, alice) == []
    await api.post(f"{here}/start", headers=alice.manage)
    [one] = await shown(api, alice)
    assert (one["id"], one["priority"], one["exclusion_group"]) == (made["id"], 3, "ask")
    texts = {"en": {"title": "New words", "accept": "Yes"}}
    changed = await api.put(
        here, headers=alice.manage, json={"name": "Ask", "version": 1, "prompt": {"prompt": "dialog", "texts": texts}}
    )
    assert changed.json()["version"] == 2
    [one] = await shown(api, alice)
    assert (one["prompt"], one["texts"]["title"], one["priority"]) == ("dialog", "New words", 0)
    for act, is_shown in (("pause", False), ("resume", True)):
        await api.post(f"{here}/{act}", headers=alice.manage)
        assert bool(await shown(api, alice)) is is_shown
    await api.post(f"{here}/finish", headers=alice.manage, json={})
    assert await shown(api, alice) == []


async def test_statistics(api: httpx.AsyncClient, alice: Tenant, clock: FrozenClock) -> None:
    """Events are told by variant, standard ones always with a number."""
    made = await write(api, alice, variants=[{"name": "a"}, {"name": "b"}])
    here = f"/v1/campaigns/{made['id']}/statistics"
    empty = (await api.get(here, headers=alice.manage)).json()["prompt"]
    assert empty["total"]["events"] == dict.fromkeys(STANDARD, 0)
    told = [(ADA, "a", "show-widget"), (ADA, "a", "push-subscribed"), (BOB, "b", "show-widget"), (BOB, "b", "own")]
    for number, (visitor, variant, event) in enumerate(told):
        one = {
            "id": str(number),
            "campaign": made["id"],
            "variant": variant,
            "event": event,
            "at": clock.now().isoformat(),
        }
        body = {"visitor": visitor, "events": [one]}
        assert (await api.post("/v1/public/campaign-events", headers=alice.page, json=body)).json()["accepted"] == 1
    found = (await api.get(here, headers=alice.manage)).json()["prompt"]
    assert found["total"]["events"] == dict.fromkeys(STANDARD, 0) | {"show-widget": 2, "push-subscribed": 1, "own": 1}
    assert [(one["variant"], one["subscribed_rate"]) for one in found["variants"]] == [("a", 1.0), ("b", 0.0)]
    assert found["total"]["subscribed_rate"] == 0.5


@pytest.mark.parametrize(
    ("wrong", "pointer"),
    [
        ({"prompt": "html"}, "/prompt/html"),
        ({"prompt": "hologram"}, "/prompt/prompt"),
        ({"triggers": [[{"kind": "current_url", "mode": "regex", "value": "(a+)+$"}]]}, "/prompt/triggers/0/0/value"),
        ({"triggers": [[{"kind": "moon_phase"}]]}, "/prompt/triggers/0/0/kind"),
        ({"rule": {"kind": "astrology"}}, "/prompt/rule/kind"),
        ({"texts": {"en": {"titel": "x"}}}, "/prompt/texts"),
        ({"html": {"en": "x" * 70_000}}, "/prompt/html"),
        ({"look": {"icon": "http://shop.example/icon.png"}}, "/prompt/look/icon"),
    ],
)
async def test_bad_definitions(api: httpx.AsyncClient, alice: Tenant, wrong: dict[str, Any], pointer: str) -> None:
    """Everything is checked when it is written, with the place of what is wrong."""
    body = {"name": "Ask", "prompt": SLIDE | wrong}
    response = await api.post("/v1/campaigns", headers=alice.manage, json=body)
    assert response.status_code == 400, response.text
    assert response.json()["errors"][0]["pointer"].startswith(pointer)


async def test_script_in_texts_is_text(api: httpx.AsyncClient, alice: Tenant) -> None:
    """What looks like markup is kept and given as it is: the page shows it, and never reads it as markup."""
    title = "<img src=x onerror=alert(1)>"
    await write(api, alice, texts={"en": {"title": title, "accept": "</script>"}})
    [one] = await shown(api, alice)
    assert one["texts"] == {"title": title, "accept": "</script>"}


async def test_a_segment_as_it_is_when_asked(api: httpx.AsyncClient, alice: Tenant, clock: FrozenClock) -> None:
    """A change of the segment's rule is a change of who is asked; a segment that is needed stays."""
    rule = {"kind": "event_count", "name": "order"}
    segment = (await api.post("/v1/segments", headers=alice.manage, json={"name": "Buyers", "rule": rule})).json()
    here = f"/v1/segments/{segment['id']}"
    made = await write(api, alice, segment=segment["id"])
    view = {"id": "1", "name": "quiz", "at": clock.now().isoformat(), "properties": {}}
    await api.post("/v1/public/events", headers=alice.page, json={"visitor": ADA, "events": [view]})
    assert await shown(api, alice, ADA) == []
    changed = await api.patch(here, headers=alice.manage, json={"rule": rule | {"name": "quiz"}})
    assert changed.status_code == 200, changed.text
    assert [one["id"] for one in await shown(api, alice, ADA)] == [made["id"]]
    assert await shown(api, alice, BOB) == []
    refused = await api.delete(here, headers=alice.manage)
    assert refused.status_code == 409
    assert made["id"] in refused.json()["detail"]


async def test_of_another_project(api: httpx.AsyncClient, alice: Tenant, bob: Tenant) -> None:
    """Neither a segment nor a campaign of one project is any other's business."""
    rule = {"kind": "event_count", "name": "order"}
    segment = (await api.post("/v1/segments", headers=bob.manage, json={"name": "Buyers", "rule": rule})).json()
    body = {"name": "Ask", "prompt": SLIDE | {"segment": segment["id"]}}
    assert (await api.post("/v1/campaigns", headers=alice.manage, json=body)).status_code == 404
    made = await write(api, bob)
    assert (await api.get(f"/v1/campaigns/{made['id']}/statistics", headers=alice.manage)).status_code == 404
    assert await shown(api, alice) == []
