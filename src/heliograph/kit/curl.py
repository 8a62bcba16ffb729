"""The outgoing HTTP engine: libcurl's multi interface driven by the asyncio loop. HTTP/2 by ALPN, else HTTP/1.1.

Every address that a connection is opened to is looked at before the first byte leaves (`kit.addresses`), so a name that
resolves inside is refused even if it resolved outside a moment ago. Redirects, proxies of the environment, cookies and
other protocols do not exist here. `docs/explanation/delivery.md` says why libcurl.
"""

import asyncio
import contextlib
import os
import socket
from dataclasses import dataclass, field
from typing import Any

import certifi
import pycurl

from heliograph.kit.addresses import is_public
from heliograph.kit.http import (
    CONNECTIONS_PER_HOST,
    MAX_ANSWER_BYTES,
    FaultKind,
    HttpRequest,
    HttpResponse,
    TransportFault,
)

MAX_HEADER_BYTES = 32_768
"""Bytes of all header lines of an answer, interim answers included; more is a fault."""
CONNECT_TIMEOUT_MS = 5_000

_STREAMS_PER_CONNECTION = 100
_CONNECTIONS = 512
_IDLE_SECONDS = 90
_POOLED_HANDLES = 2_048
_WHERE_IT_SAYS = ":::"
"""A CONNECT_TO that changes nothing: pycurl ignores an empty list, and a handle would go on to its last address."""
_VERSIONS = {
    pycurl.CURL_HTTP_VERSION_1_0: "1.0",
    pycurl.CURL_HTTP_VERSION_1_1: "1.1",
    pycurl.CURL_HTTP_VERSION_2: "2",
    pycurl.CURL_HTTP_VERSION_3: "3",
}
# CURLE_PROXY, _HTTP3 and others that cannot happen here fall to PROTOCOL.
_FAULTS = {
    pycurl.E_COULDNT_RESOLVE_HOST: FaultKind.RESOLVE,
    pycurl.E_COULDNT_CONNECT: FaultKind.CONNECT,
    pycurl.E_OPERATION_TIMEDOUT: FaultKind.TIMEOUT,
    pycurl.E_SSL_CONNECT_ERROR: FaultKind.TLS,
    pycurl.E_PEER_FAILED_VERIFICATION: FaultKind.TLS,
    pycurl.E_SSL_CACERT_BADFILE: FaultKind.TLS,
    pycurl.E_SSL_CERTPROBLEM: FaultKind.TLS,
    pycurl.E_SSL_CIPHER: FaultKind.TLS,
    pycurl.E_SSL_ISSUER_ERROR: FaultKind.TLS,
    pycurl.E_USE_SSL_FAILED: FaultKind.TLS,
    pycurl.E_SEND_ERROR: FaultKind.RESET,
    pycurl.E_RECV_ERROR: FaultKind.RESET,
    pycurl.E_GOT_NOTHING: FaultKind.RESET,
    pycurl.E_PARTIAL_FILE: FaultKind.RESET,
    92: FaultKind.RESET,  # CURLE_HTTP2_STREAM, which pycurl has no name for: RST_STREAM
}
_ANY_HTTP = pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS
_READ, _WRITE = pycurl.CSELECT_IN, pycurl.CSELECT_OUT


class _Descriptor:
    """A socket for libcurl, which is handed a duplicate and closes that one; ours ends with this object."""

    def __init__(self, number: int) -> None:
        self._number = number

    def fileno(self) -> int:
        return self._number

    def __del__(self) -> None:
        os.close(self._number)


@dataclass(slots=True, eq=False)
class _Exchange:
    """One transfer on one easy handle, which is used again afterwards."""

    handle: Any
    future: "asyncio.Future[HttpResponse | TransportFault] | None" = None
    allow_any_address: bool = False
    refused_address: bool = False
    has_certificate: bool = False
    keep: int = MAX_ANSWER_BYTES
    header_bytes: int = 0
    header_lines: list[bytes] = field(default_factory=list)
    body: bytearray = field(default_factory=bytearray)

    def begin(self, future: "asyncio.Future[HttpResponse | TransportFault]", request: HttpRequest) -> None:
        self.future = future
        self.allow_any_address = request.allow_plain or request.connect_to is not None
        self.has_certificate = request.certificate is not None
        self.keep = request.keep
        self.refused_address = False
        self.header_bytes = 0
        self.header_lines.clear()
        self.body.clear()

    def take_header(self, line: bytes) -> int | None:
        self.header_bytes += len(line)
        if self.header_bytes > MAX_HEADER_BYTES:
            return 0
        if line.startswith(b"HTTP/"):
            # An interim answer (1xx) came before: only the last one counts.
            self.header_lines.clear()
        self.header_lines.append(line)
        return None

    def take_body(self, data: bytes) -> int | None:
        self.body += data[: self.keep - len(self.body)]
        return 0 if len(self.body) >= self.keep else None

    def open_socket(self, _purpose: int, address: Any) -> Any:
        family, kind, protocol, (host, *_) = address
        if not self.allow_any_address and not is_public(host if isinstance(host, str) else host.decode()):
            self.refused_address = True
            return pycurl.SOCKET_BAD
        return _Descriptor(socket.socket(family, kind, protocol).detach())


