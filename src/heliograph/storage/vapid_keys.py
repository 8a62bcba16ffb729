"""Rows of application server keys.

One per project is active; older ones still sign for the subscriptions that were made with them.
"""

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Row

from heliograph.storage.store import Tx
from heliograph.storage.tables import vapid_keys


class VapidKeyState(StrEnum):
    """Whether pages are given this key."""

    ACTIVE = "active"
    RETIRING = "retiring"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class VapidKey:
    """One key pair: 65 bytes of public key; the private one is sealed. Paused while `paused_until` is ahead.

    A retired key has no private half any more; `retiring_at` is when pages were given another key.
    """

    id: str
    project_id: str
    public_key: bytes
    private_key: bytes
    state: VapidKeyState
    created_at: datetime
    refused_in_row: int = 0
    paused_until: datetime | None = None
    pause_reason: str | None = None
    retiring_at: datetime | None = None
    retired_at: datetime | None = None

    def is_paused(self, now: datetime) -> bool:
        """Whether nothing is signed with it at `now`."""
        return self.paused_until is not None and self.paused_until > now


def _key(row: Row[Any]) -> VapidKey:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return VapidKey(**{**values, "state": VapidKeyState(values["state"])})


async def _first(tx: Tx, *conditions: Any) -> VapidKey | None:
    row = (await tx.execute(select(vapid_keys).where(*conditions))).first()
    return None if row is None else _key(row)


async def add(tx: Tx, key: VapidKey) -> None:
    """Write a new key."""
    await tx.execute(insert(vapid_keys).values(asdict(key)))


async def get(tx: Tx, project_id: str, key_id: str) -> VapidKey | None:
    """Return one key of a project."""
    return await _first(tx, vapid_keys.c.project_id == project_id, vapid_keys.c.id == key_id)


async def active(tx: Tx, project_id: str) -> VapidKey | None:
    """Return the key that pages are given."""
    return await _first(tx, vapid_keys.c.project_id == project_id, vapid_keys.c.state == VapidKeyState.ACTIVE)


async def of_public_key(tx: Tx, project_id: str, public_key: bytes) -> VapidKey | None:
    """Return the project's key with these 65 bytes, in whatever state."""
    return await _first(tx, vapid_keys.c.project_id == project_id, vapid_keys.c.public_key == public_key)


async def of_project(tx: Tx, project_id: str) -> list[VapidKey]:
    """Return all keys of a project, oldest first; there are few."""
    query = select(vapid_keys).where(vapid_keys.c.project_id == project_id).order_by(vapid_keys.c.id)
    return [_key(row) for row in await tx.execute(query)]


async def page(tx: Tx, project_id: str, *, after: str | None, limit: int) -> list[VapidKey]:
    """Return keys of a project, oldest first."""
    query = select(vapid_keys).where(vapid_keys.c.project_id == project_id).order_by(vapid_keys.c.id).limit(limit)
    if after is not None:
        query = query.where(vapid_keys.c.id > after)
    return [_key(row) for row in await tx.execute(query)]


async def change(tx: Tx, key_id: str, values: dict[str, Any]) -> None:
    """Overwrite columns of a key."""
    await tx.execute(update(vapid_keys).where(vapid_keys.c.id == key_id).values(values))


async def retire_active(tx: Tx, project_id: str, *, now: datetime) -> None:
    """Let the active key sign on for its subscriptions while pages are no longer given it."""
    await tx.execute(
        update(vapid_keys)
        .where(vapid_keys.c.project_id == project_id, vapid_keys.c.state == VapidKeyState.ACTIVE)
        .values(state=VapidKeyState.RETIRING, retiring_at=now)
    )


async def pause(tx: Tx, key_id: str, *, until: datetime, reason: str) -> None:
    """Send nothing with this key before `until`."""
    await change(tx, key_id, {"paused_until": until, "pause_reason": reason})


async def resume(tx: Tx, key_id: str) -> None:
    """Lift a pause and forget the refusals that led to it."""
    await change(tx, key_id, {"paused_until": None, "pause_reason": None, "refused_in_row": 0})
