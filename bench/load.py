"""A load client that is not the bottleneck: bytes made beforehand, answers counted and not parsed. One JSON argument.

Without `rate` every connection asks again as soon as it is answered. With it questions come at their times, whether the
ones before are answered or not, and an answer's time runs from when its question should have been asked.
"""

import asyncio
import json
import random
import sys
import time
from collections import deque
from typing import Any

import uvloop

_MADE = 4_000
"""Different requests; a tenth of them of visitors who were never here."""


def requests(asked: dict[str, Any]) -> list[bytes]:
    """Return whole requests, ready to be sent."""
    made = []
    for number in range(_MADE):
        known = random.randrange(asked["people"]) if number % 10 else asked["people"] + number
        place = random.choice(asked["places"])
        body = json.dumps(
            {
                "visitor": f"hvi_{known:022}",
                "permission": "default",
                "url": f"{asked['origin']}{place}/item-{known % 1000}?utm_source=mail",
                "language": random.choice(("en-GB", "de-AT", "fr")),
                "time_zone": "Europe/Berlin",
            }
        ).encode()
        head = (
            f"POST /v1/public/campaigns?key={asked['key']} HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: {asked['origin']}\r\n"
            f"User-Agent: {random.choice(asked['agents'])}\r\nContent-Type: text/plain;charset=UTF-8\r\n"
            f"Accept: */*\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


class Client(asyncio.Protocol):
    """One connection that asks one question at a time."""

    def __init__(self, load: "Load") -> None:
        self._load = load
        self._buffer = b""
        self._began = 0.0
        self.transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self.transport = transport
        self._load.free(self)

    def ask(self, question: bytes, began: float) -> None:
        """Send one question whose time runs from `began`."""
        self._began = began
        self.transport.write(question)

    def data_received(self, data: bytes) -> None:
        """Wait for the whole answer."""
        self._buffer += data
        head, end, rest = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(rest) < length:
            return
        self._buffer = b""
        self._load.answered(time.perf_counter() - self._began, head, rest)
        self._load.free(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail with the server."""
        self._load.lost(exc)


class Load:
    """What all connections share."""

    def __init__(self, asked: dict[str, Any]) -> None:
        self._requests = requests(asked)
        self._rate = asked.get("rate")
        self._idle: deque[Client] = deque()
        self._waiting: deque[float] = deque()
        self._sent = 0
        self.times: list[float] = []
        self.sizes = 0
        self.campaigns = 0
        self.wrong = 0
        self.is_over = False

    def question(self) -> bytes:
        """Return the next one."""
        self._sent += 1
        return self._requests[self._sent % _MADE]

    def free(self, client: Client) -> None:
        """Give a connection something to do."""
        if self.is_over:
            return
        if self._rate is None:
            client.ask(self.question(), time.perf_counter())
        elif self._waiting:
            client.ask(self.question(), self._waiting.popleft())
        else:
            self._idle.append(client)

    def due(self, at: float) -> None:
        """Ask a question whose time has come."""
        if self._idle:
            self._idle.popleft().ask(self.question(), at)
        else:
            self._waiting.append(at)

    def answered(self, took: float, head: bytes, body: bytes) -> None:
        """Count an answer."""
        if self.is_over:
            return
        self.times.append(took)
        self.sizes += len(body)
        self.campaigns += body.count(b'{"id":"cmp_')
        self.wrong += not head.startswith(b"HTTP/1.1 200 ")

    def lost(self, error: Exception | None) -> None:
        """Count a connection that went away."""
        if not self.is_over:
            self.wrong += 1
            sys.stderr.write(f"lost: {error}\n")


async def run(asked: dict[str, Any]) -> dict[str, float]:
    """Call for a while and return what was seen; times in milliseconds."""
    load, loop = Load(asked), asyncio.get_running_loop()
    clients = [
        (await loop.create_connection(lambda: Client(load), "127.0.0.1", asked["port"]))[1]
        for _ in range(int(asked["connections"]))
    ]
    began = time.perf_counter()
    end = began + asked["seconds"]
    if asked.get("rate") is None:
        await asyncio.sleep(asked["seconds"])
    else:
        at = began
        while at < end:
            # Page views come independently of each other (a Poisson process).
            at += random.expovariate(asked["rate"])
            if (left := at - time.perf_counter()) > 0:
                await asyncio.sleep(left)
            load.due(at)
    took = time.perf_counter() - began
    load.is_over = True
    # What was asked shall be answered, or the server would speak of callers who went away.
    await asyncio.sleep(1)
    for client in clients:
        client.transport.close()
    times = sorted(load.times)
    if load.wrong or not times:
        raise SystemExit(f"{load.wrong} of {len(times)} answers were not 200.")
    return {
        "requests": len(times),
        "rate": len(times) / took,
        "p50": times[len(times) // 2] * 1000,
        "p99": times[len(times) * 99 // 100] * 1000,
        "bytes": load.sizes / len(times),
        "campaigns": load.campaigns / len(times),
    }


if __name__ == "__main__":
    random.seed(4)
    sys.stdout.write(json.dumps(uvloop.run(run(json.loads(sys.argv[1])))))
