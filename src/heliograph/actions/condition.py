"""How the installation is doing, for load balancers, for Prometheus and for the operator's doctor."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from heliograph.names import CLOCK_LEASE
from heliograph.queue.base import PRIORITIES
from heliograph.storage import survey, webhooks
from heliograph.storage.store import Tx
from heliograph.storage.survey import PausedKey
from heliograph.storage.webhooks import Failing

_COUNTED = 1_000
STUCK_AFTER = timedelta(minutes=5)
"""Work that is due for so long while nothing runs is not waiting its turn: nobody does it."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What can be seen at one moment.

    Attributes:
        due: jobs that wait for a worker, counted up to a limit.
        oldest_due_at: since when the first of them waits.
        running: jobs that a worker holds.
        dead: jobs that were set aside.
        failing_webhooks: those whose receivers fail, or were switched off for it; the first thousand.
        has_worker: whether a worker led the clock within the last minute.
    """

    at: datetime
    due: int
    oldest_due_at: datetime | None
    running: int
    dead: int
    paused_keys: tuple[PausedKey, ...]
    has_worker: bool
    failing_webhooks: tuple[Failing, ...] = ()

    @property
    def waited(self) -> timedelta:
        """How long the job that waits longest has been due."""
        return timedelta(0) if self.oldest_due_at is None else self.at - self.oldest_due_at

    @property
    def is_stuck(self) -> bool:
        """Whether work is due and nobody does it."""
        return self.running == 0 and self.waited > STUCK_AFTER


async def look(tx: Tx, *, now: datetime) -> Condition:
    """Ask the database how things are."""
    due, oldest = await survey.due_jobs(tx, PRIORITIES, now=now)
    ends = await survey.lease_ends(tx, CLOCK_LEASE)
    return Condition(
        at=now,
        due=due,
        oldest_due_at=oldest,
        running=await survey.running_jobs(tx, now=now),
        dead=await survey.dead_jobs(tx),
        paused_keys=tuple(await survey.paused_keys(tx, now=now)),
        has_worker=ends is not None and ends > now,
        failing_webhooks=tuple(await webhooks.failing(tx, limit=_COUNTED)),
    )
