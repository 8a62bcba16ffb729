"""The API explained: `/openapi.json` for programs, and `/docs` for people, which needs nothing from elsewhere."""

from typing import Any

import msgspec
from litestar import Litestar, Request, Response, get
from litestar.datastructures import State

from heliograph.api.openapi import openapi_document

_BRIEFLY = "public, max-age=60"


def _document(app: Litestar) -> dict[str, Any]:
    """Return the document, which is made when it is first asked for."""
    if "openapi" not in app.state:
        app.state["openapi"] = openapi_document(app, base_url=app.state.heliograph.base_url)
    found: dict[str, Any] = app.state["openapi"]
    return found


@get("/openapi.json", include_in_schema=False)
async def openapi_json(request: Request[Any, Any, State]) -> Response[bytes]:
    """Serve the OpenAPI document; any page may read it."""
    return Response(
        msgspec.json.encode(_document(request.app)),
        media_type="application/json",
        headers={"Access-Control-Allow-Origin": "*", "Cache-Control": _BRIEFLY},
    )
