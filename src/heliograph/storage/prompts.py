"""Rows of prompt campaigns as page views need them: which are running, who the visitor is, and what was counted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Integer, Select, bindparam, case, delete, exists, false, func, literal, select

from heliograph.storage.sql import constant, insert, insert_new
from heliograph.storage.store import Tx
from heliograph.storage.tables import (
    campaign_counts,
    campaign_marks,
    campaigns,
    profiles,
    segments,
    subscriptions,
    visitors,
)

SHARDS = 16

Question: TypeAlias = Select[Any]
"""A statement that is put together once and asked all the time; it remembers what SQLAlchemy compiled it to."""
Rule: TypeAlias = ColumnElement[bool] | None
"""A condition of profiles; None for one that holds for nobody."""
Key: TypeAlias = tuple[str, str, str]
"""Campaign, variant ("" for none) and event."""


@dataclass(frozen=True, slots=True)
class RunningRow:
    """A prompt campaign whose time may have come, without its definition."""

    id: str
    version: int
    updated_at: datetime
    starts_at: datetime | None
    ends_at: datetime | None
    exclusion_group: str | None
    priority: int


@dataclass(frozen=True, slots=True)
class VisitorFacts:
    """What is known of a visitor: their person, and which of the asked rules hold for them."""

    profile_id: str
    external_id: str | None
    is_subscribed: bool
    holds: tuple[bool, ...]


async def running(tx: Tx, project_id: str, *, limit: int) -> list[RunningRow]:
    """Return a project's prompt campaigns that are started, the highest priority first."""
    columns = [campaigns.c[name] for name in RunningRow.__dataclass_fields__]
    query = select(*columns).where(
        campaigns.c.project_id == project_id,
        campaigns.c.kind == "prompt",
        campaigns.c.state.in_(("scheduled", "running")),
    )
    query = query.order_by(campaigns.c.priority.desc(), campaigns.c.id).limit(limit)
    return [RunningRow(*row) for row in await tx.execute(query)]


async def definitions(tx: Tx, campaign_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return what campaigns are, by identifier."""
    query = select(campaigns.c.id, campaigns.c.definition).where(campaigns.c.id.in_(campaign_ids))
    return {row.id: row.definition for row in await tx.execute(query)}


async def rules(tx: Tx, project_id: str, segment_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the rules of segments, by identifier."""
    query = select(segments.c.id, segments.c.rule).where(
        segments.c.id.in_(segment_ids), segments.c.project_id == project_id
    )
    return {row.id: row.rule for row in await tx.execute(query)}


async def of_segment(tx: Tx, project_id: str, segment_id: str, *, limit: int) -> list[str]:
    """Return prompt campaigns that are for a segment and not over."""
    query = select(campaigns.c.id).where(
        campaigns.c.project_id == project_id,
        campaigns.c.kind == "prompt",
        campaigns.c.state.in_(("draft", "scheduled", "running", "paused")),
        campaigns.c.definition["segment"].as_string() == segment_id,
    )
    return list((await tx.execute(query.order_by(campaigns.c.id).limit(limit))).scalars())


def question(rules: Iterable[Rule]) -> Question:
    """Put together what `visitor` asks: one statement for the visitor and all rules, each by the person's indexes."""
    is_subscribed = exists().where(
        subscriptions.c.profile_id == profiles.c.id, subscriptions.c.state == constant("active")
    )
    asked = (
        case((false() if rule is None else rule, literal(1, Integer)), else_=0).label(f"rule_{index}")
        for index, rule in enumerate(rules)
    )
    return (
        select(visitors.c.profile_id, profiles.c.external_id, is_subscribed.label("is_subscribed"), *asked)
        .join_from(visitors, profiles, profiles.c.id == visitors.c.profile_id)
        .where(
            visitors.c.project_id == bindparam("for_project"),
            visitors.c.token_hash == bindparam("for_token"),
        )
    )


async def visitor(tx: Tx, asked: Question, project_id: str, token_hash: bytes) -> VisitorFacts | None:
    """Return what is known of a visitor, by one query; None if nothing is."""
    found = await tx.execute(asked, {"for_project": project_id, "for_token": token_hash})
    row = found.first()
    if row is None:
        return None
    values: tuple[Any, ...] = tuple(row)
    return VisitorFacts(values[0], values[1], bool(values[2]), tuple(bool(one) for one in values[3:]))


async def known(tx: Tx, project_id: str, campaign_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the definitions of those prompt campaigns that are the project's; they stay until the transaction ends."""
    query = select(campaigns.c.id, campaigns.c.definition).where(
        campaigns.c.id.in_(campaign_ids), campaigns.c.project_id == project_id, campaigns.c.kind == "prompt"
    )
    rows = await tx.execute(query.order_by(campaigns.c.id).with_for_update(read=True, key_share=True))
    return {row.id: row.definition for row in rows}


async def mark(tx: Tx, marks: Mapping[tuple[str, bytes], datetime | None]) -> set[tuple[str, bytes]]:
    """Write marks, with the instant from which each may be forgotten, and return those that are new."""
    rows = [
        {"campaign_id": campaign_id, "mark": one, "expires_at": expires_at}
        # Sorted, so that two transactions never wait for each other in a circle.
        for (campaign_id, one), expires_at in sorted(marks.items(), key=lambda item: item[0])
    ]
    conflict = ("campaign_id", "mark")
    return {
        (row.campaign_id, row.mark)
        for row in await insert_new(tx, campaign_marks, rows, conflict=conflict, returning=conflict)
    }


async def add(tx: Tx, deltas: Mapping[Key, int], shard: int) -> None:
    """Add to counts."""
    rows = [
        {"campaign_id": campaign_id, "variant": variant, "event": event, "shard": shard % SHARDS, "count": delta}
        for (campaign_id, variant, event), delta in sorted(deltas.items())
    ]
    if not rows:
        return
    statement = insert(tx, campaign_counts)
    adding = statement.on_conflict_do_update(
        index_elements=["campaign_id", "variant", "event", "shard"],
        set_={"count": campaign_counts.c.count + statement.excluded["count"]},
    )
    await tx.execute(adding, rows)


async def counts(tx: Tx, campaign_id: str) -> dict[tuple[str, str], int]:
    """Return how often each event of each variant happened."""
    query = (
        select(campaign_counts.c.variant, campaign_counts.c.event, func.sum(campaign_counts.c.count))
        .where(campaign_counts.c.campaign_id == campaign_id)
        .group_by(campaign_counts.c.variant, campaign_counts.c.event)
    )
    return {(variant, event): int(total) for variant, event, total in await tx.execute(query)}


async def sweep_marks(tx: Tx, *, now: datetime, limit: int) -> int:
    """Delete up to `limit` marks that are not needed any more; return how many there were."""
    old = (
        select(campaign_marks.c.campaign_id, campaign_marks.c.mark)
        .where(campaign_marks.c.expires_at < now)
        .order_by(campaign_marks.c.expires_at)
        .limit(limit)
        .with_for_update()
    )
    rows = (await tx.execute(old)).all()
    for campaign_id in sorted({row.campaign_id for row in rows}):
        gone = [row.mark for row in rows if row.campaign_id == campaign_id]
        mine = campaign_marks.c.campaign_id == campaign_id, campaign_marks.c.mark.in_(gone)
        await tx.execute(delete(campaign_marks).where(*mine))
    return len(rows)
