"""Stories of a shop that comes from Spryker: subscribed through its own API, reached through `/v1`."""

import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from tests.support.api import bearer
from tests.support.pages import Site
from tests.support.world import World

from heliograph.actions import accounts
from heliograph.api.app import create_app
from heliograph.devpush import Service
from heliograph.devpush.agents import Agent
from heliograph.domain.glue import Right
from heliograph.kit.ids import from_uuid
from heliograph.protocols import base64url
from heliograph.worker.once import work_once

WAREHOUSE = "834b3731-02d4-5d6f-9a61-d63ae5e70517"


@pytest.fixture
async def site(world: World):
    """The world's project, and a client for it."""
    transport = httpx.ASGITransport(create_app(world.heliograph))
    async with httpx.AsyncClient(transport=transport, base_url="http://push.test") as client:
        yield Site(world.project, client)


@pytest.fixture
async def token(world: World, site: Site) -> str:
    """What a Spryker client gets for its password."""
    async with world.store.begin() as tx:
        made = await accounts.create(
            tx,
            world.heliograph.context(),
            project_id=world.project.project.id,
            name="richard@spryker.example",
            rights=tuple(Right),
        )
    form = {"grant_type": "password", "username": made.account.name, "password": made.password}
    answered: str = (await site.client.post("/token", data=form)).json()["access_token"]
    return answered


async def _subscribe(site: Site, token: str, payload: dict[str, Any], **group: Any) -> str:
    attributes = {"providerName": "web-push-php", "group": {"name": "warehouse"} | group, "payload": payload}
    response = await site.client.post(
        "/push-notification-subscriptions",
        content=json.dumps({"data": {"attributes": attributes}}),
        headers=bearer(token) | {"Content-Type": "application/vnd.api+json"},
    )
    assert response.status_code == 201, response.text
    found = from_uuid("sub", response.json()["data"]["id"])
    assert found is not None
    return found


def _as_php(agent: Agent) -> dict[str, Any]:
    p256dh, auth = base64url.encode(agent.p256dh), base64url.encode(agent.auth)
    return {"endpoint": agent.endpoint, "publicKey": p256dh, "authToken": auth}


def _as_browser(agent: Agent) -> dict[str, Any]:
    keys = {"p256dh": base64url.encode(agent.p256dh), "auth": base64url.encode(agent.auth)}
    return {"endpoint": agent.endpoint, "expirationTime": None, "keys": keys}


async def _send(site: Site, identifier: str | None) -> str:
    audience = {"kind": "group", "group": "warehouse"} | ({} if identifier is None else {"identifier": identifier})
    data = {"action": "update", "entity": "picking-lists", "ids": ["910a4d20-59a3-5c49-808e-aa7038a59313"]}
    body = {"kind": "data", "audience": audience, "content": {"data": data}}
    response = await site.client.post("/v1/notifications", json=body, headers=site.admin)
    assert response.status_code in (200, 201, 202), response.text
    made: str = response.json()["id"]
    return made


async def _counts(site: Site, notification: str) -> dict[str, int]:
    response = await site.client.get(f"/v1/notifications/{notification}", headers=site.admin)
    return {state: count for state, count in response.json()["counts"]["by_state"].items() if count}


async def test_a_picking_list_reaches_its_warehouse(world: World, site: Site, token: str) -> None:
    """Both payload forms are reached, decrypted, under the identifier that they joined; the group alone reaches all."""
    fleet = await world.agents(3, Service.FCM, Service.MOZILLA)
    here, also_here, elsewhere = fleet.agents
    await _subscribe(site, token, _as_php(here), identifier=WAREHOUSE)
    await _subscribe(site, token, _as_browser(also_here), identifier=WAREHOUSE)
    await _subscribe(site, token, _as_browser(elsewhere), identifier="another")
    notification = await _send(site, WAREHOUSE)
    await world.work()
    await fleet.wait_until(lambda counts: counts.decrypted == 2)
    assert {arrival.agent for arrival in fleet.arrivals} == {here.index, also_here.index}
    for arrival in fleet.arrivals:
        assert json.loads(arrival.plaintext)["data"]["entity"] == "picking-lists"
    assert await _counts(site, notification) == {"accepted": 2}
    await _send(site, None)
    await world.work()
    await fleet.wait_until(lambda counts: counts.decrypted == 5)


async def test_nothing_is_sent_after_the_end(world: World, site: Site, token: str) -> None:
    """Whoever did not renew is skipped with the reason even before the sweep, and ended by it."""
    fleet = await world.agents(2, Service.MOZILLA)
    lazy, eager = fleet.agents
    lazy_id = await _subscribe(site, token, _as_php(lazy))
    world.clock.advance(timedelta(days=6))
    renewed = await _refreshed(world, site)
    await _subscribe(site, renewed, _as_php(eager))
    world.clock.advance(timedelta(days=2))
    notification = await _send(site, None)
    await world.step("delivery.send")
    assert await _counts(site, notification) == {"accepted": 1, "skipped": 1}
    response = await site.client.get(f"/v1/notifications/{notification}/deliveries?state=skipped", headers=site.admin)
    assert [one["reason"] for one in response.json()["items"]] == ["subscription_expired"]
    await work_once(world.heliograph)
    world.clock.advance(timedelta(minutes=2))
    await work_once(world.heliograph)
    ended = await world.subscription(lazy_id)
    assert (ended.state, ended.state_reason) == ("gone", "expired")


async def _refreshed(world: World, site: Site) -> str:
    """Return a token that is good now."""
    async with world.store.read() as tx:
        (account,) = await accounts.listing(tx, project_id=world.project.project.id)
    return accounts.issue_token(world.heliograph.context(), account)


async def test_one_run_of_the_crontab(world: World, site: Site, token: str) -> None:
    """One run sends everything that is due; what a push service refuses is told, and does not starve what follows."""
    fleet = await world.agents(2, Service.MOZILLA)
    good, dead = fleet.agents
    await _subscribe(site, token, _as_php(good))
    dead_payload = _as_php(dead) | {"endpoint": f"{dead.endpoint.rpartition('/')[0]}/devpush-nobody"}
    dead_id = await _subscribe(site, token, dead_payload)
    world.clock.advance(timedelta(minutes=10))
    first = await _send(site, None)
    failures = await work_once(world.heliograph)
    assert [(one.notification_id, one.subscription_id) for one in failures] == [(first, dead_id)]
    assert failures[0].reason.startswith("gone ")
    assert await _counts(site, first) == {"accepted": 1, "gone": 1}
    await _send(site, None)
    assert await work_once(world.heliograph) == []
    await fleet.wait_until(lambda counts: counts.decrypted == 2)
