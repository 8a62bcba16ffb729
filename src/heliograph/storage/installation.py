"""Facts about the installation as a whole, such as the fingerprint of its master key."""

from sqlalchemy import select

from heliograph.storage.sql import insert_ignore
from heliograph.storage.store import Tx
from heliograph.storage.tables import installation


async def get(tx: Tx, name: str) -> str | None:
    """Return what is known."""
    known: str | None = (await tx.execute(select(installation.c.value).where(installation.c.name == name))).scalar()
    return known


async def remember(tx: Tx, name: str, value: str) -> str:
    """Keep a fact, unless it is known already; return what is known afterwards."""
    await insert_ignore(tx, installation, [{"name": name, "value": value}], conflict=["name"])
    return await get(tx, name) or value
