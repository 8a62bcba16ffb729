"""Quiet hours: a span of each day, by the clock on a person's wall, in which nobody is written to. Pure rules.

A wall clock is read as people read it: on the night when an hour comes twice, quiet is what reads as quiet both times.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo

from heliograph.domain.caps import Over
from heliograph.domain.schedule import instant

QUIET_HOURS = "quiet_hours"
"""The reason of a delivery that quiet hours held back or skipped."""
_DAY = timedelta(days=1)
_LOOKS = 4


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to before `end`, across midnight where `end` is the earlier. They are never the same."""

    start: time
    end: time
    over: Over = Over.DEFER

    def is_quiet(self, now: datetime, zone: tzinfo) -> bool:
        """Tell whether a person's clock reads a quiet time."""
        clock = now.astimezone(zone).time()
        if self.start < self.end:
            return self.start <= clock < self.end
        return clock >= self.start or clock < self.end

    def ends_at(self, now: datetime, zone: tzinfo) -> datetime | None:
        """Return when somebody may be written to again; None if that is now."""
        at = now
        for _ in range(_LOOKS):
            if not self.is_quiet(at, zone):
                return None if at == now else at
            at = self._next_end(at, zone)
        return at

    def _next_end(self, at: datetime, zone: tzinfo) -> datetime:
        wall = at.astimezone(zone).replace(tzinfo=None)
        day = wall.date() if wall.time() < self.end else (wall + _DAY).date()
        end = datetime.combine(day, self.end)
        first = instant(end, zone)
        # The reading comes twice, and its first time is over.
        return first if first > at else instant(end, zone, second=True)
