"""Firefox's WebSocket protocol, frame by frame."""

import uuid

import pytest
from tests.devpush.support.firefox_client import FirefoxClient
from tests.devpush.support.sender import Sender
from tests.devpush.support.waiting import until
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from heliograph.devpush import AckCode, DevPush
from heliograph.protocols import base64url

CHANNEL = "4924ca78-8068-4ebd-8049-56aca11e69a5"


async def test_hello_gives_an_identity_and_knows_it_again(devpush: DevPush):
    """The uaid is 32 hexadecimal digits and stays over a reconnect."""
    browser = FirefoxClient(devpush.ws_url)

    first = await browser.open()
    await browser.close()
    second = await browser.open()
    await browser.close()

    assert first == second
    assert first == {
        "messageType": "hello",
        "uaid": first["uaid"],
        "status": 200,
        "use_webpush": True,
        "broadcasts": {},
    }
    assert len(bytes.fromhex(first["uaid"])) == 16


async def test_a_push_is_received_decrypted_and_acked(
    devpush: DevPush, browser: FirefoxClient, sender: Sender, endpoint: str
):
    """The whole way: 201 to the sender, one notification frame, and the ack is heard."""
    response = await sender.post(endpoint, browser.encrypt("Grüße".encode()), urgency="high", topic="greeting")
    frame = await browser.next()
    await browser.ack(frame)

    assert response.status_code == 201
    assert browser.decrypt(frame).decode() == "Grüße"
    assert frame["headers"] == {"encoding": "aes128gcm"}
    assert frame["version"] == response.headers["location"].rsplit("/", 1)[1]
    record = devpush.messages(endpoint)[0]
    assert (record.status, record.ttl, record.urgency, record.topic) == (201, "60", "high", "greeting")
    assert (record.acked_code, record.sent_count, record.byte_count) == (AckCode.DELIVERED, 1, 103 + 7)
    assert devpush.status()["pending_messages"] == 0


async def test_an_empty_push_has_neither_data_nor_headers(browser: FirefoxClient, sender: Sender, endpoint: str):
    """Firefox takes the absence of data for an event without payload."""
    await sender.post(endpoint)

    assert set(await browser.next()) == {"messageType", "channelID", "version", "ttl"}


@pytest.mark.parametrize(
    ("code", "heard"),
    [(100, AckCode.DELIVERED), (101, AckCode.UNDECRYPTABLE), (102, AckCode.NOT_DELIVERED)],
)
async def test_the_code_of_an_ack_is_kept(
    code: int, heard: AckCode, devpush: DevPush, browser: FirefoxClient, sender: Sender, endpoint: str
):
    """A test can ask why a message was not shown."""
    await sender.post(endpoint)
    await browser.ack(await browser.next(), code)

    assert devpush.messages(endpoint)[0].acked_code is heard


async def test_a_nack_ends_the_message_too(devpush: DevPush, browser: FirefoxClient, sender: Sender, endpoint: str):
    """The service worker threw: there is no use in sending again."""
    await sender.post(endpoint)
    frame = await browser.next()
    await browser.say({"messageType": "nack", "version": frame["version"], "code": 301})
    await browser.is_quiet()

    assert devpush.messages(endpoint)[0].acked_code is AckCode.HANDLER_FAILED
    assert devpush.status()["pending_messages"] == 0


async def test_what_is_not_acked_comes_again_after_a_reconnect(
    browser: FirefoxClient, sender: Sender, endpoint: str, devpush: DevPush
):
    """A browser that died before the ack gets the same version again, in order."""
    for text in (b"one", b"two", b"three"):
        await sender.post(endpoint, browser.encrypt(text))
    frames = [await browser.next() for _ in range(3)]
    await browser.ack(frames[1])
    await browser.close()
    await browser.open()
    again = [await browser.next() for _ in range(2)]

    assert [browser.decrypt(frame) for frame in again] == [b"one", b"three"]
    assert again[0]["version"] == frames[0]["version"]
    assert devpush.messages(endpoint)[0].sent_count == 2


async def test_a_second_connection_of_the_same_profile_replaces_the_first(
    devpush: DevPush, browser: FirefoxClient, sender: Sender, endpoint: str
):
    """The old socket is closed and the new one gets the messages."""
    second = FirefoxClient(devpush.ws_url)
    second.uaid = browser.uaid
    await second.open()
    await sender.post(endpoint)

    assert (await second.next())["messageType"] == "notification"
    with pytest.raises(ConnectionClosed):
        await browser.next()
    assert devpush.connected() == [browser.uaid]
    await second.close()


async def test_registering_a_channel_twice_gives_the_same_endpoint(browser: FirefoxClient, sender: Sender):
    """As long as the key is the same; another key makes another subscription."""
    channel = str(uuid.uuid4())

    first = await browser.register(sender.key, channel)
    again = await browser.register(sender.key, channel)
    other = await browser.register(None, channel)

    assert first == again != other


