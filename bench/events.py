"""How many calls of `POST /v1/public/events` one process takes: `.venv/bin/python -m bench.events`.

An installation of its own on SQLite in a temporary directory; eight connections that ask again as soon as they are
answered. CPU is the server's own, by the kernel's count. A tenth of the calls come from visitors who were never here.
"""

import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.results import say
from tests.support.environment import clean_environment

_CONNECTIONS = 8
_SECONDS = 8.0
_PEOPLE = 2_000
_ORIGIN = "https://shop.example"
_TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure calls with 1 and with 20 events."""
    with tempfile.TemporaryDirectory() as directory:
        environment = clean_environment() | {
            "HELIOGRAPH_DATA_DIR": directory,
            "HELIOGRAPH_PORT": "18971",
            "HELIOGRAPH_HOST": "127.0.0.1",
        }
        command = [sys.executable, "-m", "heliograph"]
        subprocess.run([*command, "migrate"], check=True, env=environment, capture_output=True)  # noqa: S603 - our own
        made = [*command, "projects", "create", "Shop", "--origin", _ORIGIN, "--contact", "mailto:push@example.com"]
        told = subprocess.run(  # noqa: S603 - our own
            made, check=True, env=environment, capture_output=True, text=True
        ).stdout
        found = re.search(r"hpk_[\w-]+", told)
        if found is None:
            raise SystemExit(told)
        server = subprocess.Popen(  # noqa: S603 - our own
            [*command, "serve"], env=environment, stderr=subprocess.DEVNULL
        )
        try:
            for size in (1, 20):
                say(asyncio.run(_measure(found[0], size, server.pid)))
        finally:
            server.terminate()
            server.wait()
        size = sum(path.stat().st_size for path in Path(directory).iterdir())
        say(f"database: {size / 1e6:.0f} MB")


async def _measure(key: str, size: int, pid: int) -> str:
    await _reachable()
    done: list[float] = []
    began, cpu = time.perf_counter(), _cpu(pid)
    numbers = iter(range(10**9))
    await asyncio.gather(*(_ask(key, size, numbers, began + _SECONDS, done) for _ in range(_CONNECTIONS)))
    spent, cpu = time.perf_counter() - began, _cpu(pid) - cpu
    done.sort()
    rate, each = len(done) / spent, cpu / len(done) * 1e3
    p99 = done[int(len(done) * 0.99)] * 1e3
    return (
        f"{size:3} events: {rate:6.0f} calls/s, {rate * size:7.0f} events/s, {each:.2f} ms CPU a call, p99 {p99:.0f} ms"
    )


async def _reachable() -> None:
    for _ in range(600):
        with contextlib.suppress(OSError):
            (await asyncio.open_connection("127.0.0.1", 18971))[1].close()
            return
        await asyncio.sleep(0.1)


async def _ask(key: str, size: int, numbers: Any, until: float, done: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", 18971)
    while time.perf_counter() < until:
        writer.write(_question(key, size, next(numbers)))
        began = time.perf_counter()
        head = await reader.readuntil(b"\r\n\r\n")
        if b" 202 " not in head:
            raise SystemExit(head.decode())
        length = re.search(rb"content-length: (\d+)", head.lower())
        await reader.readexactly(int(length[1]) if length else 0)
        done.append(time.perf_counter() - began)
    writer.close()


def _question(key: str, size: int, number: int) -> bytes:
    known = number % _PEOPLE if number % 10 else 10**9 + number
    now = datetime.now(UTC).isoformat()
    item = {"id": f"sku-{number % 500}", "price": "12,50", "title": "Moon lamp", "url": f"{_ORIGIN}/lamp"}
    # Mostly views; each tenth event changes the cart.
    events = [
        {
            "id": f"{size}-{number}-{each}",
            "name": "cart_add" if (number + each) % 10 == 0 else "item_view",
            "at": now,
            "properties": {"item": item},
        }
        for each in range(size)
    ]
    context = {"language": "en-GB", "time_zone": "Europe/Berlin", "url": f"{_ORIGIN}/lamp"}
    body = json.dumps({"visitor": f"hvi_{known:022}", "sent_at": now, "context": context, "events": events}).encode()
    head = (
        f"POST /v1/public/events?key={key} HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: {_ORIGIN}\r\n"
        f"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:136.0) Gecko/20100101 Firefox/136.0\r\n"
        f"Content-Type: text/plain;charset=UTF-8\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


if __name__ == "__main__":
    main()
