"""Rows of profiles: people by the id that the customer's own systems know them by, and visitors without one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.engine import Row
from sqlalchemy.exc import IntegrityError

from heliograph.errors import Unavailable
from heliograph.storage.sql import insert_new
from heliograph.storage.store import Tx
from heliograph.storage.tables import profiles

_TRIES = 5


@dataclass(frozen=True, slots=True)
class Profile:
    """One person. `attributes` is any JSON object of the customer's; `external_id` is None for an anonymous visitor."""

    id: str
    project_id: str
    external_id: str | None
    attributes: dict[str, Any]
    language: str | None
    time_zone: str | None
    created_at: datetime
    updated_at: datetime
    last_seen_at: datetime | None


def _profile(row: Row[Any]) -> Profile:
    return Profile(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it


_COLUMNS = [profiles.c[name] for name in Profile.__dataclass_fields__]


async def add(tx: Tx, profile: dict[str, Any]) -> bool:
    """Write a new profile unless the project has one with this external id; tell whether it was written."""
    return bool(await insert_new(tx, profiles, [profile], conflict=("project_id", "external_id"), returning=("id",)))


async def ensure(tx: Tx, profile: dict[str, Any]) -> tuple[Profile, bool]:
    """Return the profile with this project and external id, locked, and whether it was written just now.

    Raises:
        Unavailable: it was deleted again and again between two looks.
    """
    for _ in range(_TRIES):
        is_new = await add(tx, profile)
        found = await of_external_id(tx, profile["project_id"], profile["external_id"], lock=True)
        if found is not None:
            return found, is_new
    raise Unavailable("The profile is being deleted just now: try again.")


async def get(tx: Tx, project_id: str, profile_id: str, *, lock: bool = False) -> Profile | None:
    """Return one profile of a project; with `lock`, nobody else changes it before the transaction ends."""
    query = select(*_COLUMNS).where(profiles.c.project_id == project_id, profiles.c.id == profile_id)
    row = (await tx.execute(query.with_for_update() if lock else query)).first()
    return None if row is None else _profile(row)


async def of_external_id(tx: Tx, project_id: str, external_id: str, *, lock: bool = False) -> Profile | None:
    """Return the profile with this external id."""
    query = select(*_COLUMNS).where(profiles.c.project_id == project_id, profiles.c.external_id == external_id)
    row = (await tx.execute(query.with_for_update() if lock else query)).first()
    return None if row is None else _profile(row)


async def name(tx: Tx, profile_id: str, external_id: str, *, now: datetime) -> bool:
    """Give an anonymous profile its external id, unless another one has it; tell whether it has it now."""
    statement = update(profiles).where(profiles.c.id == profile_id, profiles.c.external_id.is_(None))
    try:
        async with tx.begin_nested():
            changed = await tx.execute(statement.values(external_id=external_id, updated_at=now))
    except IntegrityError:  # somebody else made the person in the same moment
        return False
    return bool(changed.rowcount)


async def change(tx: Tx, profile_id: str, values: dict[str, Any]) -> None:
    """Overwrite columns of a profile."""
    await tx.execute(update(profiles).where(profiles.c.id == profile_id).values(values))


async def page(tx: Tx, project_id: str, *, after: str | None, limit: int) -> list[Profile]:
    """Return profiles of a project, oldest first; without visitors that are people by now and hand over the rest."""
    mine = (profiles.c.project_id == project_id, profiles.c.merged_into.is_(None))
    query = select(*_COLUMNS).where(*mine).order_by(profiles.c.id).limit(limit)
    if after is not None:
        query = query.where(profiles.c.id > after)
    return [_profile(row) for row in await tx.execute(query)]


async def remove(tx: Tx, profile_id: str) -> None:
    """Delete a profile."""
    await tx.execute(delete(profiles).where(profiles.c.id == profile_id))
