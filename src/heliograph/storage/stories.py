"""What the story of one person and one notification is told from, beyond the rows that have queries of their own.

A person has few subscriptions, so everything here is read by key.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select

from heliograph.domain.notification import Audience
from heliograph.storage.store import Tx
from heliograph.storage.tables import deliveries, memberships, notifications


async def joined(tx: Tx, project_id: str, audience: Audience, ids: Sequence[str]) -> dict[str, datetime]:
    """Return which of these subscriptions are in an audience's group now, and since when."""
    query = (
        select(memberships.c.subscription_id, func.min(memberships.c.joined_at).label("since"))
        .where(
            memberships.c.project_id == project_id,
            memberships.c.group_name == (audience.group or ""),
            memberships.c.subscription_id.in_(ids),
        )
        .group_by(memberships.c.subscription_id)
    )
    if audience.identifier is not None:
        query = query.where(memberships.c.identifier == audience.identifier)
    return {row.subscription_id: row.since for row in await tx.execute(query)}


async def sent_to_profile(tx: Tx, profile_id: str, notification_id: str, *, limit: int) -> list[str]:
    """Return the subscriptions that a notification was sent to as this person's, whoever's they are now."""
    query = (
        select(deliveries.c.subscription_id)
        .where(
            deliveries.c.profile_id == profile_id,
            # Not by its index: one person has few deliveries, one notification has millions.
            deliveries.c.notification_id.concat("") == notification_id,
        )
        .limit(limit)
    )
    return list((await tx.execute(query)).scalars())


async def swept_at(tx: Tx, notification_id: str) -> datetime | None:
    """Return when the last of a notification's deliveries was deleted because of its age."""
    query = select(notifications.c.swept_at).where(notifications.c.id == notification_id)
    found: datetime | None = (await tx.execute(query)).scalar_one_or_none()
    return found
