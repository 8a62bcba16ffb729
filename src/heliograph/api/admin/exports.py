"""The export over HTTP: `/v1/export`, streamed."""

from collections.abc import AsyncIterator
from typing import Annotated

from litestar import get
from litestar.params import QueryParameter
from litestar.response import Stream

from heliograph.actions import exports
from heliograph.actions.exports import MEDIA_TYPES, ExportForm
from heliograph.api.auth import By
from heliograph.api.operation import operation
from heliograph.api.wired import Wired
from heliograph.domain.importing.heliograph import COLUMNS
from heliograph.names import Scope

_EXAMPLE = ",".join(COLUMNS) + "\r\n"


@get(
    "/export",
    summary="Export subscriptions",
    tags=["Imports"],
    opt=operation(scope=Scope.MANAGE, raw_answers={kind.partition(";")[0]: _EXAMPLE for kind in MEDIA_TYPES.values()}),
)
async def export_subscriptions(
    caller: By,
    heliograph: Wired,
    form: Annotated[ExportForm, QueryParameter(name="format", description="How it is written.")] = ExportForm.CSV,
) -> Stream:
    """Return all active subscriptions and the phones that are kept for later, as our own import reads them back.

    With addresses and keys: who has this and a VAPID key can write to these browsers. A cell that a spreadsheet would
    take for a formula begins with an apostrophe.
    """
    project_id = caller.project()
    async with heliograph.store.begin() as tx:
        await exports.note(tx, heliograph.context(), project_id=project_id, form=form)

    async def pieces() -> AsyncIterator[bytes]:
        async for _, piece in exports.pieces(heliograph.store, project_id=project_id, form=form):
            yield piece

    headers = {"Content-Disposition": f'attachment; filename="subscriptions.{form}"'}
    return Stream(pieces(), media_type=MEDIA_TYPES[form], headers=headers)


ROUTES = (export_subscriptions,)
