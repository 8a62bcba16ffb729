"""A small stand-in for Apple's push service as websites use it: HTTP/2, TLS, and a client's certificate."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

from heliograph.devpush.certs import Certificates, ensure
from heliograph.devpush.http2 import Http2Connection
from heliograph.devpush.server import Listener
from heliograph.devpush.wire import Answer, Request, json_answer

HOST = "api.push.apple.com"
_PATH = "/3/device/"
_MAX_PAYLOAD = 4096


@dataclass(slots=True)
class Apple:
    """What it was sent, and what it is to say: reasons by token, with a status and perhaps a time in ms."""

    certificates: Certificates
    port: int = 0
    connections: int = 0
    taken: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    refusing: dict[str, tuple[int, str, int | None]] = field(default_factory=dict)

    def answer(self, request: Request, shown: bytes | None) -> Answer:  # noqa: PLR0911 - one for each reason
        headers = dict(request.headers)
        token = request.path.removeprefix(_PATH)
        if shown is None:
            return _refusal(403, "MissingProviderToken")
        named = x509.load_der_x509_certificate(shown).subject.get_attributes_for_oid(NameOID.USER_ID)
        if request.method != "POST":
            return _refusal(405, "MethodNotAllowed")
        if not request.path.startswith(_PATH):
            return _refusal(404, "BadPath")
        if headers.get("apns-topic") not in {each.value for each in named}:
            return _refusal(400, "TopicDisallowed")
        if len(request.body) > _MAX_PAYLOAD:
            return _refusal(413, "PayloadTooLarge")
        if token in self.refusing:
            return _refusal(*self.refusing[token])
        self.taken.append((token, headers, request.body))
        return Answer(200, (("apns-id", headers.get("apns-id", "")),))


def _refusal(status: int, reason: str, timestamp: int | None = None) -> Answer:
    return json_answer(status, {"reason": reason} | ({} if timestamp is None else {"timestamp": timestamp}))


@asynccontextmanager
async def apple(directory: Path, trusted: bytes) -> AsyncIterator[Apple]:
    """Run the stand-in on loopback; `trusted` is the PEM of the authority that issues websites' certificates."""
    service = Apple(ensure(directory / "apple", (HOST,), datetime.now(UTC)))
    context = service.certificates.context("h2")
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(cadata=trusted.decode())

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tls = writer.get_extra_info("ssl_object")
        shown = tls.getpeercert(binary_form=True)
        service.connections += 1

        async def handler(request: Request) -> Answer:
            return service.answer(request, shown)

        first = await reader.read(65_536)
        await Http2Connection(reader, writer, scheme="https", handler=handler, max_streams=100).run(first)

    listener = Listener(serve)
    service.port = await listener.open("127.0.0.1", 0, context)
    try:
        yield service
    finally:
        await listener.close()


__all__ = ["HOST", "Apple", "apple"]
