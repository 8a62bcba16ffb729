"""`now`: once, as soon as the campaign is started."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

import msgspec

from heliograph.domain.schedule import Occurrence
from heliograph.errors import FieldError


class Now(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="now"):
    """Once, as soon as the campaign is started."""

    kind: ClassVar[str] = "now"
    is_endless: ClassVar[bool] = False

    @property
    def event_name(self) -> str | None:
        """No event starts it."""
        return None

    def faults(self) -> Sequence[FieldError]:
        """Return what is wrong: there is nothing that could be."""
        return ()

    def due(self, start: datetime, end: datetime) -> Sequence[Occurrence]:
        """Return the one occurrence; the campaign is looked at once."""
        del end
        return (Occurrence("now", start),)

    def following(self, after: datetime, *, started_at: datetime) -> datetime | None:
        """Return the start; afterwards nothing follows."""
        return started_at if after < started_at else None
