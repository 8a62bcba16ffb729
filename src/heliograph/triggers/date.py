"""A day that an attribute of a person names comes near: a birthday, an appointment, the end of a contract."""

import re
from calendar import isleap
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Annotated, Any, ClassVar

import msgspec

from heliograph.domain.entry import LOOK_EVERY, Start
from heliograph.domain.schedule import Occurrence, instant, zone_named
from heliograph.errors import FieldError

_DAY = re.compile(r"(?:(\d{4})-|--)(\d\d)-(\d\d)(?:T.*)?", re.DOTALL)
_MAX_OFFSET = 366
_FEBRUARY, _LEAP_DAY = 2, 29
_ANY_LEAP_YEAR = 2000


class OnDate(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="kind",
    tag="date",
):
    """The day that an attribute names, or some days before (negative) or after it, at a time on the person's clock.

    The attribute is a text that begins with `YYYY-MM-DD`; a yearly one may be `--MM-DD`. Who was born on 29 February
    has the 28th in other years. `time_zone` is for people whose own is not known.
    """

    kind: ClassVar[str] = "date"
    is_endless: ClassVar[bool] = True
    attribute: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    yearly: bool = False
    offset_days: Annotated[int, msgspec.Meta(ge=-_MAX_OFFSET, le=_MAX_OFFSET)] = 0
    at: Annotated[str, msgspec.Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")] = "09:00"
    time_zone: Annotated[str, msgspec.Meta(max_length=64)] = "UTC"

    @property
    def event_name(self) -> str | None:
        """No event starts it."""
        return None

    def faults(self) -> Sequence[FieldError]:
        """Return what is wrong with it."""
        if zone_named(self.time_zone) is None:
            return (FieldError("/time_zone", "There is no such time zone: write one such as Europe/Berlin."),)
        return ()

    def due(self, start: datetime, end: datetime) -> Sequence[Occurrence]:
        """Return nothing: it starts for single people."""
        del start, end
        return ()

    def following(self, after: datetime, *, started_at: datetime) -> datetime | None:
        """Return when everybody is looked at next."""
        return started_at if after < started_at else after + LOOK_EVERY

    def starts(self, value: Any, zone_name: str | None, *, after: datetime, upto: datetime) -> list[Start]:
        """Return the entries of a person that are due later than `after` and not later than `upto`.

        Args:
            value: the attribute's.
            zone_name: the person's own zone; None or an unknown one: the trigger's.
            after: looked at already.
            upto: how far to look ahead.
        """
        zone = self._zone(zone_name)
        found = []
        for day in self._days(value, after, upto):
            due_at = self._due(day, zone)
            if due_at is not None and after < due_at <= upto:
                found.append(Start(f"date/{day.isoformat()}", due_at, variables={"date": day.isoformat()}))
        return found

    def due_at(self, key: str, value: Any, zone_name: str | None) -> datetime | None:
        """Return when an entry is due by what the attribute and the zone say now; None if the day is another one."""
        _, _, text = key.partition("/")
        day = date.fromisoformat(text)
        if day not in self._in_year(value, day.year):
            return None
        return self._due(day, self._zone(zone_name))

    def _zone(self, name: str | None) -> tzinfo:
        zone = (None if name is None else zone_named(name)) or zone_named(self.time_zone)
        assert zone is not None
        return zone

    def _due(self, day: date, zone: tzinfo) -> datetime | None:
        try:
            wall = datetime.combine(day + timedelta(days=self.offset_days), time.fromisoformat(self.at))
            return instant(wall, zone)
        except OverflowError:
            return None

    def _days(self, value: Any, after: datetime, upto: datetime) -> list[date]:
        # Two days more on each side: zones are up to 14 hours away, and clocks jump.
        slack = timedelta(days=abs(self.offset_days) + 2)
        years = range(max((after - slack).year, 1), (upto + slack).year + 1)
        return sorted({day for year in years for day in self._in_year(value, year)})

    def _in_year(self, value: Any, year: int) -> list[date]:
        match = _DAY.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            return []
        own_year, month, day = match[1], int(match[2]), int(match[3])
        try:
            date(int(own_year) if own_year else _ANY_LEAP_YEAR, month, day)
            if not self.yearly:
                return [date(year, month, day)] if own_year and int(own_year) == year else []
            if (month, day) == (_FEBRUARY, _LEAP_DAY) and not isleap(year):
                day -= 1
            return [date(year, month, day)]
        except ValueError:
            return []
