"""A project of a shop that comes from Spryker: its account, its provider, and a client that speaks JSON:API."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from litestar import Litestar
from tests.support.api import ADDRESS, Tenant, bearer
from tests.support.pages import Browser

from heliograph.actions import accounts, glue_settings
from heliograph.actions.accounts import NewAccount
from heliograph.bootstrap import Heliograph
from heliograph.domain.glue import GlueSettings, Right

JSON_API = "application/vnd.api+json"
PROVIDERS, SUBSCRIPTIONS = "/push-notification-providers", "/push-notification-subscriptions"


@dataclass
class Glue:
    """What a Spryker client has: an account, its token, and a way to call."""

    client: httpx.AsyncClient
    heliograph: Heliograph
    tenant: Tenant
    made: NewAccount = field(repr=False)

    @property
    def token(self) -> str:
        """A token that is good now."""
        return accounts.issue_token(self.heliograph.context(), self.made.account)

    async def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, **more: Any
    ) -> httpx.Response:
        """Call as Spryker's own tests do."""
        headers = bearer(token or self.token) | {"Content-Type": JSON_API} | more.pop("headers", {})
        content = None if body is None else json.dumps(body)
        return await self.client.request(method, path, headers=headers, **({"content": content} | more))

    async def provider(self, name: str) -> str:
        """Add a provider and return its id."""
        response = await self.call("POST", PROVIDERS, document(name=name))
        assert response.status_code == 201, response.text
        found: str = response.json()["data"]["id"]
        return found

    async def subscribe(self, browser: Browser, **attributes: Any) -> httpx.Response:
        """Subscribe a browser to warehouse/42, unless the attributes say otherwise."""
        return await self.call("POST", SUBSCRIPTIONS, document(**(wish(browser) | attributes)))

    async def want(self, **settings: Any) -> None:
        """Change the project's settings."""
        async with self.heliograph.store.begin() as tx:
            ctx = self.heliograph.context()
            await glue_settings.put(tx, ctx, project_id=self.tenant.id, settings=GlueSettings(**settings))


def document(**attributes: Any) -> dict[str, Any]:
    """Return a body; its type is as misspelt as in Spryker's own samples."""
    return {"data": {"type": "push-notificatoin-providers", "attributes": attributes}}


def wish(browser: Browser) -> dict[str, Any]:
    """Return what a client of `web-push-php` sends."""
    keys = browser.keys()
    return {
        "providerName": "web-push-php",
        "group": {"name": "warehouse", "identifier": "42"},
        "payload": {"endpoint": browser.endpoint, "publicKey": keys["p256dh"], "authToken": keys["auth"]},
        "localeName": "en_US",
    }


def codes(response: httpx.Response) -> list[str | None]:
    """Return the codes of an error's answer, after a look at its form."""
    assert response.headers["content-type"] == JSON_API, response.text
    errors = response.json()["errors"]
    for error in errors:
        assert isinstance(error["status"], int)
        assert isinstance(error["message"], str)
        assert isinstance(error.get("code", ""), str)
    assert response.status_code == (errors[0]["status"] if len(errors) == 1 else 207)
    return [error.get("code") for error in errors]


async def make_account(heliograph: Heliograph, tenant: Tenant, name: str, *rights: Right) -> NewAccount:
    """Make an account of a project."""
    async with heliograph.store.begin() as tx:
        return await accounts.create(tx, heliograph.context(), project_id=tenant.id, name=name, rights=rights)


@pytest.fixture
async def client(app: Litestar) -> AsyncIterator[httpx.AsyncClient]:
    """A client in this process; these operations are not in the OpenAPI document."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=ADDRESS) as made:
        yield made


@pytest.fixture
async def glue(client: httpx.AsyncClient, heliograph: Heliograph, alice: Tenant) -> Glue:
    """Alice's shop, which comes from Spryker."""
    made = await make_account(heliograph, alice, "richard@spryker.example", *Right)
    return Glue(client, heliograph, alice, made)
