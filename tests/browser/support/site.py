"""A small web site of a customer: an origin on http://localhost (trusted by browsers), files, a record of visits."""

import asyncio
import contextlib
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

LARGEST_HEAD = 64 * 1024
STATUS = {200: "OK", 404: "Not Found"}


@dataclass(frozen=True, slots=True)
class Visit:
    """One request that reached the site; `path` without the query."""

    method: str
    path: str
    query: str
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Site:
    """Serves the files it was given from memory, and accepts POSTs anywhere, remembering both."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[str, bytes]] = {}
        self._server: asyncio.Server | None = None
        self.visits: list[Visit] = []

    @property
    def origin(self) -> str:
        assert self._server is not None, "the site is not up"
        return f"http://localhost:{self._server.sockets[0].getsockname()[1]}"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=LARGEST_HEAD)

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    def put(self, path: str, content: str | bytes, content_type: str) -> None:
        """Publish a file."""
        self._files[path] = (content_type, content.encode() if isinstance(content, str) else content)

    def visited(self, path: str, method: str = "GET") -> list[Visit]:
        """Return the requests for `path`, in order."""
        return [visit for visit in self.visits if visit.path == path and visit.method == method]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            visit = await _read(reader)
            self.visits.append(visit)
            writer.write(self._response(visit))
            await writer.drain()
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    def _response(self, visit: Visit) -> bytes:
        if visit.method == "POST":
            return _page(200, "text/plain", b"")
        if visit.path not in self._files:
            return _page(404, "text/plain", b"not here")
        return _page(200, *self._files[visit.path])


async def _read(reader: asyncio.StreamReader) -> Visit:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    request_line, *lines = head.splitlines()
    headers = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
    method, target, _ = request_line.split(" ", 2)
    url = urlsplit(target)
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Visit(method, url.path, url.query, body)


def _page(status: int, content_type: str, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status} {STATUS[status]}\r\ncontent-type: {content_type}\r\ncontent-length: {len(body)}\r\n"
        "cache-control: no-store\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
