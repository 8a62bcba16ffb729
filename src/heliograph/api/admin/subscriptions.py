"""Subscriptions over HTTP: `/v1/subscriptions`. Endpoints, keys and secrets of browsers are never shown."""

from typing import Annotated

from litestar import delete, get, put
from litestar.params import FromPath, QueryParameter

from heliograph.actions import groups, profiles, subscriptions
from heliograph.actions.registration import checked_group
from heliograph.actions.subscriptions import Known
from heliograph.api.admin.groups import GroupName, Identifier
from heliograph.api.auth import By
from heliograph.api.forms import PAGE, Cursor, Limit, Moment, PageView, View
from heliograph.api.operation import operation
from heliograph.api.wired import Wired
from heliograph.domain.endpoint import PushService
from heliograph.domain.identity import MAX_EXTERNAL_ID
from heliograph.domain.subscription import EndReason, SubscriptionState
from heliograph.errors import Conflict, InvalidRequest, NotFound
from heliograph.names import Channel, Scope
from heliograph.storage.subscriptions import Filter

_TAGS = ["Subscriptions"]
_MEMBERSHIP = "/subscriptions/{subscription_id:str}/groups/{name:str}"

StateFilter = Annotated[SubscriptionState | None, QueryParameter(name="state", description="Only those in this state.")]
GroupFilter = Annotated[str | None, QueryParameter(max_length=100, description="Only members of this group.")]
ExternalIdFilter = Annotated[
    str | None,
    QueryParameter(min_length=1, max_length=MAX_EXTERNAL_ID, description="Only those bound to this person."),
]


class MembershipView(View, frozen=True, kw_only=True):
    """A group that a subscription is in."""

    name: str
    identifier: str | None


class SubscriptionView(View, frozen=True, kw_only=True):
    """A browser that said yes. `push_service` tells whose server its address is on; the address itself is a secret."""

    id: str
    channel: Channel
    state: SubscriptionState
    state_reason: str | None
    push_service: PushService
    vapid_key_id: str
    profile_id: str | None
    external_id: str | None
    groups: list[MembershipView]
    origin: str | None
    language: str | None
    time_zone: str | None
    user_agent: str | None
    created_at: Moment
    refreshed_at: Moment
    ended_at: Moment | None


def subscription_view(known: Known) -> SubscriptionView:
    """Return what callers see of a subscription."""
    subscription = known.subscription
    return SubscriptionView(
        id=subscription.id,
        channel=subscription.channel,
        state=subscription.state,
        state_reason=subscription.state_reason,
        push_service=subscription.push_service,
        vapid_key_id=subscription.vapid_key_id,
        profile_id=subscription.profile_id,
        external_id=subscription.external_id,
        groups=[MembershipView(name=group.name, identifier=group.identifier) for group in known.groups],
        origin=subscription.origin,
        language=subscription.language,
        time_zone=subscription.time_zone,
        user_agent=subscription.user_agent,
        created_at=subscription.created_at,
        refreshed_at=subscription.refreshed_at,
        ended_at=subscription.ended_at,
    )


@get("/subscriptions", summary="List subscriptions", tags=_TAGS, opt=operation(scope=Scope.READ))
async def list_subscriptions(
    *,
    caller: By,
    heliograph: Wired,
    limit: Limit = PAGE,
    cursor: Cursor = None,
    subscription_state: StateFilter = None,
    group: GroupFilter = None,
    identifier: Identifier = None,
    external_id: ExternalIdFilter = None,
) -> PageView[SubscriptionView]:
    """Return the project's subscriptions, oldest first, ended ones included. Filters narrow each other down."""
    if identifier is not None and group is None:
        raise InvalidRequest("Name the group to which the identifier belongs.")
    project_id = caller.project()
    wanted_group = None if group is None else checked_group(group, identifier, "query/group")
    async with heliograph.store.read() as tx:
        profile = None
        if external_id is not None:
            profile = await profiles.find(tx, project_id=project_id, external_id=external_id)
            if profile is None:
                return PageView(items=[], next=None)
        wanted = Filter(subscription_state, wanted_group, None if profile is None else profile.id)
        page = await subscriptions.listing(tx, project_id=project_id, wanted=wanted, cursor=cursor, limit=limit)
    return PageView(items=[subscription_view(known) for known in page.items], next=page.next)


@get(
    "/subscriptions/{subscription_id:str}",
    summary="Get a subscription",
    tags=_TAGS,
    opt=operation(scope=Scope.READ, problems=(NotFound,)),
)
async def get_subscription(subscription_id: FromPath[str], caller: By, heliograph: Wired) -> SubscriptionView:
    """Return one subscription."""
    async with heliograph.store.read() as tx:
        return subscription_view(await subscriptions.look(tx, caller.project(), subscription_id))


@delete(
    "/subscriptions/{subscription_id:str}",
    summary="End a subscription",
    tags=_TAGS,
    opt=operation(scope=Scope.MANAGE, problems=(NotFound,)),
)
async def delete_subscription(subscription_id: FromPath[str], caller: By, heliograph: Wired) -> None:
    """End a subscription on the person's behalf: nothing is sent any more. The row is kept 30 days, then forgotten."""
    async with heliograph.store.begin() as tx:
        found = await subscriptions.locked(tx, caller.project(), subscription_id)
        await subscriptions.end(tx, heliograph.context(), subscription=found, reason=EndReason.BY_OPERATOR)


@put(
    _MEMBERSHIP,
    status_code=204,
    summary="Put a subscription into a group",
    tags=_TAGS,
    opt=operation(scope=Scope.MANAGE, problems=(NotFound, Conflict)),
)
async def join_group(
    *,
    subscription_id: FromPath[str],
    name: GroupName,
    caller: By,
    heliograph: Wired,
    identifier: Identifier = None,
) -> None:
    """Make a subscription a member of a group, or of the part of it with this identifier."""
    project_id, group = caller.project(), checked_group(name, identifier)
    async with heliograph.store.begin() as tx:
        groups.check_may_join(await subscriptions.locked(tx, project_id, subscription_id))
        await groups.join(
            tx, heliograph.context(), project_id=project_id, subscription_id=subscription_id, joined=[group]
        )


@delete(
    _MEMBERSHIP,
    summary="Take a subscription out of a group",
    tags=_TAGS,
    opt=operation(scope=Scope.MANAGE, problems=(NotFound,)),
)
async def leave_group(
    *,
    subscription_id: FromPath[str],
    name: GroupName,
    caller: By,
    heliograph: Wired,
    identifier: Identifier = None,
) -> None:
    """End a membership; one that is not there is no problem."""
    project_id, group = caller.project(), checked_group(name, identifier)
    async with heliograph.store.begin() as tx:
        await subscriptions.locked(tx, project_id, subscription_id)
        ctx = heliograph.context()
        await groups.leave(tx, ctx, project_id=project_id, subscription_id=subscription_id, group=group)


ROUTES = (list_subscriptions, get_subscription, delete_subscription, join_group, leave_group)
