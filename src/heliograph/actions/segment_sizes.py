"""How many people a rule means, and some of them: within a few seconds, however many people there are.

Where the rule asks for something that few people have and an index finds them (an event of the last days, a group),
they are looked at alone. Otherwise profiles are looked at window by window, oldest first, until the time is over; then
the count says that there are at least so many.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from heliograph import conditions
from heliograph.conditions import Condition
from heliograph.domain.segment import RuleJson
from heliograph.kit.context import Context
from heliograph.storage import profiles, segments
from heliograph.storage.profiles import Profile
from heliograph.storage.sql import Meant
from heliograph.storage.store import Tx

PATIENCE = timedelta(seconds=3)
FEW = 20_000
"""So many candidates are looked at by themselves."""
SAMPLES = 10
_FIRST_WINDOW, _LARGEST_WINDOW = 1_000, 32_000
_STEP_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Size:
    """How many people a rule means.

    Attributes:
        is_exact: whether all people were looked at; otherwise there are at least so many.
        looked_at: how many people were.
        sample: some of them, oldest first.
    """

    count: int
    is_exact: bool
    looked_at: int
    sample: tuple[Profile, ...]


@dataclass(slots=True)
class _Counting:
    """A count on its way."""

    count: int = 0
    looked_at: int = 0
    after: str = ""
    sample: list[str] = field(default_factory=list)


async def size(
    tx: Tx,
    ctx: Context,
    *,
    project_id: str,
    rule: RuleJson,
    patience: timedelta = PATIENCE,
    window: int = _FIRST_WINDOW,
    stopwatch: Callable[[], float] = time.monotonic,
) -> Size:
    """Count whom a rule means, and name some of them.

    `window` is how many people are looked at first; more at a time as long as that is quick.

    Raises:
        InvalidRequest: it is no rule.
    """
    condition = conditions.parse(rule)
    meant = condition.sql(ctx.now)
    few = await _few(tx, project_id, condition, meant, ctx.now)
    if few is not None:
        return Size(len(few), True, len(few), await _shown(tx, project_id, few))
    counting = _Counting()
    end = stopwatch() + patience.total_seconds()
    while (began := stopwatch()) < end:
        if not await _count_on(tx, project_id, meant, counting, window):
            return Size(counting.count, True, counting.looked_at, await _shown(tx, project_id, counting.sample))
        if stopwatch() - began < _STEP_SECONDS:
            window = min(window * 2, _LARGEST_WINDOW)
    return Size(counting.count, False, counting.looked_at, await _shown(tx, project_id, counting.sample))


async def _few(tx: Tx, project_id: str, condition: Condition, meant: Meant, now: datetime) -> list[str] | None:
    """Return all whom a rule means if an index leaves few candidates; None if none does."""
    for candidates in conditions.narrowed(condition, project_id, now):
        if await segments.is_fewer(tx, candidates, limit=FEW):
            return await segments.matching_among(tx, project_id, meant, candidates)
    return None


async def _count_on(tx: Tx, project_id: str, meant: Meant, counting: _Counting, limit: int) -> bool:
    """Look at the next window; tell whether there may be another."""
    window = await segments.window(tx, project_id, meant, after=counting.after, limit=limit)
    if window.last_id is None:
        return False
    missing = SAMPLES - len(counting.sample)
    if window.matched and missing:
        counting.sample += await segments.matching(
            tx, project_id, meant, after=counting.after, upto=window.last_id, limit=missing
        )
    counting.count += window.matched
    counting.looked_at += window.size
    counting.after = window.last_id
    return window.size == limit


async def _shown(tx: Tx, project_id: str, ids: list[str]) -> tuple[Profile, ...]:
    found = [await profiles.get(tx, project_id, one) for one in ids[:SAMPLES]]
    return tuple(one for one in found if one is not None)
