"""What visitors do: `/v1/public/events`, in batches, and also by `sendBeacon` while the page is being left.

Taken as text/plain too, with the key in the query: then a browser sends no preflight.
"""

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, post
from litestar.params import JSONBody

from heliograph.actions import events, visitors
from heliograph.actions.event_listeners import Parts
from heliograph.actions.events import MAX_OF_PAGE, Checked, PageCall
from heliograph.actions.identity import check_proof
from heliograph.actions.registration import checked_language, checked_time_zone
from heliograph.actions.visitors import Newcomer
from heliograph.api.event_forms import EventForm, EventsView, checked_events, count_events
from heliograph.api.forms import Form, Moment
from heliograph.api.operation import operation
from heliograph.api.public.access import Page, secret_of
from heliograph.api.public.forms import IdentityForm, VisitorToken, proof_of
from heliograph.api.public.pace import admit_visitor
from heliograph.api.wired import Wired
from heliograph.domain.event import Source
from heliograph.domain.user_agent import device_of
from heliograph.errors import IdentityRefused, InvalidRequest

_MAX_ADDRESS = 8_192


class ContextForm(Form, frozen=True, kw_only=True):
    """Where the page is. A language or a time zone that nobody knows is passed over."""

    language: Annotated[str, msgspec.Meta(max_length=100, description="BCP 47, such as en-GB")] | None = None
    time_zone: Annotated[str, msgspec.Meta(max_length=100, description="IANA, such as Europe/Berlin")] | None = None
    url: Annotated[str, msgspec.Meta(max_length=_MAX_ADDRESS)] | None = None
    referrer: Annotated[str, msgspec.Meta(max_length=_MAX_ADDRESS)] | None = None


class PageEventsForm(Form, frozen=True, kw_only=True):
    """What a page tells of its visitor. Each event is read by itself, so that an odd one does not take others down."""

    visitor: VisitorToken
    identity: IdentityForm | None = None
    subscription: (
        Annotated[str, msgspec.Meta(max_length=64, description="This browser's, if it has one; with its secret.")]
        | None
    ) = None
    secret: Annotated[str, msgspec.Meta(max_length=100, description="Where no header can be sent.")] | None = None
    sent_at: Annotated[
        Moment | None,
        msgspec.Meta(description="The page's clock: by how wrong it is, events are put right."),
    ] = None
    context: ContextForm | None = None
    attributes: Annotated[
        dict[str, Any], msgspec.Meta(description="Of the person; null removes one. At most 100, 16 KiB.")
    ] = msgspec.field(default_factory=dict)
    events: Annotated[
        list[msgspec.Raw],
        msgspec.Meta(
            max_length=MAX_OF_PAGE,
            description="Each has `id` (made by the page, 64 characters at most, another one for each event), `name`, "
            "`at`, and may have `properties`.",
        ),
    ] = msgspec.field(default_factory=list)


class PageEventsView(EventsView, frozen=True, kw_only=True):
    """How many events were taken, those that were known already included, and which were not."""

    identified: bool
    """Whether the visitor is a known person."""


@post(
    "/events",
    status_code=202,
    summary="Tell what a visitor does",
    tags=["Public"],
    opt=operation(
        example={
            "visitor": "hvi_Jq3mB0aVw1uZk9xTn5cP2A",
            "sent_at": "2026-03-14T09:26:53Z",
            "context": {"language": "en-GB", "time_zone": "Europe/London", "url": "https://shop.example/tea"},
            "events": [
                {
                    "id": "b7Qx2",
                    "name": "item_view",
                    "at": "2026-03-14T09:26:50Z",
                    "properties": {"item": {"id": "sku-1", "price": "12,50", "title": "Green tea"}},
                }
            ],
        },
        problems=(IdentityRefused,),
        content_types=("application/json", "text/plain"),
    ),
)
async def create_page_events(
    data: JSONBody[PageEventsForm], page: Page, heliograph: Wired, request: Request[Any, Any, Any]
) -> PageEventsView:
    """Take a batch. An event that comes twice counts once, and the order of batches does not matter.

    With a signed `identity` the visitor is that person from now on, and what an anonymous visitor did becomes theirs.
    """
    ctx = heliograph.context()
    call = _call(data, page, request, ctx.now)
    owner = f"{page.project.id}\0{call.newcomer.token_hash.hex()}"
    taken, refused = checked_events(
        data.events, EventForm, owner=owner, source=Source.PAGE, sent_at=data.sent_at, now=ctx.now
    )
    async with heliograph.store.begin() as tx:
        is_known = await events.tell(
            tx, ctx, Parts(heliograph.queue), project_id=page.project.id, call=_with_events(call, taken)
        )
    count_events(heliograph.meters, Source.PAGE, taken=len(taken), refused=len(refused))
    return PageEventsView(accepted=len(taken), refused=refused, identified=is_known)


def _call(data: PageEventsForm, page: Page, request: Request[Any, Any, Any], now: datetime) -> PageCall:
    secret = secret_of(request) or data.secret
    context = data.context or ContextForm()
    newcomer = Newcomer(
        visitors.hash_token(data.visitor),
        device_of(request.headers.get("user-agent")),
        _or_none(checked_language, context.language),
        _or_none(checked_time_zone, context.time_zone),
        lambda: admit_visitor(request),
    )
    proof = None if data.identity is None else proof_of(data.identity, "/identity")
    return PageCall(
        newcomer=newcomer,
        events=(),
        attributes=data.attributes,
        external_id=None if proof is None else check_proof(proof, page.project.identity, now=now),
        subscription=None if data.subscription is None or secret is None else (data.subscription, secret),
    )


def _with_events(call: PageCall, taken: list[Checked]) -> PageCall:
    return PageCall(call.newcomer, taken, call.attributes, call.external_id, call.subscription)


def _or_none(check: Any, said: str | None) -> str | None:
    try:
        found: str | None = check(said)
    except InvalidRequest:
        return None
    return found


ROUTES = (create_page_events,)
