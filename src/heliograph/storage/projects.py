"""Rows of projects. A deleted project is not found by anything here."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Row

from heliograph.storage.store import Tx
from heliograph.storage.tables import projects


@dataclass(frozen=True, slots=True)
class Project:
    """One tenant.

    Attributes:
        receipt_key: sealed, 32 bytes; makes delivery tokens.
        identity_secret: sealed, 32 bytes; signs external ids.
        identity_public_key: PEM.
        plaintext_budget: bytes that a notification may have.
        rates: of its messages, as `domain.rate` reads them: of all together, and by push service.
        limits: how often and when people may be written to, as `domain.contact_rules` reads them.
    """

    id: str
    name: str
    origins: tuple[str, ...]
    vapid_subject: str
    receipt_key: bytes
    identity_secret: bytes
    identity_public_key: str | None
    plaintext_budget: int
    created_at: datetime
    updated_at: datetime
    rates: dict[str, str] = field(default_factory=dict)
    limits: dict[str, Any] = field(default_factory=dict)


_COLUMNS = [column for column in projects.c if column.name != "deleted_at"]


def _project(row: Row[Any]) -> Project:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    values |= {"origins": tuple(values["origins"]), "rates": values["rates"] or {}, "limits": values["limits"] or {}}
    return Project(**values)


async def add(tx: Tx, project: Project) -> None:
    """Write a new project."""
    await tx.execute(insert(projects).values({**asdict(project), "origins": list(project.origins)}))


async def get(tx: Tx, project_id: str) -> Project | None:
    """Return one project."""
    row = (
        await tx.execute(select(*_COLUMNS).where(projects.c.id == project_id, projects.c.deleted_at.is_(None)))
    ).first()
    return None if row is None else _project(row)


async def page(tx: Tx, *, after: str | None, limit: int) -> list[Project]:
    """Return projects, oldest first."""
    query = select(*_COLUMNS).where(projects.c.deleted_at.is_(None)).order_by(projects.c.id).limit(limit)
    if after is not None:
        query = query.where(projects.c.id > after)
    return [_project(row) for row in await tx.execute(query)]


async def change(tx: Tx, project_id: str, values: dict[str, Any]) -> bool:
    """Overwrite columns; False if there is no such project."""
    statement = update(projects).where(projects.c.id == project_id, projects.c.deleted_at.is_(None)).values(values)
    return (await tx.execute(statement)).rowcount > 0


async def is_empty(tx: Tx) -> bool:
    """Tell whether this installation never had a project."""
    return (await tx.execute(select(projects.c.id).limit(1))).first() is None


async def lock(tx: Tx, project_id: str) -> Project | None:
    """Return one project and let other transactions that lock it wait until this one ends."""
    query = select(*_COLUMNS).where(projects.c.id == project_id, projects.c.deleted_at.is_(None)).with_for_update()
    row = (await tx.execute(query)).first()
    return None if row is None else _project(row)
