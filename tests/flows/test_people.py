"""Stories of people at browsers, told through the HTTP API: subscribe, be somebody, receive, click, log out, leave."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.support.pages import Answer, Site
from tests.support.world import World

from heliograph.api.app import create_app
from heliograph.delivery import forget
from heliograph.devpush import Service
from heliograph.devpush.agents import Agent
from heliograph.domain.identity import sign
from heliograph.protocols import base64url


@pytest.fixture
async def site(world: World):
    """The pages of the world's project."""
    transport = httpx.ASGITransport(create_app(world.heliograph))
    async with httpx.AsyncClient(transport=transport, base_url="http://push.test") as client:
        yield Site(world.project, client)


async def _register(site: Site, agent: Agent, **more: Any) -> Answer:
    body = {
        "endpoint": agent.endpoint,
        "keys": {"p256dh": base64url.encode(agent.p256dh), "auth": base64url.encode(agent.auth)},
        "application_server_key": base64url.encode(site.project.vapid_key.public_key),
    }
    response = await site.call("POST", "/subscriptions", body | more)
    assert response.status_code == 201, response.text
    return Answer(response.json()["id"], response.json()["secret"], 201, response.json())


async def _notify(site: Site, world: World, **audience: Any) -> str:
    body = {"audience": audience, "content": {"title": "Harbour", "url": "https://shop.example/"}}
    response = await site.client.post("/v1/notifications", json=body, headers=site.admin)
    assert response.status_code in (200, 201, 202), response.text
    await world.work()
    notification: str = response.json()["id"]
    return notification


async def _counts(site: Site, notification: str) -> dict[str, int]:
    response = await site.client.get(f"/v1/notifications/{notification}", headers=site.admin)
    assert response.status_code == 200, response.text
    counts: dict[str, int] = response.json()["counts"]["by_state"]
    return {state: count for state, count in counts.items() if count}


async def test_from_subscribing_to_the_click(world: World, site: Site) -> None:
    """A browser subscribes, receives, decrypts, reports what was shown and clicked, and the sender sees it counted."""
    fleet = await world.agents(3, Service.FCM, Service.MOZILLA, Service.WNS)
    for agent in fleet.agents:
        await _register(site, agent)
    notification = await _notify(site, world, kind="everyone")
    await fleet.wait_until(lambda counts: counts.decrypted == 3)
    tokens = [json.loads(arrival.plaintext)["heliograph"]["d"] for arrival in fleet.arrivals]
    reports = [{"delivery": tokens[0], "event": event} for event in ("clicked", "dismissed", "displayed")]
    reports += [{"delivery": tokens[1], "event": "displayed"}]
    for _ in range(2):
        content = json.dumps({"receipts": reports}).encode()
        answer = await site.client.post(
            f"/v1/public/receipts?key={site.key}",
            content=content,
            headers={"Content-Type": "text/plain;charset=UTF-8", "Origin": site.origin},
        )
        assert answer.json() == {"accepted": 4, "refused": []}
    assert await _counts(site, notification) == {"clicked": 1, "displayed": 1, "accepted": 1}


async def test_a_shared_browser(world: World, site: Site) -> None:
    """What is for Ada reaches the browser while she is logged in there, and not when Grace is."""
    fleet = await world.agents(1, Service.MOZILLA)
    made = await _register(site, fleet.agents[0])
    project = site.project.project
    secret = world.heliograph.sealer.open(project.identity_secret, f"project/{project.id}/identity_secret")
    path = f"/subscriptions/{made.id}/identity"

    async def received(person: str) -> bool:
        before = fleet.counts.received
        counts = await _counts(site, await _notify(site, world, kind="profiles", external_ids=[person]))
        if counts.get("accepted", 0):
            await fleet.wait_until(lambda counts: counts.received == before + 1)
        return fleet.counts.received > before

    proof = {"external_id": "ada", "signature": sign("ada", secret)}
    assert not await received("ada")
    assert (await site.call("POST", path, proof, secret=made.secret)).status_code == 200
    assert await received("ada")
    assert (await site.call("DELETE", path, secret=made.secret)).status_code == 204
    assert not await received("ada")
    proof = {"external_id": "grace", "signature": sign("grace", secret)}
    assert (await site.call("POST", path, proof, secret=made.secret)).status_code == 200
    assert not await received("ada")
    assert await received("grace")


