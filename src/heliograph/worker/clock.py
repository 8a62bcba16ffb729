"""Work that comes round by itself. One process is the leader; when it dies another one takes over in a minute."""

import asyncio
from datetime import timedelta

from heliograph.bootstrap import Heliograph
from heliograph.delivery.retain import DEDUPE_KEY
from heliograph.kit.log import get_logger
from heliograph.names import CLOCK_LEASE, JobName
from heliograph.queue.base import BULK, NORMAL, NewJob
from heliograph.storage import leases

LEASE = timedelta(seconds=60)
EVERY_SECONDS = 20.0
SWEEP_EVERY = timedelta(minutes=1)

_log = get_logger("worker.clock")


async def ask_for_upkeep(heliograph: Heliograph) -> None:
    """Ask for one round of upkeep now, beside those that the clock asks for."""
    now = heliograph.clock.now()
    jobs = [NewJob(JobName.SWEEP, {}, run_at=now), NewJob(JobName.RETAIN, {}, run_at=now, priority=BULK)]
    async with heliograph.store.begin() as tx:
        await heliograph.queue.add(tx, jobs, now=now)


class Clockwork:
    """Tries to be the leader and, while it is, asks for upkeep."""

    def __init__(self, heliograph: Heliograph, *, holder: str) -> None:
        self._heliograph = heliograph
        self._holder = holder

    async def run(self) -> None:
        """Tick until cancelled."""
        while True:
            try:
                await self.tick()
            except Exception:  # noqa: BLE001 - the clock ticks on whatever happens
                _log.exception("tick_failed")
            await asyncio.sleep(EVERY_SECONDS)

    async def tick(self) -> bool:
        """Take or keep the lead and ask for what is due; tell whether this process leads."""
        heliograph = self._heliograph
        now = heliograph.clock.now()
        async with heliograph.store.begin() as tx:
            if not await leases.acquire(tx, CLOCK_LEASE, holder=self._holder, until=now + LEASE, now=now):
                return False
            # The next one waits in the queue already, so that a tick too many changes nothing.
            due = now + SWEEP_EVERY
            jobs = [
                NewJob(JobName.SWEEP, {}, run_at=due, priority=NORMAL, dedupe_key="sweep"),
                NewJob(JobName.RETAIN, {}, run_at=due, priority=BULK, dedupe_key=DEDUPE_KEY),
            ]
            await heliograph.queue.add(tx, jobs, now=now)
        return True

    async def release(self) -> None:
        """Give up the lead."""
        async with self._heliograph.store.begin() as tx:
            await leases.release(tx, CLOCK_LEASE, holder=self._holder)
