"""Watching what a database does for each statement: which tables it reads whole, and how many rows it touches."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection

from heliograph.storage.store import Tx
from heliograph.storage.tables import metadata

MAX_ROWS = 6_000
"""Rows that PostgreSQL may look at for one statement: a page or a range is 500, and has a few columns beside it."""
MAX_STEPS = 100_000
"""Steps of SQLite's virtual machine for one call: reading 20,000 rows takes more, writing 500 takes fewer."""
STEPS_AT_ONCE = 1_000
_EXPLAINED = re.compile(r"\s*(WITH|SELECT|INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
_SCAN = re.compile(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?")
_TABLES = set(metadata.tables)
_PARTIAL = {
    str(index.name)
    for table in metadata.tables.values()
    for index in table.indexes
    if index.dialect_options["sqlite"]["where"] is not None
}


@dataclass
class Watch:
    """What was seen: statements, and what is wrong with them."""

    statements: int = 0
    faults: list[str] = field(default_factory=list)

    def fault(self, what: str, statement: str) -> None:
        """Note something that must not be."""
        self.faults.append(f"{what}: {' '.join(statement.split())[:600]}")


@contextmanager
def watching(tx: Tx, watch: Watch) -> Iterator[None]:
    """Explain every statement of this transaction just before it runs."""

    def explain(
        connection: Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, _many: bool
    ) -> None:
        if not _EXPLAINED.match(statement):
            return
        watch.statements += 1
        # A list: one statement, run for each set of values; the first stands for all.
        values = parameters[0] if isinstance(parameters, list) else parameters
        judge = _sqlite if connection.dialect.name == "sqlite" else _postgresql
        cursor = connection.connection.cursor()
        try:
            judge(cursor, statement, values, watch)
        finally:
            cursor.close()

    engine = tx.sync_connection.engine
    event.listen(engine, "before_cursor_execute", explain)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", explain)


def _sqlite(cursor: Any, statement: str, values: Any, watch: Watch) -> None:
    cursor.execute(f"EXPLAIN QUERY PLAN {statement}", values)
    lines = [line for *_, line in cursor.fetchall()]
    # In the order of an index until the page is full: how far that goes is what the steps tell.
    is_page = (
        statement.lstrip().startswith("SELECT") and " LIMIT " in statement and not any("TEMP" in line for line in lines)
    )
    for line in lines:
        found = _SCAN.match(line)
        if found and found[1] in _TABLES and found[2] not in _PARTIAL and not (is_page and found[2]):
            watch.fault(f"reads all of {found[1]} ({line})", statement)


def _postgresql(cursor: Any, statement: str, values: Any, watch: Watch) -> None:
    cursor.execute("SAVEPOINT explained")
    # At this size reading everything is often cheaper; at ten million rows it is not. Is there another way at all?
    cursor.execute("SET LOCAL enable_seqscan = off")
    cursor.execute("SET LOCAL random_page_cost = 1.1")
    nodes = _plan(cursor, "ANALYZE", statement, values)
    touched = sum(_rows(node) for node in nodes if "Relation Name" in node)
    if touched > MAX_ROWS:
        watch.fault(f"looks at {touched} rows", statement)
    # What is chosen once the driver has prepared the statement and the server stopped looking at the values.
    for node in nodes + _plan(cursor, "GENERIC_PLAN", statement, values):
        if node["Node Type"] == "Seq Scan":
            watch.fault(f"reads all of {node['Relation Name']}", statement)
    cursor.execute("ROLLBACK TO SAVEPOINT explained")


def _plan(cursor: Any, option: str, statement: str, values: Any) -> list[dict[str, Any]]:
    cursor.execute(f"EXPLAIN ({option}, FORMAT JSON) {statement}", values)
    [(document,)] = cursor.fetchall()
    return list(_nodes((json.loads(document) if isinstance(document, str) else document)[0]["Plan"]))


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from _nodes(child)


def _rows(node: dict[str, Any]) -> int:
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return int((node["Actual Rows"] + removed) * node["Actual Loops"])
