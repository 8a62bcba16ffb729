"""A worker: claims jobs, runs several at once, prolongs their leases, gives back what fails, stops gracefully."""

import asyncio
import contextlib
import hashlib
import os
import socket
from datetime import datetime, timedelta

import structlog

from heliograph.bootstrap import Heliograph
from heliograph.delivery.address import Guard
from heliograph.delivery.give_up import bury
from heliograph.delivery.hosts import Hosts
from heliograph.delivery.machine import Interrupted, JobLost, Machine
from heliograph.domain.retry import backoff
from heliograph.kit.log import get_logger
from heliograph.kit.tracing import TRACEPARENT, SpanKind, under
from heliograph.names import Metric
from heliograph.providers import PROVIDERS
from heliograph.queue.base import PRIORITIES, URGENT, WEBHOOKS, Job
from heliograph.storage.counts import SHARDS
from heliograph.worker.clock import Clockwork
from heliograph.worker.jobs import HANDLERS

CONCURRENCY = 4
"""Jobs at once: while one waits for slow answers, another one encrypts."""
URGENT_BESIDE = 2
"""Urgent jobs at once beside those: who waits for a single message must not wait for ranges of a slow host."""
WEBHOOKS_BESIDE = 16
"""Webhooks served at once beside those: they mostly wait for receivers, and slow ones must not keep pushes waiting."""
LEASE = timedelta(seconds=30)
"""How long the jobs of a killed worker wait for another one."""
RENEWALS = 4
"""Times that a lease is prolonged before it would run out: a busy moment must not cost a job."""
POLL_SECONDS = 0.2
"""How often other processes' jobs are looked for; one's own are heard of at once."""
MAX_ATTEMPTS = 25
"""Claims of a job, over some hours, before it is set aside for an operator to see: its handler failed each time, or
its process died, or both."""

_PUSHES = tuple(priority for priority in PRIORITIES if priority != WEBHOOKS)

_TOLD = ("notification_id", "number")
"""Arguments of jobs that a trace tells."""

_log = get_logger("worker")


def make_machine(heliograph: Heliograph, name: str) -> Machine:
    """Return a worker's parts."""
    providers = [make() for make in PROVIDERS]
    hosts = Hosts(heliograph.clock)
    heliograph.meters.ask(Metric.HOST_BREAKERS_OPEN, hosts.open_breakers)
    return Machine(
        store=heliograph.store,
        queue=heliograph.queue,
        clock=heliograph.clock,
        sealer=heliograph.sealer,
        sender=heliograph.sender,
        guard=Guard(heliograph.policy, heliograph.devpush),
        hosts=hosts,
        providers={provider.channel: provider for provider in providers},
        worker=name,
        # 0 is the API's, which applies receipts; its transactions and ours then never wait for the same counts.
        shard=1 + hashlib.sha256(name.encode()).digest()[0] % (SHARDS - 1),
        send_timeout=heliograph.send_timeout,
        stopping=asyncio.Event(),
        meters=heliograph.meters,
        tracer=heliograph.tracer,
        retention=heliograph.retention,
        receivers=heliograph.receivers,
    )


