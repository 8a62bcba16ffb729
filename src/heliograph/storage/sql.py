"""What the two databases spell differently: inserting what may be there already, and how much fits in one statement."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Row, Table, literal_column
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

MAX_PARAMETERS = 32_000
"""Bound values in one statement: SQLite takes 32,766, PostgreSQL 65,535."""

T = TypeVar("T")
Rows = Sequence[Mapping[str, Any]]


def constant(value: str) -> ColumnElement[str]:
    """Return a value that is written into the statement instead of being bound.

    A partial index is used only if the database can see, while planning, that its condition holds; so compare `state`
    with `constant("ready")` wherever `tables.py` has an index on rows in that state.
    """
    if not value.replace("_", "").isalnum():
        raise ValueError("Only plain words of our own are written into statements.")
    return literal_column(f"'{value}'")


def insert(tx: AsyncConnection, table: Table) -> "sqlite.Insert | postgresql.Insert":
    """Return an INSERT that knows `on_conflict_do_nothing`, `on_conflict_do_update` and `excluded`."""
    return sqlite.insert(table) if tx.dialect.name == "sqlite" else postgresql.insert(table)


def chunks(items: Sequence[T], *, columns: int = 1) -> Iterator[Sequence[T]]:
    """Cut `items`, each of which binds `columns` values, into parts that fit into one statement."""
    size = max(1, MAX_PARAMETERS // columns)
    for start in range(0, len(items), size):
        yield items[start : start + size]


async def insert_ignore(tx: AsyncConnection, table: Table, rows: Rows, *, conflict: Sequence[str]) -> None:
    """Insert rows; leave those alone whose `conflict` columns exist already."""
    if rows:
        await tx.execute(insert(tx, table).on_conflict_do_nothing(index_elements=list(conflict)), list(rows))


async def insert_new(
    tx: AsyncConnection, table: Table, rows: Rows, *, conflict: Sequence[str], returning: Sequence[str]
) -> list[Row[Any]]:
    """Insert rows; leave those alone that exist already; return the named columns of the new ones, in any order."""
    if not rows:
        return []
    statement = insert(tx, table).on_conflict_do_nothing(index_elements=list(conflict))
    result = await tx.execute(statement.returning(*(table.c[name] for name in returning)), list(rows))
    return list(result.all())


async def upsert(
    tx: AsyncConnection, table: Table, rows: Rows, *, conflict: Sequence[str], update: Sequence[str]
) -> None:
    """Insert rows; where the `conflict` columns exist already, overwrite the `update` columns.

    PostgreSQL refuses the same key twice in one statement; here each row is a statement, so the last one wins on both.
    """
    if rows:
        statement = insert(tx, table)
        changes = {name: statement.excluded[name] for name in update}
        await tx.execute(statement.on_conflict_do_update(index_elements=list(conflict), set_=changes), list(rows))
