"""Values come back from both databases as they went."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.exc import StatementError

from heliograph.storage.sql import insert_ignore, upsert
from heliograph.storage.store import Store
from heliograph.storage.tables import api_keys, jobs, leases


@pytest.mark.parametrize(
    "instant",
    [
        datetime(2026, 3, 29, 1, 59, 59, 999999, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=UTC),
        datetime(2999, 1, 1, tzinfo=UTC),
        datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=5, minutes=45))),
    ],
)
async def test_an_instant_comes_back_to_the_microsecond(store: Store, instant: datetime) -> None:
    """Whatever zone it was given in, it is the same instant, and UTC."""
    async with store.begin() as tx:
        await insert_ignore(tx, leases, [{"name": "n", "holder": "h", "until": instant}], conflict=["name"])
        found = await tx.scalar(select(leases.c.until).where(leases.c.until == instant))
    assert found == instant
    assert found.utcoffset() == timedelta(0)


async def test_instants_are_ordered_by_the_database(store: Store) -> None:
    """Comparison and order follow time, not text."""
    start = datetime(2026, 1, 1, tzinfo=UTC)
    steps = [timedelta(microseconds=1), timedelta(seconds=9), timedelta(seconds=10), timedelta(days=400)]
    async with store.begin() as tx:
        rows = [{"name": str(step), "holder": "", "until": start + step} for step in reversed(steps)]
        await insert_ignore(tx, leases, rows, conflict=["name"])
        found = (await tx.execute(select(leases.c.until).order_by(leases.c.until))).scalars().all()
        later = await tx.scalar(select(func.count()).where(leases.c.until > start + steps[1]))
    assert [at - start for at in found] == steps
    assert later == 2


async def test_a_naive_datetime_is_refused(store: Store) -> None:
    """Nobody knows which instant it is."""
    naive = datetime(2026, 1, 1)  # noqa: DTZ001
    async with store.begin() as tx:
        with pytest.raises(StatementError, match="aware"):
            await insert_ignore(tx, leases, [{"name": "n", "holder": "h", "until": naive}], conflict=["name"])


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(-1e15, 1e15)
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=st.dictionaries(st.text("aé\"'.$[]", max_size=4), _JSON, max_size=4))
def test_json_comes_back_as_it_went(settled: tuple[asyncio.Runner, Store], document: dict[str, Any]) -> None:
    """Any JSON object, with keys of any script and with quotes, is the same when it is read."""
    runner, store = settled

    async def run() -> Any:
        async with store.begin() as tx:
            await upsert(tx, jobs, [_job(args=document)], conflict=["id"], update=["args"])
        async with store.read() as tx:
            return await tx.scalar(select(jobs.c.args))

    assert _rounded(runner.run(run())) == _rounded(document)


@pytest.fixture
def settled(database_url: str) -> Iterator[tuple[asyncio.Runner, Store]]:
    """A loop and a store in it that outlive one example."""
    with asyncio.Runner() as runner:
        store = runner.run(Store.open(database_url, pool_size=2))
        yield runner, store
        runner.run(store.close())


def _rounded(document: Any) -> Any:
    """Jsonb keeps numbers as decimals, so -0.0 comes back as 0 and 1e16 as an integer: the same number."""
    match document:
        case dict():
            return {key: _rounded(item) for key, item in document.items()}
        case list():
            return [_rounded(item) for item in document]
        case float():
            return document or 0
        case _:
            return document


def _job(**changes: Any) -> dict[str, Any]:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    row = {"id": "job_1", "name": "n", "args": {}, "priority": 5, "run_at": now, "state": "ready", "attempts": 0}
    return {**row, "dedupe_key": None, "created_at": now, **changes}


async def test_bytes_come_back_as_bytes(store: Store) -> None:
    """Every byte value survives."""
    data = bytes(range(256))
    row = {
        "id": "key_1",
        "kind": "secret",
        "name": "n",
        "scopes": ["read"],
        "token_hash": data,
        "hint": "hsk_",
        "created_at": datetime(2026, 1, 1, tzinfo=UTC),
    }
    async with store.begin() as tx:
        await insert_ignore(tx, api_keys, [row], conflict=["id"])
        found = await tx.scalar(select(api_keys.c.token_hash).where(api_keys.c.token_hash == data))
    assert found == data
    assert isinstance(found, bytes)