class Worker:
    """One worker of a process.

    Args:
        heliograph: the wired installation.
        name: under which it claims jobs; must be its own.
        concurrency: jobs at once.
        lease: how long a claim stands without being prolonged.
    """

    def __init__(
        self,
        heliograph: Heliograph,
        *,
        name: str | None = None,
        concurrency: int = CONCURRENCY,
        lease: timedelta = LEASE,
    ) -> None:
        self._heliograph = heliograph
        self._name = name or f"{socket.gethostname()}-{os.getpid()}-{os.urandom(3).hex()}"
        self._concurrency = concurrency
        self._lease = lease
        self._machine = make_machine(heliograph, self._name)
        self._running: dict[asyncio.Task[None], Job] = {}
        self._wake = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; then finish what is in the air, record it, and give back the rest."""
        self._heliograph.queue.on_added(self._wake.set)
        upkeep = [
            asyncio.create_task(self._renew()),
            asyncio.create_task(Clockwork(self._heliograph, holder=self._name).run()),
            asyncio.create_task(self._wake_when(stop)),
        ]
        try:
            while not stop.is_set():
                await self._claim()
                await self._rest(stop)
            await self._stop()
        finally:
            for task in [*upkeep, *self._running]:
                task.cancel()
            await asyncio.gather(*upkeep, *self._running, return_exceptions=True)
            await self._give_up_lease()

    async def _wake_when(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._wake.set()

    async def _claim(self) -> None:
        lanes = self._lanes()
        if not lanes:
            return
        now = self._heliograph.clock.now()
        queue = self._heliograph.queue
        jobs: list[Job] = []
        try:
            due = await queue.next_due(now=now, priorities=[one for _, lane in lanes for one in lane])
            if due is None or due > now:
                return
            for room, lane in lanes:
                jobs += await queue.claim(worker=self._name, limit=room, lease=self._lease, now=now, priorities=lane)
        except Exception:  # noqa: BLE001 - the database is away or busy: the next look comes soon enough
            _log.exception("claim_failed")
            await asyncio.sleep(1)
        for job in jobs:
            task = asyncio.create_task(self._do(job))
            self._running[task] = job
            task.add_done_callback(self._done)
        if jobs:
            self._wake.set()

    def _lanes(self) -> list[tuple[int, tuple[int, ...]]]:
        """Return how many more jobs may run, and of which priorities: calls of receivers have a lane of their own."""
        calls = sum(job.priority == WEBHOOKS for job in self._running.values())
        room = self._concurrency - (len(self._running) - calls)
        pushes = (room, _PUSHES) if room > 0 else (room + URGENT_BESIDE, (URGENT,))
        return [lane for lane in (pushes, (WEBHOOKS_BESIDE - calls, (WEBHOOKS,))) if lane[0] > 0]

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.pop(task, None)
        self._wake.set()

    async def _rest(self, stop: asyncio.Event) -> None:
        if stop.is_set():
            return
        if not self._lanes():
            # Nothing can be claimed before something is done.
            self._wake.clear()
            waker = asyncio.create_task(stop.wait())
            await asyncio.wait([*self._running, waker], return_when=asyncio.FIRST_COMPLETED)
            waker.cancel()
            return
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), POLL_SECONDS)
        self._wake.clear()

    async def _do(self, job: Job) -> None:
        result = "failed"
        try:
            if job.attempt > MAX_ATTEMPTS:
                result = await self._bury(job, "Its worker died at it again and again.")
                return
            await perform(self._machine, job)
            result = "done"
        except JobLost:
            result = "lost"
            _log.warning("job_lost", job=job.id, name=job.name)
        except Interrupted:
            result = "given_back"
            await self._give_back(job)
        except Exception as error:  # noqa: BLE001 - whatever a handler meets, its job is tried again
            _log.exception("job_failed", job=job.id, name=job.name, attempt=job.attempt)
            result = await self._failed(job, error)
        finally:
            self._machine.meters.add(Metric.JOBS_DONE, name=job.name, result=result)

    async def _failed(self, job: Job, error: Exception) -> str:
        sentence = f"{type(error).__name__}: {error}"
        if job.attempt >= MAX_ATTEMPTS:
            return await self._bury(job, sentence)
        with contextlib.suppress(Exception):  # the lease will run out
            run_at = self._heliograph.clock.now() + backoff(job.attempt, self._machine.chance())
            await self._heliograph.queue.retry(job, worker=self._name, run_at=run_at, error=sentence)
        return "failed"

    async def _bury(self, job: Job, sentence: str) -> str:
        try:
            await bury(self._machine, job, sentence)
        except Exception:  # noqa: BLE001 - the lease will run out, and the next claim comes here again
            _log.exception("bury_failed", job=job.id, name=job.name)
            return "failed"
        return "buried"

    async def _give_back(self, job: Job) -> None:
        now = self._heliograph.clock.now()
        with contextlib.suppress(Exception):  # the lease will run out
            await self._heliograph.queue.retry(
                job, worker=self._name, run_at=now, error="The worker was stopped.", counts=False
            )

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self._lease.total_seconds() / RENEWALS)
            jobs = dict(self._running)
            now = self._heliograph.clock.now()
            try:
                own = await self._heliograph.queue.renew(
                    list(jobs.values()), worker=self._name, lease=self._lease, now=now
                )
            except Exception:  # noqa: BLE001 - the next round may succeed before the leases run out
                _log.exception("renew_failed")
                continue
            for task, job in jobs.items():
                if job.id not in own and not task.done():
                    # Somebody else has it now; going on would send everything twice.
                    _log.warning("job_lost", job=job.id, name=job.name)
                    task.cancel()

    async def _stop(self) -> None:
        self._machine.stopping.set()
        if self._running:
            grace = self._heliograph.shutdown_grace.total_seconds()
            _, late = await asyncio.wait(self._running, timeout=grace)
            for task in late:
                job = self._running.get(task)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                if job is not None:
                    await self._give_back(job)

    async def _give_up_lease(self) -> None:
        with contextlib.suppress(Exception):  # it runs out by itself
            await Clockwork(self._heliograph, holder=self._name).release()


async def perform(machine: Machine, job: Job) -> None:
    """Run the handler of a job, as a part of the trace that it was made in."""
    span = machine.tracer.begin(job.name, SpanKind.CONSUMER, traceparent=job.args.get(TRACEPARENT))
    if span is not None:
        about = {name: job.args[name] for name in _TOLD if isinstance(job.args.get(name), str | int)}
        span.set({f"heliograph.{name}": value for name, value in about.items()} | {"heliograph.attempt": job.attempt})
        # For the line about its failure, which whoever called this writes; each job has a task of its own.
        structlog.contextvars.bind_contextvars(trace_id=span.trace_id)
    with under(span):
        await HANDLERS[job.name](machine, job)


async def drain(
    heliograph: Heliograph, *, machine: Machine | None = None, until: datetime | None = None, most: int = 10_000
) -> list[Job]:
    """Run every job that is due now, and those that they lead to; return what ran, in order. For tests and simulations.

    Args:
        heliograph: the wired installation.
        machine: parts to go on with, when hosts are to be remembered from one call to the next.
        until: run what is due until then, too; the clock is not moved.
        most: so many jobs mean that something runs in a circle.

    Raises:
        RuntimeError: more than `most` jobs ran.
    """
    machine = machine or make_machine(heliograph, "drain")
    ran: list[Job] = []
    while len(ran) <= most:
        now = until or heliograph.clock.now()
        jobs = await heliograph.queue.claim(worker=machine.worker, limit=1, lease=LEASE, now=now)
        if not jobs:
            return ran
        for job in jobs:
            await perform(machine, job)
            ran.append(job)
    raise RuntimeError(f"More than {most} jobs ran: something runs in a circle.")
