"""A small Firefox: the autopush protocol frame by frame, with the keys of one page."""

import asyncio
import json
import os
import ssl
import uuid
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from websockets.asyncio.client import ClientConnection, connect

from heliograph.protocols import base64url, encryption, vapid

PATIENCE = 5.0


class FirefoxClient:
    """One profile. Reconnecting with the same object is the same profile."""

    def __init__(self, ws_url: str) -> None:
        self.ws_url = ws_url
        self.uaid = ""
        self.private_key = ec.generate_private_key(ec.SECP256R1())
        self.p256dh = vapid.public_bytes(self.private_key)
        self.auth = os.urandom(16)
        self.tls: ssl.SSLContext | None = None
        self._socket: ClientConnection | None = None

    @property
    def socket(self) -> ClientConnection:
        assert self._socket is not None
        return self._socket

    async def open(self) -> dict[str, Any]:
        """Connect and say hello; returns the server's hello."""
        self._socket = await connect(
            self.ws_url, subprotocols=["push-notification"], compression=None, proxy=None, ssl=self.tls
        )
        frame = {"messageType": "hello", "broadcasts": {}, "use_webpush": True}
        if self.uaid:
            frame["uaid"] = self.uaid
        answer = await self.ask(frame)
        self.uaid = answer["uaid"]
        return answer

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()

    async def register(self, key: ec.EllipticCurvePrivateKey | None, channel: str | None = None) -> str:
        """Subscribe; returns the endpoint."""
        frame = {"messageType": "register", "channelID": channel or str(uuid.uuid4())}
        if key is not None:
            frame["key"] = base64url.encode(vapid.public_bytes(key)) + "="
        answer = await self.ask(frame)
        assert answer["status"] == 200
        return answer["pushEndpoint"]

    async def say(self, frame: object) -> None:
        await self.socket.send(frame if isinstance(frame, str) else json.dumps(frame))

    async def ask(self, frame: object) -> dict[str, Any]:
        await self.say(frame)
        return await self.next()

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE):
            return json.loads(await self.socket.recv())

    async def is_quiet(self) -> bool:
        """Tell whether nothing is on its way: the answer to a keep-alive comes before anything else does."""
        return await self.ask({}) == {}

    async def ack(self, frame: dict[str, Any], code: int = 100) -> None:
        update = {"channelID": frame["channelID"], "version": frame["version"], "code": code}
        await self.say({"messageType": "ack", "updates": [update]})
        assert await self.is_quiet()

    def encrypt(self, plaintext: bytes) -> bytes:
        return encryption.encrypt_many([encryption.Plaintext(self.p256dh, self.auth, plaintext)])[0]

    def decrypt(self, frame: dict[str, Any]) -> bytes:
        return encryption.decrypt(base64url.decode(frame["data"]), self.private_key, self.auth)
