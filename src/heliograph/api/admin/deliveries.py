"""Deliveries over HTTP: one notification for one subscription, and what came of it."""

from collections.abc import Sequence
from typing import Annotated, Any

from litestar import get
from litestar.params import FromPath, QueryParameter

from heliograph.actions import deliveries
from heliograph.api.auth import By
from heliograph.api.forms import PAGE, Cursor, Limit, Moment, PageView, View
from heliograph.api.operation import operation
from heliograph.api.wired import Wired
from heliograph.domain.delivery import DeliveryState
from heliograph.domain.outcome import OutcomeKind
from heliograph.errors import NotFound
from heliograph.names import Scope
from heliograph.storage.attempts import AttemptRow
from heliograph.storage.delivery_reads import Delivery

_TAGS = ["Deliveries"]


class DeliveryView(View, frozen=True, kw_only=True):
    """One delivery. `status_code` is the push service's last answer."""

    id: str
    notification_id: str
    subscription_id: str
    profile_id: str | None
    state: DeliveryState
    reason: str | None
    attempts: int
    status_code: int | None
    next_attempt_at: Moment | None
    created_at: Moment
    accepted_at: Moment | None
    displayed_at: Moment | None
    clicked_at: Moment | None
    clicked_action: str | None
    dismissed_at: Moment | None
    updated_at: Moment


class AttemptView(View, frozen=True, kw_only=True):
    """One try to send. `status_code` and `duration_ms` are of the push service's answer, null if there was none.

    `service_message_id` is what the push service calls the message that it took: its support asks for it.
    """

    number: int
    at: Moment
    outcome: OutcomeKind
    reason: str | None
    status_code: int | None
    duration_ms: int | None
    service_message_id: str | None


class DeliveryHistoryView(DeliveryView, frozen=True, kw_only=True):
    """One delivery with everything that was tried, in its order."""

    history: list[AttemptView]


def delivery_view(delivery: Delivery) -> DeliveryView:
    """Return what callers see of a delivery."""
    return DeliveryView(**_members(delivery))


def history_view(delivery: Delivery, attempts: Sequence[AttemptRow]) -> DeliveryHistoryView:
    """Return what callers see of a delivery and its attempts."""
    history = [_attempt_view(delivery, one) for one in attempts]
    return DeliveryHistoryView(**_members(delivery), history=history)


def _attempt_view(delivery: Delivery, attempt: AttemptRow) -> AttemptView:
    return AttemptView(
        number=attempt.number,
        at=attempt.at,
        outcome=attempt.outcome,
        reason=attempt.reason,
        status_code=attempt.status_code,
        duration_ms=attempt.duration_ms,
        service_message_id=deliveries.message_id(delivery, attempt),
    )


def _members(delivery: Delivery) -> dict[str, Any]:
    return {name: getattr(delivery, name) for name in DeliveryView.__struct_fields__}


@get(
    "/notifications/{notification_id:str}/deliveries",
    summary="List a notification's deliveries",
    tags=_TAGS,
    opt=operation(scope=Scope.READ, problems=(NotFound,)),
)
async def list_notification_deliveries(
    *,
    notification_id: FromPath[str],
    caller: By,
    heliograph: Wired,
    limit: Limit = PAGE,
    cursor: Cursor = None,
    delivery_state: Annotated[
        DeliveryState | None, QueryParameter(name="state", description="Only those in this state.")
    ] = None,
) -> PageView[DeliveryView]:
    """Return what came of each delivery so far, in no particular order."""
    async with heliograph.store.read() as tx:
        page = await deliveries.of_notification(
            tx,
            project_id=caller.project(),
            notification_id=notification_id,
            state=delivery_state,
            cursor=cursor,
            limit=limit,
        )
    return PageView(items=[delivery_view(delivery) for delivery in page.items], next=page.next)


@get("/deliveries", summary="List a subscription's deliveries", tags=_TAGS, opt=operation(scope=Scope.READ))
async def list_subscription_deliveries(
    caller: By,
    heliograph: Wired,
    subscription_id: Annotated[str, QueryParameter(max_length=40, description="Whose deliveries.")],
    limit: Limit = PAGE,
    cursor: Cursor = None,
) -> PageView[DeliveryView]:
    """Return everything that was sent to one subscription, in no particular order."""
    async with heliograph.store.read() as tx:
        page = await deliveries.of_subscription(
            tx, project_id=caller.project(), subscription_id=subscription_id, cursor=cursor, limit=limit
        )
    return PageView(items=[delivery_view(delivery) for delivery in page.items], next=page.next)


@get(
    "/deliveries/{delivery_id:str}",
    summary="Get a delivery",
    tags=_TAGS,
    opt=operation(scope=Scope.READ, problems=(NotFound,)),
)
async def get_delivery(delivery_id: FromPath[str], caller: By, heliograph: Wired) -> DeliveryHistoryView:
    """Return one delivery with each attempt to send it and what the push service answered."""
    async with heliograph.store.read() as tx:
        delivery = await deliveries.get(tx, project_id=caller.project(), delivery_id=delivery_id)
        return history_view(delivery, await deliveries.attempts_of(tx, delivery_id))


ROUTES = (list_notification_deliveries, list_subscription_deliveries, get_delivery)
