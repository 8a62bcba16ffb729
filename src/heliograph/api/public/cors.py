"""Letting pages of allowed origins read our answers, errors included (Fetch standard, CORS). Never with credentials."""

from typing import Any

from litestar import HttpMethod, Request, Response
from litestar.datastructures import MutableScopeHeaders
from litestar.handlers import HTTPRouteHandler, route
from litestar.types import Message, Scope

from heliograph.api.public.access import KEY_HEADER, directory_of, method_of
from heliograph.api.public.standing import standing_of
from heliograph.errors import OriginRefused, Problem

PREFIX = "/v1/public/"
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, DELETE",
    "Access-Control-Allow-Headers": f"content-type, {KEY_HEADER.lower()}, authorization",
    "Access-Control-Max-Age": "7200",
}
_CHANGES_PROJECTS = ("/v1/projects", "/v1/keys", "/v1/vapid-keys", "/v1/providers", "/v1/site/window")
_CHANGES_PROMPTS = ("/v1/campaigns", "/v1/segments")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_REFUSED = 400


def preflights(handlers: tuple[HTTPRouteHandler, ...]) -> HTTPRouteHandler:
    """Return the handler that answers a browser's question before it sends a request to one of `handlers`."""
    paths = sorted({path for handler in handlers for path in handler.paths})

    @route(paths, http_method=HttpMethod.OPTIONS, include_in_schema=False, opt={"is_preflight": True})
    async def preflight(request: Request[Any, Any, Any]) -> Response[None]:
        """Answer a preflight. It names no project, so any project's origin will do; the call itself is exact."""
        origin = request.headers.get("origin")
        if origin is None or not await directory_of(request.scope).knows_origin(origin):
            raise OriginRefused("No project of this installation allows this origin.")
        return Response(None, status_code=204, headers=_PREFLIGHT)

    return preflight


async def on_answer(message: Message, scope: Scope) -> None:
    """Mark every answer of the public API for its page, and notice when the admin API changed what pages depend on."""
    if message["type"] != "http.response.start":
        return
    if scope["path"].startswith(PREFIX):
        await _mark(MutableScopeHeaders.from_message(message), scope)
    elif method_of(scope) not in _SAFE and scope["path"].startswith(_CHANGES_PROJECTS) and message["status"] < _REFUSED:
        # What was refused changed nothing: no stranger may have everything looked up again and again.
        directory_of(scope).forget()
    elif method_of(scope) not in _SAFE and scope["path"].startswith(_CHANGES_PROMPTS) and message["status"] < _REFUSED:
        standing_of(scope).forget()


async def _mark(headers: MutableScopeHeaders, scope: Scope) -> None:
    headers.add("Vary", "Origin")
    headers.setdefault("Cache-Control", "no-store")
    origin = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"), None)
    if origin is None:
        return
    try:
        is_known = await directory_of(scope).knows_origin(origin)
    except Problem:  # the database is away, and that is what the answer is about to say
        return
    if is_known:
        headers["Access-Control-Allow-Origin"] = origin
        headers["Access-Control-Expose-Headers"] = "Retry-After, X-Request-Id"
