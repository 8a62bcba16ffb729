"""The outgoing engine against servers that mean no good, on both event loops."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import uvloop
from tests.support.apple import HOST, apple
from tests.support.hostile import Behaviour, answering, closing, flooding, request, resetting, serving, trickling
from tests.support.websites import PUSH_ID, intermediate, issue, root, website

from heliograph.devpush import DevPush, DevPushConfig, Fault, FaultKind
from heliograph.devpush.agents import AgentFleet
from heliograph.kit import http
from heliograph.kit.curl import MAX_HEADER_BYTES, CurlSender
from heliograph.kit.http import MAX_ANSWER_BYTES, ClientCertificate, HttpRequest, HttpResponse, TransportFault

Run = Callable[[Coroutine[Any, Any, Any]], Any]
Answer = HttpResponse | TransportFault
OK = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Run:
    """Runs a coroutine on either event loop."""

    def runs(work: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=request.param) as runner:
            return runner.run(work)

    return runs


def to(port: int, **changes: Any) -> HttpRequest:
    values: dict[str, Any] = {
        "method": "POST",
        "url": f"http://127.0.0.1:{port}/send/a/../b?token=%2Bx",
        "headers": (("TTL", "60"),),
        "body": b"body",
        "allow_plain": True,
        "timeout": timedelta(seconds=5),
    }
    return HttpRequest(**(values | changes))


async def ask(behaviour: Behaviour, **changes: Any) -> Answer:
    """Send one request to a server of this behaviour."""
    sender = CurlSender()
    async with serving(behaviour) as port:
        answer = await sender.send(to(port, **changes))
        await sender.close()
        return answer


def test_what_is_sent(run: Run):
    """The address goes out byte for byte, with a length, without Expect, chunks, cookies or a type of curl's own."""
    seen: list[tuple[bytes, bytes]] = []

    async def behaviour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            seen.append(await request(reader))
            writer.write(
                b"HTTP/1.1 201 Created\r\nSet-Cookie: a=b\r\nX-Twice: 1\r\nX-Twice: 2\r\nContent-Length: 2\r\n\r\nhi"
            )

    async def story() -> None:
        sender = CurlSender()
        async with serving(behaviour) as port:
            for _ in range(2):
                answer = await sender.send(to(port, body=b"\x00\x01" * 2_000))
            await sender.close()
        assert answer.status == 201
        assert answer.body == b"hi"
        assert answer.http_version == "1.1"
        assert answer.headers["x-twice"] == "2"

    run(story())
    assert len(seen) == 2
    for head, body in seen:
        lines = head.split(b"\r\n")
        assert lines[0] == b"POST /send/a/../b?token=%2Bx HTTP/1.1"
        names = {line.partition(b":")[0].lower() for line in lines[1:] if line}
        assert names == {b"host", b"user-agent", b"accept", b"ttl", b"content-length"}
        assert body == b"\x00\x01" * 2_000


def test_pinned_address_is_for_one_request(run: Run):
    """A request that names no address goes where its URL says, also after one that was sent to a pinned address."""
    first = answering(b"HTTP/1.1 201 Pinned\r\nX-Server: pinned\r\nContent-Length: 0\r\n\r\n")
    second = answering(b"HTTP/1.1 201 Named\r\nX-Server: named\r\nContent-Length: 0\r\n\r\n")

    async def story() -> list[str]:
        sender = CurlSender()
        async with serving(first) as pinned, serving(second) as named:
            answers = [
                await sender.send(to(named, connect_to=("127.0.0.1", pinned))),
                await sender.send(to(named)),
            ]
            await sender.close()
        return [answer.headers["x-server"] for answer in answers]

    assert run(story()) == ["pinned", "named"]


