"""Rows of segments, and whom a rule means: counted and sampled window by window, so that no statement takes long."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.engine import Row

from heliograph.domain.notification import NotificationState
from heliograph.domain.segment import RuleJson, Segment
from heliograph.storage.sql import Meant, insert_new
from heliograph.storage.store import Tx
from heliograph.storage.tables import campaigns, notifications, profiles, segments


def _segment(row: Row[Any]) -> Segment:
    return Segment(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it


async def add(tx: Tx, segment: Segment) -> bool:
    """Write a new segment unless the project has one of this name; tell whether it was written."""
    row = {name: getattr(segment, name) for name in Segment.__dataclass_fields__}
    return bool(await insert_new(tx, segments, [row], conflict=("project_id", "name"), returning=("id",)))


async def get(tx: Tx, project_id: str, segment_id: str) -> Segment | None:
    """Return one segment of a project."""
    query = select(segments).where(segments.c.project_id == project_id, segments.c.id == segment_id)
    row = (await tx.execute(query)).first()
    return None if row is None else _segment(row)


async def named(tx: Tx, project_id: str, name: str) -> Segment | None:
    """Return the segment of this name."""
    query = select(segments).where(segments.c.project_id == project_id, segments.c.name == name)
    row = (await tx.execute(query)).first()
    return None if row is None else _segment(row)


async def page(tx: Tx, project_id: str, *, after: str | None, limit: int) -> list[Segment]:
    """Return segments of a project, oldest first."""
    query = select(segments).where(segments.c.project_id == project_id).order_by(segments.c.id).limit(limit)
    if after is not None:
        query = query.where(segments.c.id > after)
    return [_segment(row) for row in await tx.execute(query)]


async def change(tx: Tx, segment_id: str, *, name: str, rule: RuleJson, now: datetime) -> None:
    """Overwrite name and rule."""
    values = {"name": name, "rule": rule, "updated_at": now}
    await tx.execute(update(segments).where(segments.c.id == segment_id).values(values))


async def remove(tx: Tx, segment_id: str) -> None:
    """Delete a segment."""
    await tx.execute(delete(segments).where(segments.c.id == segment_id))


async def waiting_notifications(tx: Tx, segment_id: str, *, limit: int) -> list[str]:
    """Return notifications that will take over the segment's rule when they start."""
    query = (
        select(notifications.c.id)
        .where(
            notifications.c.segment_id == segment_id,
            notifications.c.finished_at.is_(None),
            notifications.c.state == str(NotificationState.SCHEDULED),
        )
        .limit(limit)
    )
    return list((await tx.execute(query)).scalars())


async def waiting_messages(tx: Tx, project_id: str, segment_id: str, *, limit: int) -> list[str]:
    """Return message campaigns that are for a segment and not over."""
    query = select(campaigns.c.id).where(
        campaigns.c.project_id == project_id,
        campaigns.c.kind == "message",
        campaigns.c.state.in_(("draft", "scheduled", "running", "paused")),
        campaigns.c.definition["audience", "segment_id"].as_string() == segment_id,
    )
    return list((await tx.execute(query.order_by(campaigns.c.id).limit(limit))).scalars())


@dataclass(frozen=True, slots=True)
class Window:
    """Some neighbouring profiles: how many of them a rule means, how many there are, and the last one's identifier."""

    matched: int
    size: int
    last_id: str | None


async def window(tx: Tx, project_id: str, meant: Meant, *, after: str, limit: int) -> Window:
    """Count whom a rule means among the next `limit` profiles."""
    some = _some(project_id, after, limit).subquery()
    ends = select(func.count(), func.max(some.c.id))
    size, last_id = (await tx.execute(ends)).one()
    if last_id is None:
        return Window(0, 0, None)
    return Window(await count(tx, project_id, meant, after=after, upto=last_id), size, last_id)


def _some(project_id: str, after: str, limit: int) -> Select[Any]:
    own = profiles.c
    return select(own.id).where(own.project_id == project_id, own.id > after).order_by(own.id).limit(limit)


async def count(tx: Tx, project_id: str, meant: Meant, *, after: str, upto: str) -> int:
    """Count whom a rule means among the profiles between two identifiers."""
    own = profiles.c
    inside = (own.project_id == project_id, own.id > after, own.id <= upto, own.merged_into.is_(None))
    return int((await tx.execute(select(func.count()).select_from(profiles).where(*inside, meant))).scalar_one())


async def matching(tx: Tx, project_id: str, meant: Meant, *, after: str, upto: str, limit: int) -> list[str]:
    """Return the first profiles that a rule means between two identifiers."""
    own = profiles.c
    inside = (own.project_id == project_id, own.id > after, own.id <= upto, own.merged_into.is_(None))
    query = select(own.id).where(*inside, meant).order_by(own.id).limit(limit)
    return list((await tx.execute(query)).scalars())


async def is_fewer(tx: Tx, candidates: Select[Any], *, limit: int) -> bool:
    """Tell whether a query of identifiers gives no more rows than `limit`, without reading more."""
    some = candidates.limit(limit + 1).subquery()
    return int((await tx.execute(select(func.count()).select_from(some))).scalar_one()) <= limit


async def matching_among(tx: Tx, project_id: str, meant: Meant, candidates: Select[Any]) -> list[str]:
    """Return the profiles that a rule means among few candidates, in order."""
    own = profiles.c
    inside = (own.project_id == project_id, own.id.in_(candidates), own.merged_into.is_(None))
    return list((await tx.execute(select(own.id).where(*inside, meant).order_by(own.id))).scalars())
