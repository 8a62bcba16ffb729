"""A breaker: after several faults in a row nothing is tried for a while, then one probe, then all or a longer while."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class BreakerRule:
    """When a breaker opens, and for how long.

    Attributes:
        faults: so many in a row open it.
        first_pause: the first time; each further time twice as long.
        longest_pause: but never longer than this.
    """

    faults: int
    first_pause: timedelta
    longest_pause: timedelta

    def pause(self, times: int) -> timedelta:
        """Return the pause when it opens for the time of this number, counting from 1."""
        # Doubling a timedelta some fifty times overflows it.
        return min(self.first_pause * (1 << min(max(times, 1) - 1, 20)), self.longest_pause)


@dataclass(frozen=True, slots=True)
class Breaker:
    """Where one breaker stands. Every method returns the next state; nothing changes in place."""

    rule: BreakerRule
    faults_in_row: int = 0
    times_opened: int = 0
    open_until: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether nothing may be tried at `now`."""
        return self.open_until is not None and now < self.open_until

    def is_half_open(self, now: datetime) -> bool:
        """Whether one probe may be tried at `now`, and no more until it is answered."""
        return self.open_until is not None and now >= self.open_until

    def succeeded(self) -> "Breaker":
        """Take note of a success: everything is forgotten."""
        return self if self == Breaker(self.rule) else Breaker(self.rule)

    def failed(self, now: datetime) -> "Breaker":
        """Take note of a fault."""
        if self.is_open(now):
            return self  # an answer to something that was in the air when it opened
        faults = self.faults_in_row + 1
        if faults < self.rule.faults and self.open_until is None:
            return replace(self, faults_in_row=faults)
        times = self.times_opened + 1
        return replace(self, faults_in_row=faults, times_opened=times, open_until=now + self.rule.pause(times))
