"""Application server keys over HTTP: `/v1/vapid-keys`. Private halves go in and never come out."""

from typing import Annotated

import msgspec
from litestar import get, post
from litestar.params import FromPath, JSONBody

from heliograph.actions import vapid_keys
from heliograph.api.auth import By
from heliograph.api.forms import PAGE, Cursor, Form, Limit, Moment, PageView, View
from heliograph.api.operation import operation
from heliograph.api.wired import Wired
from heliograph.errors import Conflict, NotFound
from heliograph.names import Scope
from heliograph.protocols import base64url
from heliograph.storage.vapid_keys import VapidKey, VapidKeyState

_TAGS = ["VAPID keys"]


class NewVapidKey(Form, frozen=True, kw_only=True):
    """A key to be made, or taken over from another system."""

    private_key: (
        Annotated[
            str, msgspec.Meta(min_length=1, max_length=100, description="32 bytes as base64url, to take a key over.")
        ]
        | None
    ) = None


class Pause(Form, frozen=True, kw_only=True):
    """How long a key shall rest."""

    until: Moment
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] = "paused by an operator"


class VapidKeyView(View, frozen=True, kw_only=True):
    """An application server key: its public half, as pages give it to `subscribe()`, and how it fares."""

    id: str
    public_key: str
    state: VapidKeyState
    refused_in_row: int
    paused_until: Moment | None
    pause_reason: str | None
    created_at: Moment
    retired_at: Moment | None


def _view(key: VapidKey) -> VapidKeyView:
    return VapidKeyView(
        id=key.id,
        public_key=base64url.encode(key.public_key),
        state=key.state,
        refused_in_row=key.refused_in_row,
        paused_until=key.paused_until,
        pause_reason=key.pause_reason,
        created_at=key.created_at,
        retired_at=key.retired_at,
    )


@post(
    "/vapid-keys",
    summary="Make or import a VAPID key",
    tags=_TAGS,
    opt=operation(scope=Scope.MANAGE, example={}, problems=(Conflict,)),
)
async def create_vapid_key(data: JSONBody[NewVapidKey], caller: By, heliograph: Wired) -> VapidKeyView:
    """Make the key that pages are given from now on. Subscriptions made with the one before are still signed with that.

    With `private_key`, a key is taken over from another system together with its subscriptions.
    """
    async with heliograph.store.begin() as tx:
        key = await vapid_keys.create(
            tx, heliograph.context(), project_id=caller.project(), private_key=data.private_key
        )
    return _view(key)


@get("/vapid-keys", summary="List VAPID keys", tags=_TAGS, opt=operation(scope=Scope.READ))
async def list_vapid_keys(
    caller: By, heliograph: Wired, limit: Limit = PAGE, cursor: Cursor = None
) -> PageView[VapidKeyView]:
    """Return the project's keys, oldest first."""
    async with heliograph.store.read() as tx:
        page = await vapid_keys.listing(tx, project_id=caller.project(), cursor=cursor, limit=limit)
    return PageView(items=[_view(key) for key in page.items], next=page.next)


@get(
    "/vapid-keys/{key_id:str}",
    summary="Get a VAPID key",
    tags=_TAGS,
    opt=operation(scope=Scope.READ, problems=(NotFound,)),
)
async def get_vapid_key(key_id: FromPath[str], caller: By, heliograph: Wired) -> VapidKeyView:
    """Return one key."""
    async with heliograph.store.read() as tx:
        return _view(await vapid_keys.get(tx, project_id=caller.project(), key_id=key_id))


@post(
    "/vapid-keys/{key_id:str}/pause",
    summary="Pause a VAPID key",
    tags=_TAGS,
    status_code=200,
    opt=operation(
        scope=Scope.MANAGE,
        problems=(NotFound,),
        example={"until": "2027-01-31T12:00:00Z", "reason": "contact is being changed"},
    ),
)
async def pause_vapid_key(key_id: FromPath[str], data: JSONBody[Pause], caller: By, heliograph: Wired) -> VapidKeyView:
    """Send nothing with a key for a while. Its deliveries wait, and no subscription is lost."""
    async with heliograph.store.begin() as tx:
        key = await vapid_keys.pause(
            tx, heliograph.context(), project_id=caller.project(), key_id=key_id, until=data.until, reason=data.reason
        )
    return _view(key)


@post(
    "/vapid-keys/{key_id:str}/resume",
    summary="Resume a VAPID key",
    tags=_TAGS,
    status_code=200,
    opt=operation(scope=Scope.MANAGE, problems=(NotFound,)),
)
async def resume_vapid_key(key_id: FromPath[str], caller: By, heliograph: Wired) -> VapidKeyView:
    """Send with a key again, whether a person paused it or a push service's refusals did."""
    async with heliograph.store.begin() as tx:
        return _view(await vapid_keys.resume(tx, project_id=caller.project(), key_id=key_id))


ROUTES = (create_vapid_key, list_vapid_keys, get_vapid_key, pause_vapid_key, resume_vapid_key)
