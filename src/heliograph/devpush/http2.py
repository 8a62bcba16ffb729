"""HTTP/2 (RFC 9113) for one connection, over the sans-IO library h2, with control of GOAWAY and RST_STREAM."""

import asyncio
from dataclasses import dataclass, field

import h2.config
import h2.connection
import h2.events
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError, StreamClosedError
from h2.settings import SettingCodes
from hyperframe.frame import GoAwayFrame

from heliograph.devpush.wire import MAX_REQUEST_BODY, Answer, Ending, Handler, Request

_CHUNK = 65536
_WINDOW = 2**20
# Our own headers are right as they are; the client's are checked.
_SERVER = h2.config.H2Configuration(
    client_side=False, header_encoding="utf-8", validate_outbound_headers=False, normalize_outbound_headers=False
)

RawHeaders = list[tuple[str, str]]


@dataclass(slots=True)
class _Incoming:
    """A request of which parts have arrived."""

    headers: RawHeaders
    body: bytearray = field(default_factory=bytearray)


class Http2Connection:
    """Serves one connection; every stream is answered by a task of its own."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        scheme: str,
        handler: Handler,
        max_streams: int,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._scheme = scheme
        self._handler = handler
        self._h2 = h2.connection.H2Connection(_SERVER)
        self._h2.local_settings = h2.settings.Settings(
            client=False,
            initial_values={
                SettingCodes.MAX_CONCURRENT_STREAMS: max_streams,
                SettingCodes.INITIAL_WINDOW_SIZE: _WINDOW,
                SettingCodes.MAX_HEADER_LIST_SIZE: 32768,
            },
        )
        self._incoming: dict[int, _Incoming] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._window_grew = asyncio.Event()
        self._going_away = False

    async def run(self, first: bytes) -> None:
        """Serve streams until the connection ends; `first` is what was already read from it."""
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(_WINDOW)
        self._flush()
        try:
            data = first
            while data:
                for event in self._h2.receive_data(data):
                    self._on(event)
                self._flush()
                await self._writer.drain()
                if self._going_away and not self._tasks:
                    return
                data = await self._reader.read(_CHUNK)
        except ProtocolError:
            self._flush()
        finally:
            for task in list(self._tasks.values()):
                task.cancel()

    def _on(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.RequestReceived(stream_id=int(stream), headers=headers):
                self._incoming[stream] = _Incoming([(str(name), str(value)) for name, value in headers or []])
            case h2.events.DataReceived(stream_id=int(stream), data=bytes(data)):
                self._on_data(stream, data, event.flow_controlled_length or 0)
            case h2.events.StreamEnded(stream_id=int(stream)) if stream in self._incoming:
                self._start(stream, self._incoming.pop(stream))
            case h2.events.StreamReset(stream_id=int(stream)):
                self._incoming.pop(stream, None)
                if stream in self._tasks:
                    self._tasks[stream].cancel()
            case h2.events.WindowUpdated() | h2.events.RemoteSettingsChanged():
                self._window_grew.set()
            case h2.events.ConnectionTerminated():
                self._going_away = True
            case _:
                pass

    def _on_data(self, stream: int, data: bytes, length: int) -> None:
        if length:
            self._h2.acknowledge_received_data(length, stream)
        incoming = self._incoming.get(stream)
        if incoming is None:
            return
        incoming.body += data
        if len(incoming.body) > MAX_REQUEST_BODY:
            del self._incoming[stream]
            self._h2.send_headers(stream, [(":status", "413"), ("content-length", "0")], end_stream=True)
            self._h2.reset_stream(stream, ErrorCodes.NO_ERROR)

    def _start(self, stream: int, incoming: _Incoming) -> None:
        if self._going_away:
            return
        task = asyncio.create_task(self._serve(stream, incoming))
        self._tasks[stream] = task
        task.add_done_callback(lambda _: self._done(stream))

    def _done(self, stream: int) -> None:
        self._tasks.pop(stream, None)
        if self._going_away and not self._tasks:
            self._writer.close()

    async def _serve(self, stream: int, incoming: _Incoming) -> None:
        answer = await self._handler(self._request(incoming))
        try:
            await self._send(stream, answer)
        except (StreamClosedError, ConnectionError):
            return
        except ProtocolError:
            self._writer.close()

    def _request(self, incoming: _Incoming) -> Request:
        pseudo = {name: value for name, value in incoming.headers if name.startswith(":")}
        headers = tuple((name, value) for name, value in incoming.headers if not name.startswith(":"))
        authority = pseudo.get(":authority") or next((value for name, value in headers if name == "host"), "")
        method, target = pseudo[":method"], pseudo.get(":path", "/")
        return Request(method, target, headers, bytes(incoming.body), self._scheme, authority, "HTTP/2")

    async def _send(self, stream: int, answer: Answer) -> None:
        match answer.ending:
            case Ending.RESET:
                self._h2.reset_stream(stream, ErrorCodes.INTERNAL_ERROR)
                self._flush()
            case Ending.HANG_UP:
                self._go_away(stream)
            case Ending.KEEP:
                await self._send_answer(stream, answer)

    async def _send_answer(self, stream: int, answer: Answer) -> None:
        headers = [(":status", str(answer.status)), *answer.fields()]
        bare = not answer.body and answer.stream is None
        self._h2.send_headers(stream, headers, end_stream=bare)
        self._flush()
        if bare:
            return
        await self._send_data(stream, answer.body, end=answer.stream is None)
        if answer.stream is not None:
            async for part in answer.stream:
                await self._send_data(stream, part, end=False)
            await self._send_data(stream, b"", end=True)

    async def _send_data(self, stream: int, data: bytes, *, end: bool) -> None:
        """Send data within the peer's flow control window (RFC 9113 section 5.2)."""
        while True:
            room = min(self._h2.local_flow_control_window(stream), self._h2.max_outbound_frame_size)
            part, rest = data[:room], data[room:]
            if part or not data:
                self._h2.send_data(stream, part, end_stream=end and not rest)
                self._flush()
                await self._writer.drain()
            if not rest:
                return
            data = rest
            if room == 0 or self._h2.local_flow_control_window(stream) == 0:
                self._window_grew.clear()
                await self._window_grew.wait()

    def _go_away(self, stream: int) -> None:
        """Say that this stream was not processed, and end when the others are answered (RFC 9113 section 6.8).

        The frame is our own: h2 answers nothing any more once it has sent its GOAWAY.
        """
        self._going_away = True
        last = max(stream - 2, 0)
        if stream != self._h2.highest_inbound_stream_id:
            last = self._h2.highest_inbound_stream_id
            self._h2.reset_stream(stream, ErrorCodes.REFUSED_STREAM)
        self._flush()
        self._writer.write(GoAwayFrame(0, last_stream_id=last, error_code=ErrorCodes.NO_ERROR).serialize())

    def _flush(self) -> None:
        if not self._writer.is_closing():
            data = self._h2.data_to_send()
            if data:
                self._writer.write(data)
