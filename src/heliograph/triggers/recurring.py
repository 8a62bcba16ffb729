"""`recurring`: every so many days, weeks or months, when clocks read a time: those of a zone, or each person's own.

A subset of RFC 5545's recurrence rules, as JSON. `docs/howto/campaigns.md` says what daylight saving does to it.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, tzinfo
from enum import StrEnum
from typing import Annotated, ClassVar

import msgspec

from heliograph.domain import schedule
from heliograph.domain.schedule import FIRST_YEAR, LAST_YEAR, Every, Occurrence, Recurrence, zone_named
from heliograph.errors import FieldError
from heliograph.triggers.base import OWN, ClockText, clock_of, zone_faults

_MOST_TIMES = 24
_ANCHOR = date(2001, 1, 1)
"""A Monday, for rules that do not count from a day."""


class Weekday(StrEnum):
    """A day of the week."""

    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"


_WEEKDAYS = tuple(Weekday)
_MOST = {Every.DAY: 366, Every.WEEK: 53, Every.MONTH: 24}


class Recurring(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="recurring"
):
    """Days that come round, each with one or more times."""

    kind: ClassVar[str] = "recurring"
    is_endless: ClassVar[bool] = False

    every: Annotated[Every, msgspec.Meta(description="What is counted.")]
    times: Annotated[
        list[ClockText], msgspec.Meta(min_length=1, max_length=_MOST_TIMES, description="On each such day.")
    ]
    time_zone: Annotated[
        str, msgspec.Meta(max_length=64, description="Whose clocks: Europe/Berlin, or `local` for each person's own.")
    ]
    interval: Annotated[
        int, msgspec.Meta(ge=1, le=366, description="Every so many; counted from `first` if it is not 1.")
    ] = 1
    weekdays: Annotated[
        list[Weekday], msgspec.Meta(max_length=7, description="Of a week; or narrowing `day`, as in every working day.")
    ] = msgspec.field(default_factory=list)
    month_days: Annotated[
        list[Annotated[int, msgspec.Meta(ge=-31, le=31)]],
        msgspec.Meta(max_length=31, description="Of a month: 1 to 31, -1 is the last one. A month without it is left."),
    ] = msgspec.field(default_factory=list)
    first: Annotated[date, msgspec.Meta(description="No day before this one.")] | None = None
    last: Annotated[date, msgspec.Meta(description="No day after this one.")] | None = None

    @property
    def event_name(self) -> str | None:
        """No event starts it."""
        return None

    def faults(self) -> Sequence[FieldError]:
        """Return what is wrong with the rule."""
        faults = zone_faults(self.time_zone, "/time_zone", may_be_own=True)
        if len(set(self.times)) < len(self.times):
            faults.append(FieldError("/times", "A time is given twice."))
        if self.every is Every.MONTH and self.weekdays:
            faults.append(FieldError("/weekdays", "Days of a week are for `day` and `week`."))
        if self.every is not Every.MONTH and self.month_days:
            faults.append(FieldError("/month_days", "Days of a month are for `month`."))
        if 0 in self.month_days:
            faults.append(FieldError("/month_days", "Days count from 1, or from the end by -1."))
        if self.first is None and self._counts_from_a_day:
            faults.append(FieldError("/first", "Say from which day on is counted."))
        if self.interval > _MOST[self.every]:
            faults.append(FieldError("/interval", f"At most every {_MOST[self.every]} of a {self.every}."))
        faults += self._day_faults()
        if not faults and next(self._rule.walls(datetime.combine(self._rule.first, time.min)), None) is None:
            faults.append(FieldError("", "Such a day never comes."))
        return faults

    def due(self, start: datetime, end: datetime) -> Sequence[Occurrence]:
        """Return the occurrences from `start` to `end`."""
        return schedule.between(self._rule, self._zone, start, end)

    def following(self, after: datetime, *, started_at: datetime) -> datetime | None:
        """Return when it comes round next."""
        del started_at
        return schedule.following(self._rule, self._zone, after)

    def _day_faults(self) -> list[FieldError]:
        faults = [
            FieldError(f"/{name}", f"Days lie in the years {FIRST_YEAR} to {LAST_YEAR}.")
            for name, day in (("first", self.first), ("last", self.last))
            if day is not None and not FIRST_YEAR <= day.year <= LAST_YEAR
        ]
        if self.last is not None and self.last < (self.first or _ANCHOR):
            faults.append(FieldError("/last", "The last day lies before the first one."))
        return faults

    @property
    def _counts_from_a_day(self) -> bool:
        is_bare = (self.every is Every.WEEK and not self.weekdays) or (
            self.every is Every.MONTH and not self.month_days
        )
        return self.interval > 1 or is_bare

    @property
    def _rule(self) -> Recurrence:
        return Recurrence(
            every=self.every,
            times=tuple(sorted(clock_of(text) for text in self.times)),
            first=self.first or _ANCHOR,
            interval=self.interval,
            weekdays=frozenset(_WEEKDAYS.index(day) for day in self.weekdays),
            month_days=tuple(self.month_days),
            last=self.last,
        )

    @property
    def _zone(self) -> tzinfo | None:
        return None if self.time_zone == OWN else zone_named(self.time_zone)
