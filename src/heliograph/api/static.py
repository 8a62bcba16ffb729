"""The browser half, `/sdk/v1/…`: read by pages of any origin, kept by caches for a while."""

from pathlib import Path

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.params import FromPath

from heliograph.errors import NotFound

FOLDER = Path(__file__).parent.parent / "static" / "sdk"
_HTML = "text/html"
_TYPES = {".js": "text/javascript", ".map": "application/json", ".html": _HTML}
# The frame of custom prompts runs a customer's own HTML. Whoever opens or embeds it, it gets an origin of its own: no
# cookie, storage or page of this host is in its reach.
_FRAME_POLICY = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline' https:; style-src 'unsafe-inline' https:; "
    "img-src https: data:; font-src https: data:; media-src https:; connect-src https:; form-action 'none'; "
    "base-uri 'none'"
)
_AN_HOUR = "public, max-age=3600, stale-while-revalidate=86400"


@get("/sdk/v1/{name:str}", include_in_schema=False)
async def sdk_file(name: FromPath[str], request: Request[object, object, State]) -> Response[bytes]:
    """Serve one built file; a changed one is fetched again within the hour."""
    return _serve(FOLDER, name, request)


@get("/sdk/v1/prompts/{name:str}", include_in_schema=False)
async def prompt_file(name: FromPath[str], request: Request[object, object, State]) -> Response[bytes]:
    """Serve one prompt, or what prompts share; pages load them when they show one."""
    return _serve(FOLDER / "prompts", name, request)


def _serve(folder: Path, name: str, request: Request[object, object, State]) -> Response[bytes]:
    kind = _TYPES.get(Path(name).suffix)
    # Looked up among what there is: a name from outside never becomes a path.
    known = {path.name: path for path in folder.iterdir()} if folder.is_dir() else {}
    if kind is None or name not in known:
        raise NotFound("There is no such file.")
    stat = known[name].stat()
    tag = f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'
    headers = {
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Cache-Control": _AN_HOUR,
        "ETag": tag,
        "X-Content-Type-Options": "nosniff",
    }
    if kind == _HTML:
        headers["Content-Security-Policy"] = _FRAME_POLICY
    if request.headers.get("if-none-match") == tag:
        return Response(b"", status_code=304, headers=headers, media_type=kind)
    return Response(known[name].read_bytes(), headers=headers, media_type=kind)


ROUTES = (sdk_file, prompt_file)
