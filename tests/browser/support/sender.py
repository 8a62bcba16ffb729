"""An application server in a few lines: encrypts, signs and posts one push message to devpush, without our pipeline.

Endpoints on a vendor's host are reached at devpush's TLS port, under the vendor's name and devpush's own CA.
"""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx

from heliograph.devpush import DevPush
from heliograph.protocols import base64url, vapid
from heliograph.protocols.encryption import Plaintext, ReceiverKeys, encrypt_many

SUBJECT = "mailto:push@heliograph.example.com"


@dataclass(frozen=True, slots=True)
class Subscription:
    """What `PushSubscription.toJSON()` gave."""

    endpoint: str
    keys: ReceiverKeys

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Subscription":
        keys = {name: base64url.decode(text) for name, text in value["keys"].items()}
        return cls(value["endpoint"], ReceiverKeys(**keys))


def encrypted(text: bytes, subscription: Subscription) -> bytes:
    """Encrypt one message for the keys of a subscription."""
    (body,) = encrypt_many([Plaintext(subscription.keys.p256dh, subscription.keys.auth, text)])
    return body


class Sender:
    """One application server key and a way to devpush."""

    def __init__(self, devpush: DevPush) -> None:
        self._devpush = devpush
        self._key = vapid.generate_private_key()
        trust = ssl.create_default_context(cafile=devpush.ca_file)
        self._client = httpx.AsyncClient(verify=trust, trust_env=False)

    @property
    def public_key(self) -> str:
        """What the page gives to subscribe()."""
        return base64url.encode(vapid.public_bytes(self._key))

    @property
    def private_key(self) -> bytes:
        """The 32 bytes that a project takes over."""
        return vapid.private_bytes(self._key)

    async def close(self) -> None:
        await self._client.aclose()

    async def send(self, subscription: Subscription, text: bytes | None, *, ttl: int = 600) -> int:
        """Post one message (None: without payload) and return the status."""
        body = b"" if text is None else encrypted(text, subscription)
        return await self.post(subscription.endpoint, body, ttl=ttl)

    async def post(self, endpoint: str, body: bytes, *, ttl: int = 600) -> int:
        """Post an encrypted body as it is and return the status."""
        url = urlsplit(endpoint)
        audience = f"{url.scheme}://{url.netloc}"
        expires_at = datetime.now(UTC) + timedelta(hours=12)
        token = vapid.sign(self._key, audience=audience, subject=SUBJECT, expires_at=expires_at)
        headers = {"TTL": str(ttl), "Authorization": token, "Host": url.netloc}
        if body:
            headers["Content-Encoding"] = "aes128gcm"
        if url.scheme == "http":
            answer = await self._client.post(endpoint, content=body, headers=headers)
        else:
            here = f"https://127.0.0.1:{self._devpush.tls_port}{url.path}"
            names = {"sni_hostname": url.hostname}
            answer = await self._client.post(here, content=body, headers=headers, extensions=names)
        return answer.status_code
