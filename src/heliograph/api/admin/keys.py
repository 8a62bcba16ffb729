"""API keys over HTTP: `/v1/keys`. A key of the installation without a project header manages the installation's own."""

from datetime import timedelta
from typing import Annotated

import msgspec
from litestar import delete, get
from litestar.params import FromPath, JSONBody

from heliograph.actions import keys
from heliograph.actions.tokens import Issued
from heliograph.api.auth import By
from heliograph.api.forms import PAGE, Cursor, Form, Limit, Moment, Name, PageView, View
from heliograph.api.idempotency import post
from heliograph.api.operation import operation
from heliograph.api.wired import Wired
from heliograph.errors import Conflict, NotFound
from heliograph.names import Scope
from heliograph.storage.api_keys import ApiKey, KeyKind

_TAGS = ["Keys"]
_WEEK = 7 * 86_400
_DAY = 86_400

Scopes = Annotated[
    list[Scope], msgspec.Meta(max_length=3, description="What a secret key may do; `manage` includes the others.")
]


class NewKey(Form, frozen=True, kw_only=True):
    """A key to be made."""

    kind: KeyKind = KeyKind.SECRET
    name: Name
    scopes: Scopes = msgspec.field(default_factory=list)
    expires_at: Moment | None = None


class Rotation(Form, frozen=True, kw_only=True):
    """How a key shall be replaced."""

    overlap_seconds: Annotated[int, msgspec.Meta(ge=0, le=_WEEK, description="How long the old key still works.")] = (
        _DAY
    )


class KeyView(View, frozen=True, kw_only=True):
    """A key. `token` is there for publishable keys alone; of a secret key only `hint`, its beginning, is known."""

    id: str
    project_id: str | None
    kind: KeyKind
    name: str
    scopes: list[Scope]
    hint: str
    token: str | None
    created_at: Moment
    expires_at: Moment | None
    revoked_at: Moment | None
    last_used_at: Moment | None
    replaced_by_id: str | None


class IssuedKeyView(View, frozen=True, kw_only=True):
    """A new key with its token, which for a secret key is shown here and never again."""

    key: KeyView
    token: str


def key_view(key: ApiKey) -> KeyView:
    """Return what callers see of a key."""
    return KeyView(
        id=key.id,
        project_id=key.project_id,
        kind=key.kind,
        name=key.name,
        scopes=list(key.scopes),
        hint=key.hint,
        token=key.token,
        created_at=key.created_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        last_used_at=key.last_used_at,
        replaced_by_id=key.replaced_by_id,
    )


def _issued(issued: Issued) -> IssuedKeyView:
    return IssuedKeyView(key=key_view(issued.key), token=issued.token)


@post(
    "/keys",
    summary="Create a key",
    tags=_TAGS,
    opt=operation(scope=Scope.MANAGE, example={"name": "Order system", "scopes": ["send"]}),
)
async def create_key(data: JSONBody[NewKey], caller: By, heliograph: Wired) -> IssuedKeyView:
    """Make a secret key with scopes, or a publishable one for pages. The token of a secret key is shown only here."""
    async with heliograph.store.begin() as tx:
        issued = await keys.create(
            tx,
            heliograph.context(),
            project_id=caller.project_id,
            kind=data.kind,
            name=data.name,
            scopes=data.scopes,
            expires_at=data.expires_at,
        )
    return _issued(issued)


@get("/keys", summary="List keys", tags=_TAGS, opt=operation(scope=Scope.MANAGE))
async def list_keys(caller: By, heliograph: Wired, limit: Limit = PAGE, cursor: Cursor = None) -> PageView[KeyView]:
    """Return keys, oldest first, with expired and revoked ones."""
    async with heliograph.store.read() as tx:
        page = await keys.listing(tx, project_id=caller.project_id, cursor=cursor, limit=limit)
    return PageView(items=[key_view(key) for key in page.items], next=page.next)


@get("/keys/{key_id:str}", summary="Get a key", tags=_TAGS, opt=operation(scope=Scope.MANAGE, problems=(NotFound,)))
async def get_key(key_id: FromPath[str], caller: By, heliograph: Wired) -> KeyView:
    """Return one key."""
    async with heliograph.store.read() as tx:
        return key_view(await keys.get(tx, project_id=caller.project_id, key_id=key_id))


@post(
    "/keys/{key_id:str}/rotate",
    summary="Rotate a key",
    tags=_TAGS,
    opt=operation(scope=Scope.MANAGE, example={"overlap_seconds": 3600}, problems=(NotFound, Conflict)),
)
async def rotate_key(key_id: FromPath[str], data: JSONBody[Rotation], caller: By, heliograph: Wired) -> IssuedKeyView:
    """Make a key of the same powers; the old one works for `overlap_seconds` more, so that nothing stops meanwhile."""
    async with heliograph.store.begin() as tx:
        issued = await keys.rotate(
            tx,
            heliograph.context(),
            project_id=caller.project_id,
            key_id=key_id,
            overlap=timedelta(seconds=data.overlap_seconds),
        )
    return _issued(issued)


@delete(
    "/keys/{key_id:str}", summary="Revoke a key", tags=_TAGS, opt=operation(scope=Scope.MANAGE, problems=(NotFound,))
)
async def revoke_key(key_id: FromPath[str], caller: By, heliograph: Wired) -> None:
    """End a key at once. It stays in the list, so that it can be told what it was."""
    async with heliograph.store.begin() as tx:
        await keys.revoke(tx, heliograph.context(), project_id=caller.project_id, key_id=key_id)


ROUTES = (create_key, list_keys, get_key, rotate_key, revoke_key)
