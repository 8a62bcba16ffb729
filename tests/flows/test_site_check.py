"""Sites that are each wrong in one way, served for real over TLS, and what is found about each."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.support.sites import MANIFEST, Answer, complaints, serve

from heliograph.actions.site_checks import check
from heliograph.actions.site_facts import WORKER_PATH, Reach, gather
from heliograph.devpush import certs
from heliograph.domain.site import Expected, KeyUse
from heliograph.kit import names
from heliograph.kit.curl import CurlSender

KEY = "hpk_right"
JAVASCRIPT = "text/javascript; charset=utf-8"
Answers = dict[str, Answer]


def right_site(ours: str) -> Answers:
    """A site that is in order."""
    html = (
        "<!doctype html><title>Shop</title><link rel=manifest href=/manifest.json>"
        f'<script async src="{ours}/sdk/v1/heliograph.js" data-key="{KEY}"></script>'
    )
    return {
        "/": Answer(html.encode()),
        WORKER_PATH: Answer(f'importScripts("{ours}/sdk/v1/worker.js");\n'.encode(), JAVASCRIPT),
        "/manifest.json": Answer(MANIFEST, "application/manifest+json"),
    }


def change(path: str, **changes: object) -> Callable[[Answers], None]:
    """Make one answer another."""

    def spoil(answers: Answers) -> None:
        answers[path] = replace(answers.get(path, Answer()), **changes)  # type: ignore[arg-type]

    return spoil


def in_page(old: str, new: str) -> Callable[[Answers], None]:
    """Write something else into the page."""

    def spoil(answers: Answers) -> None:
        answers["/"].body = answers["/"].body.replace(old.encode(), new.encode())
        assert new.encode() in answers["/"].body

    return spoil


AWAY = {"Location": "/elsewhere"}
OLD_DATE = {"Date": "Sat, 14 Mar 2020 09:26:53 GMT"}
WRONG: Mapping[str, tuple[Callable[[Answers], None], set[str]]] = {
    "nothing": (lambda _: None, set()),
    "page down": (
        change("/", status=500),
        {"reachable.status"},
    ),
    "page silent": (change("/", is_silent=True), {"reachable.no_answer"}),
    "no tag": (in_page("<script async src", "<p title"), {"script_tag.missing"}),
    "other key": (in_page(KEY, "hpk_other"), {"script_tag.other_key"}),
    "no key": (in_page("data-key", "data-kee"), {"script_tag.no_key"}),
    "no worker": (change(WORKER_PATH, status=404), {"root_files.no_worker"}),
    "a modified worker": (change(WORKER_PATH, body=b"self.x=1"), {"root_files.other_worker"}),
    "worker as text": (change(WORKER_PATH, media_type="text/plain"), {"content_type.worker"}),
    "worker redirects": (change(WORKER_PATH, status=302, headers=AWAY), {"no_redirect.worker"}),
    "worker endless": (change(WORKER_PATH, endless=True), set()),
    "another vendor": (
        change("/OneSignalSDKWorker.js", body=b"x", media_type=JAVASCRIPT),
        {"worker.rival"},
    ),
    "manifest as a page": (change("/manifest.json", media_type="text/html"), {"content_type.manifest"}),
    "manifest redirects": (
        change("/manifest.json", status=301, headers=AWAY),
        {"no_redirect.manifest", "manifest.missing"},
    ),
    "no link": (in_page("rel=manifest", "rel=other"), {"manifest.no_link"}),
    "manifest in a tab": (change("/manifest.json", body=b'{"display":"browser"}'), {"manifest.display"}),
    "policy": (
        change("/", headers={"Content-Security-Policy": "connect-src 'self'"}),
        {"csp.connect_src"},
    ),
    "clock": (change("/", headers=OLD_DATE), {"clock.skew"}),
}


@pytest.fixture
def authority(tmp_path: Path) -> certs.Certificates:
    """An authority of the test's own, and a certificate for localhost."""
    return certs.ensure(tmp_path / "certs", ("localhost",), datetime.now(UTC))


@asynccontextmanager
async def standing(authority: certs.Certificates, spoil: Callable[[Answers], None]) -> AsyncIterator[tuple[str, str]]:
    """A site and an installation, both over TLS: their origins."""
    tls = authority.context("http/1.1")
    async with AsyncExitStack() as stack:
        answers = {
            "/sdk/v1/heliograph.js": Answer(b"x", JAVASCRIPT),
            "/v1/public/config": Answer(b'{"application_server_key":"BPub"}', "application/json"),
        }
        ours = await stack.enter_async_context(serve(answers, tls))
        site = right_site(ours)
        spoil(site)
        yield await stack.enter_async_context(serve(site, tls)), ours


def expected(site: str, ours: str) -> Expected:
    """What the project of that site says."""
    return Expected(
        project_id="prj_1",
        base_url=ours,
        origins=(site,),
        publishable_keys=frozenset({KEY}),
        active_key="BPub",
        keys=(KeyUse("vap_1", "active", 3),),
        push_host=None,
        now=datetime.now(UTC),
    )


@asynccontextmanager
async def reach(authority: certs.Certificates | None, *, allow_inside: bool = True) -> AsyncIterator[Reach]:
    """A way to the network that trusts the test's authority."""
    sender = CurlSender()
    ca_file = None if authority is None else str(authority.ca_file)
    try:
        yield Reach(sender, allow_inside=allow_inside, ca_file=ca_file, timeout=timedelta(seconds=2))
    finally:
        await sender.close()


