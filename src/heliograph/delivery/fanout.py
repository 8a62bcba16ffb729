"""Second step: lay out ranges of subscriptions, one send job each: a thousand short transactions for ten million.

The upper bound is the largest identifier that existed when the notification started, so that who subscribes meanwhile
is not sent a notification from before. Under a rate only what the next minute needs is laid out, and each job is due
when its turn will come: thousands of ranges that ask for slots in vain would be work for nothing. The rate itself is
kept by `delivery.turns`, not here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import ceil

from heliograph import conditions
from heliograph.delivery import finish
from heliograph.delivery.machine import Machine
from heliograph.delivery.turns import LONGEST, PUT_OFF
from heliograph.domain import retry
from heliograph.domain.notification import AudienceKind, Notification, NotificationState
from heliograph.domain.rate import Limits
from heliograph.kit.ids import ceiling_id
from heliograph.names import JobName
from heliograph.queue.base import BULK, URGENT, Job, NewJob
from heliograph.storage import audience, notifications, ranges
from heliograph.storage.ranges import IdsBetween, Selection, Slice
from heliograph.storage.sql import Meant
from heliograph.storage.store import Tx

RANGE = 500
"""Subscriptions in a range: a few seconds of work, and little to lose when its worker dies."""
PROFILES_PER_RANGE = 100
"""People in a range: each may have several browsers."""
RANGES_AT_ONCE = 20
_SPAN = timedelta(seconds=30)
"""What a range holds under a rate, if that is less: so much time of it."""
_LEAST_RANGE = 10
_MOST_OPEN_OF_SERVICE = 100
"""Ranges that may wait where only a push service has a rate: what is for others in them goes ahead."""
_SOON = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class _Pace:
    """How fast ranges are laid out.

    Attributes:
        per_second: messages; None for at once.
        longest: so far ahead at most a job is due, so that what changes meanwhile is heard of.
        most_open: ranges that may wait at a time; None for any number.
    """

    per_second: float | None
    longest: timedelta = LONGEST
    most_open: int | None = None

    @property
    def size(self) -> int:
        """Subscriptions in a range."""
        if self.per_second is None:
            return RANGE
        return min(RANGE, max(_LEAST_RANGE, ceil(self.per_second * _SPAN.total_seconds())))

    @property
    def at_once(self) -> int:
        """Ranges in one go: those of the next minute."""
        if self.per_second is None:
            return RANGES_AT_ONCE
        return min(RANGES_AT_ONCE, max(2, ceil(self.per_second * LONGEST.total_seconds() / self.size)))

    def wait(self, messages: float) -> timedelta:
        """Return how long so many messages take, or the longest wait."""
        if self.per_second is None:
            return timedelta(0)
        return min(self.longest, timedelta(seconds=messages / self.per_second))


async def fanout(machine: Machine, job: Job) -> None:
    """Lay out the next ranges. Arguments: `notification_id`, `after` (the last identifier laid out), `number`."""
    notification_id: str = job.args["notification_id"]
    number: int = job.args["number"]
    now = machine.clock.now()
    async with machine.store.begin() as tx:
        # The job is finished first: on PostgreSQL its row is the lock that keeps a second worker out.
        await machine.complete(tx, job)
        found = await notifications.load_with_limits(tx, notification_id)
        if found is None or found[0].notification.state is not NotificationState.RUNNING:
            return
        row, limits = found
        pace = _pace(row.notification, limits, job, now)
        if await _is_ahead(tx, notification_id, pace):
            await machine.queue.add(tx, [_later(job, job.args, now + max(_SOON, pace.wait(pace.size)), pace)], now=now)
            return
        started_at = row.progress.started_at or now
        selections, after = await _next(
            tx,
            row.notification,
            pace,
            started_at=started_at,
            after=job.args["after"],
            number=number,
            meant=conditions.meant(row.notification.audience, now),
        )
        await ranges.add(tx, notification_id, number, selections)
        jobs = [
            _send_job(job, number + offset, now + pace.wait(offset * pace.size), pace)
            for offset in range(len(selections))
        ]
        if after is not None:
            args = {"notification_id": notification_id, "after": after, "number": number + len(selections)}
            # Asked for early, so that workers never wait for ranges.
            jobs.append(_later(job, args, now + pace.wait(pace.size * len(selections) / 2), pace))
        await machine.queue.add(tx, jobs, now=now)
        if after is None:
            await notifications.note(tx, notification_id, planned_at=now)
            await finish.ask_if_done(tx, machine, notification_id, now=now)


def _pace(notification: Notification, limits: Limits, job: Job, now: datetime) -> _Pace:
    """Return the rate that holds for all messages; none for urgent ones without their own, and when time is over."""
    left = retry.deadline(notification.send_at, notification.ttl, notification.expires_at) - now
    is_held = job.priority != URGENT or limits.notification is not None
    if not limits or not is_held or left < _SOON:
        return _Pace(None)
    if limits.overall is None:
        return _Pace(None, most_open=_MOST_OPEN_OF_SERVICE)
    pace = _Pace(limits.overall.per_second, min(LONGEST, left))
    return replace(pace, most_open=2 * pace.at_once)


async def _is_ahead(tx: Tx, notification_id: str, pace: _Pace) -> bool:
    """Tell whether enough is laid out that its turn has not come for."""
    most = pace.most_open
    return most is not None and await ranges.count_open(tx, notification_id, limit=most) >= most


def _send_job(job: Job, number: int, run_at: datetime, pace: _Pace) -> NewJob:
    notification_id: str = job.args["notification_id"]
    args = {"notification_id": notification_id, "number": number, **_mark(job, pace)}
    priority = URGENT if job.priority == URGENT else BULK
    return NewJob(JobName.SEND, args, run_at, priority, f"send/{notification_id}/{number}")


def _later(job: Job, args: Mapping[str, object], run_at: datetime, pace: _Pace) -> NewJob:
    # Behind the ranges of everybody who waits: sends take turns of `RANGES_AT_ONCE`, however large one of them is.
    priority = URGENT if job.priority == URGENT else BULK
    return NewJob(JobName.FANOUT, {**args, **_mark(job, pace)}, run_at, priority)


def _mark(job: Job, pace: _Pace) -> dict[str, int]:
    is_paced = pace.per_second is not None or PUT_OFF in job.args
    return {PUT_OFF: 0} if is_paced else {}


async def _next(
    tx: Tx,
    notification: Notification,
    pace: _Pace,
    *,
    started_at: datetime,
    after: str,
    number: int,
    meant: Meant | None,
) -> tuple[list[Selection], str | None]:
    """Return the next ranges (perhaps none, of a segment), and behind which identifier to go on; None at the end."""
    wanted = notification.audience
    if wanted.kind in (AudienceKind.PROFILES, AudienceKind.SUBSCRIPTIONS):
        size = RANGE if wanted.kind is AudienceKind.SUBSCRIPTIONS else PROFILES_PER_RANGE
        count = len(audience.named_targets(wanted))
        # At most 10,000 are named, so they are laid out at once.
        return [Slice(start, min(start + size, count)) for start in range(number * size, count, size)], None
    upto, limit = ceiling_id("sub", started_at), pace.size * pace.at_once
    if meant is not None:
        page = await audience.segment_page(tx, notification.project_id, meant, after=after, upto=upto, limit=limit)
        return _cut(page.ids, after, pace.size), page.after
    ids = await audience.page_of_ids(tx, notification.project_id, wanted, after=after, upto=upto, limit=limit)
    return _cut(ids, after, pace.size), ids[-1] if len(ids) == limit else None


def _cut(ids: list[str], after: str, size: int) -> list[Selection]:
    """Return ranges of `size` that hold these subscriptions, the first beginning behind `after`."""
    selections: list[Selection] = []
    for start in range(0, len(ids), size):
        last = ids[min(start + size, len(ids)) - 1]
        selections.append(IdsBetween(after, last))
        after = last
    return selections
