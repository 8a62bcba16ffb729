"""Rows of campaigns. Their definitions are JSON: `message_of` reads those of messages."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Row

from heliograph.domain import experiment
from heliograph.domain.campaign import Campaign, CampaignKind, CampaignState
from heliograph.domain.contact_rules import ContactRules
from heliograph.domain.message import Message
from heliograph.domain.notification import Audience, NotificationKind, Urgency
from heliograph.domain.rate import Rate
from heliograph.storage.notifications import read_content, stored
from heliograph.storage.store import Tx
from heliograph.storage.tables import campaigns, counts, notifications

Tallies = dict[str | None, dict[tuple[str, str], int]]
"""Deliveries by variant, then by state and reason ("" where there is none)."""


def campaign(row: Row[Any]) -> Campaign:
    """Return the campaign of a whole row."""
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return Campaign(**values | {"kind": CampaignKind(values["kind"]), "state": CampaignState(values["state"])})


async def add(tx: Tx, new: Campaign) -> None:
    """Write a new campaign."""
    await tx.execute(insert(campaigns).values(asdict(new)))


async def get(tx: Tx, project_id: str, campaign_id: str, *, lock: bool = False) -> Campaign | None:
    """Return one campaign of a project; with `lock`, no other transaction changes it meanwhile."""
    found = await load(tx, campaign_id, lock=lock)
    return found if found is not None and found.project_id == project_id else None


async def load(tx: Tx, campaign_id: str, *, lock: bool = False) -> Campaign | None:
    """Return one campaign, whoever's it is."""
    query = select(campaigns).where(campaigns.c.id == campaign_id)
    if lock:
        query = query.with_for_update(key_share=True)
    row = (await tx.execute(query)).first()
    return None if row is None else campaign(row)


async def page(
    tx: Tx,
    project_id: str,
    *,
    before: str | None,
    limit: int,
    kind: CampaignKind | None = None,
    state: CampaignState | None = None,
) -> list[Campaign]:
    """Return campaigns of a project, newest first."""
    query = select(campaigns).where(campaigns.c.project_id == project_id).order_by(campaigns.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(campaigns.c.id < before)
    if kind is not None:
        query = query.where(campaigns.c.kind == kind)
    if state is not None:
        query = query.where(campaigns.c.state == state)
    return [campaign(row) for row in await tx.execute(query)]


async def change(tx: Tx, campaign_id: str, values: dict[str, Any], *, now: datetime) -> None:
    """Overwrite columns. Whoever calls this has locked the row."""
    await tx.execute(update(campaigns).where(campaigns.c.id == campaign_id).values(**values, updated_at=now))


async def remove(tx: Tx, campaign_id: str) -> None:
    """Delete a campaign with its dispatches. Its notifications stay."""
    await tx.execute(delete(campaigns).where(campaigns.c.id == campaign_id))


async def overdue(tx: Tx, *, before: datetime, limit: int) -> list[str]:
    """Return campaigns that should have been looked at before an instant."""
    query = select(campaigns.c.id).where(campaigns.c.next_due_at.is_not(None), campaigns.c.next_due_at < before)
    return list((await tx.execute(query.order_by(campaigns.c.next_due_at).limit(limit))).scalars())


async def open_notifications(tx: Tx, campaign_id: str, *, limit: int) -> list[str]:
    """Return notifications of a campaign that are scheduled or on their way."""
    query = select(notifications.c.id).where(
        notifications.c.campaign_id == campaign_id, notifications.c.state.in_(("scheduled", "running"))
    )
    return list((await tx.execute(query.order_by(notifications.c.id).limit(limit))).scalars())


async def tallies(tx: Tx, campaign_id: str) -> Tallies:
    """Return what came of a campaign's deliveries; of notifications that are still kept."""
    query = (
        select(notifications.c.variant, counts.c.state, counts.c.reason, func.sum(counts.c.count))
        .join(counts, counts.c.notification_id == notifications.c.id)
        .where(notifications.c.campaign_id == campaign_id)
        .group_by(notifications.c.variant, counts.c.state, counts.c.reason)
    )
    found: Tallies = {}
    for variant, state, reason, total in await tx.execute(query):
        if total:
            found.setdefault(variant, {})[state, reason] = int(total)
    return found


async def names(tx: Tx, campaign_ids: Sequence[str]) -> dict[str, str]:
    """Return the names of campaigns."""
    query = select(campaigns.c.id, campaigns.c.name).where(campaigns.c.id.in_(campaign_ids))
    return {row.id: row.name for row in await tx.execute(query)}


def message_json(message: Message) -> dict[str, Any]:
    """Return what `message_of` reads, without what says nothing."""
    members = {
        "audience": stored(message.audience),
        "content": stored(message.content),
        "notification_kind": str(message.kind),
        "limits": message.limits.stored(),
        "ttl_seconds": int(message.ttl.total_seconds()),
        "life_seconds": None if message.life is None else int(message.life.total_seconds()),
        "urgency": str(message.urgency),
        "topic": message.topic,
        "rate": None if message.rate is None else str(message.rate),
        "experiment": None if message.experiment is None else experiment.to_json(message.experiment, stored),
    }
    return {name: member for name, member in members.items() if member is not None}


def message_of(definition: dict[str, Any]) -> Message:
    """Read the definition of a message campaign, all but its trigger."""
    life, rate, test = definition.get("life_seconds"), definition.get("rate"), definition.get("experiment")
    return Message(
        audience=msgspec.convert(definition["audience"], Audience),
        content=read_content(definition["content"]),
        kind=NotificationKind(definition["notification_kind"]),
        limits=ContactRules.of(definition["limits"]),
        ttl=timedelta(seconds=definition["ttl_seconds"]),
        life=None if life is None else timedelta(seconds=life),
        urgency=Urgency(definition["urgency"]),
        topic=definition.get("topic"),
        rate=None if rate is None else Rate.parse(rate),
        experiment=None if test is None else experiment.from_json(test, read_content),
    )
