"""Who receives a notification: keyset pages for planning, and the members of one range for sending.

Nothing here reads more rows than the page it was asked for, however large the project is. Whom a segment means is
given as an expression over profiles (`meant`, made by `conditions`); a subscription without a profile is in no segment.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, false, func, or_, select

from heliograph.domain.endpoint import PushService
from heliograph.domain.notification import Audience, AudienceKind
from heliograph.storage.ranges import IdsBetween, Selection, Slice
from heliograph.storage.sql import Meant, chunks, constant
from heliograph.storage.store import Tx
from heliograph.storage.tables import memberships, profiles, subscriptions


@dataclass(frozen=True, slots=True)
class Receiver:
    """A subscription with everything that sending to it needs."""

    id: str
    channel: str
    state: str
    provider_id: str
    profile_id: str | None
    endpoint: str
    endpoint_hash: bytes
    push_service: PushService
    p256dh: bytes
    auth: bytes
    vapid_key_id: str
    language: str | None
    endpoint_since: datetime
    expires_at: datetime | None = None

    @classmethod
    def swept(cls, subscription_id: str) -> "Receiver":
        """Return what is left of a subscription whose row is deleted: its name."""
        return cls(
            id=subscription_id,
            channel="",
            state="swept",
            provider_id="",
            profile_id=None,
            endpoint="",
            endpoint_hash=b"",
            push_service=PushService.OTHER,
            p256dh=b"",
            auth=b"",
            vapid_key_id="",
            language=None,
            endpoint_since=datetime.min.replace(tzinfo=UTC),
        )


RECEIVER_COLUMNS = [subscriptions.c[name] for name in Receiver.__dataclass_fields__]


def receiver(values: Sequence[Any]) -> Receiver:
    """Make a receiver of a row that holds `RECEIVER_COLUMNS` in their order."""
    named = dict(zip(Receiver.__dataclass_fields__, values, strict=True))
    return Receiver(**{**named, "push_service": PushService(named["push_service"])})


def named_targets(audience: Audience) -> list[str]:
    """Return the named receivers, each once, in the order that slices count."""
    names = audience.subscription_ids
    if audience.kind is AudienceKind.PROFILES:
        names = audience.profile_ids or audience.external_ids
    return list(dict.fromkeys(names))


async def page_of_ids(tx: Tx, project_id: str, audience: Audience, *, after: str, upto: str, limit: int) -> list[str]:
    """Return the next identifiers of subscriptions of an audience that is not named one by one, in ascending order.

    A subscription that is in a group under several identifiers comes once: the pages are cut between subscriptions.
    """
    return list((await tx.execute(_page(project_id, audience, after, upto, limit))).scalars())


async def end_of_page(tx: Tx, project_id: str, audience: Audience, *, after: str, upto: str, limit: int) -> str | None:
    """Return the last identifier of such a page; it is walked along in the database, and may be long."""
    page = _page(project_id, audience, after, upto, limit).subquery()
    found: str | None = await tx.scalar(select(func.max(page.c[0])))
    return found


def _page(project_id: str, audience: Audience, after: str, upto: str, limit: int) -> Select[Any]:
    if audience.kind is AudienceKind.GROUP:
        member = memberships.c.subscription_id
        query = select(member).where(*_in_group(project_id, audience), member > after, member <= upto)
        return query.order_by(member).limit(limit).distinct()
    query = select(subscriptions.c.id).where(
        subscriptions.c.project_id == project_id,
        subscriptions.c.state == constant("active"),
        subscriptions.c.id > after,
        subscriptions.c.id <= upto,
    )
    return query.order_by(subscriptions.c.id).limit(limit)


def _in_group(project_id: str, audience: Audience) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [
        memberships.c.project_id == project_id,
        memberships.c.group_name == (audience.group or ""),
    ]
    if audience.identifier is not None:
        conditions.append(memberships.c.identifier == audience.identifier)
    return conditions


LOOKED_AT = 5_000
"""Subscriptions of which one page of a segment looks at most: rules may be expensive, and match almost nobody."""


@dataclass(frozen=True, slots=True)
class SegmentPage:
    """Some of a segment's subscriptions, in order. `after` is how far was looked; None at the end."""

    ids: list[str]
    after: str | None


async def segment_page(
    tx: Tx, project_id: str, meant: Meant, *, after: str, upto: str, limit: int, look_at: int | None = None
) -> SegmentPage:
    """Return up to `limit` subscriptions of whom a rule means, out of the next `look_at`, or `LOOKED_AT`."""
    look_at = look_at or LOOKED_AT
    everyone = Audience(AudienceKind.EVERYONE)
    some = _page(project_id, everyone, after, upto, look_at).subquery()
    size, last = (await tx.execute(select(func.count(), func.max(some.c[0])))).one()
    if last is None:
        return SegmentPage([], None)
    query = (
        select(subscriptions.c.id)
        .where(
            subscriptions.c.project_id == project_id,
            subscriptions.c.state == constant("active"),
            subscriptions.c.id > after,
            subscriptions.c.id <= last,
            _person_is(meant),
        )
        .order_by(subscriptions.c.id)
        .limit(limit)
    )
    ids = list((await tx.execute(query)).scalars())
    if len(ids) == limit:
        return SegmentPage(ids, ids[-1])
    return SegmentPage(ids, last if size == look_at else None)


def _person_is(meant: Meant) -> ColumnElement[bool]:
    """Return whether a subscription is of a person whom a rule means."""
    # A value instead of EXISTS, which PostgreSQL would turn into a join that may read all people for a few of them.
    answer = select(meant).where(profiles.c.id == subscriptions.c.profile_id, profiles.c.merged_into.is_(None))
    return func.coalesce(answer.correlate(subscriptions).scalar_subquery(), false())


