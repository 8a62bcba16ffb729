"""One HTTP exchange as values, alike for HTTP/1.1 and HTTP/2: what came in, what goes out, how the connection ends."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qs, urlsplit

MAX_REQUEST_BODY = 256 * 1024
"""Bytes of a request that are read at all; strictness about 4,096 comes later."""

Headers = tuple[tuple[str, str], ...]


class Ending(StrEnum):
    """What happens to the connection with this answer."""

    KEEP = "keep"
    RESET = "reset"
    """No answer: a TCP reset, or RST_STREAM when the exchange has an HTTP/2 stream of its own."""
    HANG_UP = "hang_up"
    """No answer: the connection is closed; on HTTP/2 with a GOAWAY that says this request was not processed."""


@dataclass(frozen=True, slots=True)
class Request:
    """A complete request. Header names are lower-case; repeated headers stay separate."""

    method: str
    target: str
    headers: Headers
    body: bytes
    scheme: str
    authority: str
    http_version: str

    @property
    def path(self) -> str:
        """The target without its query."""
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """The query's last value for each name."""
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}

    @property
    def host(self) -> str:
        """The authority's host, lower-case, without port."""
        return (urlsplit(f"//{self.authority}").hostname or "").lower()

    @property
    def origin(self) -> str:
        """Scheme and authority as a client wrote them, the audience that RFC 8292 asks for."""
        default = {"http": ":80", "https": ":443"}[self.scheme]
        return f"{self.scheme}://{self.authority.lower().removesuffix(default)}"

    def values(self, name: str) -> list[str]:
        """Return every value of a header, in order."""
        return [value for key, value in self.headers if key == name]

    def value(self, name: str) -> str | None:
        """Return the only value of a header; repeated ones are joined by a comma (RFC 9110 section 5.3)."""
        found = self.values(name)
        return ", ".join(found) if found else None


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other side gets. `stream` follows `body` and keeps the exchange open."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    ending: Ending = Ending.KEEP
    stream: AsyncIterator[bytes] | None = None

    def fields(self) -> list[tuple[str, str]]:
        """Return the headers with the length of a body that is known."""
        if self.stream is not None or self.status == 204:  # noqa: PLR2004 - no content has no length
            return list(self.headers)
        return [*self.headers, ("content-length", str(len(self.body)))]


Handler = Callable[[Request], Awaitable[Answer]]


def json_answer(status: int, value: Any, headers: Headers = ()) -> Answer:
    """Return an answer with a JSON body."""
    body = json.dumps(value, separators=(",", ":")).encode()
    return Answer(status, (("content-type", "application/json"), *headers), body)


def text_answer(status: int, text: str, headers: Headers = ()) -> Answer:
    """Return an answer with a plain text body."""
    return Answer(status, (("content-type", "text/plain; charset=utf-8"), *headers), text.encode())
