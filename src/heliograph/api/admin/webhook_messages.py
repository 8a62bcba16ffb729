"""What webhooks are sent, over HTTP: `/v1/webhooks/{id}/messages`, tests, and sending again what went wrong."""

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
from litestar import get
from litestar.params import FromPath, JSONBody, QueryParameter

from heliograph.actions import webhooks
from heliograph.actions.webhooks import REPLAYED_AT_ONCE
from heliograph.api.admin.webhooks import TAGS
from heliograph.api.auth import By
from heliograph.api.forms import PAGE, Cursor, Form, Limit, Moment, PageView, View
from heliograph.api.idempotency import post
from heliograph.api.operation import operation
from heliograph.api.wired import Wired
from heliograph.domain.webhook import MessageState
from heliograph.errors import Conflict, FieldError, InvalidRequest, NotFound
from heliograph.names import Scope
from heliograph.storage.webhook_messages import Message

State = Annotated[MessageState | None, QueryParameter(description="Only messages in this state; `dead`: given up.")]
_EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)


class MessageView(View, frozen=True, kw_only=True):
    """A message: one POST to the receiver, with one event or several."""

    id: Annotated[str, msgspec.Meta(description="What the receiver is given as webhook-id, in every attempt.")]
    state: MessageState
    event_count: int
    attempts: int
    status_code: Annotated[int | None, msgspec.Meta(description="Of the last answer.")]
    fault: Annotated[str | None, msgspec.Meta(description="Why there was no answer the last time.")]
    next_attempt_at: Moment | None
    created_at: Moment
    updated_at: Moment


class AttemptView(View, frozen=True, kw_only=True):
    """One attempt to hand a message over."""

    number: int
    at: Moment
    status_code: int | None
    fault: str | None
    duration_ms: int | None


class ToldView(MessageView, frozen=True, kw_only=True):
    """A message with what it says and every attempt."""

    events: list[dict[str, Any]]
    history: list[AttemptView]


class Replay(Form, frozen=True, kw_only=True):
    """What is to be sent again: either named messages, or all since an instant that are in one of these states."""

    message_ids: Annotated[list[str], msgspec.Meta(min_length=1, max_length=REPLAYED_AT_ONCE)] | None = None
    since: Moment | None = None
    states: Annotated[list[MessageState], msgspec.Meta(min_length=1, max_length=3)] = msgspec.field(
        default_factory=lambda: [MessageState.DEAD]
    )


class ReplayView(View, frozen=True, kw_only=True):
    """How many messages are sent again. One that waits already is not counted."""

    replayed: int
    has_more: Annotated[bool, msgspec.Meta(description="There may be more: ask again once these are through.")]


_BODY = "01k2p7wq8e4vz9x3m5n6r7s8t0"
_AT = "2026-03-14T09:26:53Z"
_EXAMPLE: dict[str, Any] = {
    "id": f"msg_{_BODY}",
    "state": "dead",
    "event_count": 1,
    "attempts": 8,
    "status_code": 500,
    "fault": None,
    "next_attempt_at": None,
    "created_at": _AT,
    "updated_at": "2026-03-15T13:01:00Z",
}
_WAITING = _EXAMPLE | {
    "state": "waiting", "attempts": 0, "status_code": None, "next_attempt_at": _AT, "updated_at": _AT
}  # fmt: skip
_EVENT = {
    "id": f"evt_{_BODY}",
    "type": "subscription.joined_group",
    "timestamp": _AT,
    "data": {"subscription_id": f"sub_{_BODY}", "group": {"name": "warehouse", "identifier": "42"}},
}
_ATTEMPT = {"number": 1, "at": _AT, "status_code": 500, "fault": None, "duration_ms": 84}


def _members(message: Message) -> dict[str, Any]:
    return {name: getattr(message, name) for name in MessageView.__struct_fields__}


@get(
    "/webhooks/{webhook_id:str}/messages",
    summary="List a webhook's messages",
    tags=TAGS,
    opt=operation(scope=Scope.READ, problems=(NotFound,), answer={"items": [_EXAMPLE], "next": None}),
)
async def list_messages(
    *,
    webhook_id: FromPath[str],
    caller: By,
    heliograph: Wired,
    limit: Limit = PAGE,
    cursor: Cursor = None,
    message_state: State = None,
) -> PageView[MessageView]:
    """Return what a webhook was sent and is to be sent, newest first. With `message_state=dead`, what was given up."""
    async with heliograph.store.read() as tx:
        page = await webhooks.messages(
            tx, project_id=caller.project(), webhook_id=webhook_id, state=message_state, cursor=cursor, limit=limit
        )
    return PageView(items=[MessageView(**_members(message)) for message in page.items], next=page.next)


