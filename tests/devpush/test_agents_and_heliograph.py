"""Simulated user agents against Heliograph's real public API."""

import json
import os
from collections.abc import AsyncIterator

import httpx
import pytest
from tests.devpush.support.sender import Sender
from tests.devpush.support.waiting import until
from tests.support.api import ADDRESS, Tenant, make_tenant

from heliograph.api.app import create_app
from heliograph.bootstrap import Heliograph, build
from heliograph.devpush import DevPush
from heliograph.devpush.agents import AgentFleet, HeliographSite, SiteError
from heliograph.domain.delivery import delivery_token
from heliograph.kit.clock import FrozenClock
from heliograph.protocols import encryption, vapid
from heliograph.settings import Settings


@pytest.fixture
async def heliograph(sqlite_url: str, clock: FrozenClock, devpush: DevPush) -> AsyncIterator[Heliograph]:
    settings = Settings(
        database_url=sqlite_url,
        master_key=bytes(range(32)),
        devpush_url=devpush.http_url,
        devpush_tls_port=devpush.tls_port,
        devpush_ca_file=devpush.ca_file,
    )
    wired = await build(settings, clock=clock)
    yield wired
    await wired.close()


@pytest.fixture
async def shop(heliograph: Heliograph) -> Tenant:
    return await make_tenant(heliograph, "shop")


@pytest.fixture
async def site(heliograph: Heliograph, shop: Tenant) -> AsyncIterator[HeliographSite]:
    transport = httpx.ASGITransport(app=create_app(heliograph))
    key, origin = shop.page["Heliograph-Key"], shop.page["Origin"]
    async with HeliographSite(ADDRESS, key, origin, transport=transport) as one:
        yield one


async def state_of(site: HeliographSite, fleet: AgentFleet, index: int) -> dict[str, object]:
    agent = fleet.agents[index]
    headers = {"Authorization": f"Bearer {agent.subscription_secret}"}
    return await site._call("GET", f"/subscriptions/{agent.subscription_id}", headers=headers)


async def test_agents_subscribe_through_the_public_api(devpush: DevPush, site: HeliographSite):
    """With the project's key, into a group, each with an identifier and a secret of its own."""
    async with AgentFleet(devpush.ws_url, 5) as fleet:
        await fleet.subscribe(site, groups=[{"name": "news", "identifier": None}])
        state = await state_of(site, fleet, 2)

        assert fleet.counts.subscribed == 5
        assert len({agent.subscription_secret for agent in fleet.agents}) == 5
        assert all(agent.subscription_id.startswith("sub_") for agent in fleet.agents)
        assert state["state"] == "active"
        assert [group["name"] for group in state["groups"]] == ["news"]
        assert devpush.registration(fleet.agents[0].endpoint).key == site.application_server_key


async def test_receipts_reach_heliograph(
    devpush: DevPush, heliograph: Heliograph, site: HeliographSite, shop: Tenant, sender: Sender
):
    """Displayed by all, clicked by all here, and both are accepted."""
    receipt_key = heliograph.sealer.open(shop.made.project.receipt_key, f"project/{shop.id}/receipt_key")
    async with AgentFleet(devpush.ws_url, 3, click_share=1.0) as fleet:
        await fleet.subscribe(site)
        await fleet.register(vapid.public_bytes(sender.key))
        for agent in fleet.agents:
            delivery = f"dlv_{os.urandom(16).hex()}"
            token = delivery_token(delivery, receipt_key)
            content = {"title": "Hi", "navigate": "https://shop.example/"}
            value = {"web_push": 8030, "notification": content, "heliograph": {"d": token, "n": "ntf_1"}}
            plaintext = encryption.Plaintext(agent.p256dh, agent.auth, json.dumps(value).encode())
            await sender.post(agent.endpoint, encryption.encrypt_many([plaintext])[0])
        await fleet.wait_until(lambda counts: counts.shown == 3)
        await fleet.drain_receipts()

        assert fleet.receipt_problems() == []
        assert (fleet.counts.receipts_accepted, fleet.counts.receipts_refused) == (6, 0)
        assert fleet.reached("ntf_1") == 3


async def test_agents_that_devpush_forgot_keep_their_place_at_heliograph(devpush: DevPush, site: HeliographSite):
    """The subscription is replaced under the same identifier, as the service worker does it."""
    async with AgentFleet(devpush.ws_url, 3) as fleet:
        await fleet.subscribe(site)
        before = [(agent.subscription_id, agent.endpoint) for agent in fleet.agents]
        devpush.forget()
        await until(lambda: all(agent.endpoint not in {"", *dict(before).values()} for agent in fleet.agents))
        await until(lambda: len(devpush.registrations()) == 3)
        state = await state_of(site, fleet, 0)

        assert [agent.subscription_id for agent in fleet.agents] == [id_ for id_, _ in before]
        assert state["state"] == "active"
        assert fleet.problems == []


async def test_unsubscribing_on_both_sides(devpush: DevPush, site: HeliographSite):
    """As a page does it: the browser first, then the server."""
    async with AgentFleet(devpush.ws_url, 2) as fleet:
        await fleet.subscribe(site)
        await fleet.unregister(fleet.agents[:1], tells_heliograph=True)

        assert (await state_of(site, fleet, 0))["state"] == "unsubscribed"
        assert (await state_of(site, fleet, 1))["state"] == "active"


async def test_a_refusal_is_passed_on_in_heliographs_words(
    devpush: DevPush, heliograph: Heliograph, shop: Tenant, site: HeliographSite
):
    """A wrong origin is not retried."""
    transport = httpx.ASGITransport(app=create_app(heliograph))
    stranger = HeliographSite(ADDRESS, shop.page["Heliograph-Key"], "https://other.example", transport=transport)
    async with stranger, AgentFleet(devpush.ws_url, 1) as fleet:
        with pytest.raises(SiteError, match="403"):
            await fleet.subscribe(stranger)
