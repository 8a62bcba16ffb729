"""The log of administrative acts: written in the transaction of the act, read by pages, swept by age."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select

from heliograph.kit.ids import floor_id
from heliograph.storage.store import Tx
from heliograph.storage.tables import audit_log


@dataclass(frozen=True, slots=True)
class Entry:
    """One act.

    Attributes:
        project_id: None for an act on the installation.
        actor_kind: `key`, `account`, `cli` or `machine`.
        actor_id: the API key's or the account's identifier, or the login name of who ran the command.
        act: a `names.Act`.
        subject_id: what was acted upon.
        details: what a reader wants to know besides; never a secret.
    """

    id: str
    project_id: str | None
    actor_kind: str
    actor_id: str | None
    act: str
    subject_id: str | None
    request_id: str | None
    at: datetime
    details: dict[str, Any] = field(default_factory=dict)


_COLUMNS = [audit_log.c[name] for name in Entry.__dataclass_fields__]


async def add(tx: Tx, entry: Entry) -> None:
    """Write an act down."""
    await tx.execute(insert(audit_log).values(asdict(entry)))


async def page(tx: Tx, project_id: str | None, *, before: str | None, limit: int) -> list[Entry]:
    """Return acts, newest first: those of a project, or for None all of the installation."""
    query = select(*_COLUMNS).order_by(audit_log.c.id.desc()).limit(limit)
    if project_id is not None:
        query = query.where(audit_log.c.project_id == project_id)
    if before is not None:
        query = query.where(audit_log.c.id < before)
    return [Entry(*row) for row in await tx.execute(query)]


async def sweep(tx: Tx, *, before: datetime, limit: int) -> int:
    """Delete up to `limit` acts that happened before an instant, oldest first."""
    old = select(audit_log.c.id).where(audit_log.c.id < floor_id("aud", before)).order_by(audit_log.c.id).limit(limit)
    return (await tx.execute(delete(audit_log).where(audit_log.c.id.in_(old)))).rowcount
