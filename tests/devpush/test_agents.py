"""Simulated user agents against a real devpush."""

import asyncio
import json
import math
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.devpush.conftest import ANY_PORTS
from tests.devpush.support.sender import Sender
from tests.devpush.support.waiting import until

from heliograph.devpush import DevPush, DevPushConfig, Fault, FaultKind, Service
from heliograph.devpush.agents import Agent, AgentFleet, PayloadError, parse_payload, percentile
from heliograph.kit.clock import FrozenClock
from heliograph.protocols import encryption, vapid

ALL = (Service.MOZILLA, Service.FCM, Service.APPLE, Service.WNS)


def payload(delivery: str = "dlv_1", notification: str = "ntf_1", **changes: Any) -> bytes:
    content = {"title": "Hi", "navigate": "https://shop.example/1", "mutable": True}
    value = {"web_push": 8030, "notification": content, "heliograph": {"d": f"{delivery}.mac", "n": notification}}
    return json.dumps(value | changes).encode()


def encrypted(agent: Agent, plaintext: bytes) -> bytes:
    return encryption.encrypt_many([encryption.Plaintext(agent.p256dh, agent.auth, plaintext)])[0]


@pytest.fixture
async def fleet(devpush: DevPush, sender: Sender, clock: FrozenClock) -> AsyncIterator[AgentFleet]:
    async with AgentFleet(devpush.ws_url, 12, services=ALL, click_share=0.5, channels_per_socket=2, clock=clock) as one:
        await one.register(vapid.public_bytes(sender.key))
        yield one


async def send(sender: Sender, agent: Agent, plaintext: bytes) -> None:
    response = await sender.post(agent.endpoint, encrypted(agent, plaintext))
    assert response.status_code == 201


async def test_each_agent_has_keys_and_an_endpoint_of_its_own(fleet: AgentFleet, devpush: DevPush):
    """Of the service it was given, in turn; several share a socket."""
    services = [devpush.registration(agent.endpoint).service for agent in fleet.agents]

    assert services == list(ALL) * 3
    assert len({agent.p256dh for agent in fleet.agents} | {agent.auth for agent in fleet.agents}) == 24
    assert len({agent.endpoint for agent in fleet.agents}) == 12
    assert len(devpush.connected()) == 8
    for agent in fleet.agents:
        encryption.ReceiverKeys(agent.p256dh, agent.auth)


async def test_one_notification_to_all(fleet: AgentFleet, sender: Sender, devpush: DevPush, clock: FrozenClock):
    """Received, decrypted, shown, clicked by a share, acked, and counted."""
    since = clock.now()
    clock.advance(timedelta(seconds=2))
    for agent in fleet.agents:
        await send(sender, agent, payload(f"dlv_{agent.index}"))
    await fleet.wait_until(lambda counts: counts.shown == 12)
    await until(lambda: devpush.status()["acked"] == 12)
    summary = fleet.summary("ntf_1", since)

    assert (summary.agents, summary.subscribed, summary.decrypted, summary.shown, summary.lost) == (12, 12, 12, 12, 0)
    assert 0 < summary.clicked < 12
    assert summary.clicked == fleet.counts.clicked
    assert (summary.latency(0.5), summary.latency(0.95)) == (2.0, 2.0)
    assert fleet.agents[3].arrivals[0].delivery == "dlv_3"
    assert fleet.summary("ntf_other").lost == 12


async def test_who_clicks_depends_on_the_seed(devpush: DevPush, sender: Sender):
    """The same seed gives the same agents, another one gives others."""

    async def clickers(seed: int) -> set[int]:
        async with AgentFleet(devpush.ws_url, 30, click_share=0.4, seed=seed) as fleet:
            await fleet.register(vapid.public_bytes(sender.key))
            for agent in fleet.agents:
                await send(sender, agent, payload(f"dlv_{agent.index}"))
            await fleet.wait_until(lambda counts: counts.shown == 30)
            return {arrival.agent for arrival in fleet.arrivals if arrival.clicked}

    assert await clickers(1) == await clickers(1) != await clickers(2)


async def test_a_delivery_is_shown_once(fleet: AgentFleet, sender: Sender):
    """A retry that arrives twice is dropped, whatever it says besides."""
    agent = fleet.agents[0]
    await send(sender, agent, payload("dlv_a"))
    await send(sender, agent, payload("dlv_a"))
    await send(sender, agent, payload("dlv_b"))
    await fleet.wait_until(lambda counts: counts.decrypted == 3)

    assert (fleet.counts.shown, fleet.counts.duplicates) == (2, 1)
    assert fleet.summary("ntf_1").decrypted == 2
    assert [arrival.duplicate for arrival in agent.arrivals] == [False, True, False]


