"""Imports over HTTP: `/v1/imports`. One is begun with what holds for the whole file; then the file is sent to it."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import msgspec
from litestar import Request, get, put
from litestar.datastructures import State
from litestar.exceptions import InternalServerException
from litestar.params import FromPath, JSONBody

from heliograph.actions import import_file, imports
from heliograph.actions.imports import MAX_SOURCE, Options, SigningKey
from heliograph.api.auth import By, Caller
from heliograph.api.forms import PAGE, Cursor, Form, Limit, Moment, PageView, View
from heliograph.api.idempotency import post
from heliograph.api.operation import operation
from heliograph.api.wired import Wired
from heliograph.domain.importing.base import ImportFormat
from heliograph.errors import (
    ApplicationServerKeyUnknown,
    Conflict,
    ImportFileRefused,
    ImportKeyMissing,
    InvalidRequest,
    NotFound,
    Unavailable,
)
from heliograph.names import Scope
from heliograph.protocols.key_files import MAX_KEY_FILE
from heliograph.storage.imports import Import, ImportState, RefusedRow

_TAGS = ["Imports"]
_FILE = "endpoint,p256dh,auth\nhttps://updates.push.services.mozilla.com/wpush/v2/gAAAAABo…,BCVxsr7N…,BTBZMqHH…\n"


class NewImport(Form, frozen=True, kw_only=True):
    """What holds for every row of a file.

    Give the private key with which the subscriptions were made, or the id of a key of the project; neither only for our
    own export, whose rows say it, and for files of phones alone.
    """

    source: Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_SOURCE, pattern=r"\S")] | None = None
    format: ImportFormat = ImportFormat.AUTO
    vapid_private_key: (
        Annotated[
            str,
            msgspec.Meta(
                min_length=1,
                max_length=MAX_KEY_FILE,
                description="The vendor's: base64url, PEM, PKCS #8 or JWK. It is taken over into the project.",
            ),
        ]
        | None
    ) = None
    vapid_public_key: (
        Annotated[str, msgspec.Meta(min_length=1, max_length=200, description="What the private one must belong to.")]
        | None
    ) = None
    vapid_key_is_active: (
        Annotated[
            bool,
            msgspec.Meta(description="Whether pages get it from now on; null: if nobody uses the project's own yet."),
        ]
        | None
    ) = None
    vapid_key_id: Annotated[str, msgspec.Meta(max_length=40, description="A key that the project has.")] | None = None
    replace: Annotated[
        bool, msgspec.Meta(description="Rows win over subscriptions that are known with other keys.")
    ] = False
    tags_as_groups: Annotated[
        bool, msgspec.Meta(description="OneSignal's tags become groups, not attributes of people.")
    ] = False
    ignore_expiry: Annotated[bool, msgspec.Meta(description="Subscriptions live as long as their endpoints do.")] = (
        False
    )


class ImportView(View, frozen=True, kw_only=True):
    """An import and how far it is. `bytes_read` and `rows_read` are of the file; what they count is kept for good."""

    id: str
    state: ImportState
    source: str | None
    format: ImportFormat
    vapid_key_id: str | None
    bytes_read: int
    rows_read: int
    counts: Annotated[dict[str, int], msgspec.Meta(description="Rows by what came of them.")]
    dropped: Annotated[dict[str, int], msgspec.Meta(description="Optional fields that could not be kept, by name.")]
    failure: str | None
    created_at: Moment
    updated_at: Moment
    finished_at: Moment | None


class RefusedRowView(View, frozen=True, kw_only=True):
    """A row that was not taken: where it stands in the file, and why. Nothing that it holds is repeated."""

    number: int
    line: int
    reason: str
    detail: str


def _view(one: Import) -> ImportView:
    return ImportView(
        id=one.id,
        state=one.state,
        source=one.source,
        format=Options.of(one.options).format,
        vapid_key_id=one.vapid_key_id,
        bytes_read=one.bytes_read,
        rows_read=one.rows_read,
        counts=one.counts,
        dropped=one.dropped,
        failure=one.failure,
        created_at=one.created_at,
        updated_at=one.updated_at,
        finished_at=one.finished_at,
    )


def _refused_view(row: RefusedRow) -> RefusedRowView:
    return RefusedRowView(number=row.number, line=row.line, reason=row.reason, detail=row.detail)


@post(
    "/imports",
    summary="Begin an import",
    tags=_TAGS,
    opt=operation(
        scope=Scope.MANAGE,
        example={"format": "onesignal", "vapid_private_key": "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"},
        problems=(NotFound, Conflict),
    ),
)
async def create_import(data: JSONBody[NewImport], caller: By, heliograph: Wired) -> ImportView:
    """Begin to take over subscriptions of another system, or of our own export. Then send the file to it.

    Push services take a message only if it is signed with the key that the subscription was made with; so the vendor's
    private key comes along, and becomes the project's active key or a retiring one.
    """
    if data.vapid_private_key is not None and data.vapid_key_id is not None:
        raise InvalidRequest("Give a private key, or the id of a key that the project has: not both.")
    async with heliograph.store.begin() as tx:
        one = await imports.create(
            tx,
            heliograph.context(),
            project_id=caller.project(),
            source=data.source,
            options=Options(data.format, data.replace, data.tags_as_groups, not data.ignore_expiry),
            key=SigningKey(
                private=data.vapid_private_key,
                public=data.vapid_public_key,
                as_active=data.vapid_key_is_active,
                id=data.vapid_key_id,
            ),
        )
    return _view(one)


@put(
    "/imports/{import_id:str}/file",
    summary="Send the file of an import",
    tags=_TAGS,
    request_max_body_size=None,
    opt=operation(
        scope=Scope.MANAGE,
        raw_body=("application/octet-stream", _FILE),
        problems=(NotFound, Conflict, ImportFileRefused, ImportKeyMissing, ApplicationServerKeyUnknown),
    ),
)
async def send_import_file(
    import_id: FromPath[str], request: Request[Any, Caller, State], caller: By, heliograph: Wired
) -> ImportView:
    """Send CSV or JSON Lines, gzipped or not, of any size; the answer is the report. Rows are kept as they come.

    If the connection or the server breaks off, send the same file again: it goes on behind the last row that was kept.
    Sent again when it is finished, nothing happens and the report is the same.
    """
    async with heliograph.store.read() as tx:
        one = await imports.get(tx, project_id=caller.project(), import_id=import_id)

    async def blocks() -> AsyncIterator[bytes]:
        try:
            async for block in request.stream():
                if block:
                    yield block
        except InternalServerException:  # what Litestar makes of a caller who goes away
            raise Unavailable("The connection ended before the file did: send the same file again.") from None

    return _view(await import_file.run(heliograph.store, heliograph.context, heliograph.policy, one, blocks()))


@get("/imports", summary="List imports", tags=_TAGS, opt=operation(scope=Scope.READ))
async def list_imports(
    caller: By, heliograph: Wired, limit: Limit = PAGE, cursor: Cursor = None
) -> PageView[ImportView]:
    """Return the project's imports, newest first."""
    async with heliograph.store.read() as tx:
        page = await imports.listing(tx, project_id=caller.project(), cursor=cursor, limit=limit)
    return PageView(items=[_view(one) for one in page.items], next=page.next)


