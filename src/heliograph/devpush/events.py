"""What happens, told to whoever watches: the source of the SSE stream and of waits in tests."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from enum import StrEnum
from typing import Any

from heliograph.kit.clock import Clock

_BACKLOG = 10_000
_KEEP_ALIVE_SECONDS = 15.0


class Happening(StrEnum):
    """Names of events on the stream."""

    CONNECTED = "connected"
    DISCONNECTED = "disconnected"
    REGISTERED = "registered"
    UNREGISTERED = "unregistered"
    RECEIVED = "received"
    SENT = "sent"
    ACKED = "acked"
    DROPPED = "dropped"
    FAULT = "fault"
    FORGOTTEN = "forgotten"


class Events:
    """A broadcast. A watcher that falls far behind loses the oldest events, never the server's memory."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._watchers: set[asyncio.Queue[dict[str, Any]]] = set()

    def publish(self, happening: Happening, **details: Any) -> None:
        """Tell every watcher."""
        if not self._watchers:
            return
        event = {"event": happening.value, "at": _instant(self._clock.now()), **details}
        for queue in self._watchers:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait(event)

    def subscribe(self) -> asyncio.Queue[dict[str, Any]]:
        """Start watching; the queue gets every event from now on."""
        queue: asyncio.Queue[dict[str, Any]] = asyncio.Queue(_BACKLOG)
        self._watchers.add(queue)
        return queue

    def unsubscribe(self, queue: asyncio.Queue[dict[str, Any]]) -> None:
        """Stop watching."""
        self._watchers.discard(queue)

    async def as_sse(self) -> AsyncIterator[bytes]:
        """Yield server-sent events (HTML standard, section 9.2), with a comment now and then to keep the line open."""
        queue = self.subscribe()
        try:
            yield b": devpush\n\n"
            while True:
                try:
                    event = await asyncio.wait_for(queue.get(), _KEEP_ALIVE_SECONDS)
                except TimeoutError:
                    yield b":\n\n"
                    continue
                yield f"event: {event['event']}\ndata: {json.dumps(event)}\n\n".encode()
        finally:
            self.unsubscribe(queue)


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")
