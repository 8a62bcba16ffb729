"""Ranges of subscriptions: what one send job works on. A range is closed once, so a job that runs twice counts once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import exists, func, select, update

from heliograph.storage.sql import constant, insert_ignore
from heliograph.storage.store import Tx
from heliograph.storage.tables import ranges


@dataclass(frozen=True, slots=True)
class IdsBetween:
    """The subscriptions with `after` < id <= `upto`."""

    after: str
    upto: str


@dataclass(frozen=True, slots=True)
class Slice:
    """The named receivers from number `start` to before `stop`."""

    start: int
    stop: int


Selection = IdsBetween | Slice


async def add(tx: Tx, notification_id: str, first_number: int, selections: Sequence[Selection]) -> None:
    """Lay out ranges, numbered on from `first_number`."""
    rows = [
        {
            "notification_id": notification_id,
            "number": first_number + offset,
            "selection": msgspec.to_builtins(selection),
            "state": "open",
        }
        for offset, selection in enumerate(selections)
    ]
    await insert_ignore(tx, ranges, rows, conflict=["notification_id", "number"])


async def open_selection(tx: Tx, notification_id: str, number: int) -> Selection | None:
    """Return what a range selects, or None if it is closed."""
    query = select(ranges.c.selection).where(
        ranges.c.notification_id == notification_id, ranges.c.number == number, ranges.c.state == constant("open")
    )
    stored: dict[str, Any] | None = (await tx.execute(query)).scalar_one_or_none()
    if stored is None:
        return None
    if "after" in stored:
        return msgspec.convert(stored, IdsBetween)
    return msgspec.convert(stored, Slice)


async def close(tx: Tx, notification_id: str, number: int) -> None:
    """Note that everything in a range is recorded."""
    await tx.execute(
        update(ranges)
        .where(ranges.c.notification_id == notification_id, ranges.c.number == number)
        .values(state="closed")
    )


async def any_open(tx: Tx, notification_id: str) -> bool:
    """Tell whether a range still waits or runs."""
    query = select(exists().where(ranges.c.notification_id == notification_id, ranges.c.state == constant("open")))
    return bool((await tx.execute(query)).scalar_one())


async def count_open(tx: Tx, notification_id: str, *, limit: int) -> int:
    """Return how many ranges wait or run, counted up to `limit`."""
    some = (
        select(ranges.c.number)
        .where(ranges.c.notification_id == notification_id, ranges.c.state == constant("open"))
        .limit(limit)
        .subquery()
    )
    return int((await tx.execute(select(func.count()).select_from(some))).scalar_one())


async def count(tx: Tx, notification_id: str) -> int:
    """Return how many ranges were laid out."""
    query = select(func.count()).select_from(ranges).where(ranges.c.notification_id == notification_id)
    return int((await tx.execute(query)).scalar_one())
