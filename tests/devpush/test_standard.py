"""RFC 8030 from the user agent's side."""

import pytest
from tests.devpush.support.sender import Sender

from heliograph.devpush import DevPush
from heliograph.protocols import base64url, vapid

OPTIONS = {"content-type": "application/webpush-options+json"}


async def subscribe(devpush: DevPush, sender: Sender, **rest: object) -> tuple[str, str]:
    """Subscription resource and push resource."""
    response = await sender.client.post(f"{devpush.http_url}/subscribe", **rest)
    assert response.status_code == 201
    target, parameters = response.headers["link"].split("; ", 1)
    assert parameters == 'rel="urn:ietf:params:push"'
    return response.headers["location"], target.strip("<>")


async def test_subscribe_receive_and_acknowledge(devpush: DevPush, sender: Sender):
    """Section 4 to 6: subscribe, send, list what waits, read it, delete it."""
    subscription, endpoint = await subscribe(devpush, sender)
    sent = await sender.post(endpoint, authorization=None, ttl="30")
    listed = await sender.client.get(subscription)
    message = sent.headers["location"]
    read = await sender.client.get(message)
    acknowledged = await sender.client.delete(message)

    assert sent.status_code == 201
    assert listed.status_code == 204
    assert listed.headers["link"] == f'<{message}>; rel="item"'
    assert (read.status_code, read.headers["ttl"]) == (200, "30")
    assert acknowledged.status_code == 204
    assert (await sender.client.get(message)).status_code == 404
    assert devpush.messages(endpoint)[0].acked_code == "delivered"


async def test_a_key_restricts_the_subscription(devpush: DevPush, sender: Sender):
    """RFC 8292 section 4.1."""
    key = base64url.encode(vapid.public_bytes(sender.key))
    _, endpoint = await subscribe(devpush, sender, json={"vapid": key}, headers=OPTIONS)

    assert (await sender.post(endpoint)).status_code == 201
    assert (await sender.post(endpoint, authorization=None)).status_code == 401


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b"{}", {"content-type": "application/json"}),
        (b"nothing", OPTIONS),
        (b"[]", OPTIONS),
        (b'{"vapid":1}', OPTIONS),
        (b'{"vapid":"AAAA"}', OPTIONS),
        (b"[" * 100_000, OPTIONS),
    ],
)
async def test_bad_options_are_refused(devpush: DevPush, sender: Sender, content: bytes, headers: dict[str, str]):
    """400 with a sentence."""
    response = await sender.client.post(f"{devpush.http_url}/subscribe", content=content, headers=headers)

    assert response.status_code == 400
    assert devpush.registrations() == []


async def test_unsubscribe(devpush: DevPush, sender: Sender):
    """DELETE on the subscription resource: the sender gets 410, a second DELETE 404."""
    subscription, endpoint = await subscribe(devpush, sender)

    assert (await sender.client.delete(subscription)).status_code == 204
    assert (await sender.client.delete(subscription)).status_code == 404
    assert (await sender.post(endpoint, authorization=None)).status_code == 410


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/subscribe", 405), ("GET", "/s/unknown", 404), ("GET", "/m/unknown", 404), ("DELETE", "/m/unknown", 404)],
)
async def test_what_is_not_there(devpush: DevPush, sender: Sender, method: str, path: str, status: int):
    """Unknown resources and methods."""
    assert (await sender.client.request(method, f"{devpush.http_url}{path}")).status_code == status


async def test_a_message_resource_can_be_deleted_by_whoever_has_its_address(devpush: DevPush, sender: Sender):
    """It is a capability; a POST to it is nothing."""
    _, endpoint = await subscribe(devpush, sender)
    message = (await sender.post(endpoint, authorization=None)).headers["location"]

    assert (await sender.client.post(message)).status_code == 405
    assert (await sender.client.delete(message)).status_code == 204