@get(
    "/imports/{import_id:str}",
    summary="Get an import",
    tags=_TAGS,
    opt=operation(scope=Scope.READ, problems=(NotFound,)),
)
async def get_import(import_id: FromPath[str], caller: By, heliograph: Wired) -> ImportView:
    """Return one import: how far it is, and what came of its rows."""
    async with heliograph.store.read() as tx:
        return _view(await imports.get(tx, project_id=caller.project(), import_id=import_id))


@get(
    "/imports/{import_id:str}/refused",
    summary="List refused rows",
    tags=_TAGS,
    opt=operation(scope=Scope.READ, problems=(NotFound,)),
)
async def list_refused_rows(
    import_id: FromPath[str], caller: By, heliograph: Wired, limit: Limit = PAGE, cursor: Cursor = None
) -> PageView[RefusedRowView]:
    """Return the rows that were not taken, in the order of the file; up to 100,000 of an import are kept."""
    async with heliograph.store.read() as tx:
        page = await imports.refused(tx, project_id=caller.project(), import_id=import_id, cursor=cursor, limit=limit)
    items = [
        RefusedRowView(number=one.number, line=one.line, reason=one.reason, detail=one.detail) for one in page.items
    ]
    return PageView(items=items, next=page.next)


ROUTES = (create_import, list_imports, get_import, send_import_file, list_refused_rows)