@pytest.mark.parametrize("status", [200, 201, 301, 302, 307, 400, 404, 410, 429, 500, 503, 599, 999])
def test_status(run: Run, status: int):
    """Every status comes back as it is; a redirect is an answer, and never followed."""
    head = f"HTTP/1.1 {status} X\r\nLocation: http://169.254.169.254/latest\r\nContent-Length: 0\r\n\r\n"

    answer = run(ask(answering(head.encode())))

    assert (answer.status, answer.headers["location"]) == (status, "http://169.254.169.254/latest")


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (resetting, http.FaultKind.RESET),
        (closing, http.FaultKind.RESET),
        (answering(b"HTTP/1.1 201 Created\r\nContent-Length: 50\r\n\r\nshort"), http.FaultKind.TIMEOUT),
        (answering(b"SSH-2.0-OpenSSH_9.2\r\n\r\n"), http.FaultKind.PROTOCOL),
        (answering(b"\x00\xff\xfe garbage \r\n\r\n\r\n"), http.FaultKind.PROTOCOL),
        (flooding(b"HTTP/1.1 201 Created\r\n", b"X-A: " + b"a" * 1_000 + b"\r\n"), http.FaultKind.PROTOCOL),
        (flooding(b"HTTP/1.1 201 Created\r\nX-A: ", b"a" * 1_000), http.FaultKind.PROTOCOL),
        (flooding(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), http.FaultKind.PROTOCOL),
        (trickling(b"HTTP/1.1 201 Created\r\n", b"X-A: a\r\n", 0.05), http.FaultKind.TIMEOUT),
        (trickling(b"HTTP/1.1 201 Created\r\nContent-Length: 9999\r\n\r\n", b"a", 0.05), http.FaultKind.TIMEOUT),
        (trickling(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.05), http.FaultKind.TIMEOUT),
    ],
)
def test_bad_servers(run: Run, behaviour: Behaviour, kind: http.FaultKind):
    """What a server does wrong becomes a fault of its kind, within the time-out."""
    began = time.monotonic()
    seconds = 0.4 if kind is http.FaultKind.TIMEOUT else 10

    answer = run(ask(behaviour, timeout=timedelta(seconds=seconds)))

    assert isinstance(answer, TransportFault)
    assert answer.kind is kind
    assert time.monotonic() - began < 10


def test_endless_body_is_cut(run: Run):
    """Of a body without an end the first 64 KiB are kept, with the status."""
    answer = run(ask(flooding(b"HTTP/1.1 503 No\r\nRetry-After: 7\r\n\r\n", b"x" * 10_000)))

    assert isinstance(answer, HttpResponse)
    assert (answer.status, answer.headers["retry-after"]) == (503, "7")
    assert answer.body == b"x" * MAX_ANSWER_BYTES


