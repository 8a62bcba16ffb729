"""`api`: whenever a server of the customer asks for it, for the people whom it names."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

import msgspec

from heliograph.domain.schedule import Occurrence
from heliograph.errors import FieldError


class Api(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="api"):
    """Whenever `POST /v1/campaigns/{id}/trigger` asks for it, for the people whom it names."""

    kind: ClassVar[str] = "api"
    is_endless: ClassVar[bool] = True

    @property
    def event_name(self) -> str | None:
        """No event starts it."""
        return None

    def faults(self) -> Sequence[FieldError]:
        """Return what is wrong: there is nothing that could be."""
        return ()

    def due(self, start: datetime, end: datetime) -> Sequence[Occurrence]:
        """Return nothing: it does not come round."""
        del start, end
        return ()

    def following(self, after: datetime, *, started_at: datetime) -> datetime | None:
        """Return nothing: it does not come round."""
        del after, started_at
        return None
