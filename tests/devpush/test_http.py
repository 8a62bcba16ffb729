"""HTTP/1.1 and HTTP/2 on the wire: keep-alive, many streams, flow control, GOAWAY, resets and bad requests."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import h2.config
import h2.connection
import hpack
import httpx
import pytest
from hyperframe.frame import Frame, GoAwayFrame, HeadersFrame, SettingsFrame
from tests.devpush.conftest import ANY_PORTS
from tests.devpush.support.firefox_client import FirefoxClient
from tests.devpush.support.sender import Sender
from tests.devpush.support.waiting import until

from heliograph.devpush import DevPush, DevPushConfig, Fault, FaultKind
from heliograph.kit.clock import FrozenClock


def tls_context(devpush: DevPush, *alpn: str) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(devpush.ca_file))
    if alpn:
        context.set_alpn_protocols(list(alpn))
    return context


def over_tls(devpush: DevPush, endpoint: str) -> str:
    return f"https://localhost:{devpush.tls_port}{urlsplit(endpoint).path}"


@pytest.fixture
async def client(devpush: DevPush) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(http2=True, verify=tls_context(devpush), trust_env=False) as one:
        yield one


@pytest.fixture
def clock() -> FrozenClock:
    """TLS needs certificates of today."""
    return FrozenClock(datetime.now(UTC))


async def test_h2_takes_a_push(
    devpush: DevPush, browser: FirefoxClient, sender: Sender, endpoint: str, client: httpx.AsyncClient
):
    """By ALPN, on the TLS port, with the audience of that port."""
    target = over_tls(devpush, endpoint)
    body = browser.encrypt(b"over h2")

    response = await client.post(target, content=body, headers=sender.headers(target, body, {}))

    assert (response.http_version, response.status_code) == ("HTTP/2", 201)
    assert response.headers["location"].startswith(f"https://localhost:{devpush.tls_port}/m/")
    assert browser.decrypt(await browser.next()) == b"over h2"
    assert devpush.messages(endpoint)[0].http_version == "HTTP/2"


async def test_http_1_over_tls_takes_a_push(devpush: DevPush, browser: FirefoxClient, sender: Sender, endpoint: str):
    """A client without h2 gets http/1.1."""
    target = over_tls(devpush, endpoint)
    body = browser.encrypt(b"over tls")
    async with httpx.AsyncClient(verify=tls_context(devpush), trust_env=False) as client:
        response = await client.post(target, content=body, headers=sender.headers(target, body, {}))

    assert (response.http_version, response.status_code) == ("HTTP/1.1", 201)


async def test_firefox_may_come_over_tls(devpush: DevPush, sender: Sender):
    """wss, and then the endpoint is https at the same address."""
    browser = FirefoxClient(f"wss://localhost:{devpush.tls_port}/")
    browser.tls = tls_context(devpush)
    await browser.open()

    endpoint = await browser.register(sender.key)

    assert endpoint.startswith(f"https://localhost:{devpush.tls_port}/p/mozilla/wpush/v2/devpush-")
    await browser.close()


async def test_many_streams_at_once(
    devpush: DevPush, browser: FirefoxClient, sender: Sender, endpoint: str, client: httpx.AsyncClient
):
    """Three hundred pushes through one connection all arrive."""
    target = over_tls(devpush, endpoint)
    headers = sender.headers(target, b"x", {})

    responses = await asyncio.gather(
        *(client.post(target, content=browser.encrypt(b"%d" % n), headers=headers) for n in range(300))
    )
    received = {browser.decrypt(await browser.next()) for _ in range(300)}

    assert {response.status_code for response in responses} == {201}
    assert received == {b"%d" % n for n in range(300)}


async def test_a_huge_answer_obeys_flow_control(
    devpush: DevPush, sender: Sender, endpoint: str, client: httpx.AsyncClient
):
    """Eight mebibytes through windows of 64 kibibytes and more."""
    devpush.add_fault(Fault(FaultKind.HUGE))
    target = over_tls(devpush, endpoint)

    response = await client.post(target, headers=sender.headers(target, b"", {}))

    assert len(response.content) == 8 * 1024 * 1024


async def test_a_reset_hits_one_stream(devpush: DevPush, sender: Sender, endpoint: str, client: httpx.AsyncClient):
    """RST_STREAM: the connection serves the next request."""
    devpush.add_fault(Fault(FaultKind.RESET, times=1))
    target = over_tls(devpush, endpoint)

    with pytest.raises(httpx.RemoteProtocolError):
        await client.post(target, headers=sender.headers(target, b"", {}))
    assert (await client.post(target, headers=sender.headers(target, b"", {}))).status_code == 201


class H2Client:
    """A bare HTTP/2 client that shows every frame; h2 itself would hear nothing any more after a GOAWAY."""

    def __init__(self) -> None:
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.frames: list[Frame] = []

    async def open(self, port: int, context: ssl.SSLContext | None) -> None:
        name = "localhost" if context else None
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=name)
        self.h2.initiate_connection()
        self.flush()

    def post(self, url: str, headers: list[tuple[str, str]], body: bytes) -> int:
        parts = urlsplit(url)
        pseudo = [(":method", "POST"), (":scheme", parts.scheme), (":authority", parts.netloc), (":path", parts.path)]
        stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, [*pseudo, *headers], end_stream=not body)
        if body:
            self.h2.send_data(stream, body, end_stream=True)
        self.flush()
        return stream

    def end(self) -> None:
        self.h2.close_connection()
        self.flush()

    def flush(self) -> None:
        self.writer.write(self.h2.data_to_send())

    async def until_closed(self) -> None:
        async with asyncio.timeout(5):
            data = await self.reader.read()
        self.writer.close()
        while data:
            frame, length = Frame.parse_frame_header(memoryview(data[:9]))
            frame.parse_body(memoryview(data[9 : 9 + length]))
            self.frames.append(frame)
            data = data[9 + length :]

    def statuses(self) -> dict[int, str]:
        decoder = hpack.Decoder()
        headers = {f.stream_id: decoder.decode(f.data) for f in self.frames if isinstance(f, HeadersFrame)}
        return {stream: dict(fields)[":status"] for stream, fields in headers.items()}


async def test_goaway_names_what_was_not_processed(devpush: DevPush, sender: Sender, endpoint: str):
    """Streams before it are answered, the one that was struck is not, and the last stream id tells them apart."""
    devpush.add_fault(Fault(FaultKind.SLOW, delay=timedelta(milliseconds=100), times=1))
    devpush.add_fault(Fault(FaultKind.GOAWAY, times=1))
    target = over_tls(devpush, endpoint)
    headers = sender.headers(target, b"", {})
    client = H2Client()
    await client.open(devpush.tls_port, tls_context(devpush, "h2"))

    answered, struck = client.post(target, headers, b""), client.post(target, headers, b"")
    await client.until_closed()

    goaway = next(frame for frame in client.frames if isinstance(frame, GoAwayFrame))
    assert (goaway.error_code, goaway.last_stream_id) == (0, answered)
    assert client.statuses() == {answered: "201"}
    assert struck > goaway.last_stream_id
    assert devpush.status()["accepted"] == 1


async def test_h2_with_prior_knowledge_on_the_plain_port(
    devpush: DevPush, browser: FirefoxClient, sender: Sender, endpoint: str
):
    """A load test may leave TLS out."""
    body = browser.encrypt(b"h2c")
    client = H2Client()
    await client.open(urlsplit(devpush.http_url).port, None)
    stream = client.post(endpoint, sender.headers(endpoint, body, {}), body)
    frame = await browser.next()
    client.end()
    await client.until_closed()

    assert browser.decrypt(frame) == b"h2c"
    assert client.statuses() == {stream: "201"}


async def test_the_number_of_streams_is_announced(clock: FrozenClock):
    """A sender must obey MAX_CONCURRENT_STREAMS."""
    async with DevPush(DevPushConfig(**ANY_PORTS, max_streams=7), clock) as devpush:
        client = H2Client()
        await client.open(devpush.tls_port, tls_context(devpush, "h2"))
        client.end()
        await client.until_closed()

        announced = next(frame for frame in client.frames if isinstance(frame, SettingsFrame))
        assert announced.settings[SettingsFrame.MAX_CONCURRENT_STREAMS] == 7


async def talk(port: int, *parts: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    async with asyncio.timeout(5):
        answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST /p/fcm/x HTTP/1.1\r\nHost: a\r\nContent-Length: ten\r\n\r\n",
        b"POST /p/fcm/x HTTP/1.1\r\nHost: a\r\nTTL : 1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 70000 + b"\r\n\r\n",
    ],
    ids=["nonsense", "no host", "bad length", "space before colon", "endless header"],
)
async def test_a_broken_request_gets_a_4xx(devpush: DevPush, request_bytes: bytes):
    """And the connection ends."""
    answer = await talk(urlsplit(devpush.http_url).port, request_bytes)

    assert answer.startswith(b"HTTP/1.1 4")


async def test_a_body_without_end_is_cut_off(devpush: DevPush):
    """413 before it fills the memory."""
    head = b"POST /p/fcm/devpush-x HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\n"

    answer = await talk(urlsplit(devpush.http_url).port, head, b"x" * 300_000)

    assert answer.startswith(b"HTTP/1.1 413")


async def test_several_requests_in_one_write(devpush: DevPush):
    """Pipelined requests are answered in order."""
    one = b"GET /devpush/status HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = b"GET /nothing HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

    answer = await talk(urlsplit(devpush.http_url).port, one + one + last)

    assert answer.count(b"HTTP/1.1 200") == 2
    assert answer.count(b"HTTP/1.1 404") == 1


async def test_expect_continue_is_answered(devpush: DevPush):
    """A client that waits for leave to send its body gets it."""
    head = (
        b"POST /subscribe HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(devpush.http_url).port)
    writer.write(head)
    async with asyncio.timeout(5):
        leave = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"{}")
        answer = await reader.read()

    assert leave.startswith(b"HTTP/1.1 100")
    assert answer.startswith(b"HTTP/1.1 400")
    writer.close()
    await writer.wait_closed()


async def test_stopping_does_not_wait_for_anybody(clock: FrozenClock, sender: Sender):
    """Open sockets of every kind, a slow request and a stream of events end with the service."""
    devpush = DevPush(DevPushConfig(**ANY_PORTS), clock)
    async with devpush:
        browser = FirefoxClient(devpush.ws_url)
        await browser.open()
        endpoint = await browser.register(sender.key)
        devpush.add_fault(Fault(FaultKind.SLOW, delay=timedelta(minutes=1)))
        slow = asyncio.ensure_future(sender.post(endpoint))
        client = H2Client()
        await client.open(devpush.tls_port, tls_context(devpush, "h2"))
        await until(lambda: devpush.status()["faults"])
        start = asyncio.get_running_loop().time()

    assert asyncio.get_running_loop().time() - start < 1.5
    with pytest.raises(httpx.TransportError):
        await slow
    client.writer.close()
    await browser.close()