async def test_a_data_push_is_not_shown(fleet: AgentFleet, sender: Sender):
    """It is received and decrypted, and nobody sees or clicks it."""
    value = {"heliograph": {"d": "dlv_a.mac", "n": "ntf_1"}, "data": {"stock": 3}}
    await send(sender, fleet.agents[0], json.dumps(value).encode())
    await fleet.wait_until(lambda counts: counts.decrypted == 1)

    assert (fleet.counts.shown, fleet.counts.clicked, fleet.counts.malformed) == (0, 0, 0)


async def test_what_does_not_decrypt_is_counted_and_said(fleet: AgentFleet, sender: Sender, devpush: DevPush):
    """The ack is 101, as Firefox's."""
    one, other = fleet.agents[:2]
    await sender.post(one.endpoint, encrypted(other, payload()))
    await fleet.wait_until(lambda counts: counts.undecryptable == 1)
    await until(lambda: devpush.status()["undecryptable"] == 1)

    assert one.arrivals[0].plaintext is None
    assert fleet.summary().undecryptable == 1


async def test_foreign_messages_are_decrypted_but_not_shown(fleet: AgentFleet, sender: Sender):
    """A test of delivery alone may send what it likes, and read it."""
    await send(sender, fleet.agents[0], b"plain words")
    await fleet.wait_until(lambda counts: counts.decrypted == 1)

    assert fleet.agents[0].arrivals[0].plaintext == b"plain words"
    assert (fleet.counts.malformed, fleet.counts.shown) == (1, 0)


async def test_messages_wait_for_agents_that_are_away(fleet: AgentFleet, sender: Sender, devpush: DevPush):
    """Closing and opening a thousand browsers is two calls."""
    await fleet.go_offline()
    await until(lambda: not devpush.connected())
    for agent in fleet.agents:
        await send(sender, agent, payload(f"dlv_{agent.index}"))
    assert fleet.counts.received == 0

    await fleet.go_online()
    await fleet.wait_until(lambda counts: counts.shown == 12)


async def test_agents_come_back_by_themselves(fleet: AgentFleet, sender: Sender, devpush: DevPush):
    """After devpush closed every connection."""
    devpush.disconnect()
    for agent in fleet.agents:
        await send(sender, agent, payload(f"dlv_{agent.index}"))

    await fleet.wait_until(lambda counts: counts.shown == 12)
    assert fleet.counts.duplicates == 0


async def test_a_message_that_devpush_repeats_is_dropped_by_its_version(clock: FrozenClock, sender: Sender):
    """As a real Firefox does, before it even decrypts."""
    config = DevPushConfig(**ANY_PORTS, resend_after=timedelta(milliseconds=10))
    async with DevPush(config, clock) as devpush, AgentFleet(devpush.ws_url, 1) as fleet:
        await fleet.register(vapid.public_bytes(sender.key))
        devpush.add_fault(Fault(FaultKind.DROP_ACKS, times=2))
        await send(sender, fleet.agents[0], payload())
        await fleet.wait_until(lambda counts: counts.repeated == 2)

        assert (fleet.counts.received, fleet.counts.duplicates) == (1, 0)


async def test_agents_subscribe_again_when_devpush_forgot_them(fleet: AgentFleet, sender: Sender, devpush: DevPush):
    """With a new channel and a new endpoint, as after pushsubscriptionchange."""
    before = [agent.endpoint for agent in fleet.agents]

    devpush.forget()
    await until(lambda: all(agent.endpoint not in {"", *before} for agent in fleet.agents))
    for agent in fleet.agents:
        await send(sender, agent, payload(f"dlv_{agent.index}"))

    await fleet.wait_until(lambda counts: counts.shown == 12)


async def test_an_agent_can_unsubscribe(fleet: AgentFleet, sender: Sender):
    """The sender gets 410; the others are not touched."""
    await fleet.unregister(fleet.agents[:3])

    statuses = [(await sender.post(agent.endpoint)).status_code for agent in fleet.agents[:4]]

    assert statuses == [410, 410, 410, 201]


async def test_endpoints_on_the_vendors_hosts(devpush: DevPush, sender: Sender):
    """For a sender that is told where devpush's TLS port is."""
    async with AgentFleet(devpush.ws_url, 4, services=ALL, vendor_hosts=True) as fleet:
        await fleet.register(vapid.public_bytes(sender.key))

        hosts = [agent.endpoint.split("/")[2] for agent in fleet.agents]
        lasts = [agent.endpoint.partition("?")[0].rsplit("/", 1)[1] for agent in fleet.agents]

    assert hosts == [
        "updates.push.services.mozilla.com",
        "fcm.googleapis.com",
        "web.push.apple.com",
        "wns2-dev.notify.windows.com",
    ]
    assert all(last.startswith("devpush-") for last in lasts)


