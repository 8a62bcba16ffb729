"""Which subscriptions have taken a message: what they say of our credentials counts, what strangers' say does not."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select, update

from heliograph.storage.sql import chunks
from heliograph.storage.store import Tx
from heliograph.storage.tables import subscriptions


async def prove(tx: Tx, endpoints: Mapping[str, bytes], *, now: datetime) -> int:
    """Note that messages were accepted at these endpoints, hashes by subscription; return of how many that is new.

    Who has another endpoint by now proved nothing of that one; who is being changed just now is proved another time.
    """
    proved = 0
    for part in chunks(sorted(endpoints)):
        query = select(subscriptions.c.id, subscriptions.c.endpoint_hash).where(subscriptions.c.id.in_(part))
        rows = await tx.execute(query.order_by(subscriptions.c.id).with_for_update(skip_locked=True))
        ids = [row.id for row in rows if row.endpoint_hash == endpoints[row.id]]
        statement = update(subscriptions).where(subscriptions.c.id.in_(ids)).values(proved_at=now)
        proved += (await tx.execute(statement)).rowcount
    return proved
