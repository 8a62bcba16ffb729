"""A small Chromium: checkin, register3 and the MCS connection."""

import asyncio
import contextlib
import os
import ssl
from dataclasses import dataclass, field

import httpx
from cryptography.hazmat.primitives.asymmetric import ec

from heliograph.devpush import DevPush
from heliograph.devpush import protobuf as pb
from heliograph.protocols import base64url, encryption, vapid

PATIENCE = 5.0
APP = "org.chromium.linux"


@dataclass
class Stanza:
    tag: int
    fields: pb.Fields


@dataclass
class ChromiumClient:
    """One profile. `login` may be called again: it is the same device."""

    devpush: DevPush
    client: httpx.AsyncClient
    private_key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: os.urandom(16))
    device: int = 0
    secret: int = 0
    received: int = 0
    sent: int = 0
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    @property
    def p256dh(self) -> bytes:
        return vapid.public_bytes(self.private_key)

    async def checkin(self) -> None:
        build = pb.bytes_field(13, pb.bytes_field(2, "156.0"))
        body = pb.int_field(2, self.device) + pb.bytes_field(4, pb.int_field(12, 3) + build)
        body += pb.fixed64_field(13, self.secret) + pb.int_field(14, 3)
        headers = {"content-type": "application/x-protobuf"}
        answer = await self.client.post(f"{self.devpush.http_url}/checkin", content=body, headers=headers)
        assert answer.status_code == 200
        fields = pb.parse(answer.content)
        assert pb.first_int(fields, 1) == 1
        self.device, self.secret = pb.first_int(fields, 7), pb.first_int(fields, 8)

    async def register3(self, **form: str) -> str:
        answer = await self.client.post(
            f"{self.devpush.http_url}/c2dm/register3",
            data={"device": str(self.device), **form},
            headers={"Authorization": f"AidLogin {self.device}:{self.secret}"},
        )
        assert answer.status_code == 200
        return answer.text

    async def subscribe(self, key: ec.EllipticCurvePrivateKey, subtype: str = "wp:http://localhost/#A-V2") -> str:
        sender = base64url.encode(vapid.public_bytes(key))
        text = await self.register3(
            app=APP, sender=sender, scope="GCM", **{"X-subtype": subtype, "X-scope": "GCM", "appid": "x", "gmsv": "156"}
        )
        assert text.startswith("token=devpush-")
        return text.removeprefix("token=")

    async def login(self, received_ids: tuple[str, ...] = (), *, secret: int | None = None) -> Stanza:
        context = ssl.create_default_context(cafile=str(self.devpush.ca_file))
        address = ("127.0.0.1", self.devpush.mcs_port)
        self.reader, self.writer = await asyncio.open_connection(*address, ssl=context, server_hostname="localhost")
        self.writers.append(self.writer)
        self.received, self.sent, self._buffer = 0, 0, b""
        body = pb.bytes_field(1, "chrome-156") + pb.bytes_field(2, "mcs.android.com")
        body += pb.bytes_field(3, str(self.device)) + pb.bytes_field(4, str(self.device))
        body += pb.bytes_field(5, str(self.secret if secret is None else secret))
        body += b"".join(pb.bytes_field(10, id_) for id_ in received_ids)
        self.writer.write(bytes([41]))
        self.send(2, body)
        assert await self.reader.readexactly(1) == bytes([41])
        return await self.next()

    def send(self, tag: int, body: bytes) -> None:
        self.sent += 1
        self.writer.write(bytes([tag]) + pb.varint(len(body)) + body)

    async def next(self) -> Stanza:
        async with asyncio.timeout(PATIENCE):
            tag = (await self.reader.readexactly(1))[0]
            length = shift = 0
            while True:
                byte = (await self.reader.readexactly(1))[0]
                length |= (byte & 0x7F) << shift
                shift += 7
                if byte < 0x80:
                    break
            body = await self.reader.readexactly(length)
        self.received += 1
        return Stanza(tag, pb.parse(body))

    def ack(self) -> None:
        """What `immediate_ack` makes Chromium say."""
        extension = pb.bytes_field(7, pb.int_field(1, 13) + pb.bytes_field(2, b""))
        self.send(7, pb.int_field(2, 1) + pb.bytes_field(3, "") + extension + pb.int_field(10, self.received))

    async def heartbeat(self) -> Stanza:
        self.send(0, pb.int_field(1, self.sent + 1) + pb.int_field(2, self.received) + pb.int_field(3, 0))
        return await self.next()

    def close(self) -> None:
        self.writer.close()

    async def dispose(self) -> None:
        for writer in self.writers:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    def encrypt(self, plaintext: bytes) -> bytes:
        return encryption.encrypt_many([encryption.Plaintext(self.p256dh, self.auth, plaintext)])[0]

    def decrypt(self, stanza: Stanza) -> bytes:
        return encryption.decrypt(pb.first_bytes(stanza.fields, 21), self.private_key, self.auth)
