"""Rows that make one process the leader for a while, such as the one that runs the clock."""

from datetime import datetime

from sqlalchemy import delete, or_

from heliograph.storage.sql import insert
from heliograph.storage.store import Tx
from heliograph.storage.tables import leases


async def acquire(tx: Tx, name: str, *, holder: str, until: datetime, now: datetime) -> bool:
    """Take or prolong a lease; False if another holder's still runs at `now`."""
    statement = insert(tx, leases).values(name=name, holder=holder, until=until)
    result = await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["name"],
            set_={"holder": statement.excluded.holder, "until": statement.excluded.until},
            where=or_(leases.c.holder == holder, leases.c.until <= now),
        ).returning(leases.c.holder)
    )
    return result.first() is not None


async def release(tx: Tx, name: str, *, holder: str) -> None:
    """Give a lease up, so that another process need not wait for its end. Nothing happens if it is another's."""
    await tx.execute(delete(leases).where(leases.c.name == name, leases.c.holder == holder))
