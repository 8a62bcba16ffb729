"""HTTP/1.1 (RFC 9112) for one connection, over the sans-IO library h11."""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable

import h11

from heliograph.devpush.wire import MAX_REQUEST_BODY, Answer, Ending, Handler, Request

Upgrade = Callable[[Request, bytes], Awaitable[None]]
"""Takes the connection over: the upgrading request, and the bytes that came behind it."""

_CHUNK = 65536


def reset(writer: asyncio.StreamWriter) -> None:
    """Drop a TCP connection with RST, as a crashing server or a middlebox does."""
    sock = writer.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


class Http1Connection:
    """Serves one connection until either side ends it."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        scheme: str,
        handler: Handler,
        upgrade: Upgrade,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._scheme = scheme
        self._handler = handler
        self._upgrade = upgrade
        self._h11 = h11.Connection(h11.SERVER)

    async def run(self, first: bytes) -> None:
        """Serve requests; `first` is what was already read from the connection."""
        self._h11.receive_data(first)
        try:
            while await self._exchange():
                self._h11.start_next_cycle()
        except h11.RemoteProtocolError as error:
            await self._refuse(error.error_status_hint or 400)

    async def _exchange(self) -> bool:
        """Serve one request. Returns whether another may follow."""
        head = await self._next_event()
        if not isinstance(head, h11.Request):
            return False
        body = await self._body()
        request = self._request(head, body or b"")
        if body is None:
            await self._send(Answer(413, (("connection", "close"),)))
            return False
        if (request.value("upgrade") or "").lower() == "websocket" and request.method == "GET":
            await self._upgrade(request, self._h11.trailing_data[0])
            return False
        return await self._send(await self._handler(request))

    async def _next_event(self) -> h11.Event | None:
        while True:
            event = self._h11.next_event()
            if event is h11.NEED_DATA:
                if self._h11.they_are_waiting_for_100_continue:
                    self._write(self._h11.send(h11.InformationalResponse(status_code=100, headers=[])))
                self._h11.receive_data(await self._reader.read(_CHUNK))
            elif isinstance(event, h11.Event):
                return None if isinstance(event, h11.ConnectionClosed) else event
            else:
                return None

    async def _body(self) -> bytes | None:
        """Read the body, or return None when it is longer than anything this server takes."""
        parts = bytearray()
        while True:
            event = await self._next_event()
            if isinstance(event, h11.Data):
                parts += event.data
                if len(parts) > MAX_REQUEST_BODY:
                    return None
            else:
                return bytes(parts)

    def _request(self, head: h11.Request, body: bytes) -> Request:
        headers = tuple((name.decode("ascii"), value.decode("latin-1")) for name, value in head.headers)
        authority = next((value for name, value in headers if name == "host"), "")
        version = "HTTP/" + head.http_version.decode("ascii")
        target = head.target.decode("ascii", "replace")
        return Request(head.method.decode("ascii"), target, headers, body, self._scheme, authority, version)

    async def _send(self, answer: Answer) -> bool:
        if answer.ending is Ending.RESET:
            reset(self._writer)
            return False
        if answer.ending is Ending.HANG_UP:
            return False
        self._write(self._h11.send(h11.Response(status_code=answer.status, headers=answer.fields())))
        if answer.body:
            self._write(self._h11.send(h11.Data(data=answer.body)))
        if answer.stream is not None:
            async for part in answer.stream:
                self._write(self._h11.send(h11.Data(data=part)))
                await self._writer.drain()
        self._write(self._h11.send(h11.EndOfMessage()))
        await self._writer.drain()
        return self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE

    async def _refuse(self, status: int) -> None:
        if self._h11.our_state in {h11.IDLE, h11.SEND_RESPONSE}:
            await self._send(Answer(status, (("connection", "close"),)))

    def _write(self, data: bytes | None) -> None:
        if data:
            self._writer.write(data)
