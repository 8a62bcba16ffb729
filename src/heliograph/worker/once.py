"""Doing what is due now and ending, for installations that a crontab drives. A worker does the same for ever."""

import asyncio
import os
from dataclasses import dataclass, replace
from datetime import timedelta

from heliograph.bootstrap import Heliograph
from heliograph.delivery.give_up import bury
from heliograph.delivery.machine import JobLost, Machine
from heliograph.domain.retry import backoff
from heliograph.kit.log import get_logger
from heliograph.queue.base import Job
from heliograph.worker.clock import Clockwork
from heliograph.worker.run import CONCURRENCY, MAX_ATTEMPTS, make_machine, perform

_LEASE = timedelta(minutes=5)
"""Leases are not prolonged here, and slow push services take their time."""
_JOB_FAILED = "job_failed"

_log = get_logger("worker.once")


@dataclass(frozen=True, slots=True, order=True)
class Failure:
    """A message that was not accepted, or a job that failed (then there is no subscription)."""

    notification_id: str
    subscription_id: str
    reason: str


async def work_once(heliograph: Heliograph) -> list[Failure]:
    """Run every job that is due, and those that they lead to at once; return what failed."""
    failures: set[Failure] = set()

    def note(notification_id: str, subscription_id: str, reason: str) -> None:
        failures.add(Failure(notification_id, subscription_id, reason))

    name = f"once-{os.getpid()}-{os.urandom(3).hex()}"
    machine = replace(make_machine(heliograph, name), on_failure=note)
    clockwork = Clockwork(heliograph, holder=name)
    await clockwork.tick()
    try:
        while True:
            now = heliograph.clock.now()
            jobs = await heliograph.queue.claim(worker=name, limit=CONCURRENCY, lease=_LEASE, now=now)
            if not jobs:
                return sorted(failures)
            await asyncio.gather(*(_do(machine, job) for job in jobs))
    finally:
        await clockwork.release()


async def _do(machine: Machine, job: Job) -> None:
    try:
        if job.attempt > MAX_ATTEMPTS:
            await _bury(machine, job, "Its process died at it again and again.")
            return
        await perform(machine, job)
    except JobLost:
        _log.warning("job_lost", job=job.id, name=job.name)
    except Exception as error:  # noqa: BLE001 - whatever a handler meets, its job is tried again
        _log.exception("job_failed", job=job.id, name=job.name, attempt=job.attempt)
        sentence = f"{type(error).__name__}: {error}"
        if job.attempt >= MAX_ATTEMPTS:
            await _bury(machine, job, sentence)
            return
        run_at = machine.clock.now() + backoff(job.attempt, machine.chance())
        await machine.queue.retry(job, worker=machine.worker, run_at=run_at, error=sentence)
        _tell(machine, job)


async def _bury(machine: Machine, job: Job, sentence: str) -> None:
    await bury(machine, job, sentence)
    _tell(machine, job)


def _tell(machine: Machine, job: Job) -> None:
    if machine.on_failure is not None:
        machine.on_failure(str(job.args.get("notification_id", "")), "", _JOB_FAILED)
