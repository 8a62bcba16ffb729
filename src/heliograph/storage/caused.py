"""Running message campaigns that start by what happens: looked up with every event, so by index and nothing more."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Select, or_, select

from heliograph.domain.campaign import Campaign, CampaignKind
from heliograph.domain.event import Event
from heliograph.domain.notification import Audience
from heliograph.storage import segments
from heliograph.storage.campaigns import campaign as read_campaign
from heliograph.storage.sql import constant
from heliograph.storage.store import Tx
from heliograph.storage.tables import campaigns, events

ENTERED = "entered"
"""The kind of trigger that watches a segment."""


async def by_events(tx: Tx, project_id: str, names: Collection[str]) -> list[Campaign]:
    """Return the running campaigns that events of some names start, and those that watch a segment: by one question."""
    query = select(campaigns).where(
        campaigns.c.project_id == project_id,
        campaigns.c.kind == CampaignKind.MESSAGE,
        campaigns.c.state == constant("running"),
        or_(campaigns.c.event_name.in_(names), campaigns.c.trigger_kind == ENTERED),
    )
    return await _found(tx, query)


async def by_trigger(tx: Tx, project_id: str, trigger_kind: str) -> list[Campaign]:
    """Return the running campaigns of a kind of trigger."""
    query = select(campaigns).where(
        campaigns.c.project_id == project_id,
        campaigns.c.kind == CampaignKind.MESSAGE,
        campaigns.c.state == constant("running"),
        campaigns.c.trigger_kind == trigger_kind,
    )
    return await _found(tx, query)


async def of_ids(tx: Tx, ids: Collection[str]) -> dict[str, Campaign]:
    """Return campaigns by their identifiers, in whatever state."""
    return {one.id: one for one in await _found(tx, select(campaigns).where(campaigns.c.id.in_(ids)))}


async def _found(tx: Tx, query: Select[Any]) -> list[Campaign]:
    return [read_campaign(row) for row in await tx.execute(query.order_by(campaigns.c.id))]


async def audience_of(tx: Tx, campaign: Campaign) -> Audience:
    """Return a message campaign's audience, with the rule that its segment has now."""
    wanted = msgspec.convert(campaign.definition["audience"], Audience)
    if wanted.segment_id is None:
        return wanted
    segment = await segments.get(tx, campaign.project_id, wanted.segment_id)
    return wanted if segment is None else replace(wanted, rule=segment.rule)


async def later_events(tx: Tx, profile_id: str, names: Collection[str], *, since: datetime, limit: int) -> list[Event]:
    """Return what a person did under some names since an instant, latest first."""
    query = select(*(events.c[name] for name in Event.__dataclass_fields__)).where(
        events.c.profile_id == profile_id, events.c.name.in_(names), events.c.at >= since
    )
    rows = await tx.execute(query.order_by(events.c.at.desc()).limit(limit))
    return [Event(**row._mapping) for row in rows]  # noqa: SLF001


async def events_of(tx: Tx, profile_ids: Collection[str], names: Collection[str], *, since: datetime) -> list[Event]:
    """Return what some people did under some names since an instant."""
    query = select(*(events.c[name] for name in Event.__dataclass_fields__)).where(
        events.c.profile_id.in_(profile_ids), events.c.name.in_(names), events.c.at >= since
    )
    return [Event(**row._mapping) for row in await tx.execute(query)]  # noqa: SLF001


async def event(tx: Tx, event_id: str) -> Event | None:
    """Return one event."""
    query = select(*(events.c[name] for name in Event.__dataclass_fields__)).where(events.c.id == event_id)
    row = (await tx.execute(query)).first()
    return None if row is None else Event(**row._mapping)  # noqa: SLF001
