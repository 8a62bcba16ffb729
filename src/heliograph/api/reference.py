"""The API explained: `/openapi.json` for programs, and `/docs` for people, which needs nothing from elsewhere."""

import base64
import hashlib
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Litestar, Request, Response, get
from litestar.datastructures import State
from litestar.response import Redirect

from heliograph.api import markup
from heliograph.api.openapi import openapi_document
from heliograph.api.pages import ReferencePage, reference_page

_BRIEFLY = "public, max-age=60"
_TEMPLATES = Environment(
    loader=PackageLoader("heliograph.api"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters |= {"prose": markup.prose, "json": markup.json, "shell": markup.shell, "path": markup.path}


def document_of(app: Litestar) -> dict[str, Any]:
    """Return the OpenAPI document, which is made when it is first asked for."""
    if "openapi" not in app.state:
        app.state["openapi"] = openapi_document(app, base_url=app.state.heliograph.base_url)
    found: dict[str, Any] = app.state["openapi"]
    return found


def render(page: ReferencePage) -> str:
    """Return the reference as HTML."""
    script = _source("reference.js")
    return _TEMPLATES.get_template("reference.html").render(
        page=page, style=_source("reference.css"), script=script, script_hash=_hash(script)
    )


def _source(name: str) -> str:
    loader = _TEMPLATES.loader
    assert loader is not None
    return loader.get_source(_TEMPLATES, name)[0]


def _hash(script: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


@get("/openapi.json", include_in_schema=False)
async def openapi_json(request: Request[Any, Any, State]) -> Response[bytes]:
    """Serve the OpenAPI document; any page may read it."""
    return Response(
        msgspec.json.encode(document_of(request.app)),
        media_type="application/json",
        headers={"Access-Control-Allow-Origin": "*", "Cache-Control": _BRIEFLY},
    )


@get("/docs", include_in_schema=False)
async def reference(request: Request[Any, Any, State]) -> Response[str]:
    """Serve the page that explains the API."""
    state = request.app.state
    if "reference" not in state:
        state["reference"] = render(reference_page(document_of(request.app)))
    return Response(
        state["reference"],
        media_type="text/html",
        headers={
            "Cache-Control": _BRIEFLY,
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
            f"script-src '{_hash(_source('reference.js'))}'; img-src data:; base-uri 'none'; form-action 'none'",
            "X-Content-Type-Options": "nosniff",
        },
    )


@get("/", include_in_schema=False)
async def start() -> Redirect:
    """Lead a person who opens the bare address to the reference."""
    return Redirect("/docs", status_code=302)
