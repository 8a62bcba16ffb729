"""What every step is given: the parts it works with, and the process-wide memory of hosts. Built by the worker."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from heliograph.delivery.address import Guard
from heliograph.delivery.hosts import Hosts
from heliograph.delivery.receivers import Receivers
from heliograph.domain.retention import Retention
from heliograph.kit.clock import Clock
from heliograph.kit.http import HttpSender
from heliograph.kit.metrics import Meters
from heliograph.kit.sealing import Sealer
from heliograph.kit.tracing import NoTracer, Tracer
from heliograph.names import METRICS
from heliograph.providers.base import Provider
from heliograph.queue.base import Job, Queue
from heliograph.storage.store import Store


class JobLost(Exception):  # noqa: N818 - not an error: somebody else has the job now
    """The job is no longer this worker's; what it was about to write is rolled back."""


class Interrupted(Exception):  # noqa: N818 - not an error: the worker is stopping
    """The worker is to stop: what was in the air is recorded, the rest of the job is given back."""


@dataclass(frozen=True, slots=True)
class Machine:
    """One worker's parts.

    Attributes:
        providers: by channel.
        worker: the name under which jobs are claimed.
        shard: which row of the counts this worker writes.
        stopping: set when no new exchange may begin.
        chance: random numbers from 0 to 1, for jitter.
        rest: how to wait some seconds.
        patience: how long one job waits for turns before it makes way for others.
        on_failure: told of each message that was not accepted: notification, subscription, reason.
    """

    store: Store
    queue: Queue
    clock: Clock
    sealer: Sealer
    sender: HttpSender
    guard: Guard
    hosts: Hosts
    providers: Mapping[str, Provider]
    worker: str
    shard: int
    send_timeout: timedelta
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    chance: Callable[[], float] = random.random
    rest: Callable[[float], Awaitable[None]] = asyncio.sleep
    patience: timedelta = timedelta(seconds=2)
    on_failure: Callable[[str, str, str], None] | None = None
    meters: Meters = field(default_factory=lambda: Meters(METRICS))
    tracer: Tracer = field(default_factory=NoTracer)
    retention: Retention = field(default_factory=Retention)
    receivers: Receivers = field(default_factory=Receivers)

    async def complete(self, tx: AsyncConnection, job: Job) -> None:
        """Finish a job inside the transaction of its effect, or raise `JobLost` to roll that back."""
        if not await self.queue.complete(tx, job, worker=self.worker):
            raise JobLost
