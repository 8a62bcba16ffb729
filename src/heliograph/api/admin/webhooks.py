"""Webhooks over HTTP: `/v1/webhooks`, who is told of what happens. What they are sent is `webhook_messages`'."""

from datetime import timedelta
from typing import Annotated, Any

import msgspec
from litestar import delete, get, patch
from litestar.params import FromPath, JSONBody

from heliograph.actions import webhooks
from heliograph.actions.webhooks import Change, NewSecret
from heliograph.api.auth import By
from heliograph.api.forms import PAGE, Cursor, Form, Limit, Moment, PageView, View
from heliograph.api.idempotency import post
from heliograph.api.operation import operation
from heliograph.api.wired import Wired
from heliograph.bootstrap import Heliograph
from heliograph.domain.webhook import OVERLAP, DisabledReason, ReceiverError, shown
from heliograph.errors import Conflict, NotFound, ReceiverRefused
from heliograph.names import EventType, Scope
from heliograph.storage.webhooks import Webhook

TAGS = ["Webhooks"]
_WEEK = 7 * 86_400
_URL = "https://shop.example/heliograph"

Url = Annotated[
    str, msgspec.Meta(min_length=1, max_length=2048, description="An https address on the public internet.")
]
Types = Annotated[
    list[EventType],
    msgspec.Meta(max_length=100, description="What it is told of; empty: everything, new types of events included."),
]
Description = Annotated[str, msgspec.Meta(max_length=200)]


class NewWebhook(Form, frozen=True, kw_only=True):
    """A webhook to be made."""

    url: Url
    event_types: Types = msgspec.field(default_factory=list)
    description: Description = ""
    is_enabled: bool = True


class WebhookChange(Form, frozen=True, kw_only=True):
    """What shall be different; what is left out stays."""

    url: Url | msgspec.UnsetType = msgspec.UNSET
    event_types: Types | msgspec.UnsetType = msgspec.UNSET
    description: Description | msgspec.UnsetType = msgspec.UNSET
    is_enabled: bool | msgspec.UnsetType = msgspec.UNSET


class SecretRotation(Form, frozen=True, kw_only=True):
    """How long the secret before goes on to sign beside the new one."""

    overlap_seconds: Annotated[int, msgspec.Meta(ge=0, le=_WEEK)] = int(OVERLAP.total_seconds())


class WebhookView(View, frozen=True, kw_only=True):
    """A webhook, without its secret."""

    id: str
    url: str
    event_types: list[EventType]
    description: str
    is_enabled: bool
    disabled_reason: Annotated[
        DisabledReason | None, msgspec.Meta(description="gone: answered 410; failing: took nothing for three days.")
    ]
    failing_since: Annotated[Moment | None, msgspec.Meta(description="Its first failure after its last success.")]
    failures_in_row: int
    old_secret_until: Annotated[Moment | None, msgspec.Meta(description="Until then two secrets sign.")]
    created_at: Moment
    updated_at: Moment


class WebhookWithSecretView(WebhookView, frozen=True, kw_only=True):
    """A webhook and the secret that signs for it, shown here and never again."""

    secret: str


def _members(webhook: Webhook) -> dict[str, Any]:
    values = {name: getattr(webhook, name) for name in WebhookView.__struct_fields__}
    return values | {"event_types": list(webhook.event_types)}


def _view(webhook: Webhook) -> WebhookView:
    return WebhookView(**_members(webhook))


def _with_secret(made: NewSecret) -> WebhookWithSecretView:
    return WebhookWithSecretView(**_members(made.webhook), secret=made.secret)


async def _check_address(heliograph: Heliograph, data: NewWebhook | WebhookChange) -> None:
    """Look where a name leads, before a transaction is opened."""
    if isinstance(data.url, str):
        try:
            await heliograph.receivers.check(data.url)
        except ReceiverError as error:
            raise webhooks.refused(error) from error


_EXAMPLE: dict[str, Any] = {
    "id": "whk_01k2p7wq8e4vz9x3m5n6r7s8t0",
    "url": _URL,
    "event_types": ["delivery.clicked", "subscription.created"],
    "description": "CRM",
    "is_enabled": True,
    "disabled_reason": None,
    "failing_since": None,
    "failures_in_row": 0,
    "old_secret_until": None,
    "created_at": "2026-03-14T09:26:53Z",
    "updated_at": "2026-03-14T09:26:53Z",
}
_EXAMPLE_WITH_SECRET = _EXAMPLE | {"secret": shown(bytes(range(32)))}


