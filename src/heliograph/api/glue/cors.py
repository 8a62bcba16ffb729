"""Letting pages of a project's origins call the Glue API, as the Fulfillment App does (Fetch standard, CORS)."""

from typing import Any

from litestar import HttpMethod, Request, Response
from litestar.datastructures import MutableScopeHeaders
from litestar.handlers import HTTPRouteHandler, route
from litestar.types import Message, Scope

from heliograph.api.glue.access import OPEN
from heliograph.api.glue.answers import is_glue
from heliograph.api.public.access import directory_of
from heliograph.errors import OriginRefused, Problem

_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, PATCH, DELETE",
    "Access-Control-Allow-Headers": "content-type, authorization, accept, accept-language",
    "Access-Control-Max-Age": "7200",
}


def preflights(handlers: tuple[HTTPRouteHandler, ...]) -> HTTPRouteHandler:
    """Return the handler that answers a browser's question before it sends a request to one of `handlers`."""
    paths = sorted({path for handler in handlers for path in handler.paths})

    @route(paths, http_method=HttpMethod.OPTIONS, opt=OPEN)
    async def glue_preflight(request: Request[Any, Any, Any]) -> Response[None]:
        """Answer a preflight. A token is needed for the call itself, never for this."""
        origin = request.headers.get("origin")
        if origin is None or not await directory_of(request.scope).knows_origin(origin):
            raise OriginRefused("No project of this installation allows this origin.")
        return Response(None, status_code=204, headers=_PREFLIGHT)

    return glue_preflight


async def on_answer(message: Message, scope: Scope) -> None:
    """Mark every answer of the Glue API for its page."""
    if message["type"] != "http.response.start" or not is_glue(scope["path"]):
        return
    headers = MutableScopeHeaders.from_message(message)
    headers.add("Vary", "Origin")
    origin = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"), None)
    try:
        is_known = origin is not None and await directory_of(scope).knows_origin(origin)
    except Problem:  # the database is away, and that is what the answer is about to say
        return
    if origin is not None and is_known:
        headers["Access-Control-Allow-Origin"] = origin
