"""Application server keys that nobody uses retire by themselves; who still used one that was retired by force, ends."""

from datetime import datetime, timedelta

from heliograph.delivery.machine import Machine
from heliograph.kit.log import get_logger
from heliograph.names import JobName
from heliograph.queue.base import NORMAL, Job, NewJob
from heliograph.storage import key_retirement
from heliograph.storage.store import Tx
from heliograph.storage.vapid_keys import VapidKeyState

QUIET = timedelta(days=1)
"""Pages that were opened before the change may still subscribe with the old key."""
PORTION = 1_000
SOON = timedelta(seconds=1)
_KEYS_AT_ONCE = 20

_log = get_logger("delivery.retire_keys")


async def retire_unused(tx: Tx, *, now: datetime) -> None:
    """Retire keys that are retiring for a day and that no active subscription uses. Never an active one."""
    for key_id in await key_retirement.unused(tx, before=now - QUIET, limit=_KEYS_AT_ONCE):
        # Asked again under the lock: a browser may register with it in this moment.
        is_retiring = await key_retirement.lock(tx, key_id) is VapidKeyState.RETIRING
        if is_retiring and not await key_retirement.count_uses(tx, key_id, limit=1):
            await key_retirement.retire(tx, key_id, now=now)
            _log.info("vapid_key_retired", vapid_key_id=key_id)


async def end_subscriptions(machine: Machine, job: Job) -> None:
    """End a portion of the subscriptions of a retired key, and ask for the next one. Arguments: `key_id`."""
    key_id = job.args["key_id"]
    now = machine.clock.now()
    async with machine.store.begin() as tx:
        ended = await key_retirement.end_subscriptions(tx, key_id, now=now, limit=PORTION)
        if await key_retirement.count_uses(tx, key_id, limit=1):
            # Those that are left while none was ended are being changed by somebody else.
            at = now if ended else now + SOON
            again = NewJob(JobName.END_SUBSCRIPTIONS, {"key_id": key_id}, run_at=at, priority=NORMAL)
            await machine.queue.add(tx, [again], now=now)
        await machine.complete(tx, job)