class CurlSender:
    """An `HttpSender` on libcurl. It binds to the loop of its first `send`."""

    def __init__(self, *, user_agent: str = "Heliograph") -> None:
        self._user_agent = user_agent
        self._ca_file = certifi.where()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._multi: Any = None
        self._timer: asyncio.TimerHandle | asyncio.Handle | None = None
        self._watched: dict[int, int] = {}
        self._idle: list[_Exchange] = []
        self._flying: dict[Any, _Exchange] = {}
        self._is_closed = False

    async def send(self, request: HttpRequest) -> HttpResponse | TransportFault:
        """Do one exchange."""
        if self._is_closed:
            return TransportFault(FaultKind.CANCELLED, "The engine is closed.")
        if self._multi is None:
            self._open(asyncio.get_running_loop())
        assert self._loop is not None
        future: asyncio.Future[HttpResponse | TransportFault] = self._loop.create_future()
        exchange = self._idle.pop() if self._idle else self._make()
        exchange.begin(future, request)
        try:
            self._prepare(exchange.handle, request)
            self._multi.add_handle(exchange.handle)
        except (pycurl.error, UnicodeEncodeError, ValueError) as error:
            exchange.handle.close()
            return TransportFault(FaultKind.PROTOCOL, f"The request cannot be made: {type(error).__name__}.")
        self._flying[exchange.handle] = exchange
        try:
            return await future
        except asyncio.CancelledError:
            self._abandon(exchange)
            raise

    async def close(self) -> None:
        """Finish what is in the air and release the connections."""
        self._is_closed = True
        waiting = [exchange.future for exchange in self._flying.values() if exchange.future is not None]
        if waiting:
            await asyncio.wait(waiting)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for exchange in self._idle:
            exchange.handle.close()
        self._idle.clear()
        if self._multi is not None:
            self._multi.close()
            self._multi = None
        for descriptor in list(self._watched):
            self._watch(descriptor, 0)

    def _open(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        multi = pycurl.CurlMulti()
        multi.setopt(pycurl.M_PIPELINING, 2)  # CURLPIPE_MULTIPLEX
        multi.setopt(pycurl.M_MAX_CONCURRENT_STREAMS, _STREAMS_PER_CONNECTION)
        multi.setopt(pycurl.M_MAX_HOST_CONNECTIONS, CONNECTIONS_PER_HOST)
        multi.setopt(pycurl.M_MAX_TOTAL_CONNECTIONS, _CONNECTIONS)
        multi.setopt(pycurl.M_MAXCONNECTS, _CONNECTIONS)
        multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)
        self._multi = multi

    def _make(self) -> _Exchange:
        """Make a handle with everything that never changes."""
        handle = pycurl.Curl()
        exchange = _Exchange(handle)
        for option, value in (
            (pycurl.NOSIGNAL, 1),
            (pycurl.FOLLOWLOCATION, 0),
            (pycurl.PROXY, ""),
            (pycurl.NOPROXY, "*"),
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS),
            (pycurl.PIPEWAIT, 1),
            (pycurl.SSL_VERIFYPEER, 1),
            (pycurl.SSL_VERIFYHOST, 2),
            (pycurl.PATH_AS_IS, 1),
            (pycurl.TCP_NODELAY, 1),
            (pycurl.MAXAGE_CONN, _IDLE_SECONDS),
            (pycurl.CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS),
            (pycurl.USERAGENT, self._user_agent),
            (pycurl.HEADERFUNCTION, exchange.take_header),
            (pycurl.WRITEFUNCTION, exchange.take_body),
            (pycurl.OPENSOCKETFUNCTION, exchange.open_socket),
        ):
            handle.setopt(option, value)
        return exchange

    def _prepare(self, handle: Any, request: HttpRequest) -> None:
        handle.setopt(pycurl.PROTOCOLS, _ANY_HTTP if request.allow_plain or request.allow_http else pycurl.PROTO_HTTPS)
        handle.setopt(pycurl.URL, request.url)
        handle.setopt(pycurl.POSTFIELDS, request.body)
        handle.setopt(pycurl.CUSTOMREQUEST, request.method)
        # "Expect" and a type of curl's own are switched off by naming them; see curl's CURLOPT_HTTPHEADER.
        named = {name.lower() for name, _ in request.headers}
        lines = [f"{name}: {value}" for name, value in request.headers]
        lines += [f"{name}:" for name in ("Expect", "Content-Type") if name.lower() not in named]
        if any("\r" in line or "\n" in line for line in lines):
            raise ValueError("A header must not hold a line break.")
        handle.setopt(pycurl.HTTPHEADER, lines)
        handle.setopt(pycurl.CAINFO, request.ca_file or self._ca_file)
        if request.certificate is not None:
            # libcurl shares a connection only where both are the same, byte for byte.
            handle.setopt(pycurl.SSLCERT_BLOB, request.certificate.chain)
            handle.setopt(pycurl.SSLKEY_BLOB, request.certificate.key)
        handle.setopt(pycurl.CONNECT_TO, [_connect_to(*request.connect_to) if request.connect_to else _WHERE_IT_SAYS])
        handle.setopt(pycurl.TIMEOUT_MS, max(1, int(request.timeout.total_seconds() * 1000)))

    def _on_socket(self, what: int, descriptor: int, _multi: Any, _data: Any) -> None:
        """Watch what libcurl wants watched. It may not be called back from in here."""
        self._watch(descriptor, 0 if what == pycurl.POLL_REMOVE else what)

    def _watch(self, descriptor: int, wanted: int) -> None:
        assert self._loop is not None
        had = self._watched.pop(descriptor, 0)
        if wanted & pycurl.POLL_IN and not had & pycurl.POLL_IN:
            self._loop.add_reader(descriptor, self._act, descriptor, _READ)
        elif had & pycurl.POLL_IN and not wanted & pycurl.POLL_IN:
            self._loop.remove_reader(descriptor)
        if wanted & pycurl.POLL_OUT and not had & pycurl.POLL_OUT:
            self._loop.add_writer(descriptor, self._act, descriptor, _WRITE)
        elif had & pycurl.POLL_OUT and not wanted & pycurl.POLL_OUT:
            self._loop.remove_writer(descriptor)
        if wanted:
            self._watched[descriptor] = wanted

    def _on_timer(self, milliseconds: int) -> None:
        assert self._loop is not None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if milliseconds == 0:
            self._timer = self._loop.call_soon(self._act, pycurl.SOCKET_TIMEOUT, 0)
        elif milliseconds > 0:
            self._timer = self._loop.call_later(milliseconds / 1000, self._act, pycurl.SOCKET_TIMEOUT, 0)

    def _act(self, descriptor: int, events: int) -> None:
        if self._multi is None:
            return
        if descriptor == pycurl.SOCKET_TIMEOUT:
            self._timer = None
        with contextlib.suppress(pycurl.error):
            self._multi.socket_action(descriptor, events)
        self._collect()

    def _collect(self) -> None:
        while self._multi is not None:
            left, done, failed = self._multi.info_read()
            for handle in done:
                self._settle(handle, None)
            for handle, number, message in failed:
                self._settle(handle, (number, message))
            if not left:
                return

    def _settle(self, handle: Any, failure: tuple[int, str] | None) -> None:
        exchange = self._flying.pop(handle)
        result = _result(exchange, failure)
        future, exchange.future = exchange.future, None
        self._release(exchange)
        if future is not None and not future.done():
            future.set_result(result)

    def _abandon(self, exchange: _Exchange) -> None:
        if self._flying.pop(exchange.handle, None) is not None:
            exchange.future = None
            self._release(exchange)

    def _release(self, exchange: _Exchange) -> None:
        self._multi.remove_handle(exchange.handle)
        # A handle cannot be told to forget a certificate, so one that has shown one is not used again.
        if len(self._idle) < _POOLED_HANDLES and not self._is_closed and not exchange.has_certificate:
            self._idle.append(exchange)
        else:
            exchange.handle.close()


