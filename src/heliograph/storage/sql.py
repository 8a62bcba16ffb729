"""What the two databases spell differently: inserting what may be there already, and how much fits in one statement."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Row,
    Select,
    String,
    Table,
    Text,
    column,
    func,
    literal,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

MAX_PARAMETERS = 32_000
"""Bound values in one statement: SQLite takes 32,766, PostgreSQL 65,535."""

_ARRAYS_FROM = 20
"""Rows from which on it pays to send a column at a time."""

T = TypeVar("T")
Rows = Sequence[Mapping[str, Any]]
Meant: TypeAlias = ColumnElement[bool]
"""Which rows are meant: an expression that others hand on without looking into it."""


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
    """Insert rows; leave those alone that exist already; return the named columns of the new ones, in any order.

    All rows have the same keys.
    """
    if not rows:
        return []
    columns = [table.c[name] for name in returning]
    ignoring, values = _ignoring(tx, table, rows, conflict)
    return list((await tx.execute(ignoring.returning(*columns), *values)).all())


async def insert_bulk(tx: AsyncConnection, table: Table, rows: Rows, *, conflict: Sequence[str]) -> None:
    """Insert many rows, which have the same keys and no JSON; leave those alone that exist already."""
    if rows:
        ignoring, values = _ignoring(tx, table, rows, conflict)
        await tx.execute(ignoring, *values)


def _ignoring(
    tx: AsyncConnection, table: Table, rows: Rows, conflict: Sequence[str]
) -> tuple["sqlite.Insert | postgresql.Insert", list[list[Mapping[str, Any]]]]:
    """Return the statement that inserts rows the fast way, and what to execute it with."""
    statement = insert(tx, table)
    if tx.dialect.name == "postgresql" and len(rows) >= _ARRAYS_FROM:
        from_arrays = statement.from_select(list(rows[0]), _unnested(table, rows))
        return from_arrays.on_conflict_do_nothing(index_elements=list(conflict)), []
    return statement.on_conflict_do_nothing(index_elements=list(conflict)), [list(rows)]


def _unnested(table: Table, rows: Rows) -> Select[Any]:
    """Select rows from one array per column: a parameter for each value would take four times as long to send."""
    columns = [table.c[name] for name in rows[0]]
    # Text, because a cast to varchar(n) would cut what is too long instead of refusing it.
    types = [Text() if isinstance(column.type, String) else column.type for column in columns]
    arrays = (literal([row[each.name] for row in rows], ARRAY(kind)) for each, kind in zip(columns, types, strict=True))
    names = (column(each.name, each.type) for each in columns)
    return select(func.unnest(*arrays).table_valued(*names, name="new").render_derived())


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
