"""Campaigns over HTTP: written whole, changed by version, triggered once, and refused with a pointer."""

from typing import Any

import pytest
from sqlalchemy import func, select

from heliograph.storage.tables import audit_log, dispatches

MESSAGE: dict[str, Any] = {
    "trigger": {"kind": "recurring", "every": "day", "times": ["09:00"], "time_zone": "Europe/Berlin"},
    "audience": {"kind": "everyone"},
    "content": {"title": "Harbour", "url": "https://shop.example/ferry"},
    "limits": {
        "caps": [{"count": 2, "per_seconds": 604_800}],
        "quiet_hours": {"from": "22:00", "to": "08:00", "over": "drop"},
        "exclusion": {"group": "marketing", "window_seconds": 86_400},
    },
}
API = {**MESSAGE, "trigger": {"kind": "api"}}


async def made(api, tenant, message=None, **more) -> dict[str, Any]:
    body = {"name": "Ferry", "message": message or MESSAGE, **more}
    answer = await api.post("/v1/campaigns", headers=tenant.manage, json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def do(api, tenant, campaign, verb, body=None) -> Any:
    return await api.post(f"/v1/campaigns/{campaign['id']}/{verb}", headers=tenant.manage, json=body)


async def test_what_is_written_is_read(api, alice):
    """The definition comes back as it was given, so that it can be changed and written again."""
    campaign = await made(api, alice, priority=7)
    assert (campaign["state"], campaign["version"], campaign["exclusion_group"]) == ("draft", 1, "marketing")
    for name in ("audience", "content"):
        given = {key: value for key, value in campaign["message"][name].items() if key in MESSAGE[name]}
        assert given == MESSAGE[name]
    assert campaign["message"]["limits"]["quiet_hours"] == MESSAGE["limits"]["quiet_hours"]
    again = {"name": "Boat", "message": campaign["message"], "priority": 8, "version": 1}
    changed = await api.put(f"/v1/campaigns/{campaign['id']}", headers=alice.manage, json=again)
    assert changed.status_code == 200, changed.text
    assert (changed.json()["name"], changed.json()["version"]) == ("Boat", 2)
    assert changed.json()["message"] == campaign["message"]
    stale = await api.put(f"/v1/campaigns/{campaign['id']}", headers=alice.manage, json=again)
    assert (stale.status_code, stale.json()["code"]) == (409, "conflict")


async def test_a_running_one_keeps_what_starts_it(api, alice, clock):
    """Its text may change, its trigger not; a paused one may change in everything, a done one in nothing."""
    campaign = await made(api, alice, API)
    assert (await do(api, alice, campaign, "start")).json()["state"] == "running"
    path = f"/v1/campaigns/{campaign['id']}"
    text = {**API, "content": {"title": "New", "url": "https://shop.example/"}}
    body = {"name": "Ferry", "message": text, "version": 1}
    assert (await api.put(path, headers=alice.manage, json=body)).status_code == 200
    moved = {"name": "Ferry", "message": MESSAGE, "version": 2}
    assert (await api.put(path, headers=alice.manage, json=moved)).status_code == 409
    assert (await do(api, alice, campaign, "pause")).json()["state"] == "paused"
    assert (await api.put(path, headers=alice.manage, json=moved)).status_code == 200
    resumed = (await do(api, alice, campaign, "resume")).json()
    assert resumed["state"] == "scheduled"
    assert resumed["next_due_at"] is not None
    assert (await do(api, alice, campaign, "finish", {})).json()["state"] == "done"
    assert (await api.put(path, headers=alice.manage, json={**moved, "version": 3})).status_code == 409
    assert (await do(api, alice, campaign, "start")).status_code == 409


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"trigger": {"kind": "at"}}, "/message/trigger/at"),
        (
            {"trigger": {"kind": "at", "wall": "2026-12-24T18:00", "time_zone": "Mars/Base"}},
            "/message/trigger/time_zone",
        ),
        ({"trigger": {"kind": "never"}}, "/message/trigger/kind"),
        ({"limits": {"quiet_hours": {"from": "22:00", "to": "22:00"}}}, "/message/limits/quiet_hours/to"),
        ({"limits": {"quiet_hours": {"from": "25:00", "to": "22:00"}}}, "/message/limits/quiet_hours/from"),
        ({"limits": {"caps": [{"count": 0, "per_seconds": 60}]}}, "/message/limits/caps/0/count"),
        ({"limits": {"caps": [{"count": 1, "per_seconds": 60}] * 2}}, "/message/limits/caps"),
        ({"limits": {"over_cap": "drop"}}, "/message/limits/over_cap"),
        ({"limits": {"time_zone": "../etc"}}, "/message/limits/time_zone"),
        ({"content": {"title": " "}}, "/message/content/title"),
        ({"rate": "1/h"}, "/message/rate"),
        ({"audience": {"kind": "segment", "segment": "seg_none"}}, "/message/audience/segment"),
        ({"colour": "red"}, "/message"),
    ],
)
async def test_what_is_wrong_is_said_where(api, alice, change, pointer):
    """Nothing is written, and the place is named."""
    body = {"name": "x", "message": {**MESSAGE, **change}}
    answer = await api.post("/v1/campaigns", headers=alice.manage, json=body)
    assert answer.status_code in (400, 404, 422), answer.text
    assert answer.json()["errors"][0]["pointer"].startswith(pointer)
    assert (await api.get("/v1/campaigns", headers=alice.manage)).json()["items"] == []


