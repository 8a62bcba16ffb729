"""Chromium's side: checkin, register3 and MCS."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from tests.devpush.support.mcs_client import APP, ChromiumClient
from tests.devpush.support.sender import Sender
from tests.devpush.support.waiting import until

from heliograph.devpush import DevPush
from heliograph.devpush import protobuf as pb
from heliograph.protocols import base64url, vapid


@pytest.fixture
async def chromium(devpush: DevPush, sender: Sender) -> AsyncIterator[ChromiumClient]:
    one = ChromiumClient(devpush, sender.client)
    await one.checkin()
    yield one
    await one.dispose()


def address(devpush: DevPush, token: str) -> str:
    """The endpoint that Chromium forms, at the address where it can be reached without its host's name."""
    return f"{devpush.http_url}/fcm/send/{token}"


async def test_checkin_gives_an_identity_and_keeps_it(chromium: ChromiumClient):
    """Both halves are non-zero; a device that is known gets the same again."""
    before = (chromium.device, chromium.secret)

    await chromium.checkin()

    assert all(before)
    assert (chromium.device, chromium.secret) == before


async def test_checkin_with_a_wrong_token_is_another_device(chromium: ChromiumClient):
    """Nobody takes over a device by its number."""
    device = chromium.device
    chromium.secret += 1

    await chromium.checkin()

    assert chromium.device != device


async def test_checkin_wants_protobuf(devpush: DevPush, sender: Sender):
    """Other bytes are refused."""
    answer = await sender.client.post(f"{devpush.http_url}/checkin", content=b"\xff\xff\xff")

    assert answer.status_code == 400


async def test_chromiums_own_registration_gets_a_token_and_is_no_subscription(
    chromium: ChromiumClient, devpush: DevPush
):
    """The first register3 of a browser is its own."""
    answer = await chromium.register3(app="com.google.android.gms", sender="745476177629")

    assert answer.startswith("token=")
    assert devpush.registrations() == []


async def test_a_wrong_security_token_is_refused(chromium: ChromiumClient, sender: Sender):
    """In the text form that Chromium understands."""
    chromium.secret += 1

    answer = await chromium.register3(app=APP, sender="x", **{"X-subtype": "wp:x"})

    assert answer == "Error=AUTHENTICATION_FAILED"


@pytest.mark.parametrize("key", ["745476177629", "", base64url.encode(b"\x04" + bytes(64))])
async def test_a_sender_that_is_no_key_is_refused(chromium: ChromiumClient, key: str):
    """Chromium turns it into an AbortError at once."""
    answer = await chromium.register3(app=APP, sender=key, **{"X-subtype": "wp:x"})

    assert answer == "Error=INVALID_SENDER"


async def test_a_push_arrives_as_data_message(chromium: ChromiumClient, devpush: DevPush, sender: Sender):
    """With the fields by which Chromium finds its subscription and its key."""
    token = await chromium.subscribe(sender.key, "wp:http://localhost/#B-V2")
    login = await chromium.login()
    response = await sender.post(address(devpush, token), chromium.encrypt(b"hello"))
    stanza = await chromium.next()
    chromium.ack()
    await until(lambda: devpush.status()["acked"] == 1)

    assert (login.tag, pb.first_text(login.fields, 1), pb.first_int(login.fields, 6)) == (3, "chrome-156", 1)
    assert 3 not in login.fields
    assert response.status_code == 201
    assert stanza.tag == 8
    assert chromium.decrypt(stanza) == b"hello"
    assert pb.first_text(stanza.fields, 3) == base64url.encode(vapid.public_bytes(sender.key))
    assert pb.first_text(stanza.fields, 5) == APP
    app_data = [pb.parse(item) for item in stanza.fields[7] if isinstance(item, bytes)]
    assert {pb.first_text(item, 1): pb.first_text(item, 2) for item in app_data} == {
        "subtype": "wp:http://localhost/#B-V2",
        "content-encoding": "aes128gcm",
    }
    assert (pb.first_int(stanza.fields, 17), pb.first_int(stanza.fields, 24)) == (60, 1)
    assert devpush.status()["pending_messages"] == 0


async def test_an_empty_push_has_no_raw_data(chromium: ChromiumClient, devpush: DevPush, sender: Sender):
    """Neither body nor encoding."""
    token = await chromium.subscribe(sender.key)
    await chromium.login()
    await sender.post(address(devpush, token))
    stanza = await chromium.next()

    assert 21 not in stanza.fields
    assert len(stanza.fields[7]) == 1


async def test_the_vendors_hosts_lead_to_the_same_token(chromium: ChromiumClient, devpush: DevPush, sender: Sender):
    """Chromium forms the address itself, on a host that depends on its build; the audience follows the host."""
    token = await chromium.subscribe(sender.key)

    for host, path in (
        ("jmt17.google.com", "/fcm/send/"),
        ("fcm.googleapis.com", "/fcm/send/"),
        ("fcm.googleapis.com", "/wp/"),
        ("fcm.googleapis.com", "/preprod/wp/"),
    ):
        authorization = sender.authorization(f"http://{host}/")
        response = await sender.post(f"{devpush.http_url}{path}{token}", host=host, authorization=authorization)
        assert response.status_code == 201