def _connect_to(address: str, port: int) -> str:
    return f"::[{address}]:{port}" if ":" in address else f"::{address}:{port}"


def _result(exchange: _Exchange, failure: tuple[int, str] | None) -> HttpResponse | TransportFault:
    if failure is not None:
        number, message = failure
        is_cut = number == pycurl.E_WRITE_ERROR and len(exchange.body) >= exchange.keep
        if exchange.refused_address:
            return TransportFault(FaultKind.REFUSED_ADDRESS, "The name leads to an address that is not public.")
        if not is_cut:
            return TransportFault(_FAULTS.get(number, FaultKind.PROTOCOL), f"curl {number}: {message[:100]}")
    status = exchange.handle.getinfo(pycurl.RESPONSE_CODE)
    if not 100 <= status <= 999:  # noqa: PLR2004 - RFC 9110 section 15: three digits
        return TransportFault(FaultKind.PROTOCOL, "The answer has no status.")
    version = _VERSIONS.get(exchange.handle.getinfo(pycurl.INFO_HTTP_VERSION), "")
    return HttpResponse(status, _headers(exchange.header_lines), bytes(exchange.body), version)


def _headers(lines: list[bytes]) -> dict[str, str]:
    """Read header lines, each whole or cut; bytes outside ASCII are kept as Latin-1 (RFC 9110 section 5.5)."""
    headers = {}
    for line in lines[1:]:
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return headers
