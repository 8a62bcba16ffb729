"""Rows of dispatches: each run of a campaign, once per key. Variables go on to its notifications, and stay there."""

from dataclasses import asdict
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.engine import Row

from heliograph.domain.campaign import CampaignRun, DispatchState
from heliograph.storage.sql import insert_new
from heliograph.storage.store import Tx
from heliograph.storage.tables import dispatches


def _run(row: Row[Any]) -> CampaignRun:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return CampaignRun(**values | {"state": DispatchState(values["state"])})


async def add(tx: Tx, run: CampaignRun) -> bool:
    """Write a new dispatch; False if its campaign has one of this key."""
    kept = run.variables if run.state is DispatchState.WAITING else None
    return bool(
        await insert_new(
            tx, dispatches, [{**asdict(run), "variables": kept}], conflict=["campaign_id", "key"], returning=["id"]
        )
    )


async def load(tx: Tx, dispatch_id: str) -> CampaignRun | None:
    """Return one dispatch."""
    row = (await tx.execute(select(dispatches).where(dispatches.c.id == dispatch_id))).first()
    return None if row is None else _run(row)


async def by_key(tx: Tx, campaign_id: str, key: str) -> CampaignRun | None:
    """Return the dispatch of a key."""
    query = select(dispatches).where(dispatches.c.campaign_id == campaign_id, dispatches.c.key == key)
    row = (await tx.execute(query)).first()
    return None if row is None else _run(row)


async def settle(tx: Tx, dispatch_id: str, state: DispatchState, reason: str | None = None) -> bool:
    """Say what became of a dispatch that waits; False if that is settled already."""
    statement = update(dispatches).where(dispatches.c.id == dispatch_id, dispatches.c.state == DispatchState.WAITING)
    return (await tx.execute(statement.values(state=state, reason=reason, variables=None))).rowcount > 0


async def page(tx: Tx, campaign_id: str, *, before: str | None, limit: int) -> list[CampaignRun]:
    """Return dispatches of a campaign, newest first."""
    query = select(dispatches).where(dispatches.c.campaign_id == campaign_id)
    if before is not None:
        query = query.where(dispatches.c.id < before)
    return [_run(row) for row in await tx.execute(query.order_by(dispatches.c.id.desc()).limit(limit))]


async def count(tx: Tx, campaign_id: str) -> dict[str, int]:
    """Return how many dispatches a campaign has in each state."""
    query = select(dispatches.c.state, func.count()).where(dispatches.c.campaign_id == campaign_id)
    return {state: int(number) for state, number in await tx.execute(query.group_by(dispatches.c.state))}
