"""Stories of an application server key that is replaced: overlap, moving over, retiring by itself and by force."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from tests.support.pages import Site, problem
from tests.support.world import World

from heliograph.actions import vapid_keys as actions
from heliograph.api.app import create_app
from heliograph.delivery.retire_keys import PORTION, QUIET
from heliograph.devpush.agents import Agent
from heliograph.domain.identity import sign
from heliograph.domain.notification import Audience, AudienceKind
from heliograph.errors import ApplicationServerKeyUnknown
from heliograph.names import JobName
from heliograph.protocols import base64url
from heliograph.queue.base import NewJob
from heliograph.storage import key_retirement, vapid_keys
from heliograph.storage import subscriptions as subscription_rows
from heliograph.storage.vapid_keys import VapidKeyState

WAREHOUSE = Audience(AudienceKind.GROUP, group="warehouse", identifier="42")
ADA = Audience(AudienceKind.PROFILES, external_ids=("ada",))
SECOND = timedelta(seconds=1)


@pytest.fixture
async def site(world: World):
    """The pages of the world's project, and its server."""
    transport = httpx.ASGITransport(create_app(world.heliograph))
    async with httpx.AsyncClient(transport=transport, base_url="http://push.test") as client:
        yield Site(world.project, client)


def _body(agent: Agent, key: bytes, **more: Any) -> dict[str, Any]:
    keys = {"p256dh": base64url.encode(agent.p256dh), "auth": base64url.encode(agent.auth)}
    return {"endpoint": agent.endpoint, "keys": keys, "application_server_key": base64url.encode(key), **more}


def _proof(world: World) -> dict[str, str]:
    project = world.project.project
    secret = world.heliograph.sealer.open(project.identity_secret, f"project/{project.id}/identity_secret")
    return {"external_id": "ada", "signature": sign("ada", secret)}


async def _keys(site: Site) -> dict[str, dict[str, Any]]:
    listed = (await site.client.get("/v1/vapid-keys", headers=site.admin)).json()["items"]
    return {key["id"]: key for key in listed}


async def _rotate(site: Site) -> tuple[str, bytes]:
    made = (await site.client.post("/v1/vapid-keys", json={}, headers=site.admin)).json()
    return made["id"], base64url.decode(made["public_key"])


async def _retire(site: Site, key_id: str, *, force: bool = False) -> httpx.Response:
    path = f"/v1/vapid-keys/{key_id}/retire"
    return await site.client.post(path, params={"force": "true"} if force else {}, headers=site.admin)


async def _sweep(world: World) -> None:
    now = world.clock.now()
    async with world.store.begin() as tx:
        await world.heliograph.queue.add(tx, [NewJob(JobName.SWEEP, {}, run_at=now)], now=now)
    assert JobName.SWEEP in await world.work()


async def test_a_rotation_from_end_to_end(world: World, site: Site) -> None:
    """Nobody is lost: the old key signs until the browser came by, who keeps id, groups and person; then it retires."""
    old_id, old_key = world.project.vapid_key.id, world.project.vapid_key.public_key
    before = (await world.agents(1, key=old_key)).agents[0]
    body = _body(before, old_key, groups=[{"name": "warehouse", "identifier": "42"}], identity=_proof(world))
    made = (await site.call("POST", "/subscriptions", body)).json()
    new_id, new_key = await _rotate(site)
    fleet = world.fleets[0]

    # devpush answers 403 to a message that is signed with another key than the subscription's
    for audience in (WAREHOUSE, ADA):
        notification = await world.notify(audience)
        await world.work()
        assert await world.counts(notification) == {"accepted": 1}
    await fleet.wait_until(lambda counts: counts.decrypted == 2)
    keys = await _keys(site)
    assert {key_id: (key["state"], key["active_subscriptions"]) for key_id, key in keys.items()} == {
        old_id: ("retiring", 1),
        new_id: ("active", 0),
    }

    after = (await world.agents(1, key=new_key)).agents[0]
    answer = await site.call("PUT", f"/subscriptions/{made['id']}", _body(after, new_key), secret=made["secret"])
    assert answer.json()["id"] == made["id"]
    assert answer.json()["groups"] == [{"name": "warehouse", "identifier": "42"}]
    assert answer.json()["identified"] is True
    for audience in (WAREHOUSE, ADA):
        notification = await world.notify(audience)
        await world.work()
        assert await world.counts(notification) == {"accepted": 1}
    await world.fleets[1].wait_until(lambda counts: counts.decrypted == 2)

    await _sweep(world)
    assert (await _keys(site))[old_id]["state"] == "retiring"
    world.clock.advance(QUIET + SECOND)
    await _sweep(world)
    retired = (await _keys(site))[old_id]
    assert (retired["state"], retired["active_subscriptions"]) == ("retired", 0)
    assert (await _keys(site))[new_id]["state"] == "active"
    async with world.store.read() as tx:
        kept = await vapid_keys.get(tx, world.project.project.id, old_id)
    assert kept is not None
    assert kept.private_key == b""
    notification = await world.notify()
    await world.work()
    assert await world.counts(notification) == {"accepted": 1}


