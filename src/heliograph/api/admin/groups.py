"""Groups over HTTP: `/v1/groups`, the named audiences that subscriptions join."""

from typing import Annotated, TypeAlias

import msgspec
from litestar import Response, delete, get
from litestar.params import FromPath, JSONBody, QueryParameter

from heliograph.actions import groups
from heliograph.actions.registration import checked_group
from heliograph.api.auth import By
from heliograph.api.forms import PAGE, Cursor, Form, Limit, Moment, PageView, View
from heliograph.api.idempotency import post
from heliograph.api.operation import operation
from heliograph.api.wired import Wired
from heliograph.domain.subscription import MAX_IDENTIFIER
from heliograph.errors import NotFound
from heliograph.names import Scope
from heliograph.storage.groups import KnownGroup

_TAGS = ["Groups"]

GroupName: TypeAlias = FromPath[str]
Identifier: TypeAlias = Annotated[
    str | None,
    QueryParameter(min_length=1, max_length=MAX_IDENTIFIER, description="The group's part, such as 42 of warehouse."),
]


class NewGroup(Form, frozen=True, kw_only=True):
    """A group, or the part of it with one identifier."""

    name: Annotated[
        str, msgspec.Meta(max_length=64, pattern="^[a-z0-9][a-z0-9_-]*$", description="Lower case; compared exactly.")
    ]
    identifier: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_IDENTIFIER)] | None = None


class GroupView(View, frozen=True, kw_only=True):
    """A group. How many are in it is not said, because counting would cost a walk through all of them."""

    id: str
    name: str
    identifier: str | None
    created_at: Moment


def _view(known: KnownGroup) -> GroupView:
    return GroupView(id=known.id, name=known.group.name, identifier=known.group.identifier, created_at=known.created_at)


@post(
    "/groups",
    summary="Make a group",
    tags=_TAGS,
    opt=operation(scope=Scope.MANAGE, example={"name": "warehouse", "identifier": "42"})
    | {"statuses": {201: "Created", 200: "Known already"}},
)
async def create_group(data: JSONBody[NewGroup], caller: By, heliograph: Wired) -> Response[GroupView]:
    """Make a group known before somebody joins it. One that somebody joins is known by that."""
    group = checked_group(data.name, data.identifier, "/name")
    async with heliograph.store.begin() as tx:
        known, is_new = await groups.create(tx, heliograph.context(), project_id=caller.project(), group=group)
    return Response(_view(known), status_code=201 if is_new else 200)


@get("/groups", summary="List groups", tags=_TAGS, opt=operation(scope=Scope.READ))
async def list_groups(
    caller: By,
    heliograph: Wired,
    limit: Limit = PAGE,
    cursor: Cursor = None,
    name: Annotated[str | None, QueryParameter(max_length=100, description="Only those of this name.")] = None,
) -> PageView[GroupView]:
    """Return the project's groups, oldest first, each identifier of a name by itself."""
    async with heliograph.store.read() as tx:
        page = await groups.listing(tx, project_id=caller.project(), name=name, cursor=cursor, limit=limit)
    return PageView(items=[_view(known) for known in page.items], next=page.next)


@get(
    "/groups/{group_id:str}",
    summary="Get a group",
    tags=_TAGS,
    opt=operation(scope=Scope.READ, problems=(NotFound,)),
)
async def get_group(group_id: FromPath[str], caller: By, heliograph: Wired) -> GroupView:
    """Return one group."""
    async with heliograph.store.read() as tx:
        return _view(await groups.get(tx, project_id=caller.project(), group_id=group_id))


@delete(
    "/groups/{group_id:str}",
    summary="Delete a group",
    tags=_TAGS,
    opt=operation(scope=Scope.MANAGE, problems=(NotFound,)),
)
async def delete_group(group_id: FromPath[str], caller: By, heliograph: Wired) -> None:
    """Delete a group with its memberships. The subscriptions stay, and so does the same name with other identifiers."""
    project_id = caller.project()
    is_full = True
    while is_full:  # in steps, because a group of millions must not keep others from writing
        async with heliograph.store.begin() as tx:
            ctx = heliograph.context()
            is_full = await groups.remove_some_members(tx, ctx, project_id=project_id, group_id=group_id)
            if not is_full:
                await groups.remove(tx, heliograph.context(), project_id=project_id, group_id=group_id)


ROUTES = (create_group, list_groups, get_group, delete_group)
