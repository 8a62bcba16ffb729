"""Events on their way out, written in the transaction of what they tell of: no change without its event.

Whoever changes something calls `note`. As the last thing in the transaction, one indexed read tells whether a webhook
of the project wants to know; only then are the events made and written. Nothing is remembered from one transaction to
the next: a webhook that another process has just made misses nothing that commits after it.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import bindparam, insert, select, update

from heliograph.domain.webhook import Event
from heliograph.kit.clock import FrozenClock
from heliograph.kit.ids import Ids
from heliograph.names import JobName
from heliograph.storage import jobs
from heliograph.storage.sql import constant
from heliograph.storage.store import Tx, before_commit
from heliograph.storage.tables import jobs as jobs_table
from heliograph.storage.tables import webhook_outbox, webhooks

LINGER = timedelta(seconds=1)
"""How long events wait for company before they are packed."""
MAX_EVENTS = 500
"""Events in one row, and in one message."""
PRIORITY = 7
"""`queue.base.WEBHOOKS`; the queue stands on the store, so it cannot be imported here."""
_NOTED = "heliograph.outbox"

# Asked in every transaction that tells of something, so it is put together once.
_WANTED = (
    select(webhooks.c.id, webhooks.c.event_types)
    .where(webhooks.c.project_id == bindparam("of_project"), webhooks.c.is_enabled.is_(True))
    .order_by(webhooks.c.id)
)

Make: TypeAlias = Callable[[], Iterable[Event]]


def note(tx: Tx, project_id: str, make: Make, *, now: datetime) -> None:
    """Tell the webhooks of a project, if it has any, what `make` returns; it is not called otherwise."""
    if before_commit(tx, _write):
        tx.info[_NOTED] = []
    tx.info[_NOTED].append((project_id, make, now))


def note_one(tx: Tx, project_id: str, event: Event) -> None:
    """Tell the webhooks of a project, if it has any, of one event."""
    note(tx, project_id, lambda: (event,), now=event.at)


async def _write(tx: Tx) -> None:
    noted: list[tuple[str, Make, datetime]] = tx.info[_NOTED]
    for project_id in sorted({one[0] for one in noted}):
        wanted = await _wanted(tx, project_id)
        if wanted:
            now = max(at for owner, _, at in noted if owner == project_id)
            events = [event for owner, make, _ in noted if owner == project_id for event in make()]
            await add(tx, wanted, events, now=now)


async def _wanted(tx: Tx, project_id: str) -> dict[str, frozenset[str]]:
    """Return the project's webhooks that are on, with what they want to know; nothing stands for everything."""
    found = await tx.execute(_WANTED, {"of_project": project_id})
    return {row.id: frozenset(row.event_types) for row in found}


async def add(tx: Tx, wanted: dict[str, frozenset[str]], events: list[Event], *, now: datetime) -> None:
    """Write events for webhooks, and ask for their being sent."""
    ids = Ids(FrozenClock(now))
    texts = [(event.type, _text(ids.new("evt"), event)) for event in events]
    rows: list[dict[str, Any]] = [
        {
            "webhook_id": webhook_id,
            "events": b",".join(part),
            "event_count": len(part),
            "created_at": now,
        }
        for webhook_id, types in wanted.items()
        for part in _parts((text for kind, text in texts if not types or kind in types), MAX_EVENTS)
    ]
    if rows:
        await tx.execute(insert(webhook_outbox), rows)
        await ask(tx, sorted({row["webhook_id"] for row in rows}), run_at=now + LINGER, now=now)


async def ask(tx: Tx, webhook_ids: list[str], *, run_at: datetime, now: datetime) -> None:
    """Ask that what waits for webhooks be sent; those that are being seen to, or will be, are left alone."""
    ids = Ids(FrozenClock(now))
    await jobs.add(tx, [_job(ids.new("job"), webhook_id, run_at, now) for webhook_id in webhook_ids])


async def hasten(tx: Tx, webhook_id: str, *, now: datetime) -> None:
    """Ask that what waits for a webhook be sent now, though its job waits for a later time."""
    waits = (jobs_table.c.dedupe_key == key_of(webhook_id), jobs_table.c.state == constant("ready"))
    await tx.execute(update(jobs_table).where(*waits, jobs_table.c.run_at > now).values(run_at=now))
    await ask(tx, [webhook_id], run_at=now, now=now)


def _job(job_id: str, webhook_id: str, run_at: datetime, now: datetime) -> dict[str, Any]:
    return {
        "id": job_id,
        "name": str(JobName.WEBHOOK),
        "args": {"webhook_id": webhook_id},
        "priority": PRIORITY,
        "run_at": run_at,
        "state": "ready",
        "attempts": 0,
        "dedupe_key": key_of(webhook_id),
        "created_at": now,
    }


def key_of(webhook_id: str) -> str:
    """Return what keeps a webhook from being served twice at a time."""
    return f"webhook/{webhook_id}"


def _text(event_id: str, event: Event) -> bytes:
    return msgspec.json.encode({"id": event_id, "type": event.type, "timestamp": event.at, "data": event.data})


def _parts(texts: Iterable[bytes], size: int) -> Iterator[list[bytes]]:
    iterator = iter(texts)
    while part := list(islice(iterator, size)):
        yield part
