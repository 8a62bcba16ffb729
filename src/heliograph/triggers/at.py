"""`at`: once, at an instant, or when clocks read a time: those of a zone, or each person's own."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, ClassVar

import msgspec

from heliograph.domain.schedule import FIRST_YEAR, LAST_YEAR, Occurrence, instant, single, zone_named
from heliograph.errors import FieldError
from heliograph.triggers.base import OWN, zone_faults


class At(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="at"):
    """Once: `at` an instant, or when clocks read `wall`, those of `time_zone` or, with `local`, each person's own."""

    kind: ClassVar[str] = "at"
    is_endless: ClassVar[bool] = False

    at: Annotated[datetime, msgspec.Meta(tz=True, description="An instant with an offset.")] | None = None
    wall: (
        Annotated[
            str,
            msgspec.Meta(
                pattern=r"^20[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]$",
                description="What clocks read, such as `2026-12-24T18:00`.",
            ),
        ]
        | None
    ) = None
    time_zone: (
        Annotated[str, msgspec.Meta(max_length=64, description="Of `wall`: Europe/Berlin, or `local`.")] | None
    ) = None

    @property
    def event_name(self) -> str | None:
        """No event starts it."""
        return None

    def faults(self) -> Sequence[FieldError]:
        """Return what is wrong: an instant or a wall time with its zone is wanted, and not both."""
        if (self.at is None) == (self.wall is None):
            return (FieldError("/at", "Give either `at`, an instant, or `wall`, what clocks read."),)
        if self.at is not None and self.time_zone is not None:
            return (FieldError("/time_zone", "An instant needs no time zone: leave it out."),)
        if self.wall is not None and self.time_zone is None:
            return (FieldError("/time_zone", "Say whose clocks: a time zone, or `local` for each person's own."),)
        if self.wall is not None and self._read is None:
            return (FieldError("/wall", "There is no such day or time."),)
        if self.at is not None and not FIRST_YEAR <= self.at.year <= LAST_YEAR:
            return (FieldError("/at", f"It lies in the years {FIRST_YEAR} to {LAST_YEAR}."),)
        return zone_faults(self.time_zone, "/time_zone", may_be_own=True)

    def due(self, start: datetime, end: datetime) -> Sequence[Occurrence]:
        """Return the one occurrence if it is due by `end`: it is not missed because somebody looks late."""
        del start
        one = self._occurrence
        return (one,) if one.due_at <= end else ()

    def following(self, after: datetime, *, started_at: datetime) -> datetime | None:
        """Return its instant if that lies ahead."""
        del started_at
        due_at = self._occurrence.due_at
        return due_at if due_at > after else None

    @property
    def _read(self) -> datetime | None:
        try:
            return datetime.fromisoformat(self.wall or "")
        except ValueError:
            return None

    @property
    def _occurrence(self) -> Occurrence:
        wall = self._read
        if wall is None:
            assert self.at is not None
            return Occurrence("at", self.at)
        if self.time_zone == OWN:
            return single(wall)
        zone = zone_named(self.time_zone or "")
        assert zone is not None
        return Occurrence("at", instant(wall, zone))
