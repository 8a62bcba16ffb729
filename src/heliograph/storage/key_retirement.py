"""The end of an application server key: who still uses it, taking its private half away, ending who was left."""

from datetime import datetime

from sqlalchemy import exists, func, select, update

from heliograph.domain.webhook import Event
from heliograph.names import EventType
from heliograph.storage import outbox
from heliograph.storage.sql import constant
from heliograph.storage.store import Tx
from heliograph.storage.tables import subscriptions, vapid_keys
from heliograph.storage.vapid_keys import VapidKeyState

_ACTIVE = subscriptions.c.state == constant("active")


async def hold(tx: Tx, key_id: str) -> VapidKeyState | None:
    """Return a key's state; until the transaction ends, nobody retires the key. Several may hold one."""
    query = select(vapid_keys.c.state).where(vapid_keys.c.id == key_id).with_for_update(read=True, key_share=True)
    state = (await tx.execute(query)).scalar_one_or_none()
    return None if state is None else VapidKeyState(state)


async def lock(tx: Tx, key_id: str) -> VapidKeyState | None:
    """Return a key's state once nobody holds it; until the transaction ends, nobody can register with it."""
    query = select(vapid_keys.c.state).where(vapid_keys.c.id == key_id).with_for_update()
    state = (await tx.execute(query)).scalar_one_or_none()
    return None if state is None else VapidKeyState(state)


async def count_uses(tx: Tx, key_id: str, *, limit: int) -> int:
    """Count the active subscriptions that were made with a key, along an index and no further than `limit`."""
    some = select(subscriptions.c.vapid_key_id).where(subscriptions.c.vapid_key_id == key_id, _ACTIVE).limit(limit)
    return int((await tx.execute(select(func.count()).select_from(some.subquery()))).scalar_one())


async def unused(tx: Tx, *, before: datetime, limit: int) -> list[str]:
    """Return keys that are retiring since before an instant and that no active subscription uses, oldest first."""
    is_used = exists().where(subscriptions.c.vapid_key_id == vapid_keys.c.id, _ACTIVE)
    query = (
        select(vapid_keys.c.id)
        .where(vapid_keys.c.state == constant("retiring"), vapid_keys.c.retiring_at < before, ~is_used)
        .order_by(vapid_keys.c.retiring_at)
        .limit(limit)
    )
    return list((await tx.execute(query)).scalars())


async def retire(tx: Tx, key_id: str, *, now: datetime) -> None:
    """Retire a key and destroy its private half. The caller has locked it."""
    values = {
        "state": VapidKeyState.RETIRED,
        "private_key": b"",
        "retired_at": now,
        "refused_in_row": 0,
        "paused_until": None,
        "pause_reason": None,
    }
    await tx.execute(update(vapid_keys).where(vapid_keys.c.id == key_id).values(values))


async def end_subscriptions(tx: Tx, key_id: str, *, now: datetime, limit: int) -> int:
    """Mark active subscriptions of a retired key as gone; return how many were. Groups and person stay with the row."""
    query = (
        select(subscriptions.c.id)
        .where(subscriptions.c.vapid_key_id == key_id, _ACTIVE)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = sorted((await tx.execute(query)).scalars())
    statement = update(subscriptions).where(subscriptions.c.id.in_(ids), _ACTIVE)
    values = {"state": "gone", "state_reason": "key_retired", "ended_at": now}
    told = statement.values(values).returning(subscriptions.c.id, subscriptions.c.project_id)
    for row in (ended := (await tx.execute(told)).all()):
        data = {"subscription_id": row.id, "reason": "key_retired"}
        outbox.note_one(tx, row.project_id, Event(EventType.SUBSCRIPTION_GONE, now, data))
    return len(ended)
