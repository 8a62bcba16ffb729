"""The worker is killed at any moment, again and again: nothing is lost, nothing shown twice, the counts are exact."""

import asyncio
import os
import random
import signal
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Self

import pytest
from sqlalchemy import update
from tests.support.environment import clean_environment
from tests.support.world import World, world_of

from heliograph.devpush import Fault, FaultKind
from heliograph.domain.notification import NotificationState
from heliograph.kit.clock import SystemClock
from heliograph.kit.ids import Ids
from heliograph.kit.sealing import Sealer
from heliograph.protocols import base64url
from heliograph.queue.embedded import EmbeddedQueue
from heliograph.storage.store import Store
from heliograph.storage.tables import jobs

AGENTS = 2_000
KILLS = 3
LEASE_SECONDS = 30.0
MASTER_KEY = bytes(range(32))
SCRIPT = Path(__file__).parents[1] / "support" / "worker_process.py"


class Workers:
    """Starts worker processes, kills them, and leaves none behind."""

    def __init__(self, world: World, database_url: str) -> None:
        self._environment = clean_environment(
            PYTHONPATH=os.pathsep.join(sys.path),
            HELIOGRAPH_DATABASE_URL=database_url,
            HELIOGRAPH_MASTER_KEY=base64url.encode(MASTER_KEY),
            HELIOGRAPH_DEVPUSH_URL=world.devpush.http_url,
            HELIOGRAPH_DEVPUSH_TLS_PORT=str(world.devpush.tls_port),
            HELIOGRAPH_DEVPUSH_CA_FILE=str(world.devpush.ca_file),
        )
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, str(SCRIPT), str(LEASE_SECONDS), env=self._environment
        )

    async def end(self, how: signal.Signals) -> int:
        assert self._process is not None
        process, self._process = self._process, None
        if process.returncode is None:
            process.send_signal(how)
        return await process.wait()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._process is not None:
            await self.end(signal.SIGKILL)


async def reach(world: World, messages: int) -> None:
    """Wait until devpush has taken so many messages."""
    async with asyncio.timeout(60):
        while world.devpush.status()["accepted"] < messages:  # noqa: ASYNC110 - another process is waited for
            await asyncio.sleep(0.005)


@pytest.mark.timeout(180)
async def test_kill_at_any_moment(store: Store, database_url: str):
    """2,000 people are sent to while the worker is killed three times: all see it once, and the counts say so."""
    clock = SystemClock()
    ids, chance = Ids(clock), random.Random(20)
    async with (
        world_of(store, EmbeddedQueue(store, ids), clock, ids, Sealer(MASTER_KEY)) as world,
        Workers(world, database_url) as workers,
    ):
        fleet = await world.agents(AGENTS)
        subscription_ids = await world.subscribe(fleet.agents)
        world.devpush.add_fault(Fault(FaultKind.STATUS, status=503, probability=0.1, times=200))
        notification = await world.notify()
        for kill in range(KILLS):
            await workers.start()
            await reach(world, AGENTS * (kill + 1) // (KILLS + 1))
            await asyncio.sleep(chance.random() * 0.2)
            await workers.end(signal.SIGKILL)
            async with store.begin() as tx:
                # As if the lease had run out meanwhile.
                past = clock.now() - timedelta(seconds=1)
                await tx.execute(update(jobs).where(jobs.c.state == "running").values(lease_until=past))
        await workers.start()
        async with asyncio.timeout(90):
            while await world.state(notification) is not NotificationState.DONE:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.1)
        await fleet.wait_until(lambda counts: counts.shown >= AGENTS)
        assert await workers.end(signal.SIGTERM) == 0

        assert await world.counts(notification) == {"accepted": AGENTS}
        rows = await world.rows(notification)
        assert Counter(row.subscription_id for row in rows) == Counter(subscription_ids)
        shown = Counter(arrival.agent for arrival in fleet.arrivals if arrival.shown)
        assert shown == Counter(range(AGENTS))
        assert fleet.counts.undecryptable == 0
