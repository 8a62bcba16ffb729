"""What a customer's push host serves: the window's page, and the files that a site would have in its root.

The page is ours and the same for every project; whose it is, it finds out with its state. Nothing may frame it. It has
no COOP header: it must reach the page that opened it.
"""

from pathlib import Path
from typing import Any

from litestar import Request, Response, get

from heliograph.actions.site_facts import WORKER_PATH
from heliograph.actions.site_kit import MANIFEST_PATH, manifest_file
from heliograph.api.wired import Wired
from heliograph.errors import NotFound
from heliograph.storage import windows

WINDOW_PATH = "/window"
PAGE = Path(__file__).parent.parent / "static" / "window.html"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; worker-src 'self'; "
    "manifest-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-cache",
}
_FILE_HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "max-age=3600"}


@get(WINDOW_PATH, include_in_schema=False)
async def window_page() -> Response[bytes]:
    """Serve the window's page."""
    return Response(PAGE.read_bytes(), headers=_HEADERS, media_type="text/html")


@get("/window.css", include_in_schema=False)
async def window_style() -> Response[bytes]:
    """Serve the window's style."""
    return Response(PAGE.with_suffix(".css").read_bytes(), headers=_FILE_HEADERS, media_type="text/css")


@get(WORKER_PATH, include_in_schema=False)
async def worker_file() -> Response[str]:
    """Serve the worker file that a site would host: of the same origin, so it needs no address."""
    return Response('importScripts("/sdk/v1/worker.js");\n', headers=_FILE_HEADERS, media_type="text/javascript")


@get(MANIFEST_PATH, include_in_schema=False)
async def manifest(request: Request[Any, Any, Any], heliograph: Wired) -> Response[str]:
    """Serve the manifest of the project whose push host was asked."""
    async with heliograph.store.read() as tx:
        name = await windows.name_of_host(tx, request.headers.get("host", "").lower())
    if name is None:
        raise NotFound("No project has this push host.")
    made = manifest_file(name)
    return Response(made.text, headers=_FILE_HEADERS, media_type=made.media_type)


ROUTES = (window_page, window_style, worker_file, manifest)
