"""The log of administrative acts over HTTP: `/v1/audit`."""

from typing import Any

from litestar import get

from heliograph.actions import audit
from heliograph.api.auth import By
from heliograph.api.forms import PAGE, Cursor, Limit, Moment, PageView, View
from heliograph.api.operation import operation
from heliograph.api.wired import Wired
from heliograph.names import Scope


class AuditView(View, frozen=True, kw_only=True):
    """One act. `actor_id` is an API key, an account of the Glue API, or for `cli` who ran the command."""

    id: str
    project_id: str | None
    actor_kind: str
    actor_id: str | None
    act: str
    subject_id: str | None
    details: dict[str, Any]
    request_id: str | None
    at: Moment


@get("/audit", summary="List administrative acts", tags=["Audit"], opt=operation(scope=Scope.MANAGE))
async def list_audit(caller: By, heliograph: Wired, limit: Limit = PAGE, cursor: Cursor = None) -> PageView[AuditView]:
    """Return who changed what, newest first: of the project, or with an installation key that names none, of all."""
    async with heliograph.store.read() as tx:
        page = await audit.listing(tx, project_id=caller.project_id, cursor=cursor, limit=limit)
    items = [AuditView(**{name: getattr(entry, name) for name in AuditView.__struct_fields__}) for entry in page.items]
    return PageView(items=items, next=page.next)


ROUTES = (list_audit,)
