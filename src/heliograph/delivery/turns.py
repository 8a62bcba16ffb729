"""Turns: messages go out at the slots that were reserved for them in the buckets of `domain.rate`.

A job reserves slots for about a second in one short transaction and keeps to them by itself. What has no slot by then
is put off: the job is written anew, due when it is worth asking again, and its worker does something else. A worker
that dies wastes the slots that it held; nobody sends in them.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Self

from heliograph.delivery.dispatch import Attempt, Dispatch
from heliograph.delivery.hosts import Lane, Sign
from heliograph.delivery.machine import Machine
from heliograph.domain import retry
from heliograph.domain.rate import Bucket, Slot, instant, nanoseconds
from heliograph.errors import Unavailable
from heliograph.names import Metric
from heliograph.queue.base import Job, NewJob
from heliograph.storage import rates
from heliograph.storage.store import Tx

AHEAD = timedelta(seconds=1)
"""So far ahead slots are reserved: what a cancellation or a crash wastes at most."""
LONGEST = timedelta(minutes=1)
"""After this a job that was put off looks again, whatever was said: rates may be changed, notifications cancelled."""
AT_ONCE = timedelta(seconds=0.25)
"""A slot that is so near is not worth a sleep: the job runs again when others had their chance."""
FRUITLESS = timedelta(seconds=0.5)
"""What a job waits at least that got no slot at all, the first time; then twice as long, and so on."""
_MOST_FRUITLESS = timedelta(seconds=2)
_MOST_FRUITLESS_OF_SERVICE = timedelta(seconds=15)
"""Where only a push service has a rate, many ranges wait with a part of their messages each."""
DATABASE_AGAIN = timedelta(seconds=1)
PUT_OFF = "put_off"
"""The argument of a job that was held back by a rate before: how many times in a row it got nothing."""
_FAR = 2 * nanoseconds(instant(0) + AHEAD)
_WAKINGS = 3
"""A sleep may end a little early."""


class NoTurn(Exception):  # noqa: N818 - not an error: others are first
    """There is no slot for this message while this job lasts."""


class Turns:
    """The slots of one job.

    Attributes:
        is_holding: whether messages wait for their slots; urgent ones go at once and are only counted.
        left: what was put off.
        again_at: when to go on with it.
    """

    def __init__(self, machine: Machine, dispatch: Dispatch) -> None:
        self._machine = machine
        self._dispatch = dispatch
        self._limits = dispatch.limits
        self._ends_at = machine.clock.now() + machine.patience
        self._pools: dict[str, deque[Slot]] = defaultdict(deque)
        self._wanted: dict[str, int] = defaultdict(int)
        self._is_over: set[str] = set()
        self._reserving = asyncio.Lock()
        self._reserved_any = False
        self.is_holding = dispatch.is_held
        self.left: list[Attempt] = []
        self.again_at: datetime | None = None

    @classmethod
    def of(cls, machine: Machine, dispatch: Dispatch) -> Self | None:
        """Return the turns of a job; None where no rate is in force, so that nothing is done and nothing asked."""
        return cls(machine, dispatch) if dispatch.limits else None

    async def is_hopeless(self, tx: Tx) -> bool:
        """Tell whether no message of this job can go before it would be put off again; looked at before all else."""
        now = self._machine.clock.now()
        buckets = self._buckets(None)
        if not self.is_holding or not buckets or self._dispatch.is_cancelled or now >= self._dispatch.deadline:
            return False
        free_at = instant(await rates.free_at(tx, buckets))
        if not now + AHEAD < free_at <= now + 2 * LONGEST:
            return False
        self._note(free_at)
        return True

    def is_limited(self, service: str) -> bool:
        """Tell whether messages to a push service wait for slots."""
        return self.is_holding and bool(self._buckets(service))

    async def ready(self, service: str, wanted: int) -> int:
        """Return how many of `wanted` messages have a slot; 0 if the rest is to be put off."""
        if not self.is_limited(service):
            return wanted
        async with self._reserving:
            self._wanted[service] = wanted
            return min(len(await self._filled(service)), wanted)

    async def enter(self, lane: Lane, service: str) -> datetime | None:
        """Wait for the turn of a message, then for its place on the lane; the answer is the lane's.

        Raises:
            NoTurn: it is to be put off.
        """
        if not self.is_limited(service):
            return await lane.enter()
        slot = await self._next(service)
        await self._rest(slot)
        closed_until = await lane.enter()
        if closed_until is not None:
            return closed_until
        try:
            while self._is_late(slot):
                # It waited too long for its place. That is kept, or on a busy lane it would be late for ever.
                self._lost(service)
                self._wanted[service] += 1
                slot = await self._next(service)
                await self._rest(slot)
        except BaseException:
            lane.leave(Sign.NOTHING)
            raise
        return None

    async def again(self, service: str) -> None:
        """Wait for the turn of a message that is sent once more within its exchange; it goes in any case."""
        if not self.is_holding:
            return await self.count({service: 1})
        if not self._buckets(service):
            return None
        try:
            await self._rest(await self._next(service))
        except NoTurn:
            await self.count({service: 1})

    async def count(self, messages: Mapping[str, int]) -> None:
        """Count messages by push service that go without waiting; what waits gives way to them."""
        now = nanoseconds(self._machine.clock.now())
        try:
            async with self._machine.store.begin() as tx:
                for service, count in sorted(messages.items()):
                    buckets = self._buckets(service)
                    if buckets:
                        await rates.charge(tx, buckets, count=count, now=now)
        except Unavailable:
            return  # who is urgent does not wait for a count

    def put_off(self, attempt: Attempt) -> None:
        """Leave an attempt for later."""
        self.left.append(attempt)

    def job(self, job: Job, args: Mapping[str, object], *, dedupe_key: str | None = None) -> NewJob:
        """Return the job that goes on where this one ends."""
        now = self._machine.clock.now()
        tries = 0 if self._reserved_any else int(job.args.get(PUT_OFF, 0)) + 1
        at = max(self.again_at or now, now + self._pause(tries))
        at = min(at, now + LONGEST, max(now, self._dispatch.deadline))
        self._machine.meters.add(Metric.RATE_PUT_OFF)
        run_at = now if at - now < AT_ONCE else at
        return NewJob(job.name, {**args, PUT_OFF: tries}, run_at=run_at, priority=job.priority, dedupe_key=dedupe_key)

    def _pause(self, tries: int) -> timedelta:
        if tries == 0:
            return timedelta(0)
        most = _MOST_FRUITLESS_OF_SERVICE if self._limits.overall is None else _MOST_FRUITLESS
        return retry.jittered(min(most, FRUITLESS * 2 ** min(tries - 1, 10)), self._machine.chance())

    def _buckets(self, service: str | None) -> tuple[Bucket, ...]:
        notification = self._dispatch.notification
        return self._limits.buckets(notification.id, notification.project_id, service)

    async def _next(self, service: str) -> Slot:
        async with self._reserving:
            pool = await self._filled(service)
            if not pool:
                raise NoTurn
            self._wanted[service] -= 1
            return pool.popleft()

    async def _filled(self, service: str) -> deque[Slot]:
        pool = self._pools[service]
        while pool and self._is_late(pool[0]):
            pool.popleft()
            self._lost(service)
        if not pool and service not in self._is_over:
            pool.extend(await self._reserved(service, max(1, self._wanted[service])))
        return pool

    async def _reserved(self, service: str, wanted: int) -> tuple[Slot, ...]:
        now = self._machine.clock.now()
        upto = min(now + AHEAD, self._ends_at, self._dispatch.deadline)
        try:
            async with self._machine.store.begin() as tx:
                reserved = await rates.take(
                    tx, self._buckets(service), wanted=wanted, now=nanoseconds(now), upto=nanoseconds(upto)
                )
        except Unavailable:
            self._is_over.add(service)
            self._note(now + DATABASE_AGAIN)
            return ()
        self._reserved_any = self._reserved_any or bool(reserved.slots)
        if not reserved.slots:
            self._is_over.add(service)
            self._note(instant(reserved.next_at))
        self._machine.meters.add(Metric.RATE_SLOTS, len(reserved.slots), push_service=service, use="reserved")
        return reserved.slots

    def _note(self, at: datetime) -> None:
        self.again_at = at if self.again_at is None else min(self.again_at, at)

    def _is_late(self, slot: Slot) -> bool:
        now = nanoseconds(self._machine.clock.now())
        # A slot that lies far ahead was reserved before the clock was set back.
        return now > slot.until or slot.at - now > _FAR

    def _lost(self, service: str) -> None:
        self._machine.meters.add(Metric.RATE_SLOTS, push_service=service, use="lost")

    async def _rest(self, slot: Slot) -> None:
        for _ in range(_WAKINGS):
            wait = (slot.at - nanoseconds(self._machine.clock.now())) / 1_000_000_000
            if wait <= 0 or self._is_late(slot):
                return
            self._machine.meters.add(Metric.RATE_WAIT_SECONDS, wait)
            await self._machine.rest(wait)
