"""Handing over what an anonymous visitor did to the person that the visitor turned out to be: portion by portion.

A profile that is not empty yet says in `merged_into` whose all this is; so nothing is forgotten when a process dies.
"""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Table, and_, delete, select, update

from heliograph.storage.sql import chunks
from heliograph.storage.store import Tx
from heliograph.storage.tables import contacts, deliveries, entries, events, insiders, profiles


@dataclass(frozen=True, slots=True)
class Held:
    """What belongs to a person, in one table.

    Attributes:
        person: the column that says whose a row is.
        order: the column that tells a person's rows apart, by which they are taken.
        unique_by: what a person has only one of; a second one is dropped.
    """

    table: Table
    person: str = "profile_id"
    order: str = "id"
    unique_by: tuple[str, ...] = ()


AT_ONCE = (
    Held(events),
    Held(entries, unique_by=("campaign_id", "key")),
    Held(insiders, order="campaign_id", unique_by=("campaign_id",)),
    Held(contacts, person="person_id", order="notification_id", unique_by=("notification_id",)),
)
LATER = (Held(deliveries),)
"""Whoever sends holds deliveries and then asks for subscriptions; a merge holds subscriptions, so it must not wait."""
HELD = (*AT_ONCE, *LATER)


async def move(tx: Tx, held: Held, *, from_profile: str, to_profile: str, limit: int) -> bool:
    """Hand over up to `limit` rows; tell whether there may be more. Both profiles are locked."""
    person, order = held.table.c[held.person], held.table.c[held.order]
    # The newest first: what happened last is what somebody asks for next.
    some = select(order).where(person == from_profile).order_by(order.desc()).limit(limit)
    keys = sorted((await tx.execute(some)).scalars())
    for part in chunks(keys):
        mine = and_(person == from_profile, order.in_(part))
        if held.unique_by:
            await tx.execute(delete(held.table).where(mine, _has_already(held, to_profile)))
        await tx.execute(update(held.table).where(mine).values({held.person: to_profile}))
    return len(keys) == limit


def _has_already(held: Held, to_profile: str) -> ColumnElement[bool]:
    theirs = held.table.alias("theirs")
    same = (theirs.c[name] == held.table.c[name] for name in held.unique_by)
    return select(theirs.c[held.person]).where(theirs.c[held.person] == to_profile, *same).exists()


async def has(tx: Tx, held: Held, profile_id: str) -> bool:
    """Tell whether a profile has any rows in a table."""
    person = held.table.c[held.person]
    return (await tx.execute(select(person).where(person == profile_id).limit(1))).first() is not None


async def forget_contacts(tx: Tx, profile_id: str) -> None:
    """Forget when a person was written to, which stays when a profile goes."""
    await tx.execute(delete(contacts).where(contacts.c.person_id == profile_id))


async def begin(tx: Tx, *, from_profile: str, to_profile: str) -> None:
    """Note that the rest of a profile is another one's."""
    await tx.execute(update(profiles).where(profiles.c.id == from_profile).values(merged_into=to_profile))


async def waiting(tx: Tx) -> tuple[str, str, str] | None:
    """Return one profile that has more to hand over, its project, and the person; locked."""
    query = select(profiles.c.id, profiles.c.project_id, profiles.c.merged_into)
    query = query.where(profiles.c.merged_into.is_not(None)).order_by(profiles.c.merged_into).limit(1)
    row = (await tx.execute(query.with_for_update(skip_locked=True))).first()
    return None if row is None else (row[0], row[1], row[2])


async def of_person(tx: Tx, profile_id: str) -> list[str]:
    """Return the profiles that have more to hand over to a person."""
    return sorted((await tx.execute(select(profiles.c.id).where(profiles.c.merged_into == profile_id))).scalars())
