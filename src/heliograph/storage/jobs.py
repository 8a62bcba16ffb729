"""Rows of the embedded queue, told apart by claim: only (id, worker, attempt) that claimed a row may finish it.

Every list is taken with `FOR UPDATE SKIP LOCKED` where there are several writers (PostgreSQL), so workers neither
wait for each other nor deadlock. Conditions on `state` are written into the statement: the partial indexes need it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Integer,
    Select,
    and_,
    any_,
    bindparam,
    cast,
    delete,
    func,
    literal,
    select,
    union_all,
    update,
)
from sqlalchemy.sql.dml import ReturningUpdate
from sqlalchemy.sql.elements import ColumnElement

from heliograph.kit.ids import floor_id
from heliograph.storage.sql import constant, insert_ignore
from heliograph.storage.store import Tx
from heliograph.storage.tables import jobs
from heliograph.storage.types import Instant

MAX_ERROR_LENGTH = 2_000

_READY = jobs.c.state == constant("ready")
_RUNNING = jobs.c.state == constant("running")
_DEAD = jobs.c.state == constant("dead")


@dataclass(frozen=True, slots=True)
class ClaimedRow:
    """A job as it was claimed."""

    id: str
    name: str
    args: dict[str, Any]
    priority: int
    run_at: datetime
    attempts: int


@dataclass(frozen=True, slots=True)
class DeadRow:
    """A job that was set aside."""

    id: str
    name: str
    args: dict[str, Any]
    attempts: int
    last_error: str | None
    created_at: datetime


async def add(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert jobs; one whose `dedupe_key` waits or runs already is left out.

    Rows with a dedupe key go in the order of their keys, so that two transactions never wait in a circle.
    """
    ordered = sorted(rows, key=lambda row: row["dedupe_key"] or "")
    await insert_ignore(tx, jobs, ordered, conflict=["dedupe_key"])


async def free_expired(tx: Tx, *, now: datetime, limit: int) -> list[tuple[str, int]]:
    """Make jobs ready again whose worker went silent; return each with the number of its claims."""
    rows = await tx.execute(_free_statement(tx.dialect.name), {"now": now, "most": limit})
    return [(row.id, row.attempts) for row in rows]


async def put_off(tx: Tx, job_id: str, *, run_at: datetime) -> None:
    """Let a job that is ready wait. The caller has just made it so in this transaction."""
    await tx.execute(update(jobs).where(jobs.c.id == job_id, _READY).values(run_at=run_at))


async def take(
    tx: Tx, *, priority: int, worker: str, limit: int, lease_until: datetime, now: datetime
) -> list[ClaimedRow]:
    """Claim up to `limit` due jobs of one priority, those that are due longest first."""
    values = {"of_priority": priority, "worker": worker, "until": lease_until, "now": now, "most": limit}
    rows = [ClaimedRow(*row) for row in await tx.execute(_take_statement(tx.dialect.name), values)]
    return sorted(rows, key=lambda row: (row.run_at, row.id))


async def prolong(tx: Tx, ids: Sequence[str], *, worker: str, lease_until: datetime) -> dict[str, int]:
    """Set the lease of jobs that `worker` holds; return the attempt of each, by id."""
    result = await tx.execute(
        update(jobs)
        .where(jobs.c.id.in_(ids), _RUNNING, jobs.c.claimed_by == worker)
        .values(lease_until=lease_until)
        .returning(jobs.c.id, jobs.c.attempts)
    )
    return {row.id: row.attempts for row in result}


async def remove(tx: Tx, job_id: str, *, worker: str, attempt: int) -> bool:
    """Delete a job that is done, if the claim still stands."""
    return (await tx.execute(delete(jobs).where(_claim(job_id, worker, attempt)))).rowcount == 1


async def give_back(
    tx: Tx, job_id: str, *, worker: str, attempt: int, run_at: datetime, error: str, counts: bool = True
) -> bool:
    """Make a job ready again, if the claim still stands; without `counts` as if it had never been claimed."""
    statement = update(jobs).where(_claim(job_id, worker, attempt))
    changes = {"state": "ready", "run_at": run_at, "claimed_by": None, "lease_until": None}
    changes |= {} if counts else {"attempts": attempt - 1}
    return (await tx.execute(statement.values(**changes, last_error=error[:MAX_ERROR_LENGTH]))).rowcount == 1


