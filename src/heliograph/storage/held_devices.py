"""Rows of devices that are kept until something can send to them: phones of people who moved here."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from heliograph.storage.sql import chunks, insert
from heliograph.storage.store import Tx
from heliograph.storage.tables import held_devices, profiles


@dataclass(frozen=True, slots=True)
class HeldDevice:
    """One device. `groups` are [name, identifier or None]; `attributes` are its own if it is nobody's."""

    id: str
    channel: str
    token: str = field(repr=False)
    app_id: str | None
    profile_id: str | None
    language: str | None
    time_zone: str | None
    groups: list[list[str | None]]
    attributes: dict[str, Any]
    created_at: datetime


_COLUMNS = [held_devices.c[name] for name in HeldDevice.__dataclass_fields__]


async def known(tx: Tx, project_id: str, channel: str, hashes: Collection[bytes]) -> set[bytes]:
    """Return the hashes of those tokens of a channel that are kept already."""
    found: set[bytes] = set()
    for part in chunks(sorted(hashes)):
        query = select(held_devices.c.token_hash).where(
            held_devices.c.project_id == project_id,
            held_devices.c.channel == channel,
            held_devices.c.token_hash.in_(part),
        )
        found |= set((await tx.execute(query)).scalars())
    return found


async def add(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep devices; of those that are kept already, take over what is said now."""
    statement = insert(tx, held_devices)
    kept = ("app_id", "profile_id", "language", "time_zone")
    changes: dict[str, Any] = {name: func.coalesce(statement.excluded[name], held_devices.c[name]) for name in kept}
    changes |= {name: statement.excluded[name] for name in ("groups", "attributes", "updated_at")}
    in_order = sorted(rows, key=lambda row: (row["channel"], row["token_hash"]))
    if in_order:
        key = ["project_id", "channel", "token_hash"]
        await tx.execute(statement.on_conflict_do_update(index_elements=key, set_=changes), in_order)


async def page(tx: Tx, project_id: str, *, after: str, limit: int) -> list[tuple[HeldDevice, str | None, Any]]:
    """Return a page of a project's devices with external id and attributes of their people."""
    query = (
        select(*_COLUMNS, profiles.c.external_id, profiles.c.attributes.label("persons"))
        .select_from(held_devices.outerjoin(profiles, profiles.c.id == held_devices.c.profile_id))
        .where(held_devices.c.project_id == project_id, held_devices.c.id > after)
        .order_by(held_devices.c.id)
        .limit(limit)
    )
    width = len(_COLUMNS)
    return [(HeldDevice(*row[:width]), row[width], row[width + 1]) for row in await tx.execute(query)]


async def of_profile(tx: Tx, profile_id: str) -> list[HeldDevice]:
    """Return the devices of a person, who has few."""
    query = select(*_COLUMNS).where(held_devices.c.profile_id == profile_id).order_by(held_devices.c.id)
    return [HeldDevice(*row) for row in await tx.execute(query)]


async def unbind(tx: Tx, profile_id: str) -> None:
    """Let the devices of a person be nobody's."""
    await tx.execute(update(held_devices).where(held_devices.c.profile_id == profile_id).values(profile_id=None))


async def erase(tx: Tx, profile_id: str) -> int:
    """Delete the devices of a person; return how many there were."""
    return (await tx.execute(delete(held_devices).where(held_devices.c.profile_id == profile_id))).rowcount
