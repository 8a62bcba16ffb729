"""The demo's end of the pipe to the simulated user agents, a process of their own (`devpush.agents.process`)."""

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from heliograph.cli.exits import CommandError

_LINE_LIMIT = 1 << 20
_LEAVE_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Seen:
    """What the crowd saw of one notification. `p50` and `p95` are seconds from the API call to the decryption."""

    subscribed: int
    decrypted: int
    shown: int
    clicked: int
    duplicates: int
    lost: int
    undecryptable: int
    p50: float
    p95: float


class Crowd:
    """Simulated user agents that are running."""

    def __init__(self, process: asyncio.subprocess.Process, on_counts: Callable[[Mapping[str, int]], None]) -> None:
        self._process = process
        self._on_counts = on_counts

    async def order(self, **values: Any) -> None:
        """Tell the crowd something."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(values).encode() + b"\n")
        await self._process.stdin.drain()

    async def answer(self, kind: str) -> dict[str, Any]:
        """Wait for an answer of this kind; counts that come before it go to the progress bars."""
        assert self._process.stdout is not None
        while line := await self._process.stdout.readline():
            said = json.loads(line)
            found = said.pop("kind")
            if found == "counts":
                self._on_counts(said)
            elif found == kind:
                return dict(said)
        raise CommandError("The simulated user agents ended too early; what they said is above.")

    async def seen(self, notification: str, since: str, seconds: float) -> Seen:
        """Let the crowd wait for a notification, at most so many seconds, and say what it saw."""
        await self.order(order="watch", notification=notification, since=since, seconds=seconds)
        return Seen(**await self.answer("seen"))


@asynccontextmanager
async def crowd(on_counts: Callable[[Mapping[str, int]], None], **start: Any) -> AsyncIterator[Crowd]:
    """Start the crowd and end it at the end."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "heliograph.devpush.agents.process",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_LINE_LIMIT,
        # Ctrl-C on a terminal goes to the whole process group; the crowd ends when its input does.
        start_new_session=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        running = Crowd(process, on_counts)
        await running.order(**start)
        yield running
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            async with asyncio.timeout(_LEAVE_SECONDS):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
