"""The WebSocket protocol (RFC 6455) for one connection, over the sans-IO half of the library websockets."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from websockets.exceptions import ConnectionClosed, InvalidState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request as HandshakeRequest
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol

from heliograph.devpush.wire import Request

_CHUNK = 65536
_MAX_FRAME = 2**20


class TextChannel(Protocol):
    """What a session needs of its WebSocket."""

    def send_text(self, text: str) -> None:
        """Send one text message."""
        ...

    def close(self, code: int) -> None:
        """Start the closing handshake."""
        ...


class Session(Protocol):
    """What talks over a WebSocket."""

    def received(self, text: str) -> None:
        """Take one text message."""
        ...

    def closed(self) -> None:
        """Learn that the connection is gone."""
        ...


SessionFactory = Callable[[Request, TextChannel], Session]


class WebSocket:
    """Serves one upgraded connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, subprotocol: str) -> None:
        self._reader = reader
        self._writer = writer
        self._protocol = ServerProtocol(subprotocols=[Subprotocol(subprotocol)], max_size=_MAX_FRAME)
        self._parts: list[bytes] = []

    async def run(self, request: Request, trailing: bytes, make_session: SessionFactory) -> None:
        """Answer the handshake, then hand every text message to the session."""
        self._protocol.receive_data(_as_bytes(request))
        handshake = next((e for e in self._protocol.events_received() if isinstance(e, HandshakeRequest)), None)
        if handshake is None:
            return
        response = self._protocol.accept(handshake)
        self._protocol.send_response(response)
        self._flush()
        if response.status_code != 101:  # noqa: PLR2004 - switching protocols
            return
        session = make_session(request, self)
        try:
            await self._pump(session, trailing)
        finally:
            session.closed()

    async def _pump(self, session: Session, data: bytes) -> None:
        while True:
            if data:
                self._protocol.receive_data(data)
            for event in self._protocol.events_received():
                if isinstance(event, Frame):
                    self._on_frame(event, session)
            if self._flush():
                return
            await self._writer.drain()
            data = await self._reader.read(_CHUNK)
            if not data:
                self._protocol.receive_eof()
                self._flush()
                return

    def _on_frame(self, frame: Frame, session: Session) -> None:
        if frame.opcode not in {Opcode.TEXT, Opcode.CONT}:
            return
        self._parts.append(bytes(frame.data))
        if frame.fin:
            text = b"".join(self._parts).decode("utf-8", "replace")
            self._parts.clear()
            session.received(text)

    def send_text(self, text: str) -> None:
        """Send one text message; a connection that is already closing swallows it."""
        try:
            self._protocol.send_text(text.encode())
        except (ConnectionClosed, InvalidState):
            return
        self._flush()

    def close(self, code: int = 1000) -> None:
        """Start the closing handshake and end the connection."""
        try:
            self._protocol.send_close(code)
        except (ConnectionClosed, InvalidState):
            return
        self._flush()
        self._writer.close()

    def _flush(self) -> bool:
        """Write what the protocol wants to say. Returns whether it has said its last word."""
        for data in self._protocol.data_to_send():
            if not data:
                return True
            if not self._writer.is_closing():
                self._writer.write(data)
        return False


def _as_bytes(request: Request) -> bytes:
    lines = [f"{request.method} {request.target} HTTP/1.1", *(f"{name}: {value}" for name, value in request.headers)]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
