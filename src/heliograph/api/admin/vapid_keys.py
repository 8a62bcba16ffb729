"""Application server keys over HTTP: `/v1/vapid-keys`. Private halves go in and never come out."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from litestar import get
from litestar.params import FromPath, JSONBody, QueryParameter

from heliograph.actions import key_rotation, vapid_keys
from heliograph.actions.key_rotation import UsedKey
from heliograph.api.auth import By
from heliograph.api.forms import PAGE, Cursor, Form, Limit, Moment, PageView, View
from heliograph.api.idempotency import post
from heliograph.api.operation import operation
from heliograph.api.wired import Wired
from heliograph.errors import Conflict, NotFound, VapidKeyInUse
from heliograph.names import Scope
from heliograph.protocols import base64url
from heliograph.storage.store import Tx
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
    retiring_at: Annotated[Moment, msgspec.Meta(description="Since when pages are given another key.")] | None
    retired_at: Moment | None
    active_subscriptions: Annotated[int, msgspec.Meta(description="How many still use it.")]
    active_subscriptions_exact: Annotated[
        bool, msgspec.Meta(description="False: there are more; they were not counted any further.")
    ]


async def _view(tx: Tx, key: VapidKey) -> VapidKeyView:
    (view,) = await _views(tx, [key])
    return view


async def _views(tx: Tx, keys: Sequence[VapidKey]) -> list[VapidKeyView]:
    return [_shown(used) for used in await key_rotation.with_uses(tx, keys)]


def _shown(used: UsedKey) -> VapidKeyView:
    key = used.key
    return VapidKeyView(
        id=key.id,
        public_key=base64url.encode(key.public_key),
        state=key.state,
        refused_in_row=key.refused_in_row,
        paused_until=key.paused_until,
        pause_reason=key.pause_reason,
        created_at=key.created_at,
        retiring_at=key.retiring_at,
        retired_at=key.retired_at,
        active_subscriptions=used.active_subscriptions,
        active_subscriptions_exact=used.is_exact,
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
        return await _view(tx, key)


@get("/vapid-keys", summary="List VAPID keys", tags=_TAGS, opt=operation(scope=Scope.READ))
async def list_vapid_keys(
    caller: By, heliograph: Wired, limit: Limit = PAGE, cursor: Cursor = None
) -> PageView[VapidKeyView]:
    """Return the project's keys, oldest first, with how many active subscriptions still use each.

    They are counted up to 100,000 for a key.
    """
    async with heliograph.store.read() as tx:
        page = await vapid_keys.listing(tx, project_id=caller.project(), cursor=cursor, limit=limit)
        return PageView(items=await _views(tx, page.items), next=page.next)


@get(
    "/vapid-keys/{key_id:str}",
    summary="Get a VAPID key",
    tags=_TAGS,
    opt=operation(scope=Scope.READ, problems=(NotFound,)),
)
async def get_vapid_key(key_id: FromPath[str], caller: By, heliograph: Wired) -> VapidKeyView:
    """Return one key."""
    async with heliograph.store.read() as tx:
        return await _view(tx, await vapid_keys.get(tx, project_id=caller.project(), key_id=key_id))


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
        return await _view(tx, key)


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
        return await _view(
            tx, await vapid_keys.resume(tx, heliograph.context(), project_id=caller.project(), key_id=key_id)
        )


@post(
    "/vapid-keys/{key_id:str}/retire",
    summary="Retire a VAPID key",
    tags=_TAGS,
    status_code=200,
    opt=operation(scope=Scope.MANAGE, problems=(NotFound, Conflict, VapidKeyInUse)),
)
async def retire_vapid_key(
    key_id: FromPath[str],
    caller: By,
    heliograph: Wired,
    force: Annotated[
        bool, QueryParameter(description="End the subscriptions that still use it, for the reason `key_retired`.")
    ] = False,
) -> VapidKeyView:
    """Retire a key for ever and destroy its private half. It is refused while active subscriptions use the key.

    A key that nobody uses retires by itself after a day. Forced, subscriptions end in portions after the answer;
    browsers that come by are subscribed again with the active key, under the same id and in the same groups.
    """
    async with heliograph.store.begin() as tx:
        key = await key_rotation.retire(
            tx,
            heliograph.context(),
            heliograph.queue,
            project_id=caller.project(),
            key_id=key_id,
            force=force,
        )
        return await _view(tx, key)


ROUTES = (create_vapid_key, list_vapid_keys, get_vapid_key, pause_vapid_key, resume_vapid_key, retire_vapid_key)