@post(
    "/webhooks",
    summary="Make a webhook",
    tags=TAGS,
    before=_check_address,
    opt=operation(
        scope=Scope.MANAGE,
        example={"url": _URL, "event_types": ["delivery.clicked", "subscription.created"], "description": "CRM"},
        answer=_EXAMPLE_WITH_SECRET,
        problems=(Conflict, ReceiverRefused),
    ),
)
async def create_webhook(data: JSONBody[NewWebhook], caller: By, heliograph: Wired) -> WebhookWithSecretView:
    """Have events sent to an address of yours, from now on; the answer has the secret with which they are signed."""
    async with heliograph.store.begin() as tx:
        made = await webhooks.create(
            tx,
            heliograph.context(),
            project_id=caller.project(),
            url=data.url,
            allowed=heliograph.receivers.allowed,
            description=data.description,
            event_types=data.event_types,
            is_enabled=data.is_enabled,
        )
    return _with_secret(made)


@get("/webhooks", summary="List webhooks", tags=TAGS, opt=operation(scope=Scope.READ))
async def list_webhooks(
    caller: By, heliograph: Wired, limit: Limit = PAGE, cursor: Cursor = None
) -> PageView[WebhookView]:
    """Return the project's webhooks, oldest first."""
    async with heliograph.store.read() as tx:
        page = await webhooks.listing(tx, project_id=caller.project(), cursor=cursor, limit=limit)
    return PageView(items=[_view(webhook) for webhook in page.items], next=page.next)


@get(
    "/webhooks/{webhook_id:str}",
    summary="Get a webhook",
    tags=TAGS,
    opt=operation(scope=Scope.READ, answer=_EXAMPLE, problems=(NotFound,)),
)
async def get_webhook(webhook_id: FromPath[str], caller: By, heliograph: Wired) -> WebhookView:
    """Return one webhook, and how it fares."""
    async with heliograph.store.read() as tx:
        return _view(await webhooks.get(tx, project_id=caller.project(), webhook_id=webhook_id))


@patch(
    "/webhooks/{webhook_id:str}",
    summary="Change a webhook",
    tags=TAGS,
    opt=operation(
        scope=Scope.MANAGE, example={"is_enabled": True}, answer=_EXAMPLE, problems=(NotFound, ReceiverRefused)
    ),
)
async def change_webhook(
    webhook_id: FromPath[str], data: JSONBody[WebhookChange], caller: By, heliograph: Wired
) -> WebhookView:
    """Change a webhook, or switch it on or off. While it is off no events are kept for it."""
    await _check_address(heliograph, data)
    wanted = Change(
        url=None if data.url is msgspec.UNSET else data.url,
        description=None if data.description is msgspec.UNSET else data.description,
        event_types=None if data.event_types is msgspec.UNSET else data.event_types,
        is_enabled=None if data.is_enabled is msgspec.UNSET else data.is_enabled,
    )
    async with heliograph.store.begin() as tx:
        webhook = await webhooks.change(
            tx,
            heliograph.context(),
            project_id=caller.project(),
            webhook_id=webhook_id,
            change=wanted,
            allowed=heliograph.receivers.allowed,
        )
    return _view(webhook)


@delete(
    "/webhooks/{webhook_id:str}",
    summary="Remove a webhook",
    tags=TAGS,
    opt=operation(scope=Scope.MANAGE, problems=(NotFound,)),
)
async def delete_webhook(webhook_id: FromPath[str], caller: By, heliograph: Wired) -> None:
    """Remove a webhook with its messages; what waits for it is not sent any more."""
    async with heliograph.store.begin() as tx:
        await webhooks.remove(tx, heliograph.context(), project_id=caller.project(), webhook_id=webhook_id)


@post(
    "/webhooks/{webhook_id:str}/rotate",
    summary="Renew a webhook's secret",
    tags=TAGS,
    status_code=200,
    opt=operation(
        scope=Scope.MANAGE,
        example={"overlap_seconds": 86_400},
        answer=_EXAMPLE_WITH_SECRET | {"old_secret_until": "2026-03-15T09:26:53Z"},
        problems=(NotFound,),
    ),
)
async def rotate_webhook_secret(
    webhook_id: FromPath[str], data: JSONBody[SecretRotation], caller: By, heliograph: Wired
) -> WebhookWithSecretView:
    """Make a new secret; for a day, unless you say otherwise, messages carry a signature of each."""
    async with heliograph.store.begin() as tx:
        made = await webhooks.rotate_secret(
            tx,
            heliograph.context(),
            project_id=caller.project(),
            webhook_id=webhook_id,
            overlap=timedelta(seconds=data.overlap_seconds),
        )
    return _with_secret(made)


ROUTES = (create_webhook, list_webhooks, get_webhook, change_webhook, delete_webhook, rotate_webhook_secret)
