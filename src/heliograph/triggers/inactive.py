"""A person stays away for some days, or does something no more."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, ClassVar

import msgspec

from heliograph.domain.entry import LOOK_EVERY, Start
from heliograph.domain.schedule import Occurrence
from heliograph.errors import FieldError

_MAX_DAYS = 365


class OnInactive(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="kind",
    tag="inactive",
):
    """Nothing was seen of somebody for so many days, or no event of one name; once in each absence.

    `event`: the name that is waited for; any sign of life, if left out.
    `include_present`: who is away for so long already when the campaign starts, is meant too.
    """

    kind: ClassVar[str] = "inactive"
    is_endless: ClassVar[bool] = True
    days: Annotated[int, msgspec.Meta(ge=1, le=_MAX_DAYS)]
    event: Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern="^[a-z][a-z0-9_.-]*$")] | None = None
    include_present: bool = False

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
    def after(self) -> timedelta:
        """How long an absence is."""
        return timedelta(days=self.days)

    def start(self, last_at: datetime, *, looked_to: datetime | None, now: datetime) -> Start | None:
        """Return the entry of a person whose last sign of life is known; None if the absence is not of now.

        Args:
            last_at: of the last sign of life.
            looked_to: what was due until then was looked at; None: nothing was.
            now: the present.
        """
        due_at = last_at + self.after
        if due_at > now or (looked_to is not None and due_at <= looked_to):
            return None
        return Start(f"inactive/{last_at.isoformat()}", now if looked_to is None else due_at)

    def is_same_absence(self, key: str, last_at: datetime | None) -> bool:
        """Tell whether a person was not seen again since an entry was made."""
        return last_at is not None and key == f"inactive/{last_at.isoformat()}"
