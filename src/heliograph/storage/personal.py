"""Everything that hangs on one person: found by index, and deleted together."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, select, update

from heliograph.storage.delivery_reads import Delivery
from heliograph.storage.delivery_reads import read as read_delivery
from heliograph.storage.sql import chunks
from heliograph.storage.store import Tx
from heliograph.storage.tables import deliveries, notifications, receipts, subscriptions

_COLUMNS = [deliveries.c[name] for name in Delivery.__dataclass_fields__]


async def deliveries_of(
    tx: Tx, profile_id: str, subscription_ids: Sequence[str], *, after: str | None, limit: int
) -> list[Delivery]:
    """Return a page of what was sent to a person: as theirs, or as nobody's to browsers that are theirs now.

    In the order of the identifiers, which are hashes. There are two ways to a delivery, and each is asked by itself.
    """
    found: dict[str, Delivery] = {}
    for condition in _ways(profile_id, subscription_ids):
        query = select(*_COLUMNS).where(condition)
        if after is not None:
            query = query.where(deliveries.c.id > after)
        rows = await tx.execute(query.order_by(deliveries.c.id).limit(limit))
        found |= {row.id: read_delivery(row) for row in rows}
    return [found[key] for key in sorted(found)][:limit]


def _ways(profile_id: str, subscription_ids: Sequence[str]) -> Iterator[ColumnElement[bool]]:
    yield deliveries.c.profile_id == profile_id
    for part in chunks(subscription_ids):
        # What went to a shared browser while it was somebody else's is that person's, and none of this one's business.
        yield and_(deliveries.c.subscription_id.in_(part), deliveries.c.profile_id.is_(None))


async def erase_deliveries(tx: Tx, profile_id: str, subscription_ids: Sequence[str]) -> int:
    """Delete what was sent to a person, with the receipts; return how many deliveries there were."""
    ids: set[str] = set()
    for condition in _ways(profile_id, subscription_ids):
        ids.update((await tx.execute(select(deliveries.c.id).where(condition))).scalars())
    for part in chunks(sorted(ids)):
        await tx.execute(
            select(deliveries.c.id).where(deliveries.c.id.in_(part)).order_by(deliveries.c.id).with_for_update()
        )
        await tx.execute(delete(receipts).where(receipts.c.delivery_id.in_(part)))
        await tx.execute(delete(deliveries).where(deliveries.c.id.in_(part)))
    return len(ids)


async def erase_subscriptions(tx: Tx, subscription_ids: Sequence[str]) -> None:
    """Delete subscriptions whose rows are locked, with their memberships."""
    for part in chunks(subscription_ids):
        await tx.execute(delete(subscriptions).where(subscriptions.c.id.in_(part)))


@dataclass(frozen=True, slots=True)
class Named:
    """What names people in a notification, as it is stored."""

    id: str
    audience: dict[str, Any]
    variables: dict[str, Any] | None


async def audiences(tx: Tx, project_id: str, *, after: str, upto: str, limit: int) -> list[Named]:
    """Return a page of a project's notifications, oldest first, each with what names people in it."""
    columns = (notifications.c.id, notifications.c.audience, notifications.c.variables)
    query = select(*columns).where(
        notifications.c.project_id == project_id, notifications.c.id > after, notifications.c.id <= upto
    )
    return [Named(*row) for row in await tx.execute(query.order_by(notifications.c.id).limit(limit))]


async def set_variables(tx: Tx, notification_id: str, variables: Mapping[str, Any]) -> None:
    """Store other variables of a notification."""
    await tx.execute(update(notifications).where(notifications.c.id == notification_id).values(variables=variables))


async def rewrite(
    tx: Tx, notification_id: str, *, audience: Mapping[str, Any], content: Mapping[str, Any] | None
) -> None:
    """Store another audience of a notification, and another content unless that is None."""
    values: dict[str, Any] = {"audience": audience} | ({} if content is None else {"content": content})
    await tx.execute(update(notifications).where(notifications.c.id == notification_id).values(values))