@pytest.mark.parametrize("how", WRONG)
async def test_a_site_that_is_wrong_in_one_way(how: str, authority: certs.Certificates) -> None:
    """Exactly that is found, and a site that is in order gives nothing to complain of."""
    spoil, wanted = WRONG[how]
    async with standing(authority, spoil) as (site, ours), reach(authority) as network:
        found = complaints(await check(network, expected(site, ours), [f"{site}/"], KEY))
    assert found == wanted


async def test_a_certificate_that_nobody_trusts(authority: certs.Certificates) -> None:
    """The page cannot be fetched, and the certificate's finding says why."""
    async with standing(authority, lambda _: None) as (site, ours), reach(None) as network:
        found = complaints(await check(network, expected(site, ours), [f"{site}/"], None))
    assert {"certificate.untrusted", "reachable.no_answer"} <= found


async def test_an_address_inside_is_not_looked_at(authority: certs.Certificates) -> None:
    """Whoever may ask for a check may not use it to look around in the operator's network."""
    asked: list[str] = []

    class Watched(dict[str, Answer]):
        def get(self, path: str, default: Answer | None = None) -> Answer:  # type: ignore[override]
            asked.append(path)
            return default or Answer()

    async with serve(Watched(), authority.context("http/1.1")) as site, reach(authority, allow_inside=False) as network:
        found = await gather(network, expected(site, "https://localhost:1"), [f"{site}/"], None)
    assert (found.domains[0].home.fault, asked) == ("refused_address", [])
    assert found.domains[0].certificate is not None
    assert found.domains[0].certificate.expires_at is None


async def test_a_page_cannot_send_us_elsewhere(authority: certs.Certificates) -> None:
    """A manifest or worker of another origin is not asked for."""
    asked: list[str] = []

    class Watched(dict[str, Answer]):
        def get(self, path: str, default: Answer | None = None) -> Answer:  # type: ignore[override]
            asked.append(path)
            return default or Answer()

    async with AsyncExitStack() as stack:
        tls = authority.context("http/1.1")
        victim = await stack.enter_async_context(serve(Watched(), tls))
        html = f'<link rel=manifest href="{victim}/m"><script src="x/sdk/v1/heliograph.js" data-worker="{victim}/w">'
        site = await stack.enter_async_context(serve({"/": Answer(html.encode())}, tls))
        network = await stack.enter_async_context(reach(authority))
        await gather(network, expected(site, "https://localhost:1"), [f"{site}/"], None)
    assert asked == []


class _Names(asyncio.DatagramProtocol):
    """A name server that knows `push.shop.example` as an alias of `push.example`, and nothing else (RFC 1035)."""

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        question = data[12:]
        is_known = question.startswith(b"\x04push\x04shop\x07example\x00")
        answers = b""
        if is_known:
            target = b"\x04push\x07example\x00"
            answers = b"\xc0\x0c" + struct.pack("!HHIH", 5, 1, 60, len(target)) + target
        end = question.index(b"\x00") + 5
        if is_known and question[end - 4 : end - 2] == b"\x00\x01":
            answers += b"\x04push\x07example\x00" + struct.pack("!HHIH", 1, 1, 60, 4) + socket.inet_aton("203.0.113.7")
        count = 0 if not is_known else 1 + (question[end - 4 : end - 2] == b"\x00\x01")
        flags = 0x8180 if is_known else 0x8183
        head = data[:2] + struct.pack("!HHHHH", flags, 1, count, 0, 0)
        self._transport.sendto(head + question[:end] + answers, addr)


@pytest.fixture
async def resolver() -> AsyncIterator[str]:
    """The address of a name server of the test's own."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(_Names, local_addr=("127.0.0.1", 0))
    yield f"127.0.0.1:{transport.get_extra_info('sockname')[1]}"
    transport.close()


async def test_names_are_asked_of_the_resolver_that_is_named(resolver: str) -> None:
    """Aliases and addresses come back; a name that does not exist is told from a resolver that does not answer."""
    within = timedelta(seconds=2)
    known = await names.ask("push.shop.example", resolver, within=within)
    assert known == names.Answer(("push.example",), frozenset({"203.0.113.7"}))
    assert (await names.ask("nobody.example", resolver, within=within)).fault == "no_such_name"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{silent.getsockname()[1]}"
        assert (await names.ask("push.shop.example", where, within=timedelta(seconds=0.3))).fault == "timeout"


@pytest.mark.parametrize("text", ["", "dns.example", "1.2.3", "127.0.0.1:0", "127.0.0.1:99999", "1.1.1.1:x", "[::1"])
def test_what_is_no_resolver_is_refused(text: str) -> None:
    """With a sentence that says what one looks like."""
    with pytest.raises(ValueError, match="is not a resolver: write an IP address"):
        names.parse_resolver(text)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("system", ("system", 0)),
        ("1.1.1.1", ("1.1.1.1", 53)),
        ("127.0.0.1:5353", ("127.0.0.1", 5353)),
        ("2606:4700::1111", ("2606:4700::1111", 53)),
        ("[::1]:5353", ("::1", 5353)),
    ],
)
def test_resolvers_are_addresses(text: str, parsed: tuple[str, int]) -> None:
    """With a port if it is another than 53."""
    assert names.parse_resolver(text) == parsed
