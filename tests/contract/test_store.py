"""What the store owes, on both databases."""

from sqlalchemy import select

from heliograph.storage.sql import upsert
from heliograph.storage.store import Store
from heliograph.storage.tables import installation


async def test_a_transaction_is_kept_when_it_ends(store: Store) -> None:
    """What was written in a transaction that ended is there for others."""
    async with store.begin() as tx:
        await upsert(tx, installation, [{"name": "a", "value": "1"}], conflict=["name"], update=["value"])
    async with store.read() as tx:
        assert await tx.scalar(select(installation.c.value)) == "1"
