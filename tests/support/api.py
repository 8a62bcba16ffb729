"""An API client for tests, and tenants to be with it."""

from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any, cast

import httpx
from litestar import Litestar
from tests.support.openapi import Contract

from heliograph.actions import keys, projects
from heliograph.actions.projects import CreatedProject
from heliograph.api.app import create_app
from heliograph.bootstrap import Heliograph
from heliograph.names import Scope
from heliograph.storage.api_keys import KeyKind

ADDRESS = "http://push.test"


def bare() -> Heliograph:
    """Return what is enough of an installation to look at the application without calling it."""
    return cast("Heliograph", SimpleNamespace(base_url=ADDRESS))


@cache
def bare_app() -> Litestar:
    """Return the application without an installation, made once: putting its routes together takes its time."""
    return create_app(bare())


def bearer(token: str) -> dict[str, str]:
    """Return the header that shows a key."""
    return {"Authorization": f"Bearer {token}"}


def api_client(app: Litestar, contract: Contract) -> httpx.AsyncClient:
    """Return a client in this process that holds every answer to the OpenAPI document."""

    async def check(response: httpx.Response) -> None:
        await response.aread()
        contract.check(response)

    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url=ADDRESS, event_hooks={"response": [check]}
    )


@dataclass(frozen=True, slots=True)
class Tenant:
    """A project and its keys. Use it as the headers of a request: `headers=alice.manage`."""

    made: CreatedProject
    tokens: dict[Scope, str] = field(repr=False)
    key_ids: dict[Scope, str]

    @property
    def id(self) -> str:
        """The project's identifier."""
        return self.made.project.id

    @property
    def manage(self) -> dict[str, str]:
        """Headers of a call that may do everything."""
        return bearer(self.tokens[Scope.MANAGE])

    def only(self, scope: Scope) -> dict[str, str]:
        """Headers of a call with this scope alone."""
        return bearer(self.tokens[scope])

    @property
    def page(self) -> dict[str, str]:
        """Headers of a call by a page of the project."""
        return {"Heliograph-Key": self.made.publishable_key.token, "Origin": self.made.project.origins[0]}


async def make_tenant(heliograph: Heliograph, name: str, **values: Any) -> Tenant:
    """Make a project with a key of each scope; its page is `https://<name>.example`."""
    given = {"origins": [f"https://{name}.example"], "vapid_subject": "mailto:push@example.com"} | values
    ctx = heliograph.context()
    async with heliograph.store.begin() as tx:
        made = await projects.create(tx, ctx, name=name, **given)
        issued = {
            scope: await keys.create(
                tx, ctx, project_id=made.project.id, kind=KeyKind.SECRET, name=f"{name} {scope}", scopes=[scope]
            )
            for scope in Scope
        }
    return Tenant(
        made=made,
        tokens={scope: one.token for scope, one in issued.items()},
        key_ids={scope: one.key.id for scope, one in issued.items()},
    )


async def installation_key(heliograph: Heliograph) -> str:
    """Make a key of the installation and return its token."""
    async with heliograph.store.begin() as tx:
        issued = await keys.create(
            tx,
            heliograph.context(),
            project_id=None,
            kind=KeyKind.SECRET,
            name="installation",
            scopes=[Scope.MANAGE],
        )
    return issued.token
