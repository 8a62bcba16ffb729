"""Rows of entries: people on their way through triggered campaigns.

Who writes entries of somebody holds their profile's row, so that two events at once do not both find nobody waiting.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import any_, case, delete, func, select, update
from sqlalchemy.engine import Row

from heliograph.domain.entry import HOUR, Entry, EntryReason, EntryState, History, Start
from heliograph.storage.sql import chunks, constant, insert
from heliograph.storage.store import Tx
from heliograph.storage.tables import campaigns, entries, profiles, subscriptions

_COLUMNS = [entries.c[name] for name in Entry.__dataclass_fields__]
_WAITS = entries.c.state == constant("waiting")


def _entry(row: Row[Any]) -> Entry:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return Entry(**(values | {"state": EntryState(values["state"])}))


async def hold(tx: Tx, profile_ids: Collection[str]) -> None:
    """Let nobody else write entries of these people before the transaction ends."""
    query = select(profiles.c.id).where(profiles.c.id.in_(sorted(profile_ids))).order_by(profiles.c.id)
    await tx.execute(query.with_for_update(key_share=True))


async def add(tx: Tx, rows: Sequence[Entry]) -> list[Entry]:
    """Write entries; return those that were not there by their keys."""
    if not rows:
        return []
    statement = insert(tx, entries).on_conflict_do_nothing(index_elements=["campaign_id", "profile_id", "key"])
    ordered = sorted(rows, key=lambda entry: (entry.campaign_id, entry.profile_id, entry.key))
    new = set((await tx.execute(statement.returning(entries.c.id), [asdict(entry) for entry in ordered])).scalars())
    return [entry for entry in rows if entry.id in new]


async def waiting_of(tx: Tx, profile_ids: Collection[str]) -> list[Entry]:
    """Return all that waits of some people, earliest due first."""
    query = select(*_COLUMNS).where(entries.c.profile_id.in_(profile_ids), _WAITS)
    return sorted((_entry(row) for row in await tx.execute(query)), key=lambda entry: (entry.due_at, entry.id))


async def history(tx: Tx, campaign_id: str, profile_ids: Collection[str], *, now: datetime) -> dict[str, History]:
    """Return what is known of some people's entries in a campaign."""
    stands = entries.c.state != EntryState.CANCELLED
    query = (
        select(
            entries.c.profile_id,
            func.max(case((stands, entries.c.created_at))),
            func.max(case((stands, entries.c.due_at))),
            func.sum(case((entries.c.created_at > now - HOUR, 1), else_=0)),
        )
        .where(entries.c.campaign_id == campaign_id, entries.c.profile_id.in_(profile_ids))
        .group_by(entries.c.profile_id)
    )
    return {row[0]: History(row[1], row[2], int(row[3])) for row in await tx.execute(query)}


async def put_off(tx: Tx, entry_id: str, start: Start) -> None:
    """Let an entry that waits be due later, because of another event."""
    values = {
        "due_at": start.due_at,
        "item_id": start.item_id,
        "event_id": start.event_id,
        "variables": start.variables,
    }
    await tx.execute(update(entries).where(entries.c.id == entry_id, _WAITS).values(**values))


async def move_due(tx: Tx, entry_id: str, due_at: datetime) -> None:
    """Let an entry that waits be due at another time."""
    await tx.execute(update(entries).where(entries.c.id == entry_id, _WAITS).values(due_at=due_at))


async def end(tx: Tx, ids: Sequence[str], state: EntryState, reason: EntryReason | None, *, now: datetime) -> None:
    """End entries that wait, without sending anything."""
    for part in chunks(sorted(ids)):
        statement = update(entries).where(entries.c.id.in_(part), _WAITS)
        await tx.execute(statement.values(state=state, reason=reason, ended_at=now))


async def finish(tx: Tx, ids: Sequence[str], dispatch_id: str, *, now: datetime) -> None:
    """Note the run of the campaign that entries went into."""
    for part in chunks(sorted(ids)):
        statement = update(entries).where(entries.c.id.in_(part), _WAITS)
        await tx.execute(statement.values(state=EntryState.DONE, dispatch_id=dispatch_id, ended_at=now))


async def take_due(tx: Tx, campaign_id: str, *, now: datetime, limit: int) -> list[Entry]:
    """Lock and return entries of a campaign that are due, earliest first; those that another worker holds are left."""
    due = (
        select(entries.c.id)
        .where(entries.c.campaign_id == campaign_id, _WAITS, entries.c.due_at <= now)
        .order_by(entries.c.due_at, entries.c.id)
        .limit(limit)
    )
    query = select(*_COLUMNS)
    if tx.dialect.name == "postgresql":
        query = query.where(entries.c.id == any_(func.array(due.with_for_update(skip_locked=True).scalar_subquery())))
    else:
        query = query.where(entries.c.id.in_(due))
    return sorted((_entry(row) for row in await tx.execute(query)), key=lambda entry: (entry.due_at, entry.id))


async def campaigns_overdue(tx: Tx, *, before: datetime, limit: int) -> list[str]:
    """Return campaigns, not paused ones, of whose entries some were due before an instant."""
    oldest = (
        select(entries.c.campaign_id)
        .join(campaigns, campaigns.c.id == entries.c.campaign_id)
        .where(_WAITS, entries.c.due_at < before, campaigns.c.state.in_(("running", "done")))
        .order_by(entries.c.due_at)
        .limit(limit)
    )
    return sorted(set((await tx.execute(oldest)).scalars()))


async def page(
    tx: Tx, campaign_id: str, *, before: str | None, limit: int, profile_id: str | None = None
) -> list[Entry]:
    """Return entries of a campaign, newest first; of one person, if wanted."""
    query = select(*_COLUMNS).where(entries.c.campaign_id == campaign_id)
    if profile_id is not None:
        query = query.where(entries.c.profile_id == profile_id)
    if before is not None:
        query = query.where(entries.c.id < before)
    return [_entry(row) for row in await tx.execute(query.order_by(entries.c.id.desc()).limit(limit))]


async def tally(tx: Tx, campaign_id: str, *, since: str, limit: int) -> Mapping[tuple[str, str], int]:
    """Count the newest entries of a campaign, `limit` at most, by state and reason; `since` is an identifier."""
    some = (
        select(entries.c.state, entries.c.reason)
        .where(entries.c.campaign_id == campaign_id, entries.c.id >= since)
        .order_by(entries.c.id.desc())
        .limit(limit)
        .subquery()
    )
    query = select(some.c.state, func.coalesce(some.c.reason, ""), func.count()).group_by(some.c.state, some.c.reason)
    return {(row[0], row[1]): row[2] for row in await tx.execute(query)}


async def browsers(tx: Tx, profile_ids: Collection[str]) -> dict[str, str]:
    """Return the active subscriptions of some people, each with whose it is."""
    query = select(subscriptions.c.id, subscriptions.c.profile_id).where(
        subscriptions.c.profile_id.in_(profile_ids), subscriptions.c.state == constant("active")
    )
    return {row.id: row.profile_id for row in await tx.execute(query)}


async def sweep(tx: Tx, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` entries that ended before an instant, oldest first."""
    some = (
        select(entries.c.id)
        .where(entries.c.ended_at.is_not(None), entries.c.ended_at < before)
        .order_by(entries.c.ended_at)
        .limit(limit)
    )
    return (await tx.execute(delete(entries).where(entries.c.id.in_(some)))).rowcount
