"""Rows of visitors: browsers by the hash of their random name, each a profile's."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, bindparam, delete, exists, or_, select, update

from heliograph.storage.sql import insert_new
from heliograph.storage.store import Tx
from heliograph.storage.tables import held_devices, profiles, subscriptions, visitors


@dataclass(frozen=True, slots=True)
class Visitor:
    """A browser, and whose it is. `external_id` is None while its person is anonymous."""

    token_hash: bytes
    profile_id: str
    external_id: str | None
    created_at: datetime
    last_seen_at: datetime
    language: str | None
    time_zone: str | None
    """Both of the profile."""


@dataclass(frozen=True, slots=True)
class Browser:
    """What is known of a browser. `browser` and `os` are None where its header names none that is known."""

    created_at: datetime
    last_seen_at: datetime
    browser: str | None
    os: str | None
    is_mobile: bool


async def find(tx: Tx, project_id: str, token_hash: bytes, *, lock: bool = False) -> Visitor | None:
    """Return the visitor with this token; with `lock`, nobody else changes its profile before the transaction ends."""
    query = (
        select(
            visitors.c.token_hash,
            visitors.c.profile_id,
            profiles.c.external_id,
            visitors.c.created_at,
            visitors.c.last_seen_at,
            profiles.c.language,
            profiles.c.time_zone,
        )
        .join(profiles, profiles.c.id == visitors.c.profile_id)
        .where(visitors.c.project_id == project_id, visitors.c.token_hash == token_hash)
    )
    row = (await tx.execute(query.with_for_update(of=profiles, key_share=True) if lock else query)).first()
    return None if row is None else Visitor(*row)


async def add(tx: Tx, values: dict[str, Any]) -> bool:
    """Write a new visitor unless the project has one with this token; tell whether it was written."""
    new = await insert_new(tx, visitors, [values], conflict=("project_id", "token_hash"), returning=("token_hash",))
    return bool(new)


async def change(tx: Tx, project_id: str, token_hash: bytes, values: dict[str, Any]) -> None:
    """Overwrite columns of a visitor."""
    mine = (visitors.c.project_id == project_id, visitors.c.token_hash == token_hash)
    await tx.execute(update(visitors).where(*mine).values(values))


async def of_profile(tx: Tx, profile_id: str) -> list[Browser]:
    """Return a person's browsers, oldest first; a person has few."""
    query = select(*(visitors.c[name] for name in Browser.__dataclass_fields__))
    mine = query.where(visitors.c.profile_id == profile_id).order_by(visitors.c.created_at, visitors.c.token_hash)
    return [Browser(*row) for row in await tx.execute(mine)]


async def move(tx: Tx, *, from_profile: str, to_profile: str) -> int:
    """Give the browsers of one profile to another; return how many there were."""
    mine = update(visitors).where(visitors.c.profile_id == from_profile)
    return (await tx.execute(mine.values(profile_id=to_profile))).rowcount


async def sweep(tx: Tx, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` visitors that were last seen before an instant, and who they were if nobody knows them.

    A person with a name stays, and so does whoever can still be sent to. Return how many visitors there were.
    """
    old = select(visitors.c.project_id, visitors.c.token_hash, visitors.c.profile_id)
    old = old.where(visitors.c.last_seen_at < before).order_by(visitors.c.last_seen_at).limit(limit)
    rows = (await tx.execute(old.with_for_update())).all()
    if not rows:
        return 0
    # One by one: SQLite looks at the whole table to find pairs.
    one = and_(visitors.c.project_id == bindparam("b_project"), visitors.c.token_hash == bindparam("b_token"))
    values = [{"b_project": row.project_id, "b_token": row.token_hash} for row in rows]
    await tx.execute(delete(visitors).where(one), values)
    needed = or_(
        *(
            exists(select(table.c.profile_id).where(table.c.profile_id == profiles.c.id))
            for table in (visitors, subscriptions, held_devices)
        )
    )
    people = sorted({row.profile_id for row in rows})
    await tx.execute(delete(profiles).where(profiles.c.id.in_(people), profiles.c.external_id.is_(None), ~needed))
    return len(rows)
