"""Connections of strangers: what never ends is ended, in bytes and in time, and all others are left alone."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn

from heliograph.cli import connection, processes

_PATIENCE = 20
_CHUNK = b"a" * 65_536

Opened = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def _app(scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[..., Awaitable[None]]):
    """Read a body and answer with its length, slowly if asked to."""
    length, more = 0, True
    while more:
        message = await receive()
        length, more = length + len(message.get("body", b"")), message.get("more_body", False)
    if scope["path"] == "/slow":
        await asyncio.sleep(0.3)
    body = str(length).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def _server() -> AsyncIterator[Callable[[], Awaitable[Opened]]]:
    listening = processes.listen("127.0.0.1", 0)
    port = listening.getsockname()[1]
    stop = asyncio.Event()
    config = uvicorn.Config(_app, lifespan="off", **processes.SERVER)  # type: ignore[arg-type]
    serving = asyncio.create_task(processes.serve(config, listening, stop))
    writers: list[asyncio.StreamWriter] = []

    async def connect() -> Opened:
        opened = await asyncio.open_connection("127.0.0.1", port)
        writers.append(opened[1])
        return opened

    try:
        async with asyncio.timeout(_PATIENCE):
            yield connect
    finally:
        for writer in writers:
            writer.close()
        stop.set()
        await serving


async def _pour(writer: asyncio.StreamWriter, most: int) -> int:
    """Write until nobody takes it any more; return how many chunks were taken."""
    for number in range(most):
        try:
            writer.write(_CHUNK)
            await writer.drain()
        except ConnectionError:
            return number
        await asyncio.sleep(0)
    return most


@pytest.mark.parametrize(
    "beginning",
    [
        b"GET /",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: ",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: ",
    ],
    ids=["address", "header", "trailer"],
)
async def test_a_head_without_end_is_cut_off(beginning: bytes):
    """Nothing is gathered that a stranger makes as long as the memory lasts."""
    async with _server() as connect:
        _, writer = await connect()
        writer.write(beginning)
        assert await _pour(writer, 1000) < 1000


async def test_a_request_that_never_arrives_is_given_up(monkeypatch: pytest.MonkeyPatch):
    """Whoever sends nothing, half a head or half a body does not hold a connection for ever."""
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 0.05)
    async with _server() as connect:
        for half in (b"", b"GET / HTTP/1.1\r\nHost:", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"):
            reader, writer = await connect()
            writer.write(half)
            assert not (await reader.read()).startswith(b"HTTP/1.1 200")


async def test_long_bodies_and_slow_answers_are_left_alone(monkeypatch: pytest.MonkeyPatch):
    """Many requests come over one connection, with bodies longer than any head; an answer takes as long as it takes."""
    async with _server() as connect:
        reader, writer = await connect()
        for _ in range(3):
            writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 655360\r\n\r\n" + 10 * _CHUNK)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200")
            assert await reader.readexactly(6) == b"655360"
        monkeypatch.setattr(connection, "REQUEST_SECONDS", 0.1)
        reader, writer = await connect()
        writer.write(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")


async def test_a_large_body_earns_its_time(monkeypatch: pytest.MonkeyPatch):
    """An import may take longer than any other request, as long as it moves; a dribble earns nothing."""
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 0.4)
    async with _server() as connect:
        reader, writer = await connect()
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 655360\r\n\r\n")
        for _ in range(10):
            writer.write(_CHUNK)
            await asyncio.sleep(0.1)
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200")
        reader, writer = await connect()
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 655360\r\n\r\n")
        assert await _dribble(reader, writer) == b""


async def _dribble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    """Write a little now and then until the other side has had enough; return what it answered."""
    answer = asyncio.create_task(reader.read())
    while not answer.done():
        writer.write(b"aaaa")
        await asyncio.wait([answer], timeout=0.05)
    return answer.result()
