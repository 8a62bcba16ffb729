"""Real worker processes share a rate: what arrives at the push service is measured, also when one of them is killed."""

import asyncio
import os
import signal
import sys
from bisect import bisect_right
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from tests.support.environment import clean_environment
from tests.support.world import World, world_of

from heliograph.domain.notification import NotificationState
from heliograph.domain.rate import Rate, nanoseconds
from heliograph.kit.clock import SystemClock
from heliograph.kit.ids import Ids
from heliograph.kit.sealing import Sealer
from heliograph.protocols import base64url
from heliograph.queue.embedded import EmbeddedQueue
from heliograph.storage.store import Store
from heliograph.storage.tables import jobs

AGENTS, RATE, WORKERS = 900, "150/s", 3
MASTER_KEY = bytes(range(32))
SCRIPT = Path(__file__).parents[1] / "support" / "worker_process.py"
WAY = 300_000_000
"""Nanoseconds by which the way to devpush, and a busy machine, may push messages together."""


@asynccontextmanager
async def workers(world: World, database_url: str) -> AsyncIterator[list[asyncio.subprocess.Process]]:
    """Run worker processes, and leave none behind."""
    environment = clean_environment(
        PYTHONPATH=os.pathsep.join(sys.path),
        HELIOGRAPH_DATABASE_URL=database_url,
        HELIOGRAPH_MASTER_KEY=base64url.encode(MASTER_KEY),
        HELIOGRAPH_DEVPUSH_URL=world.devpush.http_url,
        HELIOGRAPH_DEVPUSH_TLS_PORT=str(world.devpush.tls_port),
        HELIOGRAPH_DEVPUSH_CA_FILE=str(world.devpush.ca_file),
    )
    command = (sys.executable, str(SCRIPT), "30")
    running = [await asyncio.create_subprocess_exec(*command, env=environment) for _ in range(WORKERS)]
    try:
        yield running
    finally:
        for process in running:
            if process.returncode is None:
                process.kill()
            await process.wait()


def most_in(times: list[int], window: int) -> int:
    """Return how many arrive at most in any window, in nanoseconds."""
    return max(bisect_right(times, at + window) - index for index, at in enumerate(times))


@pytest.mark.timeout(180)
async def test_workers_share_a_rate(store: Store, database_url: str) -> None:
    """Three workers, one of them killed on the way, never send faster than the rate, and not much slower."""
    clock = SystemClock()
    ids = Ids(clock)
    async with world_of(store, EmbeddedQueue(store, ids), clock, ids, Sealer(MASTER_KEY)) as world:
        fleet = await world.agents(AGENTS)
        await world.subscribe(fleet.agents)
        async with workers(world, database_url) as running:
            slow = await world.notify(rate="1/m", ttl=timedelta(minutes=30))
            notification = await world.notify(rate=RATE)
            async with asyncio.timeout(60):
                while world.devpush.status()["accepted"] < AGENTS // 3:  # noqa: ASYNC110 - others are waited for
                    await asyncio.sleep(0.01)
            running[0].send_signal(signal.SIGKILL)
            await running[0].wait()
            async with store.begin() as tx:
                # As if the lease had run out meanwhile.
                past = clock.now() - timedelta(seconds=1)
                held = (jobs.c.state == "running") & jobs.c.claimed_by.contains(f"-{running[0].pid}-")
                await tx.execute(update(jobs).where(held).values(lease_until=past))
            async with asyncio.timeout(90):
                while await world.state(notification) is not NotificationState.DONE:  # noqa: ASYNC110 - as above
                    await asyncio.sleep(0.05)
        assert await world.counts(notification) == {"accepted": AGENTS}
        assert sum((await world.counts(slow)).values()) <= 2
        times = sorted(nanoseconds(record.received_at) for record in world.devpush.messages())
    rate = Rate.parse(RATE)
    figures = {}
    for window in (100_000_000, 1_000_000_000, 2_000_000_000, 5_000_000_000):
        figures[window] = most_in(times, window)
        assert figures[window] <= (window + rate.tolerance + WAY) // rate.interval + 1 + 2, figures
    spent = (times[-1] - times[0]) / 1_000_000_000
    assert spent < 3 * AGENTS / rate.per_second