@get(
    "/webhooks/{webhook_id:str}/messages/{message_id:str}",
    summary="Get a message of a webhook",
    tags=TAGS,
    opt=operation(
        scope=Scope.READ, problems=(NotFound,), answer=_EXAMPLE | {"events": [_EVENT], "history": [_ATTEMPT]}
    ),
)
async def get_message(webhook_id: FromPath[str], message_id: FromPath[str], caller: By, heliograph: Wired) -> ToldView:
    """Return one message with its events and every attempt."""
    async with heliograph.store.read() as tx:
        told = await webhooks.message(tx, project_id=caller.project(), webhook_id=webhook_id, message_id=message_id)
    history = [
        AttemptView(**{name: getattr(one, name) for name in AttemptView.__struct_fields__}) for one in told.attempts
    ]
    return ToldView(**_members(told.message), events=told.events, history=history)


@post(
    "/webhooks/{webhook_id:str}/test",
    summary="Test a webhook",
    tags=TAGS,
    status_code=202,
    opt=operation(scope=Scope.MANAGE, problems=(NotFound, Conflict), answer=_WAITING),
)
async def test_webhook(webhook_id: FromPath[str], caller: By, heliograph: Wired) -> MessageView:
    """Send an event of the type `webhook.test`, whatever the webhook is told of; its message says what came of it."""
    async with heliograph.store.begin() as tx:
        message = await webhooks.test(tx, heliograph.context(), project_id=caller.project(), webhook_id=webhook_id)
    return MessageView(**_members(message))


@post(
    "/webhooks/{webhook_id:str}/messages/{message_id:str}/replay",
    summary="Send a message again",
    tags=TAGS,
    status_code=202,
    opt=operation(scope=Scope.MANAGE, problems=(NotFound, Conflict), answer=_WAITING | {"attempts": 8}),
)
async def replay_message(
    webhook_id: FromPath[str], message_id: FromPath[str], caller: By, heliograph: Wired
) -> MessageView:
    """Send a message again, under its own identifier, whatever became of it; one that waits is left as it is."""
    project_id = caller.project()
    async with heliograph.store.begin() as tx:
        await webhooks.message(tx, project_id=project_id, webhook_id=webhook_id, message_id=message_id)
        ctx = heliograph.context()
        await webhooks.replay(tx, ctx, project_id=project_id, webhook_id=webhook_id, message_ids=[message_id])
        told = await webhooks.message(tx, project_id=project_id, webhook_id=webhook_id, message_id=message_id)
    return MessageView(**_members(told.message))


@post(
    "/webhooks/{webhook_id:str}/replay",
    summary="Send messages again",
    tags=TAGS,
    status_code=202,
    opt=operation(
        scope=Scope.MANAGE,
        problems=(NotFound, Conflict),
        example={"since": _AT, "states": ["dead"]},
        answer=ReplayView(replayed=17, has_more=False),
    ),
)
async def replay_messages(
    webhook_id: FromPath[str], data: JSONBody[Replay], caller: By, heliograph: Wired
) -> ReplayView:
    """Send named messages again, or up to a thousand of those made since an instant, oldest first."""
    if (data.message_ids is None) == (data.since is None):
        sentence = "Give message_ids, or since."
        raise InvalidRequest(sentence, (FieldError("/message_ids", sentence),))
    which: dict[str, Any] = {"project_id": caller.project(), "webhook_id": webhook_id}
    async with heliograph.store.begin() as tx:
        ctx = heliograph.context()
        if data.message_ids is not None:
            count = await webhooks.replay(tx, ctx, **which, message_ids=data.message_ids)
            return ReplayView(replayed=count, has_more=False)
        since = max(data.since or _EARLIEST, _EARLIEST)
        count = await webhooks.replay_since(tx, ctx, **which, states=data.states, since=since)
    return ReplayView(replayed=count, has_more=count == REPLAYED_AT_ONCE)


ROUTES = (list_messages, get_message, test_webhook, replay_message, replay_messages)
