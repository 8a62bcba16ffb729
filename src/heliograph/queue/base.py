"""What a queue owes: a job is written in the transaction of its cause, run at least once, never twice at a time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection

URGENT, NORMAL, WEBHOOKS, BULK = 0, 5, 7, 9
"""Priorities: sends to one person, ordinary work, calls of receivers, big dispatches. The smaller number goes first."""
PRIORITIES = (URGENT, NORMAL, WEBHOOKS, BULK)
"""All of them. Each is looked up by itself, so that work planned for later in one never hides due work in another."""


@dataclass(frozen=True, slots=True)
class NewJob:
    """Work to be done.

    Attributes:
        name: a `names.JobName`.
        args: JSON.
        run_at: not before this instant.
        dedupe_key: while a job with this key waits or runs, another one is not added.
    """

    name: str
    args: dict[str, Any]
    run_at: datetime
    priority: int = NORMAL
    dedupe_key: str | None = None


@dataclass(frozen=True, slots=True)
class Job:
    """Claimed work. `attempt` counts claims from 1, those whose worker died included."""

    id: str
    name: str
    args: dict[str, Any] = field(default_factory=dict)
    priority: int = NORMAL
    attempt: int = 1


class Queue(Protocol):
    """Where jobs wait."""

    async def add(self, tx: AsyncConnection, jobs: list[NewJob], *, now: datetime) -> None:
        """Write jobs in the caller's transaction; among equals, those of one call run in their order."""
        ...

    def on_added(self, wake: Callable[[], None]) -> None:
        """Call `wake` whenever this process has committed jobs that are due; a hint, other processes' are not seen."""
        ...

    async def claim(
        self, *, worker: str, limit: int, lease: timedelta, now: datetime, priorities: Sequence[int] = PRIORITIES
    ) -> list[Job]:
        """Take due jobs of some priorities for `worker`, best first, among them those whose lease ran out."""
        ...

    async def renew(self, jobs: list[Job], *, worker: str, lease: timedelta, now: datetime) -> set[str]:
        """Prolong leases; return the identifiers that are still the worker's own."""
        ...

    async def complete(self, tx: AsyncConnection, job: Job, *, worker: str) -> bool:
        """Remove a finished job in the transaction that records its effect; False if it is the worker's no more."""
        ...

    async def retry(self, job: Job, *, worker: str, run_at: datetime, error: str, counts: bool = True) -> None:
        """Give a failed job back; without `counts`, one that was only interrupted: the attempt is taken back."""
        ...

    async def bury(self, tx: AsyncConnection, job: Job, *, worker: str, error: str) -> bool:
        """Set a job aside that cannot succeed; it stays visible. False if it is the worker's no more."""
        ...

    async def next_due(self, *, now: datetime, priorities: Sequence[int] = PRIORITIES) -> datetime | None:
        """When the next job of some priorities becomes due, or None; a hint for how long to sleep."""
        ...
