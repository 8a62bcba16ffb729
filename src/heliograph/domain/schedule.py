"""When something comes round: wall times in a zone or in each person's own, as instants. Pure rules.

A wall time that a zone leaves out is read with the offset before the change, and one that comes twice is the first of
the two (RFC 5545 section 3.3.5). So on the days of a change nothing is left out and nothing comes twice.
"""

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

EARLIEST_ZONE = timedelta(hours=14)
"""A wall time comes first at UTC+14, in Kiribati."""
LATEST_ZONE = timedelta(hours=12)
"""… and last at UTC-12."""
SPREAD = EARLIEST_ZONE + LATEST_ZONE
"""From the first clock on earth that reads a wall time to the last one."""
HORIZON = timedelta(days=366 * 9)
"""What does not come round within that time never does. 29 February once takes eight years."""
FIRST_YEAR, LAST_YEAR = 2000, 2100
"""Dates of rules lie in these years."""
LONGEST_CHANGE = timedelta(hours=25)
"""Clocks jump by an hour or half of one; Samoa once left out a day."""
LOCAL_TIME = "local_time"
"""The reason of a delivery that waits for a wall time in its person's zone."""
_DAY = timedelta(days=1)
_WEEK = 7


class Every(StrEnum):
    """The unit of a recurrence."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that something comes round.

    Attributes:
        key: names it; the same for the same occurrence, whoever computes it.
        due_at: when to begin.
        wall: what the clock of each person has to read before it is sent to them; None for no such thing.
    """

    key: str
    due_at: datetime
    wall: datetime | None = None


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo | None:
    """Return a zone of the IANA database, or None if there is none of this name."""
    return ZoneInfo(name) if name in _names() else None


@lru_cache(maxsize=1)
def _names() -> frozenset[str]:
    return frozenset(available_timezones() - {"localtime", "Factory"})


def instant(wall: datetime, zone: tzinfo, *, second: bool = False) -> datetime:
    """Return the UTC instant at which a clock in a zone reads a wall time (naive); with `second` the later of two."""
    return wall.replace(tzinfo=zone, fold=int(second)).astimezone(UTC)


def earliest(wall: datetime) -> datetime:
    """Return the instant at which the first clock on earth reads a wall time."""
    return wall.replace(tzinfo=UTC) - EARLIEST_ZONE


@dataclass(frozen=True, slots=True)
class Recurrence:
    """Days that come round, each with one or more times: a subset of RFC 5545's rules.

    Attributes:
        interval: every so many days, weeks (from Monday) or months, counted from `first`.
        times: on each such day, ascending.
        weekdays: 0 is Monday; of `week` (empty: the weekday of `first`), or narrowing `day`.
        month_days: of `month`, 1 to 31, or -1 for the last and so on (empty: the day of `first`).
        first: no day before it.
        last: no day after it.
    """

    every: Every
    times: tuple[time, ...]
    first: date
    interval: int = 1
    weekdays: frozenset[int] = frozenset()
    month_days: tuple[int, ...] = ()
    last: date | None = None

    def walls(self, start: datetime) -> Iterator[datetime]:
        """Yield the wall times from `start` (naive) on, ascending, as far as the horizon."""
        day = max(start.date(), self.first)
        end = day + HORIZON
        if self.last is not None:
            end = min(end, self.last)
        while day <= end:
            if self._has(day):
                for clock in self.times:
                    wall = datetime.combine(day, clock)
                    if wall >= start:
                        yield wall
            day += _DAY

    def _has(self, day: date) -> bool:
        match self.every:
            case Every.DAY:
                is_turn = (day - self.first).days % self.interval == 0
                return is_turn and (not self.weekdays or day.weekday() in self.weekdays)
            case Every.WEEK:
                weeks = (_monday(day) - _monday(self.first)).days // _WEEK
                return weeks % self.interval == 0 and day.weekday() in (self.weekdays or {self.first.weekday()})
            case Every.MONTH:
                months = (day.year - self.first.year) * 12 + day.month - self.first.month
                return months % self.interval == 0 and self._is_month_day(day)

    def _is_month_day(self, day: date) -> bool:
        length = monthrange(day.year, day.month)[1]
        wanted = self.month_days or (self.first.day,)
        return day.day in wanted or day.day - length - 1 in wanted


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def between(rule: Recurrence, zone: tzinfo | None, start: datetime, end: datetime) -> list[Occurrence]:
    """Return the occurrences with `start` <= due <= `end`, earliest first; `zone` None: in each person's own."""
    found = []
    for wall in rule.walls(_wall_before(start, zone)):
        due = _due(wall, zone)
        if start <= due <= end:
            found.append(_occurrence(wall, zone))
        elif due > end + LONGEST_CHANGE:
            break
    return sorted(found, key=lambda one: (one.due_at, one.key))


def following(rule: Recurrence, zone: tzinfo | None, after: datetime) -> datetime | None:
    """Return when the next occurrence after an instant is due; None if there is none."""
    best: datetime | None = None
    for wall in rule.walls(_wall_before(after, zone)):
        due = _due(wall, zone)
        if due > after:
            best = due if best is None else min(best, due)
        # Where clocks jump, a later reading may be an earlier instant.
        if best is not None and due > best + LONGEST_CHANGE:
            break
    return best


def single(wall: datetime) -> Occurrence:
    """Return the one occurrence of a wall time in each person's own zone."""
    return _occurrence(wall, None)


def _occurrence(wall: datetime, zone: tzinfo | None) -> Occurrence:
    return Occurrence(wall.isoformat(timespec="minutes"), _due(wall, zone), None if zone is not None else wall)


def _due(wall: datetime, zone: tzinfo | None) -> datetime:
    return earliest(wall) if zone is None else instant(wall, zone)


def _wall_before(at: datetime, zone: tzinfo | None) -> datetime:
    if zone is None:
        return (at + EARLIEST_ZONE).astimezone(UTC).replace(tzinfo=None)
    return at.astimezone(zone).replace(tzinfo=None) - LONGEST_CHANGE


def latest(occurrences: Sequence[Occurrence]) -> list[Occurrence]:
    """Return the last of some occurrences, with those that are due at the same instant."""
    return [one for one in occurrences if one.due_at == occurrences[-1].due_at]
