"""The way of an application server key out: who still uses it, and its end. RFC 8292 section 4.

Making another key (`vapid_keys.create`) begins a rotation. From then on the one before is *retiring*: it signs for the
subscriptions that were made with it, which move to the active key one by one as their people come by.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from heliograph.actions import audit, vapid_keys
from heliograph.errors import Conflict, VapidKeyInUse
from heliograph.kit.context import Context
from heliograph.names import Act, JobName
from heliograph.queue.base import NORMAL, NewJob, Queue
from heliograph.storage import key_retirement
from heliograph.storage.store import Tx
from heliograph.storage.vapid_keys import VapidKey, VapidKeyState

COUNTED = 100_000
"""So many subscriptions of a key are counted, along an index; of more it is only told that there are more."""


@dataclass(frozen=True, slots=True)
class UsedKey:
    """A key and how many active subscriptions were made with it: exactly, or at least so many."""

    key: VapidKey
    active_subscriptions: int
    is_exact: bool


async def with_uses(tx: Tx, keys: Sequence[VapidKey]) -> list[UsedKey]:
    """Add to each key how many active subscriptions still use it."""
    return [await _used(tx, key) for key in keys]


async def _used(tx: Tx, key: VapidKey) -> UsedKey:
    found = await key_retirement.count_uses(tx, key.id, limit=COUNTED + 1)
    return UsedKey(key, min(found, COUNTED), found <= COUNTED)


async def retire(tx: Tx, ctx: Context, queue: Queue, *, project_id: str, key_id: str, force: bool = False) -> VapidKey:
    """Retire a key for ever and destroy its private half; retiring it again changes nothing.

    With `force`, subscriptions that still use it end as `gone` for the reason `key_retired`, in portions. Their groups
    and people stay with them, and a browser that comes by is subscribed again under its old id.

    Raises:
        NotFound: the project has no such key.
        Conflict: it is the active key.
        VapidKeyInUse: active subscriptions use it, and `force` was not given.
    """
    await vapid_keys.get(tx, project_id=project_id, key_id=key_id)
    state = await key_retirement.lock(tx, key_id)
    if state is VapidKeyState.ACTIVE:
        raise Conflict("This is the key that pages are given: make another one first, then this one can be retired.")
    if state is VapidKeyState.RETIRING:
        used = await _used(tx, await vapid_keys.get(tx, project_id=project_id, key_id=key_id))
        if used.active_subscriptions and not force:
            raise VapidKeyInUse(_in_use(used))
        await key_retirement.retire(tx, key_id, now=ctx.now)
        await audit.note(tx, ctx, Act.VAPID_KEY_RETIRED, project_id=project_id, subject_id=key_id, forced=force)
        if used.active_subscriptions:
            job = NewJob(JobName.END_SUBSCRIPTIONS, {"key_id": key_id}, run_at=ctx.now, priority=NORMAL)
            await queue.add(tx, [job], now=ctx.now)
    return await vapid_keys.get(tx, project_id=project_id, key_id=key_id)


def _in_use(used: UsedKey) -> str:
    least = "" if used.is_exact else "At least "
    return (
        f"{least}{used.active_subscriptions:,} active subscriptions still use this key. They move to the active one "
        "when their people visit the site, and the key then retires by itself; forced, they end now."
    )
