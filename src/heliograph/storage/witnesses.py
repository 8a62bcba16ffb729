"""Which subscriptions have taken a message: what they say of our credentials counts, what strangers' say does not.

Asked only when a key is refused. To keep it with the subscription would cost every first message a rewritten row.
"""

from collections.abc import Iterable
from datetime import timedelta

from sqlalchemy import select

from heliograph.storage.sql import chunks
from heliograph.storage.store import Tx
from heliograph.storage.tables import deliveries, subscriptions

SETTLED = timedelta(minutes=5)
"""What was accepted sooner after an endpoint changed may have been in the air to the one before."""


async def proved(tx: Tx, subscription_ids: Iterable[str], *, most: int | None = None) -> frozenset[str]:
    """Return those at whose endpoint, as it is, a push service took a message: they were made with a key of ours.

    With `most`, no more of them are looked for.
    """
    found: set[str] = set()
    for part in chunks(sorted(subscription_ids)):
        query = select(subscriptions.c.id, subscriptions.c.endpoint_since).where(subscriptions.c.id.in_(part))
        for row in (await tx.execute(query)).all():
            if len(found) == most:
                break
            taken = select(deliveries.c.id).where(
                deliveries.c.subscription_id == row.id, deliveries.c.accepted_at >= row.endpoint_since + SETTLED
            )
            if (await tx.execute(taken.limit(1))).first() is not None:
                found.add(row.id)
    return frozenset(found)