async def receivers(
    tx: Tx,
    project_id: str,
    audience: Audience,
    selection: Selection,
    *,
    started_at: datetime,
    meant: Meant | None = None,
) -> list[Receiver]:
    """Return the subscriptions of one range, active or not: who left since `started_at` is skipped with a reason."""
    query = _in_range(RECEIVER_COLUMNS, project_id, audience, selection, started_at=started_at, meant=meant)
    found = await _rows(tx, query)
    return [one for one in found if _in_share(audience, one)]


@dataclass(frozen=True, slots=True)
class LaidOut:
    """What is said of a receiver to whom nothing can be sent. Nothing in it can fail to be read."""

    id: str
    profile_id: str | None
    push_service: str


async def laid_out(
    tx: Tx,
    project_id: str,
    audience: Audience,
    selection: Selection,
    *,
    started_at: datetime,
    meant: Meant | None = None,
) -> list[LaidOut]:
    """Return the same subscriptions as `receivers`, without what sending needs."""
    columns = [subscriptions.c[name] for name in LaidOut.__dataclass_fields__]
    query = _in_range(columns, project_id, audience, selection, started_at=started_at, meant=meant)
    found = [LaidOut(*row) for row in await tx.execute(query.order_by(subscriptions.c.id))]
    return [one for one in found if _in_share(audience, one)]


def _in_share(audience: Audience, one: Receiver | LaidOut) -> bool:
    """Tell whether somebody is of the part of an audience that is meant."""
    return audience.share is None or audience.share.holds(one.profile_id or one.id)


def _in_range(
    columns: Sequence[ColumnElement[Any]],
    project_id: str,
    audience: Audience,
    selection: Selection,
    *,
    started_at: datetime,
    meant: Meant | None,
) -> Select[Any]:
    match selection:
        case IdsBetween(after, upto):
            conditions = [
                subscriptions.c.project_id == project_id,
                subscriptions.c.id > after,
                subscriptions.c.id <= upto,
                or_(subscriptions.c.state == constant("active"), subscriptions.c.ended_at > started_at),
            ]
            if audience.kind is AudienceKind.GROUP:
                conditions.append(_is_member(project_id, audience, after, upto))
            if meant is not None:
                conditions.append(_person_is(meant))
            return select(*columns).where(*conditions)
        case Slice(start, stop):
            return _named(columns, project_id, audience, named_targets(audience)[start:stop])


def _is_member(project_id: str, audience: Audience, after: str, upto: str) -> ColumnElement[bool]:
    # Bounded on both sides, so that the group's other ten million members are not looked at.
    inside = select(memberships.c.subscription_id).where(
        *_in_group(project_id, audience),
        memberships.c.subscription_id > after,
        memberships.c.subscription_id <= upto,
    )
    return subscriptions.c.id.in_(inside)


def _named(columns: Sequence[ColumnElement[Any]], project_id: str, audience: Audience, names: list[str]) -> Select[Any]:
    if audience.kind is AudienceKind.SUBSCRIPTIONS:
        return select(*columns).where(subscriptions.c.project_id == project_id, subscriptions.c.id.in_(names))
    return (
        select(*columns)
        .join(profiles, profiles.c.id == subscriptions.c.profile_id)
        .where(
            profiles.c.project_id == project_id,
            _name_of(audience).in_(names),
            # Not the project again: SQLite would then walk along all of the project's subscriptions.
            # A person's old browsers are not receivers; naming a subscription itself asks about that one.
            subscriptions.c.state == constant("active"),
        )
    )


def _name_of(audience: Audience) -> ColumnElement[str]:
    """Return what people are named by: the sender's identifiers, or our own."""
    return profiles.c.id if audience.profile_ids else profiles.c.external_id


async def by_ids(tx: Tx, ids: Sequence[str]) -> dict[str, Receiver]:
    """Return subscriptions by identifier; those that were swept are missing."""
    found: dict[str, Receiver] = {}
    for part in chunks(ids):
        query = select(*RECEIVER_COLUMNS).where(subscriptions.c.id.in_(part))
        found |= {row.id: row for row in await _rows(tx, query)}
    return found


async def still_meant(
    tx: Tx, project_id: str, audience: Audience, ids: Sequence[str], *, meant: Meant | None = None
) -> set[str]:
    """Return which of these subscriptions an audience still holds: people log out, leave groups, and buy the thing."""
    match audience.kind:
        case AudienceKind.EVERYONE | AudienceKind.SUBSCRIPTIONS:
            return set(ids)
        case AudienceKind.GROUP:
            member = memberships.c.subscription_id
            query = select(member, member).where(*_in_group(project_id, audience))
            named = set(ids)
        case AudienceKind.PROFILES:
            member = subscriptions.c.id
            joined = subscriptions.join(profiles, profiles.c.id == subscriptions.c.profile_id)
            query = select(member, _name_of(audience)).select_from(joined)
            named = set(named_targets(audience))
        case AudienceKind.SEGMENT:
            member = subscriptions.c.id
            query = select(member, member).where(false() if meant is None else _person_is(meant))
            named = set(ids)
    found: set[str] = set()
    for part in chunks(ids):
        found |= {row[0] for row in await tx.execute(query.where(member.in_(part))) if row[1] in named}
    return found


async def _rows(tx: Tx, query: Select[Any]) -> list[Receiver]:
    rows = await tx.execute(query.order_by(subscriptions.c.id))
    return [receiver(tuple(row)) for row in rows]
