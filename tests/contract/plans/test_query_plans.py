"""No query's cost grows with the table when a page is wanted: each of them, on both databases, as it really runs."""

import importlib
import inspect
import pkgutil
from typing import Any

from tests.contract.plans.queries import QUERIES, Query
from tests.contract.plans.seed import fill
from tests.contract.plans.watch import MAX_STEPS, STEPS_AT_ONCE, Watch, watching

from heliograph import storage
from heliograph.storage.store import Store

_MACHINERY = {"store", "engines", "sql", "migrate"}


async def test_no_query_reads_a_table_from_end_to_end(store: Store) -> None:
    """On 50,000 subscriptions and 100,000 jobs every statement finds its rows by an index, and looks at few."""
    await fill(store)
    faults = {}
    for query in [query for query in QUERIES if query.only_on in (None, store.dialect)]:
        watch = Watch()
        await _run(store, query, watch)
        assert watch.statements, f"{query.name} asked nothing"
        if watch.faults:
            faults[f"{query.name} {query.args!r:.80} {query.kwargs!r:.80}"] = watch.faults
    assert not faults, "\n\n".join(f"{name}\n  " + "\n  ".join(found) for name, found in faults.items())


async def _run(store: Store, query: Query, watch: Watch) -> None:
    async with store.begin() as tx:
        if store.dialect == "sqlite":
            await _count_steps(tx, query, watch)
        with watching(tx, watch):
            await query.run(tx)
        await tx.rollback()


async def _count_steps(tx: Any, query: Query, watch: Watch) -> None:
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += STEPS_AT_ONCE

    driver = (await tx.get_raw_connection()).driver_connection
    await driver.set_progress_handler(step, STEPS_AT_ONCE)
    savepoint = await tx.begin_nested()
    await query.run(tx)
    await savepoint.rollback()
    await driver.set_progress_handler(None, STEPS_AT_ONCE)
    if steps > MAX_STEPS:
        watch.faults.append(f"takes {steps} steps")


def test_every_query_is_on_the_list() -> None:
    """A function of `storage/` that asks the database something is watched above."""
    known = {query.name for query in QUERIES}
    asked = set()
    for module in pkgutil.iter_modules(storage.__path__):
        if module.name not in _MACHINERY and not module.ispkg:
            members = vars(importlib.import_module(f"heliograph.storage.{module.name}"))
            asked |= {
                f"{module.name}.{name}"
                for name, member in members.items()
                if inspect.iscoroutinefunction(member)
                and member.__module__ == f"heliograph.storage.{module.name}"
                and not name.startswith("_")
            }
    assert asked - known == set()
