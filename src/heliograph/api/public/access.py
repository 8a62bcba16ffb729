"""Who calls the public API: a page with a project's publishable key, from one of the project's origins (RFC 6454).

A publishable key stands in every page and is no secret. What keeps strangers out is the Origin header, which a browser
writes and a page cannot change; what protects a subscription is its own secret.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency
from litestar.handlers import BaseRouteHandler
from litestar.types import Scope

from heliograph.actions.config import PublicProject, all_origins, open_project
from heliograph.api.limits import MAX_TOLD, query_parameters
from heliograph.bootstrap import Heliograph
from heliograph.errors import FieldError, InvalidRequest, OriginRefused, Unauthorized
from heliograph.kit.cache import ShortCache

KEY_HEADER = "Heliograph-Key"
KEY_PARAMETER = "key"
LIFE = timedelta(seconds=5)
"""How long a process may go on with what it knows of a project after another process changed it."""
_CAPACITY = 10_000
_SAFE = frozenset({"GET", "HEAD"})


class PageDirectory:
    """What the public API knows of projects, kept for seconds so that a page view costs no query."""

    def __init__(self, heliograph: Heliograph) -> None:
        self._heliograph = heliograph
        self._projects: ShortCache[str, PublicProject] = ShortCache(heliograph.clock, life=LIFE, capacity=_CAPACITY)
        self._origins: ShortCache[None, frozenset[str]] = ShortCache(heliograph.clock, life=LIFE, capacity=1)

    async def project(self, publishable_key: str, *, fresh: bool = False) -> PublicProject:
        """Return the project that a key opens, or raise `Unauthorized`."""

        async def load() -> PublicProject:
            async with self._heliograph.store.read() as tx:
                return await open_project(tx, self._heliograph.context(), publishable_key=publishable_key)

        found = await self._projects.get(publishable_key, load, fresh=fresh)
        if found.key_ends_at is not None and found.key_ends_at <= self._heliograph.clock.now():
            raise Unauthorized("The publishable key is unknown, expired or revoked.")
        return found

    async def knows_origin(self, origin: str) -> bool:
        """Tell whether any project allows an origin: a preflight names no project (Fetch standard, CORS preflight)."""

        async def load() -> frozenset[str]:
            async with self._heliograph.store.read() as tx:
                return await all_origins(tx)

        return origin in await self._origins.get(None, load)

    def forget(self) -> None:
        """Drop everything, because something was changed in this process."""
        self._projects.forget()
        self._origins.forget()


@dataclass(frozen=True, slots=True)
class PageAccess:
    """An admitted caller. `origin` is None where a browser sends none: with a GET of the same origin."""

    project: PublicProject
    origin: str | None
    publishable_key: str


Page: TypeAlias = NamedDependency[PageAccess]
"""Ask for the caller with a parameter `page: Page`."""
FOR_OPENERS = {"for_openers": True}
"""What a handler says of itself that pages may call which can open the window and nothing else."""
NEEDS_SECRET = {"needs_secret": True}
"""What a handler says of itself that reads the subscription's secret."""


def method_of(scope: Scope) -> str:
    """Return the method of a request."""
    return str(scope.get("method", ""))


def directory_of(scope: Scope) -> PageDirectory:
    """Return the application's directory; the first caller makes it."""
    state = scope["litestar_app"].state
    if "pages" not in state:
        state["pages"] = PageDirectory(state["heliograph"])
    found: PageDirectory = state["pages"]
    return found


async def admit(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Find out which project a page belongs to and whether it may speak for it (a guard, before a body is read)."""
    if handler.opt.get("is_preflight", False):
        return
    key = connection.headers.get(KEY_HEADER) or connection.query_params.get(KEY_PARAMETER)
    if not key:
        raise Unauthorized(f"Send the project's publishable key: {KEY_HEADER}: hpk_….")
    project = await directory_of(connection.scope).project(key)
    origin = connection.headers.get("origin")
    if origin not in _openers(project, handler):
        _check_origin(origin, project, is_safe=method_of(connection.scope) in _SAFE)
    connection.scope["auth"] = PageAccess(project, origin, key)


def _openers(project: PublicProject, handler: BaseRouteHandler) -> tuple[str, ...]:
    window = project.window if handler.opt.get("for_openers", False) else None
    return () if window is None else window.openers


def _check_origin(origin: str | None, project: PublicProject, *, is_safe: bool) -> None:
    if origin is None:
        if not is_safe:
            raise OriginRefused("A browser sends the Origin header; without it only reading is allowed.")
    elif origin not in project.origins:
        raise OriginRefused("This page's origin is not on the project's list: add it exactly as the browser writes it.")


async def refuse_unknown_parameters(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse a query parameter that nobody reads (a guard)."""
    if handler.opt.get("is_preflight", False):
        return
    known = query_parameters(handler) | {KEY_PARAMETER}
    unknown = [name for name in dict.fromkeys(connection.query_params) if name not in known]
    if unknown:
        errors = tuple(FieldError(f"query/{name[:100]}", "Leave this parameter out.") for name in unknown[:MAX_TOLD])
        raise InvalidRequest(f"There is no parameter {unknown[0][:100]} here.", errors)


def provide_page(request: Request[Any, PageAccess, Any]) -> PageAccess:
    """Hand the caller to a handler that asks for `page`."""
    return request.auth


def secret_of(request: Request[Any, Any, Any]) -> str | None:
    """Return the subscription's secret that a request shows, if it does."""
    scheme, _, secret = request.headers.get("authorization", "").strip().partition(" ")
    return secret.strip() or None if scheme.lower() == "bearer" else None
