"""A receiver of webhooks on loopback that answers as it is told, well or badly."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

Answer = tuple[int, dict[str, str], bytes]
Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter


@dataclass(frozen=True, slots=True)
class Call:
    """One request: header names are lower-case."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events in the body."""
        found: list[dict[str, Any]] = json.loads(self.body)["data"]["events"]
        return found


@dataclass(slots=True)
class Receiver:
    """What was received, and what is answered: `answer` is asked with each call.

    Attributes:
        hold: while set to an event, answers wait for it.
        flood: whether to answer without end.
    """

    url: str = ""
    calls: list[Call] = field(default_factory=list)
    answer: Callable[[Call], Answer] = lambda _call: (204, {}, b"")
    hold: asyncio.Event | None = None
    flood: bool = False
    sent: int = 0

    @property
    def origin(self) -> str:
        """`http://127.0.0.1:port`."""
        return self.url.rpartition("/")[0]

    @property
    def events(self) -> list[dict[str, Any]]:
        """All events, in the order of their coming."""
        return [event for call in self.calls for event in call.events]

    async def serve(self, reader: Reader, writer: Writer) -> None:
        """Answer one connection."""
        # Cancelled at the end of the test: asyncio would call that an error.
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
                headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:])}
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                call = Call(head[0].split(" ")[1], headers, body)
                self.calls.append(call)
                await self._answer(call, writer)
        writer.transport.abort()

    async def _answer(self, call: Call, writer: Writer) -> None:
        if self.hold is not None:
            await self.hold.wait()
        if self.flood:
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9999999999\r\n\r\n")
            while True:
                writer.write(b"x" * 65_536)
                self.sent += 65_536
                await writer.drain()
        status, headers, body = self.answer(call)
        lines = [f"HTTP/1.1 {status} X", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await writer.drain()


@contextlib.asynccontextmanager
async def receiver() -> AsyncIterator[Receiver]:
    """Run a receiver on a free port of loopback."""
    made = Receiver()
    tasks: set[asyncio.Task[Any]] = set()

    async def serve(reader: Reader, writer: Writer) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        await made.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hook"
    try:
        yield made
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.sleep(0)
