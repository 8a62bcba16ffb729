"""One caller's connection, with limits on what and how long it may keep the server waiting.

Uvicorn reads a request's head to its end however long it is, and waits for that end for ever: one stranger could fill
the memory, and a few thousand could hold every descriptor. RFC 6585 section 5, RFC 9112 section 9.5.
"""

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES = 64 * 1024
"""Bytes that may come without an end of the head, or anything of a body: so much for the head, or for trailers."""
REQUEST_SECONDS = 60.0
"""How long a request may take to arrive. How long the answer takes is another matter."""
EARNING_BYTES = 64 * 1024
"""So much of a body that somebody still reads earns that time anew: an import may be large, and may be slow."""
_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Connection(HttpToolsProtocol):
    """Uvicorn's connection, bounded in bytes and in time."""

    _fruitless = 0
    _earned = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read on, unless too much came to no end."""
        self._fruitless += len(data)
        super().data_received(data)
        if self._fruitless > MAX_HEAD_BYTES and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """Begin to wait for the rest of a request."""
        self._wait()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Count anew behind the head."""
        self._fruitless = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """Count anew behind each part of a body: how long that may be is decided by who reads it."""
        self._fruitless = 0
        self._earned += len(body)
        if self._earned >= EARNING_BYTES and self.cycle is not None and not self.cycle.response_complete:
            self._earned = 0
            self._wait()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """Give the answer as long as it takes."""
        self._fruitless = 0
        self._stop_waiting()
        super().on_message_complete()

    def _wait(self) -> None:
        self._stop_waiting()
        self._deadline = self.loop.call_later(REQUEST_SECONDS, self._give_up)

    def _stop_waiting(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        self.transport.close()
