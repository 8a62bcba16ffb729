"""How an installation is doing, asked by index and counted up to a limit: it is asked every few seconds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.sql.elements import ColumnElement

from heliograph.storage.sql import constant
from heliograph.storage.store import Tx
from heliograph.storage.tables import jobs, leases, vapid_keys

COUNTED = 5_000
"""Rows of a kind that are counted; who has more knows what the matter is."""
_READY = jobs.c.state == constant("ready")


@dataclass(frozen=True, slots=True)
class PausedKey:
    """A VAPID key that signs nothing for a while."""

    id: str
    project_id: str
    until: datetime
    reason: str | None


@dataclass(frozen=True, slots=True)
class Server:
    """Which database it is. `version` such as (16, 4)."""

    kind: str
    version: tuple[int, ...]
    encoding: str


async def server(tx: Tx) -> Server:
    """Return which database it is, as it says itself."""
    if tx.dialect.name == "sqlite":
        version: str = (await tx.execute(select(func.sqlite_version()))).scalar_one()
        return Server("sqlite", tuple(int(part) for part in version.split(".")), "UTF-8")
    names = ("server_version_num", "server_encoding")
    number, encoding = (await tx.execute(select(*(func.current_setting(name) for name in names)))).one()
    return Server("postgresql", divmod(int(number), 10_000), encoding)


async def due_jobs(tx: Tx, priorities: Iterable[int], *, now: datetime) -> tuple[int, datetime | None]:
    """Return how many jobs are due and not claimed, at most `COUNTED` of each priority, and since when the first is."""
    total = 0
    oldest: datetime | None = None
    for priority in priorities:
        due = (_READY, jobs.c.priority == priority, jobs.c.run_at <= now)
        total += await _counted(tx, select(jobs.c.id).where(*due))
        first: datetime | None = await tx.scalar(select(jobs.c.run_at).where(*due).order_by(jobs.c.run_at).limit(1))
        oldest = first if oldest is None or (first is not None and first < oldest) else oldest
    return total, oldest


async def running_jobs(tx: Tx, *, now: datetime) -> int:
    """Return how many jobs are being worked at: claimed by a worker that still prolongs its lease."""
    return await _counted(tx, _jobs_where(jobs.c.state == constant("running"), jobs.c.lease_until > now))


async def dead_jobs(tx: Tx) -> int:
    """Return how many jobs were set aside."""
    return await _counted(tx, _jobs_where(jobs.c.state == constant("dead")))


async def paused_keys(tx: Tx, *, now: datetime) -> list[PausedKey]:
    """Return the VAPID keys that are paused now, those first that wait longest."""
    columns = (vapid_keys.c.id, vapid_keys.c.project_id, vapid_keys.c.paused_until, vapid_keys.c.pause_reason)
    query = select(*columns).where(vapid_keys.c.paused_until.is_not(None), vapid_keys.c.paused_until > now)
    return [PausedKey(*row) for row in await tx.execute(query.order_by(vapid_keys.c.paused_until.desc()).limit(100))]


async def lease_ends(tx: Tx, name: str) -> datetime | None:
    """Return until when a lease runs or ran; None if nobody ever took it, or it was given up."""
    found: datetime | None = await tx.scalar(select(leases.c.until).where(leases.c.name == name))
    return found


def _jobs_where(*conditions: ColumnElement[bool]) -> Select[tuple[str]]:
    return select(jobs.c.id).where(*conditions)


async def _counted(tx: Tx, query: Select[tuple[str]]) -> int:
    return int((await tx.execute(select(func.count()).select_from(query.limit(COUNTED).subquery()))).scalar_one())
