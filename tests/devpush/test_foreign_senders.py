"""Implementations that are not ours, so that a mistake on both of our sides cannot cancel itself out."""

import asyncio
import json
from pathlib import Path

import http_ece
import pytest
import pywebpush
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02
from tests.devpush.support.firefox_client import FirefoxClient
from tests.devpush.support.sender import Sender

from heliograph.devpush import DevPush
from heliograph.devpush.agents import AgentFleet
from heliograph.kit.clock import SystemClock
from heliograph.protocols import base64url, vapid

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "webpush.json").read_text())


@pytest.fixture
def clock() -> SystemClock:
    """A foreign library looks at the machine's own clock."""
    return SystemClock()


def foreign_vapid(sender: Sender) -> Vapid02:
    return Vapid02.from_raw(base64url.encode(vapid.private_bytes(sender.key)).encode())


async def push_with_pywebpush(sender: Sender, endpoint: str, p256dh: bytes, auth: bytes, text: str) -> int:
    info = {"endpoint": endpoint, "keys": {"p256dh": base64url.encode(p256dh), "auth": base64url.encode(auth)}}
    response = await asyncio.to_thread(
        pywebpush.webpush,
        info,
        text,
        vapid_private_key=foreign_vapid(sender),
        vapid_claims={"sub": "mailto:push@shop.example.com"},
        ttl=60,
        headers={"Urgency": "high", "Topic": "a" * 32},
    )
    return response.status_code


async def test_pywebpush_is_accepted_and_an_agent_decrypts_it(devpush: DevPush, sender: Sender):
    """Encryption, VAPID and headers of a foreign sender pass the strict checks and arrive."""
    async with AgentFleet(devpush.ws_url, 1) as fleet:
        await fleet.register(vapid.public_bytes(sender.key))
        agent = fleet.agents[0]

        status = await push_with_pywebpush(sender, agent.endpoint, agent.p256dh, agent.auth, "Grüße von fern")
        await fleet.wait_until(lambda counts: counts.decrypted == 1)

    assert status == 201
    assert agent.arrivals[0].plaintext.decode() == "Grüße von fern"
    record = devpush.messages(agent.endpoint)[0]
    assert (record.ttl, record.urgency, record.topic) == ("60", "high", "a" * 32)


async def test_pywebpush_with_a_strange_key_is_refused(devpush: DevPush, sender: Sender):
    """And it says so in its own words."""
    async with AgentFleet(devpush.ws_url, 1) as fleet:
        await fleet.register(vapid.public_bytes(vapid.generate_private_key()))
        agent = fleet.agents[0]

        with pytest.raises(pywebpush.WebPushException, match="401"):
            await push_with_pywebpush(sender, agent.endpoint, agent.p256dh, agent.auth, "hello")


@pytest.mark.parametrize("length", [0, 1, 2600, 3993])
async def test_http_ece_decrypts_what_we_encrypt(browser: FirefoxClient, sender: Sender, endpoint: str, length: int):
    """Through devpush, with the foreign implementation as the browser."""
    plaintext = bytes(range(256)) * 16
    await sender.post(endpoint, browser.encrypt(plaintext[:length]))
    body = base64url.decode((await browser.next())["data"])

    opened = http_ece.decrypt(body, private_key=browser.private_key, auth_secret=browser.auth, version="aes128gcm")

    assert opened == plaintext[:length]


async def test_we_decrypt_what_http_ece_encrypts(browser: FirefoxClient, sender: Sender, endpoint: str):
    """The other way round, with a key of its own making."""
    body = http_ece.encrypt(
        b"from afar",
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=browser.p256dh,
        auth_secret=browser.auth,
        version="aes128gcm",
    )

    response = await sender.post(endpoint, body)

    assert response.status_code == 201
    assert browser.decrypt(await browser.next()) == b"from afar"


async def test_http_ece_with_two_records_is_refused(browser: FirefoxClient, sender: Sender, endpoint: str):
    """A foreign library makes them gladly; RFC 8291 section 4 does not allow them."""
    body = http_ece.encrypt(
        b"x" * 300,
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=browser.p256dh,
        auth_secret=browser.auth,
        rs=100,
        version="aes128gcm",
    )

    assert (await sender.post(endpoint, body)).status_code == 400


async def test_the_body_printed_in_the_rfc_is_taken(sender: Sender, endpoint: str):
    """RFC 8291 section 5, byte for byte."""
    printed = base64url.decode(VECTORS["rfc8291_appendix_a"]["body"])

    assert (await sender.post(endpoint, printed)).status_code == 201
