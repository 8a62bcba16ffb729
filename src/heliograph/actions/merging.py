"""An anonymous visitor turns out to be a person: all that is the visitor's becomes the person's.

Where nobody has the name yet, the anonymous profile takes it, and nothing has to be moved. Otherwise what is there is
handed over at once, up to a bound; the rest follows within minutes (`delivery/retain.py`). Everything is done under the
locks of both profiles, taken after those of the subscriptions, as everywhere.
"""

from typing import Any

from heliograph.actions import subscription_events
from heliograph.actions.attributes import fitting_attributes
from heliograph.kit.context import Context
from heliograph.names import EventType
from heliograph.storage import carts, merging, profiles, subscriptions, visitors
from heliograph.storage.profiles import Profile
from heliograph.storage.store import Tx

PORTION = 1_000
"""Rows of each kind that are handed over in the transaction of the proof: a long summer of one visitor's views."""


async def person(tx: Tx, ctx: Context, *, project_id: str, external_id: str) -> Profile:
    """Return the profile of a person who is here now, locked; make it if it is new."""
    row = {
        "id": ctx.ids.new("pro"),
        "project_id": project_id,
        "external_id": external_id,
        "attributes": {},
        "created_at": ctx.now,
        "updated_at": ctx.now,
        "last_seen_at": ctx.now,
    }
    profile, is_new = await profiles.ensure(tx, row)
    if not is_new:
        await profiles.change(tx, profile.id, {"last_seen_at": ctx.now})
    return profile


async def absorb(tx: Tx, ctx: Context, *, project_id: str, profile_id: str, external_id: str) -> bool:
    """Make an anonymous profile the proved person's; False if it is not anonymous any more: look again."""
    bound = await subscriptions.lock_of_profile(tx, profile_id)
    anonymous = await profiles.get(tx, project_id, profile_id, lock=True)
    if anonymous is None or anonymous.external_id is not None:
        return False
    known = await profiles.of_external_id(tx, project_id, external_id, lock=True)
    if known is None and await profiles.name(tx, profile_id, external_id, now=ctx.now):
        await profiles.change(tx, profile_id, {"last_seen_at": ctx.now})
        _tell(tx, ctx, project_id, bound, profile_id)
        return True
    known = known or await person(tx, ctx, project_id=project_id, external_id=external_id)
    await _hand_over(tx, ctx, anonymous, known)
    _tell(tx, ctx, project_id, bound, known.id)
    return True


async def _hand_over(tx: Tx, ctx: Context, anonymous: Profile, known: Profile) -> None:
    ways = {"from_profile": anonymous.id, "to_profile": known.id}
    await visitors.move(tx, **ways)
    await subscriptions.move(tx, **ways)
    values: dict[str, Any] = {"last_seen_at": ctx.now}
    # What the person's own profile says holds.
    attributes = fitting_attributes(known.attributes, anonymous.attributes)
    if attributes != known.attributes:
        values |= {"attributes": attributes, "updated_at": ctx.now}
    values |= {
        name: getattr(anonymous, name)
        for name in ("language", "time_zone")
        if getattr(known, name) is None and getattr(anonymous, name) is not None
    }
    await profiles.change(tx, known.id, values)
    is_more = False
    for held in merging.AT_ONCE:
        is_more |= await merging.move(tx, held, **ways, limit=PORTION)
    for held in merging.LATER:
        is_more |= await merging.has(tx, held, anonymous.id)
    await carts.remove(tx, anonymous.id)
    await carts.rebuild(tx, known.project_id, known.id)
    if is_more:
        await merging.begin(tx, **ways)
    else:
        await profiles.remove(tx, anonymous.id)


def _tell(tx: Tx, ctx: Context, project_id: str, subscription_ids: list[str], profile_id: str) -> None:
    for subscription_id in subscription_ids:
        kind = EventType.SUBSCRIPTION_IDENTIFIED
        which = {"project_id": project_id, "subscription_id": subscription_id}
        subscription_events.tell(tx, ctx, kind, **which, profile_id=profile_id)
