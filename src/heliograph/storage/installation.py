"""Facts about this installation, by name, such as the fingerprint of its master key."""

from sqlalchemy import select

from heliograph.storage.sql import insert_ignore, upsert
from heliograph.storage.store import Tx
from heliograph.storage.tables import installation


async def get(tx: Tx, name: str) -> str | None:
    """Return a fact, or None if it was never noted."""
    found: str | None = await tx.scalar(select(installation.c.value).where(installation.c.name == name))
    return found


async def put(tx: Tx, name: str, value: str) -> None:
    """Note a fact, or change it."""
    await upsert(tx, installation, [{"name": name, "value": value}], conflict=["name"], update=["value"])


async def settle(tx: Tx, name: str, value: str) -> str:
    """Note a fact unless it is known already; return what is known now. Of several processes the first one decides."""
    await insert_ignore(tx, installation, [{"name": name, "value": value}], conflict=["name"])
    settled = await get(tx, name)
    return value if settled is None else settled
