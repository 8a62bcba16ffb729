"""Notifications over HTTP: `/v1/notifications`. Send one, watch it, cancel it."""

from typing import Annotated, Any

from litestar import Response, get
from litestar.params import FromPath, JSONBody, QueryParameter

from heliograph.actions import dry_run, notifications
from heliograph.api.admin.dry_run_views import DRY_RUN, DryRunView, dry_run_view
from heliograph.api.admin.notification_forms import (
    NewNotification,
    NotificationView,
    RateChange,
    notification_view,
)
from heliograph.api.auth import By
from heliograph.api.forms import PAGE, Cursor, Limit, PageView
from heliograph.api.idempotency import post
from heliograph.api.operation import operation
from heliograph.api.wired import Wired
from heliograph.domain.notification import NotificationState
from heliograph.errors import Conflict, ContentRefused, ContentTooLarge, NotFound
from heliograph.names import Scope

_TAGS = ["Notifications"]
_EXAMPLE: dict[str, Any] = {
    "audience": {"kind": "group", "group": "warehouse", "identifier": "42"},
    "content": {
        "title": "Back in stock",
        "body": "The blue lamp that you looked at is here again.",
        "url": "https://shop.example/lamps/blue",
        "icon": "https://shop.example/icon.png",
        "actions": [{"action": "buy", "title": "Buy", "url": "https://shop.example/basket?add=blue-lamp"}],
        "language": "en",
        "variants": {"de": {"title": "Wieder da", "body": "Die blaue Lampe ist wieder vorrätig."}},
    },
    "ttl_seconds": 86_400,
    "urgency": "normal",
    "rate": "100/s",
}


@post(
    "/notifications",
    summary="Send a notification",
    tags=_TAGS,
    opt=operation(
        scope=Scope.SEND, example=_EXAMPLE, problems=(NotFound, ContentRefused, ContentTooLarge), also={200: DRY_RUN}
    ),
)
async def create_notification(
    data: JSONBody[NewNotification], caller: By, heliograph: Wired
) -> NotificationView | Response[DryRunView]:
    """Send to everyone, a group, profiles or subscriptions, at once or at `send_at`.

    The answer comes as soon as the notification is stored; ask for it again to see its counts grow.
    With `dry_run` nothing is stored or sent: the answer, 200, tells who would get it, why others would not, what is
    shown in each language, how large that is and how long it would take. What would be refused is refused all the same.
    """
    ctx = heliograph.context()
    if data.dry_run:
        async with heliograph.store.read() as tx:
            run = await dry_run.dry_run(tx, ctx, project_id=caller.project(), draft=data.draft())
        return Response(dry_run_view(run), status_code=200)
    async with heliograph.store.begin() as tx:
        made = await notifications.create(tx, ctx, heliograph.queue, project_id=caller.project(), draft=data.draft())
        return notification_view(await notifications.get(tx, project_id=made.project_id, notification_id=made.id))


@get("/notifications", summary="List notifications", tags=_TAGS, opt=operation(scope=Scope.READ))
async def list_notifications(
    caller: By,
    heliograph: Wired,
    limit: Limit = PAGE,
    cursor: Cursor = None,
    notification_state: Annotated[
        NotificationState | None, QueryParameter(name="state", description="Only those in this state.")
    ] = None,
) -> PageView[NotificationView]:
    """Return the project's notifications with their counts, newest first."""
    async with heliograph.store.read() as tx:
        page = await notifications.listing(
            tx, project_id=caller.project(), state=notification_state, cursor=cursor, limit=limit
        )
    return PageView(items=[notification_view(tally) for tally in page.items], next=page.next)


@get(
    "/notifications/{notification_id:str}",
    summary="Get a notification",
    tags=_TAGS,
    opt=operation(scope=Scope.READ, problems=(NotFound,)),
)
async def get_notification(notification_id: FromPath[str], caller: By, heliograph: Wired) -> NotificationView:
    """Return one notification with its deliveries counted by state and reason."""
    async with heliograph.store.read() as tx:
        tally = await notifications.get(tx, project_id=caller.project(), notification_id=notification_id)
    return notification_view(tally)


@post(
    "/notifications/{notification_id:str}/cancel",
    summary="Cancel a notification",
    tags=_TAGS,
    status_code=200,
    opt=operation(scope=Scope.SEND, problems=(NotFound, Conflict)),
)
async def cancel_notification(notification_id: FromPath[str], caller: By, heliograph: Wired) -> NotificationView:
    """Send nothing more of it. What push services have taken already stays sent. Cancelling twice does no harm."""
    async with heliograph.store.begin() as tx:
        tally = await notifications.cancel(
            tx, heliograph.context(), project_id=caller.project(), notification_id=notification_id
        )
    return notification_view(tally)


@post(
    "/notifications/{notification_id:str}/rate",
    summary="Change how fast a notification goes out",
    tags=_TAGS,
    status_code=200,
    opt=operation(scope=Scope.SEND, problems=(NotFound, Conflict), example={"rate": "6000/m"}),
)
async def change_notification_rate(
    notification_id: FromPath[str], data: JSONBody[RateChange], caller: By, heliograph: Wired
) -> NotificationView:
    """Go on at another rate, or with null at none of its own; the project's rates hold in any case.

    Workers keep to a new rate within two seconds; what waits under a slow one hears of a faster one within a minute.
    """
    async with heliograph.store.begin() as tx:
        tally = await notifications.change_rate(
            tx,
            heliograph.context(),
            project_id=caller.project(),
            notification_id=notification_id,
            rate=data.rate,
        )
    return notification_view(tally)


ROUTES = (create_notification, list_notifications, get_notification, cancel_notification, change_notification_rate)
