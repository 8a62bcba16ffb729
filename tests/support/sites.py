"""A customer's site that is in order, as facts and as real local servers; tests make one thing wrong."""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from heliograph.domain.site import (
    Certificate,
    Domain,
    Expected,
    Fetched,
    Finding,
    KeyUse,
    NameAnswer,
    Severity,
    Site,
    read_page,
)

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)
BASE_URL = "https://push.example"
KEY = "hpk_right"
ORIGIN = "https://shop.example"
WORKER = b'importScripts("https://push.example/sdk/v1/worker.js");\n'
MANIFEST = b'{"name":"Shop","display":"standalone"}'
TAG = f'<script async src="{BASE_URL}/sdk/v1/heliograph.js" data-key="{KEY}"></script>'
HTML = f'<!doctype html><title>Shop</title><link rel="manifest" href="/manifest.json">{TAG}'


def fetched(path: str, body: bytes, media_type: str, status: int = 200, **headers: str) -> Fetched:
    """Return an answer of the right site."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Fetched(f"{ORIGIN}{path}", status, {"content-type": media_type} | named, body)


def home(html: str = HTML, **headers: str) -> Fetched:
    """Return the front page's answer."""
    return fetched("/", html.encode(), "text/html; charset=utf-8", date=format_datetime(NOW, usegmt=True), **headers)


def with_page(domain: Domain, html: str, **headers: str) -> Domain:
    """Return the origin with another front page."""
    answer = home(html, **headers)
    return replace(domain, home=answer, page=read_page(answer.url, html))


EXPECTED = Expected(
    project_id="prj_right",
    base_url=BASE_URL,
    origins=(ORIGIN, "https://m.shop.example"),
    publishable_keys=frozenset({KEY}),
    active_key="BPub",
    keys=(KeyUse("vap_new", "active", 10), KeyUse("vap_old", "retiring", 5)),
    push_host="push.shop.example",
    now=NOW,
)
DOMAIN = Domain(
    origin=ORIGIN,
    home=home(),
    page=read_page(f"{ORIGIN}/", HTML),
    worker=fetched("/push/heliograph-worker.js", WORKER, "text/javascript"),
    worker_path="/push/heliograph-worker.js",
    manifest=fetched("/manifest.json", MANIFEST, "application/manifest+json"),
    plain=Fetched("http://shop.example/", 301, {"location": f"{ORIGIN}/"}),
    certificate=Certificate(NOW + timedelta(days=60)),
)
RIGHT = Site(
    expected=EXPECTED,
    domains=(DOMAIN, replace(DOMAIN, origin="https://m.shop.example")),
    names=(NameAnswer("1.1.1.1", ("push.example",), frozenset({"203.0.113.7"})),),
    ours=(NameAnswer("1.1.1.1", (), frozenset({"203.0.113.7"})),),
    script=Fetched(f"{BASE_URL}/sdk/v1/heliograph.js", 200, {"content-type": "text/javascript"}, b"x"),
    config=Fetched(f"{BASE_URL}/v1/public/config", 200, {}, b'{"application_server_key":"BPub"}'),
)


def with_domain(**changes: object) -> Site:
    """Return the right site with one origin, changed."""
    return replace(RIGHT, domains=(replace(DOMAIN, **changes),))  # type: ignore[arg-type]


def with_html(html: str, **headers: str) -> Site:
    """Return the right site with one origin and another front page."""
    return replace(RIGHT, domains=(with_page(DOMAIN, html, **headers),))


def with_expected(**changes: object) -> Site:
    """Return the right site of a project that expects something else."""
    return replace(RIGHT, expected=replace(EXPECTED, **changes))  # type: ignore[arg-type]


def complaints(findings: list[Finding]) -> set[str]:
    """Return the identifiers of warnings and errors; each has a hint, and nothing else has one."""
    for finding in findings:
        assert bool(finding.hint) == (finding.severity in (Severity.WARNING, Severity.ERROR)), finding
        assert finding.sentence.endswith("."), finding
    return {finding.id for finding in findings if finding.hint}


@dataclass(slots=True)
class Answer:
    """What a local site says at one path."""

    body: bytes = b""
    media_type: str = "text/html"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    is_silent: bool = False
    endless: bool = False


@contextlib.asynccontextmanager
async def serve(answers: Mapping[str, Answer], tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """Serve these paths, 404 for others, on a free port of loopback; yields the origin."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            head = await reader.readuntil(b"\r\n\r\n")
            said = answers.get(head.split()[1].decode().partition("?")[0], Answer(b"not here", status=404))
            if said.is_silent:
                await reader.read()
                return
            lines = {"Content-Type": said.media_type, "Connection": "close", **said.headers}
            lines.setdefault("Date", format_datetime(datetime.now(UTC), usegmt=True))
            if not said.endless:
                lines["Content-Length"] = str(len(said.body))
            shown = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
            writer.write(f"HTTP/1.1 {said.status} X\r\n{shown}\r\n".encode() + said.body)
            while said.endless:
                writer.write(b" " * 65_536)
                await writer.drain()
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"{'http' if tls is None else 'https'}://localhost:{port}"
    finally:
        server.close()
