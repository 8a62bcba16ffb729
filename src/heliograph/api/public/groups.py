"""Groups that a browser joins and leaves: `/v1/public/subscriptions/{id}/groups/{name}`."""

from typing import Any

from litestar import Request, delete, put
from litestar.params import FromPath

from heliograph.actions import groups, subscriptions
from heliograph.actions.registration import checked_group
from heliograph.api.operation import operation
from heliograph.api.public.access import NEEDS_SECRET, Page, secret_of
from heliograph.api.public.forms import Identifier
from heliograph.api.wired import Wired
from heliograph.errors import Conflict, NotFound, Unauthorized

_TAGS = ["Public"]
_PATH = "/subscriptions/{subscription_id:str}/groups/{name:str}"


@put(
    _PATH,
    status_code=204,
    summary="Join a group",
    tags=_TAGS,
    opt=operation(problems=(NotFound, Unauthorized, Conflict)) | NEEDS_SECRET,
)
async def join_group(
    *,
    subscription_id: FromPath[str],
    name: FromPath[str],
    page: Page,
    heliograph: Wired,
    request: Request[Any, Any, Any],
    identifier: Identifier = None,
) -> None:
    """Join a group, or the part of it with this identifier. Joining again changes nothing."""
    group = checked_group(name, identifier)
    async with heliograph.store.begin() as tx:
        found = await subscriptions.authorized(tx, page.project.id, subscription_id, secret_of(request), lock=True)
        groups.check_may_join(found)
        await groups.join(
            tx,
            heliograph.context(),
            project_id=page.project.id,
            subscription_id=subscription_id,
            joined=[group],
        )


@delete(_PATH, summary="Leave a group", tags=_TAGS, opt=operation(problems=(NotFound, Unauthorized)) | NEEDS_SECRET)
async def leave_group(
    *,
    subscription_id: FromPath[str],
    name: FromPath[str],
    page: Page,
    heliograph: Wired,
    request: Request[Any, Any, Any],
    identifier: Identifier = None,
) -> None:
    """Leave a group, or the part of it with this identifier. Leaving one that it is not in changes nothing."""
    group = checked_group(name, identifier)
    async with heliograph.store.begin() as tx:
        await subscriptions.authorized(tx, page.project.id, subscription_id, secret_of(request), lock=True)
        ctx = heliograph.context()
        await groups.leave(tx, ctx, project_id=page.project.id, subscription_id=subscription_id, group=group)


ROUTES = (join_group, leave_group)
