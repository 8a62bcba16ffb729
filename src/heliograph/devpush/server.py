"""The sockets: a plain port for HTTP/1.1 and WebSocket, a TLS port for h2 and http/1.1, and the TLS port of MCS."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable

from heliograph.devpush.http1 import Http1Connection, Upgrade
from heliograph.devpush.http2 import Http2Connection
from heliograph.devpush.wire import Handler
from heliograph.kit.log import get_logger

_log = get_logger("devpush")

_PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_CHUNK = 65536
_BACKLOG = 2048
_TLS_SHUTDOWN_SECONDS = 2.0

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]

_EXPECTED = (ConnectionError, TimeoutError, ssl.SSLError, asyncio.IncompleteReadError)
"""What the other end, or a fault of our own making, may do to a connection at any time."""


class Listener:
    """One port. Connections that are still open when it closes are ended."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def open(self, host: str, port: int, context: ssl.SSLContext | None = None) -> int:
        """Listen, and return the port."""
        # Not by the loop: uvloop keeps to itself that somebody else began to listen between its bind and its listen.
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        taken = socket.create_server((host, port), family=family, backlog=_BACKLOG)
        taken.setblocking(False)
        patience = _TLS_SHUTDOWN_SECONDS if context else None
        self._server = await asyncio.start_server(
            self._accepted, sock=taken, ssl=context, backlog=_BACKLOG, ssl_shutdown_timeout=patience
        )
        number: int = taken.getsockname()[1]
        return number

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._connection(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        except _EXPECTED:
            pass
        except asyncio.CancelledError:
            writer.transport.abort()  # a peer that does not answer must not hold up the end
            raise
        except Exception:  # noqa: BLE001 - one connection's bug must not end the server
            _log.exception("connection failed")
        finally:
            writer.close()
            with contextlib.suppress(*_EXPECTED):
                await writer.wait_closed()

    async def close(self) -> None:
        """Stop listening and end every connection."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def http_server(
    handler: Handler,
    upgrade: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Upgrade],
    *,
    scheme: str,
    max_streams: int,
) -> Serve:
    """Return what serves one connection of a port that speaks HTTP/1.1, WebSocket and HTTP/2.

    HTTP/2 is chosen by ALPN, or by its preface where there is no TLS (RFC 9113 section 3.3).
    """

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(_CHUNK)
        if not first:
            return
        tls = writer.get_extra_info("ssl_object")
        if (tls is not None and tls.selected_alpn_protocol() == "h2") or first.startswith(_PREFACE[:14]):
            await Http2Connection(reader, writer, scheme=scheme, handler=handler, max_streams=max_streams).run(first)
        else:
            await Http1Connection(reader, writer, scheme=scheme, handler=handler, upgrade=upgrade(reader, writer)).run(
                first
            )

    return serve
