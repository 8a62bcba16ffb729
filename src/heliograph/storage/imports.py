"""Rows of imports: what each is, how far it came, and what it refused."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Row

from heliograph.storage.sql import insert_bulk
from heliograph.storage.store import Tx
from heliograph.storage.tables import import_refusals, imports


class ImportState(StrEnum):
    """How far an import is."""

    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"
    FAILED = "failed"
    """The file could not be read, or not to its end; what was read of it is here, and the right file goes on."""


@dataclass(frozen=True, slots=True)
class Import:
    """One import.

    Attributes:
        options: `format`, `on_conflict` and so on, as JSON.
        bytes_read: of the file as it came; `prefix_hash` is the SHA-256 of those.
        rows_read: rows that are done.
        counts: rows by what came of them.
        dropped: optional fields that were left out, by name.
        failure: one sentence, of a failed one.
    """

    id: str
    project_id: str
    state: ImportState
    source: str | None
    options: dict[str, Any]
    vapid_key_id: str | None
    created_at: datetime
    updated_at: datetime
    head_hash: bytes | None = None
    bytes_read: int = 0
    prefix_hash: bytes | None = None
    rows_read: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    dropped: dict[str, int] = field(default_factory=dict)
    failure: str | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was not taken: where it stands and why, without anything that it holds."""

    number: int
    line: int
    reason: str
    detail: str


_COLUMNS = [imports.c[name] for name in Import.__dataclass_fields__]


def _import(row: Row[Any]) -> Import:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return Import(**{**values, "state": ImportState(values["state"])})


async def add(tx: Tx, one: Import) -> None:
    """Write a new import."""
    await tx.execute(insert(imports).values({name: getattr(one, name) for name in Import.__dataclass_fields__}))


async def get(tx: Tx, project_id: str, import_id: str) -> Import | None:
    """Return one import of a project."""
    query = select(*_COLUMNS).where(imports.c.project_id == project_id, imports.c.id == import_id)
    row = (await tx.execute(query)).first()
    return None if row is None else _import(row)


async def last_of_head(tx: Tx, project_id: str, head_hash: bytes) -> Import | None:
    """Return the latest import of a file that begins like this."""
    query = select(*_COLUMNS).where(imports.c.project_id == project_id, imports.c.head_hash == head_hash)
    row = (await tx.execute(query.order_by(imports.c.id.desc()).limit(1))).first()
    return None if row is None else _import(row)


async def page(tx: Tx, project_id: str, *, before: str | None, limit: int) -> list[Import]:
    """Return imports of a project, newest first."""
    query = select(*_COLUMNS).where(imports.c.project_id == project_id).order_by(imports.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(imports.c.id < before)
    return [_import(row) for row in await tx.execute(query)]


async def advance(tx: Tx, import_id: str, values: dict[str, Any], *, rows_before: int) -> bool:
    """Change an import that stands where the caller believes it does; False if somebody else went on with it."""
    statement = update(imports).where(
        imports.c.id == import_id, imports.c.rows_read == rows_before, imports.c.state != ImportState.FINISHED
    )
    return (await tx.execute(statement.values(values))).rowcount == 1


async def refuse(tx: Tx, import_id: str, rows: Sequence[RefusedRow]) -> None:
    """Keep which rows were refused."""
    values = [
        {"import_id": import_id, "number": row.number, "line": row.line, "reason": row.reason, "detail": row.detail}
        for row in rows
    ]
    await insert_bulk(tx, import_refusals, values, conflict=("import_id", "number"))


async def refused(tx: Tx, import_id: str, *, after: int, limit: int) -> list[RefusedRow]:
    """Return refused rows of an import, in the order of the file."""
    query = (
        select(import_refusals.c.number, import_refusals.c.line, import_refusals.c.reason, import_refusals.c.detail)
        .where(import_refusals.c.import_id == import_id, import_refusals.c.number > after)
        .order_by(import_refusals.c.number)
        .limit(limit)
    )
    return [RefusedRow(*row) for row in await tx.execute(query)]