async def test_who_names_another_key_has_proved_nothing(world: World, site: Site) -> None:
    """A visitor that took messages and then claims another key of the project is refused as a stranger is."""
    old_key = world.project.vapid_key.public_key
    agents = (await world.agents(6, key=old_key)).agents
    made = [(await site.call("POST", "/subscriptions", _body(agent, old_key))).json() for agent in agents]
    new_id, new_key = await _rotate(site)
    await world.notify()
    await world.work()
    world.clock.advance(timedelta(hours=1))
    for agent, own in zip(agents, made, strict=True):
        path = f"/subscriptions/{own['id']}"
        answer = await site.call("PUT", path, _body(agent, new_key), secret=own["secret"])
        assert answer.status_code == 200
    await world.notify()
    await world.work()

    assert (await _keys(site))[new_id]["pause_reason"] == "refused_new"


async def test_a_key_in_use_is_not_retired(world: World, site: Site) -> None:
    """Neither by the upkeep, however old it is, nor by an operator without force; the active one never."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    old_id = world.project.vapid_key.id
    problem(await _retire(site, old_id, force=True), 409, "conflict")
    new_id, _ = await _rotate(site)
    refusal = problem(await _retire(site, old_id), 409, "vapid_key_in_use")
    assert refusal["detail"].startswith("1 active subscriptions still use this key")
    world.clock.advance(10 * QUIET)
    await _sweep(world)
    assert {key_id: key["state"] for key_id, key in (await _keys(site)).items()} == {
        old_id: "retiring",
        new_id: "active",
    }


async def test_retired_by_force(world: World, site: Site) -> None:
    """Subscriptions end as `key_retired` and nothing is sent to them; one that comes by is itself again."""
    old_id, old_key = world.project.vapid_key.id, world.project.vapid_key.public_key
    fleet = await world.agents(2, key=old_key)
    body = _body(fleet.agents[0], old_key, groups=[{"name": "warehouse", "identifier": "42"}], identity=_proof(world))
    made = (await site.call("POST", "/subscriptions", body)).json()
    assert (await site.call("POST", "/subscriptions", _body(fleet.agents[1], old_key))).status_code == 201
    _, new_key = await _rotate(site)
    notification = await world.notify()
    await world.step(JobName.FANOUT)
    world.clock.advance(SECOND)
    answer = await _retire(site, old_id, force=True)
    assert (answer.json()["state"], answer.json()["active_subscriptions"]) == ("retired", 2)
    assert (await _retire(site, old_id)).json()["state"] == "retired"

    await world.work()
    assert await world.counts(notification) == {"skipped/subscription_gone": 2}
    assert (await _keys(site))[old_id]["active_subscriptions"] == 0
    gone = await world.subscription(made["id"])
    assert (gone.state, gone.state_reason) == ("gone", "key_retired")
    assert world.devpush.messages() == []

    refused = problem(await site.call("POST", "/subscriptions", body), 422, "application_server_key_unknown")
    assert "retired" in refused["detail"]
    after = (await world.agents(1, key=new_key)).agents[0]
    answer = await site.call("PUT", f"/subscriptions/{made['id']}", _body(after, new_key), secret=made["secret"])
    assert (answer.json()["state"], answer.json()["identified"]) == ("active", True)
    notification = await world.notify(WAREHOUSE)
    await world.work()
    assert await world.counts(notification) == {"accepted": 1}


async def test_sent_before_its_subscriptions_ended(world: World, site: Site) -> None:
    """What is sent while the subscriptions of a retired key wait for their end is skipped for that reason."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    await _rotate(site)
    async with world.store.begin() as tx:
        await key_retirement.retire(tx, world.project.vapid_key.id, now=world.clock.now())
    notification = await world.notify()
    await world.work()
    assert await world.counts(notification) == {"skipped/key_retired": 1}


