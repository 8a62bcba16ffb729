"""What an outgoing HTTP exchange is: one request, one answer or one fault. The engine behind it can be changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

MAX_ANSWER_BYTES = 65_536
"""Bytes of an answer's body that are kept unless a request asks for more; a push service has little to say."""
CONNECTIONS_PER_HOST = 32
"""To a host that speaks HTTP/1.1, so many requests go at once; another one waits, and its time-out runs meanwhile."""


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """What a client shows of itself in TLS: a chain of PEM certificates, its own first, and its private key as PEM."""

    chain: bytes = field(repr=False)
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request to a server that may be hostile.

    Attributes:
        url: used byte for byte.
        connect_to: address (a literal IP) and port to connect to instead of what the URL's name resolves to. The
            certificate is still checked against the URL's name.
        ca_file: a file of certificates to trust instead of the public ones.
        allow_plain: whether `http://` and an address inside are meant; only for the bundled push service.
        allow_http: whether `http://` is meant, at a public address.
        timeout: for the whole exchange, connecting included.
        keep: bytes of the answer's body that are kept; who sends more is not listened to further.
        certificate: shown to the server if it asks; connections are shared by requests with the same one only.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    connect_to: tuple[str, int] | None = None
    ca_file: str | None = None
    allow_plain: bool = False
    allow_http: bool = False
    timeout: timedelta = timedelta(seconds=10)
    keep: int = MAX_ANSWER_BYTES
    certificate: ClientCertificate | None = None


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """One answer. Header names are lower-case; of several with one name the last is kept."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    http_version: str = ""


class FaultKind(StrEnum):
    """Why there was no answer."""

    RESOLVE = "resolve"
    REFUSED_ADDRESS = "refused_address"
    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT = "timeout"
    RESET = "reset"
    PROTOCOL = "protocol"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class TransportFault:
    """There was no answer; whether the request arrived is unknown."""

    kind: FaultKind
    detail: str = ""


class HttpSender(Protocol):
    """Sends requests, many at once. Never follows a redirect, never asks the environment for a proxy, never raises."""

    async def send(self, request: HttpRequest) -> HttpResponse | TransportFault:
        """Do one exchange."""
        ...

    async def close(self) -> None:
        """Finish what is in the air and release the connections."""
        ...
