"""A correct application server, whose requests tests then spoil one by one."""

from datetime import timedelta
from urllib.parse import urlsplit

import httpx

from heliograph.kit.clock import Clock
from heliograph.protocols import vapid

ABSENT = None
SUBJECT = "mailto:push@shop.example.com"


class Sender:
    """Sends as the universal sender profile says; a header set to None is left out."""

    def __init__(self, clock: Clock) -> None:
        self.key = vapid.generate_private_key()
        self.clock = clock
        self.client = httpx.AsyncClient(trust_env=False)

    def authorization(self, endpoint: str, **changes: object) -> str:
        parts = urlsplit(endpoint)
        values = {"audience": f"{parts.scheme}://{parts.netloc}", "subject": SUBJECT}
        values |= {"key": self.key, "expires_at": self.clock.now() + timedelta(hours=12)} | changes
        return vapid.sign(values.pop("key"), **values)

    def headers(self, endpoint: str, body: bytes, changes: dict[str, str | None]) -> list[tuple[str, str]]:
        headers: dict[str, str | None] = {"ttl": "60", "authorization": self.authorization(endpoint)}
        if body:
            headers["content-encoding"] = "aes128gcm"
        headers |= {name.lower().replace("_", "-"): value for name, value in changes.items()}
        return [(name, value) for name, value in headers.items() if value is not None]

    async def post(
        self, endpoint: str, body: bytes = b"", *, more: list[tuple[str, str]] | None = None, **changes: str | None
    ) -> httpx.Response:
        """Send. `changes` replace headers; `more` are added, so that one can be sent twice."""
        headers = [*self.headers(endpoint, body, changes), *(more or [])]
        return await self.client.post(endpoint, content=body, headers=headers)
