"""Where somebody's clock is."""

from collections import defaultdict
from datetime import datetime
from typing import Annotated, Any, ClassVar, TypeAlias

import msgspec
from sqlalchemy import ColumnElement, false, func, or_

from heliograph.conditions.base import Question
from heliograph.domain.person import Person
from heliograph.domain.segment import MAX_LIST
from heliograph.storage.tables import profiles

Zone: TypeAlias = Annotated[str, msgspec.Meta(max_length=64, pattern="^[A-Za-z][A-Za-z0-9+_/-]*$")]


class TimeZone(Question, frozen=True, kw_only=True, tag="time_zone"):
    """The profile's time zone is one of these, or begins with one that ends in a slash: `Europe/`."""

    kind: ClassVar[str] = "time_zone"
    example: ClassVar[dict[str, Any]] = {"kind": "time_zone", "in": ["Europe/", "Asia/Tokyo"]}
    zones: Annotated[list[Zone], msgspec.Meta(min_length=1, max_length=MAX_LIST)] = msgspec.field(name="in")

    def matches(self, person: Person, now: datetime) -> bool:
        """Compare names."""
        own = person.time_zone
        return own is not None and any(own == zone or (zone[-1] == "/" and own.startswith(zone)) for zone in self.zones)

    def sql(self, now: datetime) -> ColumnElement[bool]:
        """Compare the column. Not by LIKE, which knows no capital letters on SQLite."""
        own = profiles.c.time_zone
        beginnings: defaultdict[int, list[str]] = defaultdict(list)
        for zone in self.zones:
            if zone.endswith("/"):
                beginnings[len(zone)].append(zone)
        either = [func.substr(own, 1, length).in_(some) for length, some in beginnings.items()]
        return func.coalesce(or_(own.in_(self.zones), *either), false())

    def seen(self, person: Person, now: datetime) -> Any:
        """Return the person's time zone."""
        return person.time_zone