async def test_progress_is_told(devpush: DevPush, sender: Sender):
    """Whoever draws a bar gets the totals as they grow."""
    seen: list[int] = []
    async with AgentFleet(devpush.ws_url, 5, progress=lambda counts: seen.append(counts.decrypted)) as fleet:
        await fleet.register(vapid.public_bytes(sender.key))
        for agent in fleet.agents:
            await send(sender, agent, payload(f"dlv_{agent.index}"))
        await fleet.wait_until(lambda counts: counts.decrypted == 5)

    assert sorted(set(seen)) == [0, 1, 2, 3, 4, 5]


async def test_waiting_in_vain_says_where_the_agents_are(fleet: AgentFleet):
    """The totals are in the error."""
    with pytest.raises(TimeoutError, match="registered=12"):
        await fleet.wait_until(lambda counts: counts.shown == 1, timedelta(milliseconds=20))


async def test_registering_without_a_key(devpush: DevPush, sender: Sender):
    """Subscriptions that anybody may send to."""
    async with AgentFleet(devpush.ws_url, 1) as fleet:
        await fleet.register(None)

        assert (await sender.post(fleet.agents[0].endpoint, authorization=None)).status_code == 201


async def test_a_crowd(devpush: DevPush, sender: Sender):
    """Three hundred agents in one process, sent to twenty at a time."""
    async with AgentFleet(devpush.ws_url, 300, services=ALL) as fleet:
        await fleet.register(vapid.public_bytes(sender.key))
        turns = asyncio.Semaphore(20)

        async def one(agent: Agent) -> None:
            async with turns:
                await send(sender, agent, payload(f"dlv_{agent.index}"))

        await asyncio.gather(*(one(agent) for agent in fleet.agents))
        await fleet.wait_until(lambda counts: counts.shown == 300)

    assert fleet.summary("ntf_1").lost == 0


def without(name: str) -> Callable[[dict[str, Any]], None]:
    return lambda value: value["notification"].pop(name)


def with_value(name: str, wrong: object) -> Callable[[dict[str, Any]], None]:
    return lambda value: value["notification"].update({name: wrong})


SPOILT = {
    "no title": without("title"),
    "empty title": with_value("title", ""),
    "no navigate": without("navigate"),
    "relative navigate": with_value("navigate", "/basket"),
    "silent as text": with_value("silent", "true"),
    "unknown direction": with_value("dir", "up"),
    "actions as object": with_value("actions", {}),
    "not declarative": lambda value: value.pop("web_push"),
    "an older draft": lambda value: value.update(web_push=9001),
    "notification as list": lambda value: value.update(notification=[]),
    "no delivery": lambda value: value["heliograph"].pop("d"),
    "delivery without proof": lambda value: value["heliograph"].update(d="dlv_1"),
    "delivery of another kind": lambda value: value["heliograph"].update(d="ntf_1.mac"),
    "no notification id": lambda value: value["heliograph"].pop("n"),
    "nothing of ours": lambda value: value.pop("heliograph"),
}


@pytest.mark.parametrize("name", SPOILT)
def test_an_odd_payload_is_noticed(name: str):
    """What WebKit's parser would drop, or our worker could not report on."""
    value = json.loads(payload())
    parse_payload(json.dumps(value).encode())
    SPOILT[name](value)

    with pytest.raises(PayloadError):
        parse_payload(json.dumps(value).encode())


@pytest.mark.parametrize("plaintext", [b"", b"hello", b"[]", b"\xff", b"[" * 100_000, b"null"])
def test_bytes_that_are_no_payload(plaintext: bytes):
    """Refused with one error, whatever they are."""
    with pytest.raises(PayloadError):
        parse_payload(plaintext)


@given(st.lists(st.floats(0, 1e6), min_size=1), st.floats(0, 1))
def test_a_percentile_is_one_of_the_values(values: list[float], share: float):
    """With at least that share of the values at or below it."""
    found = percentile(values, share)

    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9 * len(values)


def test_percentiles():
    """Nearest rank."""
    values = [float(number) for number in range(1, 101)]

    assert (percentile(values, 0.5), percentile(values, 0.95), percentile(values, 1.0)) == (50.0, 95.0, 100.0)
    assert math.isnan(percentile([], 0.5))
