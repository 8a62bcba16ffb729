"""Whom notifications with limits were let through to, and the locks under which that is decided.

A person is a profile, or a subscription that is nobody's. Locks are taken in the order of identifiers, profiles before
subscriptions, and held for one short transaction.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select

from heliograph.domain.contact_rules import Contact
from heliograph.storage.sql import chunks, constant, upsert
from heliograph.storage.store import Tx
from heliograph.storage.tables import contacts, profiles, subscriptions

_ACTIVE = subscriptions.c.state == constant("active")


async def zones(
    tx: Tx, profile_ids: Sequence[str], subscription_ids: Sequence[str], *, lock: bool = False
) -> dict[str, str | None]:
    """Return people's time zones: a profile's own, or that of the browser that was here last; None if not known.

    With `lock` nobody else decides about these people until the transaction ends.
    """
    found: dict[str, str | None] = {}
    for table, ids in ((profiles, profile_ids), (subscriptions, subscription_ids)):
        for part in chunks(sorted(ids)):
            query = select(table.c.id, table.c.time_zone).where(table.c.id.in_(part)).order_by(table.c.id)
            if lock:
                # Not a plain FOR UPDATE: what refers to the row holds a share of it.
                query = query.with_for_update(key_share=True)
            found |= {row.id: row.time_zone for row in await tx.execute(query)}
    return found | await _by_browser(tx, [one for one in profile_ids if found.get(one) is None])


async def _by_browser(tx: Tx, profile_ids: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in chunks(profile_ids):
        query = select(subscriptions.c.profile_id, subscriptions.c.time_zone, subscriptions.c.refreshed_at).where(
            subscriptions.c.profile_id.in_(part), _ACTIVE, subscriptions.c.time_zone.is_not(None)
        )
        rows = sorted((await tx.execute(query)).all(), key=lambda row: row.refreshed_at)
        found |= {row.profile_id: row.time_zone for row in rows}
    return found


async def since(tx: Tx, people: Sequence[str], after: datetime) -> dict[str, list[Contact]]:
    """Return what people got after an instant, by person."""
    found: dict[str, list[Contact]] = defaultdict(list)
    for part in chunks(people):
        query = select(contacts).where(contacts.c.person_id.in_(part), contacts.c.at > after)
        for row in await tx.execute(query.order_by(contacts.c.at)):
            found[row.person_id].append(Contact(row.notification_id, row.campaign_id, row.exclusion_group, row.at))
    return found


async def note(tx: Tx, people: Sequence[str], contact: Contact, *, project_id: str) -> None:
    """Note that a notification is let through to people now; of who was noted before, only the instant changes."""
    rows = [
        {
            "person_id": person,
            "notification_id": contact.notification_id,
            "project_id": project_id,
            "campaign_id": contact.campaign_id,
            "exclusion_group": contact.exclusion_group,
            "at": contact.at,
        }
        for person in sorted(people)
    ]
    await upsert(tx, contacts, rows, conflict=("person_id", "notification_id"), update=("at",))


async def browsers_of(tx: Tx, profile_ids: Sequence[str]) -> dict[str, str]:
    """Return the active subscriptions of people: whose each one is."""
    found: dict[str, str] = {}
    for part in chunks(profile_ids):
        query = select(subscriptions.c.id, subscriptions.c.profile_id).where(
            subscriptions.c.profile_id.in_(part), _ACTIVE
        )
        found |= {row.id: row.profile_id for row in await tx.execute(query)}
    return found


async def sweep(tx: Tx, *, before: datetime, limit: int) -> int:
    """Delete contacts that no window reaches back to; return how many."""
    keys = (contacts.c.person_id, contacts.c.notification_id)
    old = (await tx.execute(select(*keys).where(contacts.c.at < before).order_by(contacts.c.at).limit(limit))).all()
    by_notification: dict[str, list[str]] = defaultdict(list)
    for row in old:
        by_notification[row.notification_id].append(row.person_id)
    for notification_id, people in sorted(by_notification.items()):
        for part in chunks(people):
            await tx.execute(
                delete(contacts).where(contacts.c.notification_id == notification_id, contacts.c.person_id.in_(part))
            )
    return len(old)
