"""What people do, told by the customer's own systems: `/v1/events`; and what was told of one person."""

from typing import Annotated, Any

import msgspec
from litestar import get
from litestar.params import FromPath, JSONBody

from heliograph.actions import events
from heliograph.actions.event_listeners import Parts
from heliograph.actions.events import MAX_OF_SERVER
from heliograph.api.auth import By
from heliograph.api.event_forms import EventsView, NamedEventForm, checked_events, count_events
from heliograph.api.forms import PAGE, Cursor, Form, Limit, Moment, PageView, View
from heliograph.api.idempotency import post
from heliograph.api.operation import operation
from heliograph.api.wired import Wired
from heliograph.domain.event import Event, Source
from heliograph.errors import NotFound
from heliograph.names import Scope

_TAGS = ["Events"]


class ServerEventsForm(Form, frozen=True, kw_only=True):
    """Some events. Each is read by itself, so that one that is odd does not take the others down."""

    events: Annotated[
        list[msgspec.Raw],
        msgspec.Meta(
            min_length=1,
            max_length=MAX_OF_SERVER,
            description="Each has `id` (yours, 64 characters at most, another one for each event of a person), `name`, "
            "`at`, and may have `properties`; `external_id` says who did it, and is left out for `item_price_dropped` "
            "and `item_available`.",
        ),
    ]


class EventView(View, frozen=True, kw_only=True):
    """Something that a person did. `amount_milli` is thousandths of the shop's currency."""

    id: str
    name: str
    at: Moment
    received_at: Moment
    source: Source
    item_id: str | None
    amount_milli: int | None
    properties: dict[str, Any]


def event_view(event: Event) -> EventView:
    """Return what callers see of an event."""
    return EventView(
        id=event.id,
        name=event.name,
        at=event.at,
        received_at=event.received_at,
        source=event.source,
        item_id=event.item_id,
        amount_milli=event.amount_milli,
        properties=dict(event.properties),
    )


@post(
    "/events",
    status_code=202,
    summary="Tell what people did",
    tags=_TAGS,
    opt=operation(
        scope=Scope.SEND,
        example={
            "events": [
                {
                    "external_id": "ada",
                    "id": "order-1001",
                    "name": "order",
                    "at": "2026-03-14T09:26:53Z",
                    "properties": {"order": {"id": "1001", "price": 49.9, "items": [{"id": "sku-1", "count": 2}]}},
                },
                {
                    "id": "sku-2-20260314",
                    "name": "item_price_dropped",
                    "at": "2026-03-14T09:00:00Z",
                    "properties": {"item": {"id": "sku-2", "price": "9.90", "old_price": "12.90"}},
                },
            ]
        },
    ),
)
async def create_events(data: JSONBody[ServerEventsForm], caller: By, heliograph: Wired) -> EventsView:
    """Take a batch. An event that comes twice counts once; people who are new become profiles."""
    ctx, project_id = heliograph.context(), caller.project()
    taken, refused = checked_events(
        data.events, NamedEventForm, owner=project_id, source=Source.SERVER, sent_at=None, now=ctx.now
    )
    if taken:
        async with heliograph.store.begin() as tx:
            await events.tell_of_people(tx, ctx, Parts(heliograph.queue), project_id=project_id, happened=taken)
    count_events(heliograph.meters, Source.SERVER, taken=len(taken), refused=len(refused))
    return EventsView(accepted=len(taken), refused=refused)


@get(
    "/profiles/{profile_id:str}/events",
    summary="List what a person did",
    tags=_TAGS,
    opt=operation(scope=Scope.READ, problems=(NotFound,)),
)
async def list_profile_events(
    profile_id: FromPath[str], caller: By, heliograph: Wired, limit: Limit = PAGE, cursor: Cursor = None
) -> PageView[EventView]:
    """Return a person's or a visitor's events, newest first."""
    async with heliograph.store.read() as tx:
        page = await events.of_profile(
            tx, project_id=caller.project(), profile_id=profile_id, cursor=cursor, limit=limit
        )
    return PageView(items=[event_view(event) for event in page.items], next=page.next)


ROUTES = (create_events, list_profile_events)
