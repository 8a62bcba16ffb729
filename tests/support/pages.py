"""A site's pages as a test sees them: browsers with real keys, and a client that calls the public API as they do."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import Table, select

from heliograph.actions.projects import CreatedProject
from heliograph.protocols import base64url
from heliograph.storage.store import Store

ORIGIN = "https://shop.example"
ENDPOINTS = "https://updates.push.services.mozilla.com/wpush/v2/"


@dataclass
class Browser:
    """What a browser has after `pushManager.subscribe()`."""

    endpoint: str
    private_key: ec.EllipticCurvePrivateKey
    auth: bytes

    @classmethod
    def new(cls, name: str, *, endpoints: str = ENDPOINTS) -> "Browser":
        """A browser with an endpoint of its own, and keys that depend on the name alone."""
        number = int.from_bytes(name.encode().rjust(16, b"-")[-16:], "big")
        return cls(endpoints + name, ec.derive_private_key(number, ec.SECP256R1()), name.encode().rjust(16, b"-")[-16:])

    @property
    def p256dh(self) -> bytes:
        """65 bytes."""
        return self.private_key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def keys(self) -> dict[str, str]:
        """What `toJSON()` gives as `keys`."""
        return {"p256dh": base64url.encode(self.p256dh), "auth": base64url.encode(self.auth)}

    def body(self, site: "Site", **more: Any) -> dict[str, Any]:
        """The body of a registration."""
        key = base64url.encode(site.project.vapid_key.public_key)
        return {"endpoint": self.endpoint, "keys": self.keys(), "application_server_key": key} | more


@dataclass
class Answer:
    """A registration that went well."""

    id: str
    secret: str
    status: int
    body: dict[str, Any] = field(repr=False)


@dataclass
class Site:
    """A project and the client of its pages."""

    project: CreatedProject
    client: httpx.AsyncClient
    origin: str = ORIGIN

    @property
    def key(self) -> str:
        """The publishable key."""
        return self.project.publishable_key.token

    @property
    def admin(self) -> dict[str, str]:
        """Headers of a server's call."""
        return {"Authorization": f"Bearer {self.project.secret_key.token}"}

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        secret: str | None = None,
        content: bytes | None = None,
        headers: dict[str, Any] | None = None,
    ) -> httpx.Response:
        """Call the public API; `body` is sent as JSON, `content` as it is; a header of None is left out."""
        given: dict[str, Any] = {"Heliograph-Key": self.key, "Origin": self.origin}
        if secret is not None:
            given["Authorization"] = f"Bearer {secret}"
        if body is not None or content is not None:
            given["Content-Type"] = "application/json"
        given |= headers or {}
        sent = {name: value for name, value in given.items() if value is not None}
        data = content if content is not None else None if body is None else json.dumps(body).encode()
        return await self.client.request(method, f"/v1/public{path}", content=data, headers=sent)

    async def register(self, browser: Browser, **more: Any) -> Answer:
        """Register a browser; the test fails if that fails."""
        response = await self.call("POST", "/subscriptions", browser.body(self, **more))
        assert response.is_success, response.text
        answer = response.json()
        return Answer(answer["id"], answer["secret"], response.status_code, answer)


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Check that an answer is this problem document, and return it."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/problem+json")
    document: dict[str, Any] = response.json()
    assert (document["status"], document["code"]) == (status, code), document
    assert document["detail"].endswith((".", "…."))
    assert {"type", "title"} <= set(document)
    return document


async def rows(store: Store, table: Table) -> list[dict[str, Any]]:
    """Everything that a table holds."""
    async with store.read() as tx:
        return [dict(row._mapping) for row in await tx.execute(select(table).order_by(*table.primary_key))]


async def row(store: Store, table: Table, key: str) -> dict[str, Any]:
    """One row by its `id`."""
    return next(found for found in await rows(store, table) if found["id"] == key)
