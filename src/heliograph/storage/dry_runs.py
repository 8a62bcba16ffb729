"""What a dry run asks beyond what a dispatch asks: how many an audience has, and why a person has nobody to receive."""

from collections.abc import Sequence

from sqlalchemy import func, select

from heliograph.domain.notification import Audience, AudienceKind
from heliograph.storage.sql import chunks, constant
from heliograph.storage.store import Tx
from heliograph.storage.tables import memberships, profiles, subscriptions


async def count(tx: Tx, project_id: str, audience: Audience, *, limit: int) -> int:
    """Count the subscriptions of an audience that is not named one by one, along an index and no further than `limit`.

    Of a group its members are counted, ended ones included.
    """
    if audience.kind is AudienceKind.GROUP:
        conditions = [memberships.c.project_id == project_id, memberships.c.group_name == (audience.group or "")]
        if audience.identifier is not None:
            conditions.append(memberships.c.identifier == audience.identifier)
        some = select(memberships.c.subscription_id).where(*conditions).distinct().limit(limit)
    else:
        conditions = [subscriptions.c.project_id == project_id, subscriptions.c.state == constant("active")]
        some = select(subscriptions.c.id).where(*conditions).limit(limit)
    return int((await tx.execute(select(func.count()).select_from(some.subquery()))).scalar_one())


async def last_id(tx: Tx, project_id: str) -> str:
    """Return the newest subscription of a project, or an empty text."""
    query = select(func.max(subscriptions.c.id)).where(subscriptions.c.project_id == project_id)
    return (await tx.execute(query)).scalar_one() or ""


async def external_ids(tx: Tx, profile_ids: Sequence[str]) -> set[str]:
    """Return the external ids of profiles."""
    found: set[str] = set()
    for part in chunks(profile_ids):
        rows = await tx.execute(select(profiles.c.external_id).where(profiles.c.id.in_(part)))
        found |= set(rows.scalars())
    return found


async def ended_of_people(tx: Tx, project_id: str, names: Sequence[str]) -> dict[str, str | None]:
    """Return, for those of the named people that are known, the state of an ended subscription of theirs, or None."""
    found: dict[str, str | None] = {}
    joined = profiles.outerjoin(subscriptions, subscriptions.c.profile_id == profiles.c.id)
    for part in chunks(names):
        query = (
            select(profiles.c.external_id, subscriptions.c.state)
            .select_from(joined)
            .where(profiles.c.project_id == project_id, profiles.c.external_id.in_(part))
            .order_by(subscriptions.c.id)
        )
        found |= {row.external_id: row.state for row in await tx.execute(query)}
    return found
