"""A customer's set-up as it was found: what checks look at. Facts alone; gathering them is `actions/site_facts.py`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit


class Severity(StrEnum):
    """How bad a finding is. `skipped`: it could not be looked at, and the sentence says why."""

    OK = "ok"
    SKIPPED = "skipped"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check.

    Attributes:
        id: stable; the check's name, a dot, and what was found.
        subject: what it is about: an origin, a host, or the project.
        hint: what to do; of warnings and errors alone.
    """

    id: str
    severity: Severity
    subject: str
    sentence: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of asking for one address: a status, or a fault.

    Attributes:
        fault: why there was no answer (`tls`, `timeout`, `refused_address`, …); None if there was one.
        headers: names in lower case.
        is_cut: whether more came than was read.
    """

    url: str
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    fault: str | None = None
    is_cut: bool = False

    @property
    def is_found(self) -> bool:
        """Whether the address itself answered with a document, not with a redirect."""
        return self.fault is None and 200 <= self.status < 300  # noqa: PLR2004 - RFC 9110 section 15.3

    @property
    def is_redirect(self) -> bool:
        """Whether the answer sends one elsewhere."""
        return self.fault is None and 300 <= self.status < 400 and "location" in self.headers  # noqa: PLR2004

    @property
    def location(self) -> str:
        """Return where a redirect leads, as an absolute address."""
        return urljoin(self.url, self.headers.get("location", ""))

    @property
    def media_type(self) -> str:
        """Return the content type without its parameters, in lower case."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """Return the body as text; bytes that are no UTF-8 are replaced."""
        return self.body.decode("utf-8", "replace")

    def how(self) -> str:
        """Return what came, for a sentence."""
        return f"no answer ({self.fault})" if self.fault is not None else f"status {self.status}"


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a host shows over TLS. `fault`: why it cannot be trusted; then the rest is unknown."""

    expires_at: datetime | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class NameAnswer:
    """What one resolver says of a host name."""

    resolver: str
    aliases: tuple[str, ...] = ()
    addresses: frozenset[str] = frozenset()
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """One script element: its absolute address and its `data-` attributes."""

    source: str
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """What a page's HTML says that concerns push.

    Attributes:
        manifest: absolute address of the web app manifest, if the page links one.
        policies: content security policies in `meta` elements.
    """

    scripts: tuple[Script, ...] = ()
    manifest: str | None = None
    policies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Domain:
    """One origin of the customer's site, as it was found.

    Attributes:
        home: the page that was asked for.
        plain: the same host over http; None where that makes no sense.
        worker: the worker file, where the tag (or the usual place) has it.
        worker_path: the path of that file.
        manifest: the manifest's file.
        rivals: worker files of other push vendors in their usual places, by path; those that are there.
        certificate: None for plain http.
    """

    origin: str
    home: Fetched
    page: Page
    worker: Fetched
    worker_path: str
    manifest: Fetched
    rivals: Mapping[str, Fetched] = field(default_factory=dict)
    plain: Fetched | None = None
    certificate: Certificate | None = None

    @property
    def host(self) -> str:
        """Return the host's name."""
        return urlsplit(self.origin).hostname or ""


@dataclass(frozen=True, slots=True)
class KeyUse:
    """One application server key of the project, and how many live subscriptions were made with it."""

    id: str
    state: str
    subscriptions: int
    is_paused: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """What the project says that should be found.

    Attributes:
        base_url: where browsers reach this installation.
        publishable_keys: those that are valid now.
        active_key: the public key that pages subscribe with now, base64url.
        push_host: the customer's name for us, or None.
        now: this machine's time when the facts were gathered.
    """

    project_id: str
    base_url: str
    origins: tuple[str, ...]
    publishable_keys: frozenset[str]
    active_key: str
    keys: tuple[KeyUse, ...]
    push_host: str | None
    now: datetime


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that checks look at.

    Attributes:
        domains: the first is the main one.
        names: what resolvers say of the push host; `ours` is what they say of this installation's own host.
        script: our page script, fetched from where browsers get it.
        config: what our public API tells pages, likewise.
    """

    expected: Expected
    domains: tuple[Domain, ...]
    names: tuple[NameAnswer, ...] = ()
    ours: tuple[NameAnswer, ...] = ()
    script: Fetched = field(default_factory=lambda: Fetched("", fault="not asked"))
    config: Fetched = field(default_factory=lambda: Fetched("", fault="not asked"))


def script_tag(domain: Domain, expected: Expected) -> Script | None:
    """Return our script's element on a page: by its address, or by a key that begins as ours do."""
    for script in domain.page.scripts:
        if script.source.split("?")[0].endswith("/sdk/v1/heliograph.js"):
            return script
    return next((each for each in domain.page.scripts if each.data.get("key", "") in expected.publishable_keys), None)


class _Reader(HTMLParser):
    def __init__(self, base: str) -> None:
        super().__init__(convert_charrefs=True)
        self._base = base
        self.scripts: list[Script] = []
        self.manifest: str | None = None
        self.policies: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        match tag:
            case "base" if values.get("href"):
                self._base = _absolute(self._base, values["href"])
            case "script":
                data = {name.removeprefix("data-"): value for name, value in values.items() if name.startswith("data-")}
                source = _absolute(self._base, values["src"]) if values.get("src") else ""
                self.scripts.append(Script(source, data))
            case "link" if "manifest" in values.get("rel", "").lower().split() and self.manifest is None:
                self.manifest = _absolute(self._base, values.get("href", ""))
            case "meta" if values.get("http-equiv", "").lower() == "content-security-policy":
                self.policies.append(values.get("content", ""))


def _absolute(base: str, address: str) -> str:
    try:
        return urljoin(base, address.strip())
    except ValueError:
        return ""


def read_page(url: str, html: str) -> Page:
    """Read a page's HTML, however broken."""
    reader = _Reader(url)
    reader.feed(html)
    return Page(tuple(reader.scripts), reader.manifest, tuple(reader.policies))
