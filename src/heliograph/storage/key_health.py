"""The breaker of an application server key as columns of its row. Only `delivery/keys.py` writes them while sending."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import or_, select, update

from heliograph.storage.store import Tx
from heliograph.storage.tables import vapid_keys


class KeyHealth(NamedTuple):
    """Refusals in a row (once paused: pauses in a row times the threshold), until when nothing is sent, and why."""

    refused_in_row: int
    paused_until: datetime | None
    pause_reason: str | None = None


async def lock(tx: Tx, key_id: str) -> KeyHealth:
    """Read and lock a key's health until the end of the transaction."""
    columns = (vapid_keys.c.refused_in_row, vapid_keys.c.paused_until, vapid_keys.c.pause_reason)
    query = select(*columns).where(vapid_keys.c.id == key_id).with_for_update(key_share=True)
    return KeyHealth(*(await tx.execute(query)).one())


async def write(tx: Tx, key_id: str, health: KeyHealth) -> None:
    """Write a key's health."""
    await tx.execute(update(vapid_keys).where(vapid_keys.c.id == key_id).values(health._asdict()))


async def heal(tx: Tx, key_id: str) -> bool:
    """Forget refusals and pauses; tell whether there were any."""
    ailing = or_(vapid_keys.c.refused_in_row > 0, vapid_keys.c.paused_until.is_not(None))
    result = await tx.execute(
        update(vapid_keys)
        .where(vapid_keys.c.id == key_id, ailing)
        .values(refused_in_row=0, paused_until=None, pause_reason=None)
    )
    return result.rowcount > 0


async def extend_pause(tx: Tx, key_id: str, *, of: datetime | None, until: datetime) -> bool:
    """Prolong a pause that ended at `of`; False if somebody else was quicker."""
    same = vapid_keys.c.paused_until.is_(None) if of is None else vapid_keys.c.paused_until == of
    result = await tx.execute(update(vapid_keys).where(vapid_keys.c.id == key_id, same).values(paused_until=until))
    return result.rowcount > 0