async def test_what_came_before_the_login_waits(chromium: ChromiumClient, devpush: DevPush, sender: Sender):
    """subscribe() does not wait for MCS."""
    token = await chromium.subscribe(sender.key)
    await sender.post(address(devpush, token), chromium.encrypt(b"early"))
    await chromium.login()

    assert chromium.decrypt(await chromium.next()) == b"early"


async def test_a_lost_connection_gets_the_message_again(chromium: ChromiumClient, devpush: DevPush, sender: Sender):
    """With the same persistent id, unless the login says that it was received."""
    token = await chromium.subscribe(sender.key)
    await chromium.login()
    await sender.post(address(devpush, token), chromium.encrypt(b"one"))
    await sender.post(address(devpush, token), chromium.encrypt(b"two"))
    one, two = await chromium.next(), await chromium.next()
    chromium.close()
    await chromium.login(received_ids=(pb.first_text(one.fields, 9),))
    again = await chromium.next()

    assert chromium.decrypt(again) == b"two"
    assert pb.first_text(again.fields, 9) == pb.first_text(two.fields, 9)
    assert devpush.status()["acked"] == 1


async def test_a_second_login_of_the_device_takes_over(chromium: ChromiumClient, devpush: DevPush, sender: Sender):
    """Chromium drops its first connection right after login and makes another one."""
    token = await chromium.subscribe(sender.key)
    await chromium.login()
    old = chromium.reader
    await chromium.login()
    await sender.post(address(devpush, token), chromium.encrypt(b"hello"))

    assert chromium.decrypt(await chromium.next()) == b"hello"
    assert await old.read() == b""
    assert devpush.connected() == [str(chromium.device)]


async def test_heartbeats_are_answered_with_at_least_four_bytes(chromium: ChromiumClient):
    """Chromium reads past a shorter stanza when another one follows."""
    await chromium.login()

    stanza = await chromium.heartbeat()

    assert stanza.tag == 1
    assert set(stanza.fields) == {1, 2, 3}
    assert pb.first_int(stanza.fields, 2) == 2


async def test_a_heartbeat_acks_too(chromium: ChromiumClient, devpush: DevPush, sender: Sender):
    """Its counter says how far the browser has read."""
    token = await chromium.subscribe(sender.key)
    await chromium.login()
    await sender.post(address(devpush, token), chromium.encrypt(b"hello"))
    await chromium.next()
    await chromium.heartbeat()

    assert devpush.status()["acked"] == 1


async def test_a_wrong_login_is_told_so(chromium: ChromiumClient):
    """The answer holds an error and the connection ends."""
    answer = await chromium.login(secret=chromium.secret + 1)

    assert pb.first_int(pb.parse(pb.first_bytes(answer.fields, 3)), 1) == 401
    assert await chromium.reader.read() == b""


async def test_unsubscribe_ends_the_token(chromium: ChromiumClient, devpush: DevPush, sender: Sender):
    """register3 with delete=true; the sender gets 410 in FCM's words."""
    token = await chromium.subscribe(sender.key, "wp:http://localhost/#C-V2")
    await chromium.register3(
        app=APP, delete="true", sender="*", scope="*", **{"X-subtype": "wp:http://localhost/#C-V2"}
    )

    response = await sender.post(address(devpush, token))

    assert (response.status_code, response.text) == (410, "push subscription has unsubscribed or expired.\n")


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x29\x08\x00",
        b"\x29\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
        b"\x29\x02\x03abc",
    ],
)
async def test_garbage_on_the_mcs_port_ends_the_connection(devpush: DevPush, chromium: ChromiumClient, data: bytes):
    """Anything but a login, or bytes that are no stanza."""
    await chromium.login()
    context = chromium.writer.get_extra_info("ssl_object").context
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", devpush.mcs_port, ssl=context, server_hostname="localhost"
    )
    writer.write(data)

    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()


async def test_a_thousand_stanzas_in_pieces(chromium: ChromiumClient, devpush: DevPush, sender: Sender):
    """Stanzas are found wherever the network cuts the stream."""
    token = await chromium.subscribe(sender.key)
    await chromium.login()
    whole = b"".join(
        bytes([0]) + pb.varint(len(body)) + body
        for body in [pb.int_field(1, n) + pb.int_field(3, 0) for n in range(200)]
    )
    for start in range(0, len(whole), 7):
        chromium.writer.write(whole[start : start + 7])
    answers = [await chromium.next() for _ in range(200)]
    await sender.post(address(devpush, token), chromium.encrypt(b"still here"))

    assert {stanza.tag for stanza in answers} == {1}
    assert chromium.decrypt(await chromium.next()) == b"still here"


async def test_the_registration_path_takes_post_only(devpush: DevPush, sender: Sender):
    """A GET of Chromium's addresses finds nothing."""
    response: httpx.Response = await sender.client.get(f"{devpush.http_url}/c2dm/register3")

    assert response.status_code == 404
