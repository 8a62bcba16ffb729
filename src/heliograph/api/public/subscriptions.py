"""Subscriptions of browsers: `/v1/public/subscriptions`. Endpoint and keys go in and never come back."""

from typing import Any

from litestar import Request, Response, delete, get, post, put
from litestar.params import FromPath, JSONBody

from heliograph.actions import registration, subscriptions
from heliograph.actions.registration import Registration
from heliograph.api.operation import operation
from heliograph.api.public.access import NEEDS_SECRET, Page, directory_of, secret_of
from heliograph.api.public.forms import OwnSubscriptionView, RegisteredView, SubscriptionForm, said, view_members
from heliograph.api.public.pace import admit_visitor
from heliograph.api.wired import Wired
from heliograph.domain.subscription import EndReason
from heliograph.errors import (
    ApplicationServerKeyUnknown,
    Conflict,
    EndpointRefused,
    IdentityRefused,
    NotFound,
    ReceiverKeysRefused,
    SubscriptionConflict,
    Unauthorized,
)

_TAGS = ["Public"]
_EXAMPLE = {
    "endpoint": "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABexample",
    "keys": {
        "p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    },
    "application_server_key": (
        "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
    ),
    "language": "en-GB",
    "time_zone": "Europe/Berlin",
    "groups": [{"name": "warehouse", "identifier": "42"}],
}
_REFUSALS = (
    EndpointRefused,
    ReceiverKeysRefused,
    ApplicationServerKeyUnknown,
    IdentityRefused,
    SubscriptionConflict,
)


@post(
    "/subscriptions",
    summary="Register a subscription",
    tags=_TAGS,
    opt=operation(example=_EXAMPLE, problems=(*_REFUSALS, Conflict))
    | {"statuses": {201: "Registered", 200: "Known already, refreshed"}},
)
async def create_subscription(
    data: JSONBody[SubscriptionForm], page: Page, heliograph: Wired, request: Request[Any, Any, Any]
) -> Response[RegisteredView]:
    """Register what `pushManager.subscribe()` gave, or refresh it.

    The same endpoint with the same keys gives 200 and a new secret, and the old one ends; other keys are a conflict.
    """
    checked = await _checked(data, page, heliograph, request)
    async with heliograph.store.begin() as tx:
        registered = await subscriptions.register(tx, heliograph.context(), page.project, checked)
    view = RegisteredView(**view_members(registered.known, page.project), secret=registered.secret)
    return Response(view, status_code=201 if registered.is_new else 200)


@get(
    "/subscriptions/{subscription_id:str}",
    summary="Look at a subscription",
    tags=_TAGS,
    opt=operation(problems=(NotFound, Unauthorized)) | NEEDS_SECRET,
)
async def get_subscription(
    subscription_id: FromPath[str], page: Page, heliograph: Wired, request: Request[Any, Any, Any]
) -> OwnSubscriptionView:
    """Return what the server knows: a browser compares it with what it knows itself, on page views."""
    async with heliograph.store.read() as tx:
        found = await subscriptions.authorized(tx, page.project.id, subscription_id, secret_of(request))
        known = await subscriptions.with_groups(tx, found)
    return OwnSubscriptionView(**view_members(known, page.project))


@put(
    "/subscriptions/{subscription_id:str}",
    summary="Refresh or replace a subscription",
    tags=_TAGS,
    opt=operation(example=_EXAMPLE, problems=(*_REFUSALS, NotFound, Unauthorized, Conflict)) | NEEDS_SECRET,
)
async def replace_subscription(
    subscription_id: FromPath[str],
    data: JSONBody[SubscriptionForm],
    page: Page,
    heliograph: Wired,
    request: Request[Any, Any, Any],
) -> OwnSubscriptionView:
    """Say that the subscription is still there, or give it a new endpoint and new keys.

    Its id, groups, person and history stay, and it is active again if it was not.
    """
    checked = await _checked(data, page, heliograph, request)
    async with heliograph.store.begin() as tx:
        known = await subscriptions.replace(
            tx,
            heliograph.context(),
            page.project,
            checked,
            subscription_id=subscription_id,
            secret=secret_of(request),
        )
    return OwnSubscriptionView(**view_members(known, page.project))


@delete(
    "/subscriptions/{subscription_id:str}",
    summary="Unsubscribe",
    tags=_TAGS,
    opt=operation(problems=(NotFound, Unauthorized)) | NEEDS_SECRET,
)
async def delete_subscription(
    subscription_id: FromPath[str], page: Page, heliograph: Wired, request: Request[Any, Any, Any]
) -> None:
    """End a subscription: nothing is sent to it any more. Ending it again changes nothing."""
    async with heliograph.store.begin() as tx:
        found = await subscriptions.authorized(tx, page.project.id, subscription_id, secret_of(request), lock=True)
        await subscriptions.end(tx, heliograph.context(), subscription=found, reason=EndReason.BY_PERSON)


async def _checked(
    data: JSONBody[SubscriptionForm], page: Page, heliograph: Wired, request: Request[Any, Any, Any]
) -> Registration:
    agent = request.headers.get("user-agent")
    words = said(data, origin=page.origin, user_agent=agent, admit=lambda: admit_visitor(request))
    now = heliograph.clock.now()
    try:
        return registration.check(words, project=page.project, policy=heliograph.policy, now=now)
    except ApplicationServerKeyUnknown:
        # Another process may have made the key a moment ago.
        project = await directory_of(request.scope).project(page.publishable_key, fresh=True)
        return registration.check(words, project=project, policy=heliograph.policy, now=now)


ROUTES = (create_subscription, get_subscription, replace_subscription, delete_subscription)