async def test_groups_of_a_person(world: World, site: Site) -> None:
    """A group reaches who is in it: with an identifier that part, without one all of them, once each."""
    fleet = await world.agents(3, Service.MOZILLA)
    made = [
        await _register(site, fleet.agents[0], groups=[{"name": "warehouse", "identifier": "42"}]),
        await _register(
            site, fleet.agents[1], groups=[{"name": "warehouse"}, {"name": "warehouse", "identifier": "7"}]
        ),
        await _register(site, fleet.agents[2], groups=[{"name": "news"}]),
    ]
    part = await _notify(site, world, kind="group", group="warehouse", identifier="42")
    whole = await _notify(site, world, kind="group", group="warehouse")
    assert await _counts(site, part) == {"accepted": 1}
    assert await _counts(site, whole) == {"accepted": 2}
    leave = f"/subscriptions/{made[0].id}/groups/warehouse?identifier=42"
    assert (await site.call("DELETE", leave, secret=made[0].secret)).status_code == 204
    assert await _counts(site, await _notify(site, world, kind="group", group="warehouse", identifier="42")) == {}


async def test_a_browser_that_changed_its_endpoint(world: World, site: Site) -> None:
    """After a replacement the new address is written to, and the old one never again."""
    fleet = await world.agents(2, Service.MOZILLA)
    old, new = fleet.agents
    made = await _register(site, old)
    body = {
        "endpoint": new.endpoint,
        "keys": {"p256dh": base64url.encode(new.p256dh), "auth": base64url.encode(new.auth)},
        "application_server_key": base64url.encode(site.project.vapid_key.public_key),
    }
    assert (await site.call("PUT", f"/subscriptions/{made.id}", body, secret=made.secret)).status_code == 200
    await _notify(site, world, kind="everyone")
    await fleet.wait_until(lambda counts: counts.received == 1)
    assert [arrival.agent for arrival in fleet.arrivals] == [new.index]


async def test_leaving_and_coming_back(world: World, site: Site) -> None:
    """Who unsubscribed gets nothing, and who comes back with the same endpoint is written to again."""
    fleet = await world.agents(1, Service.MOZILLA)
    agent = fleet.agents[0]
    made = await _register(site, agent)
    assert (await site.call("DELETE", f"/subscriptions/{made.id}", secret=made.secret)).status_code == 204
    assert await _counts(site, await _notify(site, world, kind="everyone")) == {}
    again = await site.call(
        "POST",
        "/subscriptions",
        {
            "endpoint": agent.endpoint,
            "keys": {"p256dh": base64url.encode(agent.p256dh), "auth": base64url.encode(agent.auth)},
            "application_server_key": base64url.encode(site.project.vapid_key.public_key),
        },
    )
    assert (again.status_code, again.json()["id"]) == (200, made.id)
    assert await _counts(site, await _notify(site, world, kind="everyone")) == {"accepted": 1}


async def test_an_erased_name_is_in_no_notification(site: Site, world: World, monkeypatch: pytest.MonkeyPatch):
    """It leaves those that named it, with what was written for it alone; who has the name later is somebody else."""
    monkeypatch.setattr(forget, "PORTION", 1)
    fleet = await world.agents(2)
    project = site.project.project
    secret = world.heliograph.sealer.open(project.identity_secret, f"project/{project.id}/identity_secret")
    for agent, name in zip(fleet.agents, ("ada", "grace"), strict=True):
        await _register(site, agent, identity={"external_id": name, "signature": sign(name, secret)})
    alone = await _notify(site, world, kind="profiles", external_ids=["ada"])
    both = await _notify(site, world, kind="profiles", external_ids=["ada", "grace"])
    later = {"audience": {"kind": "profiles", "external_ids": ["ada", "grace"]}, "content": {"title": "Later"}}
    later["send_at"] = (world.clock.now() + timedelta(hours=1)).isoformat()
    waiting = (await site.client.post("/v1/notifications", json=later, headers=site.admin)).json()["id"]
    (known,) = (await site.client.get("/v1/profiles?external_id=ada", headers=site.admin)).json()["items"]

    gone = await site.client.delete(f"/v1/profiles/{known['id']}?everything=true", headers=site.admin)
    assert gone.status_code == 204
    world.clock.advance(timedelta(seconds=1))
    since = await _notify(site, world, kind="profiles", external_ids=["ada"])

    told = {one: (await site.client.get(f"/v1/notifications/{one}", headers=site.admin)).json() for one in
            (alone, both, waiting, since)}  # fmt: skip
    names = {one: found["audience"]["external_ids"] for one, found in told.items()}
    assert names == {
        alone: [known["id"]],
        both: [known["id"], "grace"],
        waiting: [known["id"], "grace"],
        since: ["ada"],
    }
    assert [found["content"]["title"] for found in told.values()] == ["Erased", "Harbour", "Later", "Harbour"]
    await world.work_on(timedelta(hours=1))
    assert await _counts(site, waiting) == {"accepted": 1}