async def set_aside(tx: Tx, job_id: str, *, worker: str, attempt: int, error: str) -> bool:
    """Keep a job that cannot succeed, for a person to see; its dedupe key is free again."""
    statement = update(jobs).where(_claim(job_id, worker, attempt))
    changes = {"state": "dead", "claimed_by": None, "lease_until": None, "dedupe_key": None}
    return (await tx.execute(statement.values(**changes, last_error=error[:MAX_ERROR_LENGTH]))).rowcount == 1


async def next_due(tx: Tx, priorities: Iterable[int]) -> datetime | None:
    """Return when the first job becomes due, or the first lease runs out; None if there is neither."""
    found: datetime | None = await tx.scalar(_next_due_statement(tuple(priorities)))
    return found


async def dead(tx: Tx, *, limit: int) -> list[DeadRow]:
    """Return jobs that were set aside, newest first."""
    columns = (jobs.c.id, jobs.c.name, jobs.c.args, jobs.c.attempts, jobs.c.last_error, jobs.c.created_at)
    result = await tx.execute(select(*columns).where(_DEAD).order_by(jobs.c.id.desc()).limit(limit))
    return [DeadRow(*row) for row in result]


async def sweep_dead(tx: Tx, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` jobs that were set aside and were made before an instant, oldest first."""
    old = select(jobs.c.id).where(_DEAD, jobs.c.id < floor_id("job", before)).order_by(jobs.c.id).limit(limit)
    return (await tx.execute(delete(jobs).where(jobs.c.id.in_(old)))).rowcount


def _claim(job_id: str, worker: str, attempt: int) -> ColumnElement[bool]:
    # The attempt tells a claim from a later one by the same worker.
    return and_(jobs.c.id == job_id, _RUNNING, jobs.c.claimed_by == worker, jobs.c.attempts == attempt)


# What a worker asks all the time is written once: to put a statement together takes longer than to run it.


@cache
def _free_statement(dialect: str) -> ReturningUpdate[Any]:
    expired = (
        select(jobs.c.id)
        .where(_RUNNING, jobs.c.lease_until <= bindparam("now", type_=Instant()))
        .order_by(jobs.c.lease_until)
        .limit(bindparam("most", type_=Integer()))
    )
    freed = {"state": "ready", "claimed_by": None, "lease_until": None, "last_error": "The worker went silent."}
    return update(jobs).where(_picked(dialect, expired)).values(freed).returning(jobs.c.id, jobs.c.attempts)


@cache
def _take_statement(dialect: str) -> ReturningUpdate[Any]:
    due = (
        select(jobs.c.id)
        .where(
            _READY,
            jobs.c.priority == bindparam("of_priority", type_=Integer()),
            jobs.c.run_at <= bindparam("now", type_=Instant()),
        )
        .order_by(jobs.c.run_at, jobs.c.id)
        .limit(bindparam("most", type_=Integer()))
    )
    held = {"state": "running", "claimed_by": bindparam("worker"), "lease_until": bindparam("until", type_=Instant())}
    return (
        update(jobs)
        .where(_picked(dialect, due))
        .values(**held, attempts=jobs.c.attempts + 1)
        .returning(jobs.c.id, jobs.c.name, jobs.c.args, jobs.c.priority, jobs.c.run_at, jobs.c.attempts)
    )


def _picked(dialect: str, ids: Select[Any]) -> ColumnElement[bool]:
    if dialect == "sqlite":
        return jobs.c.id.in_(ids)
    # As an array the choice is made once, whatever the planner believes, and LIMIT holds.
    return jobs.c.id == any_(func.array(ids.with_for_update(skip_locked=True).scalar_subquery()))


@cache
def _next_due_statement(priorities: tuple[int, ...]) -> Select[Any]:
    firsts = [_first(jobs.c.run_at, and_(_READY, jobs.c.priority == literal(priority))) for priority in priorities]
    firsts.append(_first(jobs.c.lease_until, _RUNNING))
    every = union_all(*(select(first.scalar_subquery().label("at")) for first in firsts)).subquery()
    return select(cast(func.min(every.c.at), Instant()))


def _first(column: ColumnElement[Any], condition: ColumnElement[bool]) -> Select[Any]:
    return select(column).where(condition).order_by(column).limit(1)
