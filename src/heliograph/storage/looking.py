"""What triggered campaigns look at: everybody from time to time, who was in a segment, who has to do with an item."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, select, update

from heliograph.storage.sql import insert, insert_ignore
from heliograph.storage.store import Tx
from heliograph.storage.tables import events, insiders, profiles, sweeps


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at a person tells."""

    id: str
    attributes: dict[str, Any]
    time_zone: str | None
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Round:
    """A round of looking at everybody for a campaign.

    Attributes:
        number: of the round; what belongs to another one is out of date.
        began_at: when it began.
        ended_at: when it was whole; None while it is on its way.
        looked_to: up to which instant the last whole round before has looked; None if there was none.
    """

    number: str
    began_at: datetime
    ended_at: datetime | None
    looked_to: datetime | None


_SEEN = (
    profiles.c.id,
    profiles.c.attributes,
    profiles.c.time_zone,
    func.coalesce(profiles.c.last_seen_at, profiles.c.created_at).label("last_seen_at"),
)


async def people(tx: Tx, project_id: str, *, after: str, limit: int) -> list[Seen]:
    """Return the next people of a project, in the order of their identifiers."""
    query = select(*_SEEN).where(
        profiles.c.project_id == project_id, profiles.c.id > after, profiles.c.merged_into.is_(None)
    )
    return [Seen(*row) for row in await tx.execute(query.order_by(profiles.c.id).limit(limit))]


async def named(tx: Tx, profile_ids: Collection[str]) -> dict[str, Seen]:
    """Return some people by their identifiers."""
    return {row.id: Seen(*row) for row in await tx.execute(select(*_SEEN).where(profiles.c.id.in_(profile_ids)))}


async def within(tx: Tx, profile_ids: Collection[str], rule: ColumnElement[bool]) -> set[str]:
    """Return those of some people for whom a segment's rule holds."""
    return set((await tx.execute(select(profiles.c.id).where(profiles.c.id.in_(profile_ids), rule))).scalars())


async def last_events(tx: Tx, profile_ids: Collection[str], name: str) -> dict[str, datetime]:
    """Return when some people did something last."""
    query = (
        select(events.c.profile_id, func.max(events.c.at))
        .where(events.c.profile_id.in_(profile_ids), events.c.name == name)
        .group_by(events.c.profile_id)
    )
    return {row[0]: row[1] for row in await tx.execute(query)}


async def interested(
    tx: Tx, project_id: str, item_id: str, name: str, *, since: datetime, after: str, limit: int
) -> tuple[list[str], str | None]:
    """Return the next people who did something with an item since an instant, and behind whom to go on; None: the end.

    People are cut off by their number, whether or not they did it since then, so that a page costs the same always.
    """
    some = (
        select(events.c.profile_id, func.max(events.c.at).label("at"))
        .where(
            events.c.project_id == project_id,
            events.c.item_id == item_id,
            events.c.name == name,
            events.c.profile_id > after,
        )
        .group_by(events.c.profile_id)
        .order_by(events.c.profile_id)
        .limit(limit)
    )
    rows = (await tx.execute(some)).all()
    found = [row.profile_id for row in rows if row.at >= since]
    return found, rows[-1].profile_id if len(rows) == limit else None


async def insiders_of(tx: Tx, campaign_id: str, profile_ids: Collection[str]) -> set[str]:
    """Return those of some people who were in a campaign's segment when it last looked."""
    query = select(insiders.c.profile_id).where(
        insiders.c.campaign_id == campaign_id, insiders.c.profile_id.in_(profile_ids)
    )
    return set((await tx.execute(query)).scalars())


async def come_in(tx: Tx, campaign_id: str, profile_ids: Sequence[str], *, since: datetime) -> list[str]:
    """Note who is in a campaign's segment; return those who were not before."""
    if not profile_ids:
        return []
    statement = insert(tx, insiders).on_conflict_do_nothing(index_elements=["campaign_id", "profile_id"])
    rows = [{"campaign_id": campaign_id, "profile_id": one, "since": since} for one in sorted(profile_ids)]
    return list((await tx.execute(statement.returning(insiders.c.profile_id), rows)).scalars())


async def go_out(tx: Tx, campaign_id: str, profile_ids: Sequence[str]) -> None:
    """Note who is not in a campaign's segment any more."""
    if profile_ids:
        gone = insiders.c.profile_id.in_(sorted(profile_ids))
        await tx.execute(delete(insiders).where(insiders.c.campaign_id == campaign_id, gone))


async def round_of(tx: Tx, campaign_id: str, *, lock: bool = False) -> Round | None:
    """Return the round that a campaign is in, or was in last; None if it never looked."""
    query = select(sweeps.c.number, sweeps.c.began_at, sweeps.c.ended_at, sweeps.c.looked_to).where(
        sweeps.c.campaign_id == campaign_id
    )
    row = (await tx.execute(query.with_for_update() if lock else query)).first()
    return None if row is None else Round(*row)


async def begin_round(tx: Tx, campaign_id: str, number: str, *, now: datetime) -> None:
    """Begin a round; one that is on its way is given up, and what it was to look at is this one's."""
    first = {"campaign_id": campaign_id, "number": number, "began_at": now}
    await insert_ignore(tx, sweeps, [first], conflict=["campaign_id"])
    again = {"number": number, "began_at": now, "ended_at": None}
    await tx.execute(update(sweeps).where(sweeps.c.campaign_id == campaign_id).values(**again))


async def end_round(tx: Tx, campaign_id: str, number: str, *, now: datetime) -> None:
    """Note that a round has looked at everybody as they were when it began."""
    whole = update(sweeps).where(sweeps.c.campaign_id == campaign_id, sweeps.c.number == number)
    await tx.execute(whole.values(ended_at=now, looked_to=sweeps.c.began_at))


async def forget(tx: Tx, campaign_id: str) -> None:
    """Forget how far a campaign has looked: what comes next is its first round."""
    await tx.execute(delete(sweeps).where(sweeps.c.campaign_id == campaign_id))
