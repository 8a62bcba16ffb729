"""Joining and leaving groups, and what an operator does with groups themselves."""

from collections.abc import Collection

from heliograph.actions import audit
from heliograph.domain.subscription import MAX_GROUPS, Group, SubscriptionState
from heliograph.errors import Conflict, NotFound
from heliograph.kit.context import Context
from heliograph.kit.paging import Page, read_page
from heliograph.names import Act
from heliograph.storage import groups
from heliograph.storage.groups import KnownGroup
from heliograph.storage.store import Tx
from heliograph.storage.subscriptions import Subscription

REMOVED_AT_ONCE = 5_000
"""Members that one transaction removes: a group of millions must not keep others from writing."""


async def join(tx: Tx, ctx: Context, *, project_id: str, subscription_id: str, joined: Collection[Group]) -> None:
    """Make a subscription, locked by this transaction, a member of groups; unknown groups become known.

    Raises:
        Conflict: it would be in more groups than are allowed.
    """
    if not joined:
        return
    in_order = sorted(joined, key=lambda group: (group.name, group.identifier or ""))
    await groups.join(tx, project_id, subscription_id, in_order, now=ctx.now)
    if await groups.count_of(tx, subscription_id) > MAX_GROUPS:
        raise Conflict(f"A subscription is in at most {MAX_GROUPS} groups: leave one first.")
    await groups.ensure(tx, project_id, {group: ctx.ids.new("grp") for group in in_order}, now=ctx.now)


async def leave(tx: Tx, ctx: Context, *, project_id: str, subscription_id: str, group: Group) -> None:
    """End a membership; not being a member changes nothing."""
    await groups.leave(tx, project_id, subscription_id, group, now=ctx.now)


def check_may_join(subscription: Subscription) -> None:
    """Refuse to change the groups or the person of a subscription that its person ended."""
    if subscription.state is SubscriptionState.UNSUBSCRIBED:
        raise Conflict("The subscription was ended: register again first.")


async def create(tx: Tx, ctx: Context, *, project_id: str, group: Group) -> tuple[KnownGroup, bool]:
    """Make a group known before anybody joins it; return it, and whether it was new."""
    new_id = ctx.ids.new("grp")
    await groups.ensure(tx, project_id, {group: new_id}, now=ctx.now)
    known = await groups.find(tx, project_id, group)
    if known is None:
        raise Conflict("The group was deleted just now: try again.")
    return known, known.id == new_id


async def get(tx: Tx, *, project_id: str, group_id: str) -> KnownGroup:
    """Return one group, or raise `NotFound`."""
    known = await groups.get(tx, project_id, group_id)
    if known is None:
        raise NotFound("There is no such group in this project.")
    return known


async def listing(tx: Tx, *, project_id: str, name: str | None, cursor: str | None, limit: int) -> Page[KnownGroup]:
    """Return a page of groups, oldest first. How many members each has is not said: counting would cost a scan."""
    return await read_page(
        lambda after, count: groups.page(tx, project_id, name, after=after, limit=count),
        lambda known: known.id,
        listing=f"groups/{project_id}/{name}",
        cursor=cursor,
        limit=limit,
    )


async def remove_some_members(tx: Tx, ctx: Context, *, project_id: str, group_id: str) -> bool:
    """Remove members of a group, as many as one transaction may; tell whether some may be left."""
    known = await get(tx, project_id=project_id, group_id=group_id)
    limit = REMOVED_AT_ONCE
    return await groups.remove_members(tx, project_id, known.group, limit=limit, now=ctx.now) == limit


async def remove(tx: Tx, ctx: Context, *, project_id: str, group_id: str) -> None:
    """Delete a group whose members were removed. Subscriptions stay, and so do its namesakes with other identifiers."""
    known = await get(tx, project_id=project_id, group_id=group_id)
    await groups.remove_members(tx, project_id, known.group, limit=REMOVED_AT_ONCE, now=ctx.now)
    await groups.remove(tx, group_id)
    await audit.note(
        tx,
        ctx,
        Act.GROUP_REMOVED,
        project_id=project_id,
        subject_id=group_id,
        name=known.group.name,
        identifier=known.group.identifier,
    )