async def test_unregister_is_confirmed_and_drops_what_waits(
    devpush: DevPush, browser: FirefoxClient, sender: Sender, endpoint: str
):
    """The sender gets 410 from then on."""
    channel = devpush.registration(endpoint).channel
    await browser.close()
    await until(lambda: not devpush.connected())
    await sender.post(endpoint)
    browser_again = FirefoxClient(devpush.ws_url)
    browser_again.uaid = browser.uaid
    await browser_again.open()
    await browser_again.next()
    answer = await browser_again.ask({"messageType": "unregister", "channelID": channel, "code": 202})

    assert answer == {"messageType": "unregister", "channelID": channel, "status": 200}
    assert (await sender.post(endpoint)).status_code == 410
    assert devpush.messages(endpoint)[0].dropped == "unsubscribed"
    await browser_again.close()


@pytest.mark.parametrize(
    ("channel", "key"),
    [
        ("not-a-uuid", None),
        ("AAAAAAAA-0000-4000-8000-000000000000", None),
        (CHANNEL, "!!!"),
        (CHANNEL, base64url.encode(b"\x04" + bytes(64))),
    ],
)
async def test_a_registration_with_a_bad_channel_or_key_is_refused(browser: FirefoxClient, channel: str, key: str):
    """The status of the answer rejects the page's promise."""
    frame = {"messageType": "register", "channelID": channel} | ({"key": key} if key else {})

    assert (await browser.ask(frame))["status"] == 400


@pytest.mark.parametrize("ping", ["{}", '{"messageType":"ping"}'])
async def test_keep_alives_are_answered(browser: FirefoxClient, ping: str):
    """Firefox closes a connection on which its empty object is not answered."""
    assert await browser.ask(ping) == {}


async def test_broadcasts_are_ignored_in_peace(browser: FirefoxClient):
    """Remote settings subscribe to broadcasts and expect no answer."""
    await browser.say({"messageType": "broadcast_subscribe", "broadcasts": {"a/b": '"v1"'}})

    assert await browser.is_quiet()


@pytest.mark.parametrize(
    "frame",
    [
        "no json",
        "[]",
        '{"messageType":"dance"}',
        '{"messageType":"hello","use_webpush":true}',
    ],
)
async def test_nonsense_ends_the_connection(browser: FirefoxClient, frame: str):
    """A client that breaks the protocol is told so by a policy violation, close code 1008."""
    await browser.say(frame)

    with pytest.raises(ConnectionClosed) as ended:
        await browser.next()
    assert ended.value.rcvd.code == 1008


async def test_nothing_goes_before_hello(devpush: DevPush):
    """A register without a hello belongs to nobody."""
    async with connect(devpush.ws_url, subprotocols=["push-notification"], proxy=None) as socket:
        await socket.send('{"messageType":"register","channelID":"00000000-0000-4000-8000-000000000000"}')
        with pytest.raises(ConnectionClosed):
            await socket.recv()


async def test_only_web_push_is_spoken(devpush: DevPush):
    """A hello without use_webpush is from another age."""
    async with connect(devpush.ws_url, subprotocols=["push-notification"], proxy=None) as socket:
        await socket.send('{"messageType":"hello"}')
        with pytest.raises(ConnectionClosed):
            await socket.recv()


@pytest.mark.parametrize(("path", "status"), [("ua/opera", 404), ("elsewhere", 404)])
async def test_an_unknown_path_is_no_websocket(devpush: DevPush, path: str, status: int):
    """Only / and /ua/{service} are upgraded."""
    with pytest.raises(InvalidStatus) as refused:
        await connect(f"{devpush.ws_url}{path}", subprotocols=["push-notification"], proxy=None)

    assert refused.value.response.status_code == status


async def test_the_subprotocol_is_required(devpush: DevPush):
    """Something else than a browser's push client knocked."""
    with pytest.raises(InvalidStatus):
        await connect(devpush.ws_url, proxy=None)


async def test_forgetting_gives_a_new_identity(devpush: DevPush, browser: FirefoxClient, sender: Sender, endpoint: str):
    """A service that lost its state closes the socket, hands out another uaid, and does not know the endpoint."""
    before = browser.uaid

    assert devpush.forget() == 1
    with pytest.raises(ConnectionClosed):
        await browser.next()
    after = (await browser.open())["uaid"]

    assert before != after
    assert (await sender.post(endpoint)).status_code == 404


async def test_large_frames_in_fragments_are_read(devpush: DevPush, browser: FirefoxClient):
    """A message may come in several frames."""
    await browser.socket.send(['{"messageType":', '"pi', 'ng"}'])

    assert await browser.next() == {}
