"""Gathering what checks look at: a few requests to each origin of a customer, a few to resolvers, one to ourselves.

Every address is a stranger's: only public ones are talked to, redirects are noted and not followed, answers are cut.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urljoin, urlsplit

from heliograph.domain.site import Certificate, Domain, Expected, Fetched, NameAnswer, Page, Site, read_page, script_tag
from heliograph.kit import certificates, names
from heliograph.kit.http import HttpRequest, HttpSender, TransportFault

WORKER_PATH = "/push/heliograph-worker.js"
"""Where the page script looks when the tag says nothing else."""
RIVALS = (
    "/OneSignalSDKWorker.js",
    "/firebase-messaging-sw.js",
    "/service-worker-pushpad.js",
    "/pushengage-worker.js",
    "/flock_push_worker.js",
)
"""Where other push vendors ask their customers to host a worker file."""
PAGE_BYTES = 1_000_000
FILE_BYTES = 100_000
MOST_DOMAINS = 20
_DOMAINS_AT_ONCE = 4
_JAVASCRIPT = frozenset({"text/javascript", "application/javascript", "application/x-javascript"})


@dataclass(frozen=True, slots=True)
class Reach:
    """How the network is asked.

    Attributes:
        resolvers: `system`, or literal addresses with a port if it is another than 53.
        allow_inside: whether addresses that are not public may be talked to.
        ca_file: certificates to trust instead of the public ones.
    """

    sender: HttpSender
    resolvers: tuple[str, ...] = (names.SYSTEM,)
    allow_inside: bool = False
    ca_file: str | None = None
    timeout: timedelta = timedelta(seconds=10)

    async def get(self, url: str, *, keep: int = FILE_BYTES) -> Fetched:
        """Ask for one address, as a browser would that sends nothing."""
        request = HttpRequest(
            "GET",
            url,
            (("Accept", "*/*"), ("Accept-Encoding", "identity")),
            b"",
            allow_plain=self.allow_inside,
            allow_http=True,
            ca_file=self.ca_file,
            timeout=self.timeout,
            keep=keep,
        )
        answer = await self.sender.send(request)
        if isinstance(answer, TransportFault):
            return Fetched(url, fault=answer.kind)
        is_cut = len(answer.body) >= keep
        return Fetched(url, answer.status, answer.headers, answer.body, is_cut=is_cut)


async def gather(reach: Reach, expected: Expected, pages: Sequence[str], publishable_key: str | None) -> Site:
    """Look at a site. `pages` are addresses of one page of each origin, the main one first."""
    turn = asyncio.Semaphore(_DOMAINS_AT_ONCE)

    async def in_turn(page: str) -> Domain:
        async with turn:
            return await _domain(reach, expected, page)

    domains = await asyncio.gather(*(in_turn(page) for page in pages))
    ours, theirs = await _names(reach, expected)
    script, config = await _service(reach, expected, pages[0] if pages else None, publishable_key)
    return Site(expected, tuple(domains), theirs, ours, script, config)


async def _domain(reach: Reach, expected: Expected, address: str) -> Domain:
    parts = urlsplit(address)
    origin = f"{parts.scheme}://{parts.netloc}"
    home = await reach.get(address, keep=PAGE_BYTES)
    page = read_page(address, home.text) if home.is_found else Page()
    draft = Domain(origin, home, page, home, WORKER_PATH, home)
    worker_path = _worker_path(draft, expected)
    manifest, worker, plain, certificate, rivals = await asyncio.gather(
        reach.get(_of_origin(origin, page.manifest) or f"{origin}/manifest.json"),
        reach.get(f"{origin}{worker_path}"),
        _plain(reach, origin),
        _certificate(reach, origin),
        _rivals(reach, origin),
    )
    return Domain(origin, home, page, worker, worker_path, manifest, rivals, plain, certificate)


def _worker_path(domain: Domain, expected: Expected) -> str:
    tag = script_tag(domain, expected)
    given = "" if tag is None else tag.data.get("worker", "")
    wanted = _of_origin(domain.origin, urljoin(f"{domain.origin}/", given)) if given else None
    return WORKER_PATH if wanted is None else urlsplit(wanted).path or WORKER_PATH


def _of_origin(origin: str, address: str | None) -> str | None:
    """Return an address if it is of this origin: a page must not make us look elsewhere."""
    return address if address is not None and address.startswith(f"{origin}/") else None


async def _plain(reach: Reach, origin: str) -> Fetched | None:
    parts = urlsplit(origin)
    # On another port than the usual one there is no http beside it.
    if parts.scheme != "https" or parts.port not in (None, 443):
        return None
    return await reach.get(f"http://{parts.hostname}/")


async def _certificate(reach: Reach, origin: str) -> Certificate | None:
    parts = urlsplit(origin)
    if parts.scheme != "https":
        return None
    shown = await certificates.look(
        parts.hostname or "",
        parts.port or 443,
        ca_file=reach.ca_file,
        allow_inside=reach.allow_inside,
        within=reach.timeout,
    )
    return Certificate(shown.expires_at, shown.distrust)


async def _rivals(reach: Reach, origin: str) -> Mapping[str, Fetched]:
    answers = await asyncio.gather(*(reach.get(f"{origin}{path}") for path in RIVALS))
    # Many sites answer every path with a page of theirs.
    found = zip(RIVALS, answers, strict=True)
    return {path: answer for path, answer in found if answer.is_found and answer.media_type in _JAVASCRIPT}


async def _names(reach: Reach, expected: Expected) -> tuple[tuple[NameAnswer, ...], tuple[NameAnswer, ...]]:
    if expected.push_host is None:
        return (), ()
    own = urlsplit(expected.base_url).hostname or ""
    ours, theirs = await asyncio.gather(_ask_all(reach, own), _ask_all(reach, expected.push_host))
    return ours, theirs


async def _ask_all(reach: Reach, host: str) -> tuple[NameAnswer, ...]:
    answers = await asyncio.gather(*(names.ask(host, each, within=reach.timeout) for each in reach.resolvers))
    said = zip(reach.resolvers, answers, strict=True)
    return tuple(NameAnswer(which, one.aliases, one.addresses, one.fault) for which, one in said)


async def _service(
    reach: Reach, expected: Expected, page: str | None, publishable_key: str | None
) -> tuple[Fetched, Fetched]:
    # Our own address may well lead inside: a proxy in the same house.
    own = Reach(reach.sender, allow_inside=True, ca_file=reach.ca_file, timeout=reach.timeout)
    script = await own.get(f"{expected.base_url}/sdk/v1/heliograph.js")
    if publishable_key is None or page is None:
        return script, Fetched("", fault="no_publishable_key")
    return script, await own.get(f"{expected.base_url}/v1/public/config?key={publishable_key}")
