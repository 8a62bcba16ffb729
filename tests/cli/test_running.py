"""Commands that run until told to stop, as processes of their own."""

import asyncio
import contextlib
import re
import signal
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from tests.support.environment import clean_environment

from heliograph.cli.exits import Exit

START_SECONDS = 60
pytestmark = pytest.mark.timeout(180)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Process:
    """A running command and what it has said so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said = ""

    async def until(self, pattern: str) -> re.Match[str]:
        """Read what it says until the pattern is there."""
        assert self.process.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            while not (found := re.search(pattern, self.said)):
                chunk = await self.process.stdout.read(4096)
                assert chunk, f"it ended without saying {pattern!r}:\n{self.said}"
                self.said += chunk.decode()
        return found

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop and return its exit status."""
        self.process.send_signal(number)
        return await self.ended()

    async def ended(self) -> int:
        """Wait for the end and return the exit status."""
        assert self.process.stdout is not None
        async with asyncio.timeout(START_SECONDS):
            self.said += (await self.process.stdout.read()).decode()
            return await self.process.wait()


@asynccontextmanager
async def started(data_dir: Path, *arguments: str, **settings: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "heliograph",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=clean_environment(HELIOGRAPH_DATA_DIR=str(data_dir), PYTHONUNBUFFERED="1", **settings),
    )
    try:
        yield Process(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def answers(port: int, path: str) -> int:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(f"http://127.0.0.1:{port}{path}")).status_code


async def test_up_shows_its_keys_once_and_stops_when_asked(tmp_path: Path):
    """The first start makes the keys; a later one has no way to show them again."""
    port = free_port()
    async with started(tmp_path, "up", "--port", str(port)) as first:
        key = (await first.until(r"Secret key +(hsk_\S+)"))[1]
        await first.until("Heliograph runs")
        assert await answers(port, "/health/ready") == 200
        assert await first.stop() == Exit.OK
    async with started(tmp_path, "up", "--port", str(port)) as second:
        await second.until("Heliograph runs")
        assert await second.stop(signal.SIGINT) == Exit.OK
    assert "hsk_" not in second.said
    assert key not in second.said
    assert "Traceback" not in first.said + second.said


async def test_up_with_devpush_tells_how_to_point_a_browser_at_it(tmp_path: Path):
    """One command prints what a person types."""
    # devpush's own ports are fixed for `up`, so the stand-alone command is tried with free ones.
    ports = [str(free_port()) for _ in range(3)]
    options = ("--port", ports[0], "--tls-port", ports[1], "--mcs-port", ports[2])
    async with started(tmp_path, "devpush", *options) as service:
        await service.until(r"HELIOGRAPH_DEVPUSH_CA_FILE=\S+")
        url = f"http://127.0.0.1:{ports[0]}"
        async with started(
            tmp_path, "devpush", "browser", "firefox", "--url", url, "--page", "http://localhost:1"
        ) as ask:
            assert await ask.ended() == Exit.OK
        assert f"ws://127.0.0.1:{ports[0]}/" in ask.said
        assert "http://localhost:1" in ask.said
        assert await service.stop() == Exit.OK


async def test_serve_and_worker_share_an_installation(tmp_path: Path):
    """Two processes do what `up` does in one, and both stop when asked."""
    port = free_port()
    async with started(tmp_path, "projects", "create", "Shop", "--contact", "mailto:ada@example.com") as made:
        assert await made.ended() == Exit.OK
    async with started(tmp_path, "serve", "--port", str(port)) as api, started(tmp_path, "worker") as worker:
        await api.until("answers at")
        await worker.until("worker is running")
        assert await answers(port, "/health/live") == 200
        async with started(tmp_path, "send", "Hello", "--everyone", "--wait") as sent:
            assert await sent.ended() == Exit.NOTHING_SENT
        assert "nobody" in sent.said
        assert await worker.stop() == Exit.OK
        assert await api.stop() == Exit.OK


async def test_a_taken_port_is_one_sentence(tmp_path: Path):
    """Starting twice is the commonest mistake."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        async with started(tmp_path, "up", "--port", str(taken.getsockname()[1])) as late:
            assert await late.ended() == Exit.FAILED
    assert "is taken by another program" in late.said
    assert "Traceback" not in late.said


async def test_up_stops_when_nobody_reads_what_it_says(tmp_path: Path):
    """A log whose reader went away must not keep an installation from finishing what is in the air."""
    async with started(tmp_path, "up", "--port", str(free_port())) as running:
        await running.until("Heliograph runs")
        assert running.process.stdout is not None
        running.process.stdout._transport.close()
        running.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(START_SECONDS):
            assert await running.process.wait() == Exit.OK


async def test_a_worker_that_ends_when_nothing_is_due(tmp_path: Path):
    """What was due is done, a round of upkeep too, beside a running worker or without one; what failed is said."""
    async with started(tmp_path, "projects", "create", "Shop", "--contact", "mailto:ada@example.com") as made:
        assert await made.ended() == Exit.OK
    async with started(tmp_path, "send", "Hello", "--everyone") as sent:
        assert await sent.ended() == Exit.OK
    async with started(tmp_path, "worker", "--once") as once:
        assert await once.ended() == Exit.OK
    assert once.said == ""
    with contextlib.closing(sqlite3.connect(tmp_path / "heliograph.sqlite3")) as database:
        assert database.execute("SELECT state FROM notifications").fetchall() == [("done",)]
    async with started(tmp_path, "worker") as worker, started(tmp_path, "worker", "--once") as once:
        assert await once.ended() == Exit.OK
        assert await worker.stop() == Exit.OK