def test_headers_just_below_the_limit(run: Run):
    """Headers that are merely long are taken."""
    filler = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 1_000) for number in range(30))
    answer = run(ask(answering(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n" + filler + b"\r\n")))

    assert len(filler) < MAX_HEADER_BYTES
    assert answer.status == 201


def test_interim_answers(run: Run):
    """A few interim answers are skipped, and their headers are not the answer's."""
    interim = b"HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n"
    answer = run(ask(answering(interim * 3 + OK)))

    assert answer.status == 201
    assert "x-early" not in answer.headers


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1:{port}/",
        "https://[::1]:{port}/",
        "https://localhost:{port}/",
        "https://0.0.0.0:{port}/",
        "https://2130706433:{port}/",
        "https://0x7f000001:{port}/",
        "https://[::ffff:127.0.0.1]:{port}/",
    ],
)
def test_addresses_inside_are_not_connected_to(run: Run, url: str):
    """A name or number that leads inside is refused before a connection is opened, in whatever notation."""
    touched: list[int] = []

    async def behaviour(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        touched.append(1)

    async def story() -> Answer:
        sender = CurlSender()
        async with serving(behaviour) as port:
            answer = await sender.send(to(port, url=url.format(port=port), allow_plain=False))
            await sender.close()
            return answer

    answer = run(story())
    assert isinstance(answer, TransportFault)
    assert answer.kind in {http.FaultKind.REFUSED_ADDRESS, http.FaultKind.CONNECT}
    assert touched == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:{port}/", "ftp://127.0.0.1:{port}/", "file:///etc/passwd", "x", ""])
def test_other_protocols(run: Run, url: str):
    """Nothing but https is spoken unless the request allows http, and then only that."""
    answer = run(ask(answering(OK), url=url.format(port=1), allow_plain=not url.startswith("http:")))

    assert isinstance(answer, TransportFault)


def test_header_injection(run: Run):
    """A header with a line break is not sent."""
    answer = run(ask(answering(OK), headers=(("Topic", "a\r\nX-Evil: 1"),)))

    assert answer == TransportFault(http.FaultKind.PROTOCOL, "The request cannot be made: ValueError.")


def test_no_proxy_from_the_environment(run: Run, monkeypatch: pytest.MonkeyPatch):
    """Variables that name a proxy are not obeyed."""
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert run(ask(answering(OK))).status == 201


def test_nobody_listens(run: Run):
    """A closed port is a fault of connecting."""

    async def story() -> Answer:
        async with serving(closing) as port:
            pass
        sender = CurlSender()
        answer = await sender.send(to(port))
        await sender.close()
        return answer

    assert run(story()).kind is http.FaultKind.CONNECT


def test_unresolvable(run: Run):
    """A name that does not exist is a fault of resolving."""
    answer = run(ask(closing, url="https://does-not-exist.invalid/", allow_plain=False))

    assert answer.kind in {http.FaultKind.RESOLVE, http.FaultKind.TIMEOUT}


def test_many_at_once_over_http2(run: Run):
    """Hundreds at once share a few HTTP/2 connections to the pinned address, each checked against the name."""

    async def story() -> None:
        async with DevPush(DevPushConfig(host="127.0.0.1", http_port=0, tls_port=0, mcs_port=0)) as devpush:
            sender = CurlSender()
            url = "https://fcm.googleapis.com/fcm/send/devpush-x"
            pinned = {"connect_to": ("127.0.0.1", devpush.tls_port), "allow_plain": False}
            wanted = to(0, url=url, ca_file=str(devpush.ca_file), **pinned)
            answers = await asyncio.gather(*(sender.send(wanted) for _ in range(300)))
            assert {(answer.status, answer.http_version) for answer in answers} == {(404, "2")}

            untrusted = await sender.send(to(0, url=url, **pinned))
            assert untrusted.kind is http.FaultKind.TLS
            other = to(0, url="https://other.example/", ca_file=str(devpush.ca_file), **pinned)
            assert (await sender.send(other)).kind is http.FaultKind.TLS
            assert (await sender.send(wanted)).status == 404
            await sender.close()

    run(story())


def test_goaway_and_reset_over_http2(run: Run):
    """A connection that goes away in the middle takes nothing with it: the next request opens another one."""

    async def story() -> None:
        async with (
            DevPush(DevPushConfig(host="127.0.0.1", http_port=0, tls_port=0, mcs_port=0)) as devpush,
            AgentFleet(devpush.ws_url, 1, vendor_hosts=True) as fleet,
        ):
            await fleet.register(None)
            sender = CurlSender()
            wanted = to(
                0,
                url=fleet.agents[0].endpoint,
                connect_to=("127.0.0.1", devpush.tls_port),
                ca_file=str(devpush.ca_file),
                allow_plain=False,
            )
            for kind in (FaultKind.RESET, FaultKind.GOAWAY, FaultKind.HUGE):
                devpush.add_fault(Fault(kind, times=1))
                answer = await sender.send(wanted)
                is_fault = isinstance(answer, TransportFault)
                assert is_fault or answer.status == 503 or kind is FaultKind.GOAWAY, (kind, answer)
                assert (await sender.send(wanted)).http_version == "2"
            await sender.close()

    run(story())


def test_cancelled(run: Run):
    """A request that is cancelled is abandoned, and its handle serves the next one."""

    async def story() -> None:
        sender = CurlSender()
        async with serving(trickling(b"", b"", 0.05)) as slow, serving(answering(OK)) as quick:
            for _ in range(3):
                waiting = asyncio.create_task(sender.send(to(slow)))
                await asyncio.sleep(0.02)
                waiting.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await waiting
                assert (await sender.send(to(quick))).status == 201
            await sender.close()

    run(story())


def test_close_finishes_what_is_in_the_air(run: Run):
    """Closing waits for the answers of what was sent, and nothing can be sent any more."""

    async def slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request(reader)
        await asyncio.sleep(0.1)
        writer.write(OK)

    async def story() -> None:
        sender = CurlSender()
        async with serving(slowly) as port:
            sent = [asyncio.create_task(sender.send(to(port))) for _ in range(5)]
            await asyncio.sleep(0.01)
            await sender.close()
            assert [(await task).status for task in sent] == [201] * 5
            assert (await sender.send(to(port))).kind is http.FaultKind.CANCELLED

    run(story())


def test_client_certificates(run: Run, tmp_path: Path):
    """Requests with one certificate share a connection; with another, or with none, they never do."""
    other = issue("Website Push ID: web.com.example.other", intermediate(), push_id="web.com.example.other")
    first, second = (ClientCertificate(each.pem + intermediate().pem, each.key_pem) for each in (website(), other))

    async def story() -> None:
        sender = CurlSender()
        async with apple(tmp_path, root().pem) as service:
            values = {
                "url": f"https://{HOST}/3/device/ab",
                "headers": (("apns-topic", PUSH_ID),),
                "connect_to": ("127.0.0.1", service.port),
                "ca_file": str(service.certificates.ca_file),
                "allow_plain": False,
            }
            seen = []
            for certificate in (first, first, None, second, first, None):
                answer = await sender.send(to(service.port, **values, certificate=certificate))
                seen.append((answer.status, answer.http_version, service.connections))
            await sender.close()
        assert seen == [(200, "2", 1), (200, "2", 1), (403, "2", 2), (400, "2", 3), (200, "2", 3), (403, "2", 3)]

    run(story())
