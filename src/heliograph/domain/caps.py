"""Frequency caps: at most so many notifications for one person in any window of a length. Pure rules."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

MAX_CAPS = 5
MAX_COUNT = 1_000
SHORTEST_WINDOW = timedelta(minutes=1)
LONGEST_WINDOW = timedelta(days=31)
FREQUENCY_CAP = "frequency_cap"
"""The reason of a delivery that a cap held back or skipped."""

_MINUTE = timedelta(minutes=1)


class Over(StrEnum):
    """What becomes of a notification that a limit stops."""

    DEFER = "defer"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `count` in any span of `window`."""

    count: int
    window: timedelta

    def free_at(self, contacts: Iterable[datetime], now: datetime) -> datetime | None:
        """Return when one more may go; None if it may at once.

        Args:
            contacts: when the person was written to. One that lies exactly a window back does not count any more; one
                that lies ahead, by a clock that was set back, does.
            now: the present.
        """
        inside = sorted((at for at in contacts if at > now - self.window), reverse=True)
        return inside[self.count - 1] + self.window if len(inside) >= self.count else None


def to_the_minute(at: datetime) -> datetime:
    """Round up to a whole minute, so that many who wait for different seconds come back together."""
    floor = at.replace(second=0, microsecond=0)
    return at if floor == at else floor + _MINUTE
