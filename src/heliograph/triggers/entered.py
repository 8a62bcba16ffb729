"""A person comes into the campaign's segment."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, ClassVar

import msgspec

from heliograph.domain.entry import LONGEST_WINDOW, LOOK_EVERY, MAX_DELAY, Start
from heliograph.domain.schedule import Occurrence
from heliograph.errors import FieldError


class OnEntered(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="kind",
    tag="entered",
):
    """Somebody who was not in the segment is in it.

    `include_present`: who is in it when the campaign starts, enters too.
    `once_per_seconds`: a person who entered within that time does not enter again, however often they leave and return.
    """

    kind: ClassVar[str] = "entered"
    is_endless: ClassVar[bool] = True
    delay_seconds: Annotated[int, msgspec.Meta(ge=0, le=int(MAX_DELAY.total_seconds()))] = 0
    include_present: bool = False
    once_per_seconds: Annotated[int, msgspec.Meta(ge=1, le=int(LONGEST_WINDOW.total_seconds()))] | None = None

    @property
    def event_name(self) -> str | None:
        """No event starts it."""
        return None

    def faults(self) -> Sequence[FieldError]:
        """Return what is wrong with it."""
        return ()

    def due(self, start: datetime, end: datetime) -> Sequence[Occurrence]:
        """Return nothing: it starts for single people."""
        del start, end
        return ()

    def following(self, after: datetime, *, started_at: datetime) -> datetime | None:
        """Return when everybody is looked at next."""
        return started_at if after < started_at else after + LOOK_EVERY

    @property
    def once_per(self) -> timedelta | None:
        """How long a person who entered does not enter again."""
        return None if self.once_per_seconds is None else timedelta(seconds=self.once_per_seconds)

    def start(self, since: datetime) -> Start:
        """Return the entry of a person who is in it since an instant."""
        return Start(f"entered/{since.isoformat()}", since + timedelta(seconds=self.delay_seconds))
