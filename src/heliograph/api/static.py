"""The browser half, `/sdk/v1/…`: read by pages of any origin, kept by caches for a while."""

from pathlib import Path

from litestar import Request, Response, get
from litestar.datastructures import State
from litestar.params import FromPath

from heliograph.errors import NotFound

FOLDER = Path(__file__).parent.parent / "static" / "sdk"
_TYPES = {".js": "text/javascript", ".map": "application/json"}
_AN_HOUR = "public, max-age=3600, stale-while-revalidate=86400"


@get("/sdk/v1/{name:str}", include_in_schema=False)
async def sdk_file(name: FromPath[str], request: Request[object, object, State]) -> Response[bytes]:
    """Serve one built file; a changed one is fetched again within the hour."""
    kind = _TYPES.get(Path(name).suffix)
    known = {path.name: path for path in FOLDER.iterdir()} if FOLDER.is_dir() else {}
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
    if request.headers.get("if-none-match") == tag:
        return Response(b"", status_code=304, headers=headers, media_type=kind)
    return Response(known[name].read_bytes(), headers=headers, media_type=kind)