async def test_it_is_either_a_message_or_a_prompt(api, alice):
    """Neither and both are refused, and so is an end before the start."""
    for body in (
        {"name": "x"},
        {"name": "x", "message": MESSAGE, "exclusion_group": "a"},
        {"name": "x", "message": MESSAGE, "starts_at": "2027-01-02T00:00:00Z", "ends_at": "2027-01-01T00:00:00Z"},
    ):
        assert (await api.post("/v1/campaigns", headers=alice.manage, json=body)).status_code == 400


async def test_a_key_triggers_once(api, alice, heliograph):
    """The same call again gets the same answer; the key with other words is refused; who is unknown is told."""
    campaign = await made(api, alice, API)
    await api.post("/v1/profiles", headers=alice.manage, json={"external_id": "ada"})
    body = {"key": "order-1", "profiles": [{"external_id": "ada", "variables": {"order": 1}}, {"external_id": "bob"}]}
    assert (await do(api, alice, campaign, "trigger", body)).status_code == 409
    await do(api, alice, campaign, "start")
    first = await do(api, alice, campaign, "trigger", body)
    assert (first.status_code, first.json()["is_new"], first.json()["unknown"]) == (202, True, ["bob"])
    again = (await do(api, alice, campaign, "trigger", body)).json()
    assert again == {**first.json(), "is_new": False}
    other = {**body, "variables": {"x": 1}}
    assert (await do(api, alice, campaign, "trigger", other)).status_code == 409
    nobody = {"key": "order-2", "profiles": [{"external_id": "bob"}]}
    assert (await do(api, alice, campaign, "trigger", nobody)).status_code == 404
    twice = {"key": "order-3", "profiles": [{"external_id": "ada"}] * 2}
    assert (await do(api, alice, campaign, "trigger", twice)).status_code == 400
    large = {"key": "order-4", "profiles": [{"external_id": "ada", "variables": {"x": "y" * 20_000}}]}
    assert (await do(api, alice, campaign, "trigger", large)).status_code == 400
    async with heliograph.store.read() as tx:
        assert (await tx.execute(select(func.count()).select_from(dispatches))).scalar_one() == 1


async def test_every_act_is_written_down(api, alice, heliograph):
    """Who made, changed, started, paused, resumed, finished and removed it is in the log."""
    campaign = await made(api, alice, API)
    for verb in ("start", "pause", "resume"):
        await do(api, alice, campaign, verb)
    await do(api, alice, campaign, "finish", {"cancel": True})
    await api.delete(f"/v1/campaigns/{campaign['id']}", headers=alice.manage)
    async with heliograph.store.read() as tx:
        acts = (await tx.execute(select(audit_log.c.act).order_by(audit_log.c.id))).scalars().all()
    assert sorted(act for act in acts if act.startswith("campaign")) == [
        "campaign_finished",
        "campaign_made",
        "campaign_paused",
        "campaign_removed",
        "campaign_resumed",
        "campaign_started",
    ]


async def test_limits_of_a_project(api, alice):
    """They are set, shown, replaced and taken away; wrong ones change nothing."""
    path = f"/v1/projects/{alice.id}"
    limits = {"caps": [{"count": 3, "per_seconds": 86_400}], "quiet_hours": {"from": "22:00", "to": "08:00"}}
    told = (await api.patch(path, headers=alice.manage, json={"limits": limits})).json()["limits"]
    assert told["caps"] == limits["caps"]
    wrong = {"limits": {"quiet_hours": {"from": "08:00", "to": "08:00"}}}
    refused = await api.patch(path, headers=alice.manage, json=wrong)
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (400, "/limits/quiet_hours/to")
    assert (await api.get(path, headers=alice.manage)).json()["limits"] == told
    assert (await api.patch(path, headers=alice.manage, json={"limits": None})).json()["limits"] is None


async def test_a_notification_with_limits_shows_them(api, alice):
    """What was asked for is what is told; a wrong zone is refused."""
    body = {"audience": {"kind": "everyone"}, "content": {"title": "x"}, "limits": {"ignore_project": True}}
    told = (await api.post("/v1/notifications", headers=alice.manage, json=body)).json()
    assert told["limits"]["ignore_project"] is True
    wrong = {**body, "limits": {"time_zone": "Nowhere"}}
    assert (await api.post("/v1/notifications", headers=alice.manage, json=wrong)).status_code == 400