async def test_many_are_ended_in_portions(world: World, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job ends a portion and asks for the next one, until nobody is left."""
    monkeypatch.setattr("heliograph.delivery.retire_keys.PORTION", 2)
    assert PORTION > 2
    fleet = await world.agents(5)
    await world.subscribe(fleet.agents)
    await _rotate(site)
    await _retire(site, world.project.vapid_key.id, force=True)
    assert (await world.work()).count("maintenance.end_subscriptions") == 3
    assert (await _keys(site))[world.project.vapid_key.id]["active_subscriptions"] == 0


async def test_registering_and_retiring_at_once(world: World, site: Site) -> None:
    """Of a browser that registers while its key retires, one waits for the other: no active one is left behind."""
    agent = (await world.agents(1)).agents[0]
    key = world.project.vapid_key
    await _rotate(site)
    config = await site.call("GET", "/config")  # the process knows the project from now on, with the old key
    assert config.status_code == 200
    registered, retired = await asyncio.gather(
        site.call("POST", "/subscriptions", _body(agent, key.public_key)), _retire(site, key.id)
    )
    assert sorted((registered.status_code, retired.status_code)) in ([200, 422], [201, 409])


async def test_upkeep_while_the_last_subscriber_comes_back(world: World, site: Site) -> None:
    """The upkeep ends a subscription and looks at its key while it is being renewed: neither waits for the other."""
    if world.store.dialect != "postgresql":
        pytest.skip("SQLite has one writer.")
    agent = (await world.agents(1)).agents[0]
    (only,) = await world.subscribe([agent])
    old_id = world.project.vapid_key.id
    await _rotate(site)
    world.clock.advance(QUIET + SECOND)
    now = world.clock.now()
    async with world.store.begin() as tx:
        await subscription_rows.change(tx, only, {"expires_at": now - SECOND})
    async with world.store.begin() as tx:
        assert await key_retirement.hold(tx, old_id) is VapidKeyState.RETIRING
        upkeep = asyncio.create_task(_sweep(world))
        async with asyncio.timeout(20):
            while not (upkeep.done() or await _is_waited_for(world)):  # noqa: ASYNC110 - another transaction's locks, not events
                await asyncio.sleep(0.02)
        await subscription_rows.lock(tx, [only])
    await upkeep


async def _is_waited_for(world: World) -> bool:
    async with world.store.read() as tx:
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        return bool((await tx.execute(text(query))).scalar_one())


async def test_a_page_that_knows_the_key_from_before(world: World, site: Site) -> None:
    """Another process retired the key: what this one remembers of the project does not let a browser in."""
    agent = (await world.agents(1)).agents[0]
    key = world.project.vapid_key
    assert (await site.call("GET", "/config")).status_code == 200
    async with world.store.begin() as tx:
        await actions.create(tx, world.heliograph.context(), project_id=key.project_id)
        await key_retirement.retire(tx, key.id, now=world.clock.now())
        assert await key_retirement.hold(tx, key.id) is VapidKeyState.RETIRED
    refused = problem(
        await site.call("POST", "/subscriptions", _body(agent, key.public_key)), 422, ApplicationServerKeyUnknown.code
    )
    assert "retired" in refused["detail"]
