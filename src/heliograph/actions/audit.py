"""The log of administrative acts. Verbs write it in the transaction of what they do: no act without its line."""

from heliograph.kit.context import Context
from heliograph.kit.paging import Page, read_page
from heliograph.names import Act
from heliograph.storage import audit
from heliograph.storage.audit import Entry
from heliograph.storage.store import Tx

Detail = str | int | bool | list[str] | None
"""Names, numbers and identifiers. Never a token, a key or an address of a browser."""


async def note(
    tx: Tx, ctx: Context, act: Act, *, project_id: str | None, subject_id: str | None = None, **details: Detail
) -> None:
    """Write down that an act was done, by whom `ctx` says."""
    entry = Entry(
        id=ctx.ids.new("aud"),
        project_id=project_id,
        actor_kind=str(ctx.actor.kind),
        actor_id=ctx.actor.id,
        act=str(act),
        subject_id=subject_id,
        request_id=ctx.actor.request_id,
        at=ctx.now,
        details={name: value for name, value in details.items() if value is not None},
    )
    await audit.add(tx, entry)


async def listing(tx: Tx, *, project_id: str | None, cursor: str | None, limit: int) -> Page[Entry]:
    """Return a page of acts, newest first; for no project, those of the whole installation."""
    return await read_page(
        lambda before, count: audit.page(tx, project_id, before=before, limit=count),
        lambda entry: entry.id,
        listing=f"audit/{project_id}",
        cursor=cursor,
        limit=limit,
    )
