"""What a worker knows about each push service's host: how much may be in the air, and whether it answers at all.

Kept in memory: another worker learns the same within a second, and a restart forgets gladly.
"""

import asyncio
from collections import deque
from datetime import datetime, timedelta
from enum import StrEnum

from heliograph.domain.breaker import Breaker, BreakerRule
from heliograph.domain.throttle import Throttle
from heliograph.kit.clock import Clock
from heliograph.kit.http import CONNECTIONS_PER_HOST, FaultKind, HttpResponse, TransportFault
from heliograph.kit.log import get_logger

HOST_RULE = BreakerRule(faults=20, first_pause=timedelta(seconds=5), longest_pause=timedelta(minutes=5))
"""Faults in a row, so that a few bad bridges behind a healthy front do not close it."""
MOST_IN_THE_AIR = 512
"""Messages in the air to one host: at 50 ms each that is 10,000 a second, more than a process can encrypt."""
STORM = 200
"""So many answers 'gone' from one host without one acceptance look like an outage, not like so many dead browsers."""
_MOST_LANES = 4_096
_THROTTLED = frozenset({406, 429})
_MANY_AT_ONCE = frozenset({"2", "3"})
"""HTTP versions that carry many exchanges on one connection."""

_log = get_logger("delivery.hosts")


class Sign(StrEnum):
    """What an answer says about its host."""

    HEALTHY = "healthy"
    THROTTLED = "throttled"
    FAULT = "fault"
    NOTHING = "nothing"


def sign_of(answer: HttpResponse | TransportFault) -> Sign:
    """Read an answer as a sign about its host. Redirects count as faults: no push service sends them."""
    if isinstance(answer, TransportFault):
        # An engine that is being closed says nothing about the other side.
        return Sign.NOTHING if answer.kind is FaultKind.CANCELLED else Sign.FAULT
    if answer.status in _THROTTLED:
        return Sign.THROTTLED
    is_fine = 200 <= answer.status < 300 or 400 <= answer.status < 500  # noqa: PLR2004 - classes of RFC 9110
    return Sign.HEALTHY if is_fine else Sign.FAULT


class Lane:
    """The way to one host: enter before an exchange, leave with its answer."""

    def __init__(self, host: str, clock: Clock, most: int) -> None:
        self._host = host
        self._clock = clock
        self.breaker = Breaker(HOST_RULE)
        self._most = most
        self.throttle = Throttle(min(most, CONNECTIONS_PER_HOST))
        self.in_the_air = 0
        self._gone_in_row = 0
        self._is_probing = False
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> datetime | None:
        """Wait for a place; None when the exchange may begin, or the instant before which it may not."""
        while True:
            now = self._clock.now()
            if self.breaker.is_open(now):
                return self.breaker.open_until
            if self._has_place(now):
                break
            place = asyncio.get_running_loop().create_future()
            self._waiting.append(place)
            try:
                await place
            except asyncio.CancelledError:
                self._wake()
                raise
        self.in_the_air += 1
        self._is_probing = self.breaker.open_until is not None
        return None

    def leave(self, sign: Sign) -> None:
        """Give the place back and take note of what the answer says about the host."""
        self.in_the_air -= 1
        now = self._clock.now()
        was_closed = self.breaker.open_until is not None
        match sign:
            case Sign.HEALTHY:
                self.breaker = self.breaker.succeeded()
                self.throttle = self.throttle.succeeded()
            case Sign.THROTTLED:
                self.breaker = self.breaker.succeeded()
                self.throttle = self.throttle.throttled(now)
            case Sign.FAULT:
                self.breaker = self.breaker.failed(now)
            case Sign.NOTHING:
                pass
        self._is_probing = False
        is_closed = self.breaker.open_until is not None
        if is_closed != was_closed:
            _log.warning("host_closed" if is_closed else "host_open_again", host=self._host)
        self._wake()

    def note_version(self, http_version: str) -> None:
        """Take note of what a host speaks: over HTTP/1.1, what waits for a connection would time out if it is slow."""
        most = self._most if http_version in _MANY_AT_ONCE else min(self._most, CONNECTIONS_PER_HOST)
        if most != self.throttle.most:
            self.throttle = self.throttle.bounded(most)

    def note_gone(self) -> bool:
        """Count an answer 'gone'; tell whether it is one of a storm."""
        self._gone_in_row += 1
        if self._gone_in_row == STORM:
            _log.error("gone_storm", host=self._host, answers=STORM)
        return self._gone_in_row >= STORM

    def note_accepted(self) -> None:
        """A message was accepted: whoever is called gone now, is gone."""
        self._gone_in_row = 0

    @property
    def is_idle(self) -> bool:
        """Whether little is lost by forgetting this lane: nobody is on it, and its host does not rest."""
        return self.in_the_air == 0 and not self._waiting and not self.breaker.is_open(self._clock.now())

    def _has_place(self, now: datetime) -> bool:
        """Tell whether one more may begin; after a pause one alone, and the others wait for what it learns."""
        if self.breaker.is_half_open(now):
            return not self._is_probing
        return self.in_the_air < int(self.throttle.limit)

    def _wake(self) -> None:
        """Let in as many as there are places for; all, when the breaker opened, so that they hear of it."""
        free = int(self.throttle.limit) - self.in_the_air if self.breaker.open_until is None else len(self._waiting)
        while self._waiting and free > 0:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                free -= 1


class Hosts:
    """All lanes of a process."""

    def __init__(self, clock: Clock, most_in_the_air: int = MOST_IN_THE_AIR) -> None:
        self._clock = clock
        self._most = most_in_the_air
        self._lanes: dict[str, Lane] = {}

    def open_breakers(self) -> int:
        """Return how many hosts are left alone now."""
        now = self._clock.now()
        return sum(lane.breaker.is_open(now) for lane in self._lanes.values())

    def lane(self, host: str) -> Lane:
        """Return the lane of a host."""
        lane = self._lanes.get(host)
        if lane is None:
            if len(self._lanes) >= _MOST_LANES:
                # A visitor may register endpoints under any name below notify.windows.com.
                self._lanes = {name: kept for name, kept in self._lanes.items() if not kept.is_idle}
            lane = self._lanes[host] = Lane(host, self._clock, self._most)
        return lane
