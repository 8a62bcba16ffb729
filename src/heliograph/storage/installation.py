"""Facts about the installation as a whole, such as the fingerprint of its master key."""

from sqlalchemy import select

from heliograph.storage.sql import insert_ignore
from heliograph.storage.store import Tx
from heliograph.storage.tables import installation


async def remember(tx: Tx, name: str, value: str) -> str:
    """Keep a fact, unless it is known already; return what is known afterwards."""
    await insert_ignore(tx, installation, [{"name": name, "value": value}], conflict=["name"])
    known: str = (await tx.execute(select(installation.c.value).where(installation.c.name == name))).scalar_one()
    return known
