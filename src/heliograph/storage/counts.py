"""Deliveries of a notification counted by state and reason, kept as they change. Several writers have a row each."""

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import func, select

from heliograph.storage.sql import insert
from heliograph.storage.store import Tx
from heliograph.storage.tables import counts

SHARDS = 16

Key = tuple[str, str]
"""State and reason; "" where there is no reason."""


async def add(tx: Tx, notification_id: str, deltas: Mapping[Key, int], shard: int) -> None:
    """Add to the counts of one notification, in the transaction that changes its deliveries.

    A single shard may become negative when one worker writes what another one changes; the sum does not.
    """
    rows = [
        {"notification_id": notification_id, "state": state, "reason": reason, "shard": shard % SHARDS, "count": delta}
        # Sorted, so that two transactions never wait for each other in a circle.
        for (state, reason), delta in sorted(deltas.items())
        if delta
    ]
    if not rows:
        return
    statement = insert(tx, counts)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["notification_id", "state", "reason", "shard"],
            set_={"count": counts.c.count + statement.excluded["count"]},
        ),
        rows,
    )


async def read(tx: Tx, notification_id: str) -> dict[Key, int]:
    """Return the counts of one notification; those that are zero are left out."""
    query = (
        select(counts.c.state, counts.c.reason, func.sum(counts.c.count))
        .where(counts.c.notification_id == notification_id)
        .group_by(counts.c.state, counts.c.reason)
    )
    return {(state, reason): int(total) for state, reason, total in await tx.execute(query) if total}


def moved(pairs: list[tuple[Key, Key]]) -> Counter[Key]:
    """Return the deltas of deliveries that went from one place to another."""
    deltas: Counter[Key] = Counter()
    for old, new in pairs:
        deltas[old] -= 1
        deltas[new] += 1
    return deltas
