"""Chromium's connection for messages: MCS, Google's Mobile Connection Server protocol over TLS.

A stanza is a tag, a length as varint and a protobuf message. Both sides count stanzas without writing the number down;
the login is number 1 each way. A message may leave the queue when the browser's `last_stream_id_received` has passed
it; `immediate_ack` makes the browser say so at once.
"""

import asyncio
from enum import IntEnum

from heliograph.devpush import protobuf as pb
from heliograph.devpush.chromium import authenticated
from heliograph.devpush.model import AckCode, Message, Registration, UserAgent
from heliograph.devpush.relay import Relay
from heliograph.kit.clock import Clock

VERSION = 41
_MAX_STANZA = 2**20
_CHUNK = 65536


class Tag(IntEnum):
    """Kinds of stanzas that either side sends."""

    HEARTBEAT_PING = 0
    HEARTBEAT_ACK = 1
    LOGIN_REQUEST = 2
    LOGIN_RESPONSE = 3
    CLOSE = 4
    IQ = 7
    DATA_MESSAGE = 8


_LAST_RECEIVED_FIELD = {Tag.HEARTBEAT_PING: 2, Tag.HEARTBEAT_ACK: 2, Tag.IQ: 10, Tag.DATA_MESSAGE: 11}


def stanza(tag: int, body: bytes) -> bytes:
    """Frame one stanza."""
    return bytes([tag]) + pb.varint(len(body)) + body


class StanzaReader:
    """Cuts a byte stream into stanzas, behind the version byte that comes first."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._version: int | None = None

    def feed(self, data: bytes) -> list[tuple[int, bytes]]:
        """Take bytes and return the stanzas that are complete. Raises `ProtobufError` when this is not MCS."""
        self._buffer += data
        if self._version is None and self._buffer:
            self._version = self._buffer.pop(0)
            if self._version != VERSION:
                raise pb.ProtobufError("The first byte is not MCS version 41.")
        found = []
        while (one := self._next()) is not None:
            found.append(one)
        return found

    def _next(self) -> tuple[int, bytes] | None:
        head = bytes(self._buffer[:11])
        if len(head) < 2:  # noqa: PLR2004 - a tag and a length
            return None
        try:
            length, start = pb.read_varint(head, 1)
        except pb.ProtobufError:
            if len(head) > 10:  # noqa: PLR2004 - the longest varint is here, and it is wrong
                raise
            return None
        if length > _MAX_STANZA:
            raise pb.ProtobufError("A stanza is too long.")
        if len(self._buffer) < start + length:
            return None
        body = bytes(self._buffer[start : start + length])
        del self._buffer[: start + length]
        return head[0], body


class McsSession:
    """One connection of one browser."""

    def __init__(
        self,
        relay: Relay,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        clock: Clock,
        heartbeat_ms: int | None,
    ) -> None:
        self._relay = relay
        self._reader = reader
        self._writer = writer
        self._clock = clock
        self._heartbeat_ms = heartbeat_ms
        self._stanzas = StanzaReader()
        self._received_count = 0
        self._sent_count = 0
        self._unacked: dict[int, str] = {}
        self._device: UserAgent | None = None

    async def run(self) -> None:
        """Serve until either side ends the connection."""
        try:
            while data := await self._reader.read(_CHUNK):
                for tag, body in self._stanzas.feed(data):
                    if not self._received(tag, pb.parse(body)):
                        return
                await self._writer.drain()
        except pb.ProtobufError:
            return
        finally:
            if self._device is not None:
                self._relay.detach(self._device, self)

    def _received(self, tag: int, fields: pb.Fields) -> bool:
        """Take one stanza. Returns whether the connection goes on."""
        self._received_count += 1
        if self._device is None:
            return tag == Tag.LOGIN_REQUEST and self._login(fields)
        if tag in _LAST_RECEIVED_FIELD:
            self._acked(self._device, pb.first_int(fields, _LAST_RECEIVED_FIELD[Tag(tag)]))
        if tag == Tag.HEARTBEAT_PING:
            self._heartbeat()
        return tag != Tag.CLOSE

    def _login(self, fields: pb.Fields) -> bool:
        device = authenticated(self._relay, pb.first_text(fields, 3), pb.first_text(fields, 5))
        request_id = pb.bytes_field(1, pb.first_bytes(fields, 1))
        self._writer.write(bytes([VERSION]))
        if device is None:
            error = pb.int_field(1, 401) + pb.bytes_field(2, "The device or its token is unknown.")
            self._send(Tag.LOGIN_RESPONSE, request_id + pb.bytes_field(3, error))
            return False
        answer = request_id + pb.int_field(6, 1) + pb.int_field(8, int(self._clock.now().timestamp() * 1000))
        if self._heartbeat_ms is not None:
            answer += pb.bytes_field(7, pb.int_field(3, self._heartbeat_ms))
        self._send(Tag.LOGIN_RESPONSE, answer)
        self._device = device
        for message_id in pb.texts(fields, 10):
            self._relay.acked(device.id, message_id, AckCode.DELIVERED)
        self._relay.attach(device, self)
        return True

    def _acked(self, device: UserAgent, last: int) -> None:
        for number in [n for n in self._unacked if n <= last]:
            self._relay.acked(device.id, self._unacked.pop(number), AckCode.DELIVERED)

    def _heartbeat(self) -> None:
        # At least four bytes: Chromium reads past a shorter stanza when another one follows at once.
        counters = pb.int_field(1, self._sent_count + 1) + pb.int_field(2, self._received_count) + pb.int_field(3, 0)
        self._send(Tag.HEARTBEAT_ACK, counters)

    def deliver(self, registration: Registration, message: Message) -> None:
        """Send a DataMessageStanza; `from` is the sender's key as text, by which the browser finds its own key."""
        app_data = {"subtype": registration.channel}
        if message.body is not None:
            app_data["content-encoding"] = "aes128gcm"
        body = pb.bytes_field(3, registration.sender) + pb.bytes_field(5, registration.app)
        for name, value in app_data.items():
            body += pb.bytes_field(7, pb.bytes_field(1, name) + pb.bytes_field(2, value))
        body += pb.bytes_field(9, message.id) + pb.int_field(11, self._received_count)
        body += pb.int_field(17, message.ttl_seconds) + pb.int_field(18, int(message.accepted_at.timestamp() * 1000))
        if message.body is not None:
            body += pb.bytes_field(21, message.body)
        self._send(Tag.DATA_MESSAGE, body + pb.int_field(24, 1))
        self._unacked[self._sent_count] = message.id

    def close(self) -> None:
        """End the connection without a word, as a lost network does; the browser comes back by itself."""
        self._writer.close()

    def _send(self, tag: Tag, body: bytes) -> None:
        self._sent_count += 1
        if not self._writer.is_closing():
            self._writer.write(stanza(tag, body))
