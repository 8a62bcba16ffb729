"""What a trigger owes: it is read from JSON, says what is wrong with it, and when it comes round. It asks nobody."""

from collections.abc import Sequence
from datetime import datetime, time
from typing import Annotated, ClassVar, Protocol, TypeAlias

import msgspec

from heliograph.domain.schedule import Occurrence, zone_named
from heliograph.errors import FieldError

OWN = "local"
"""In the place of a time zone: each person's own."""
ClockText: TypeAlias = Annotated[
    str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="What a clock reads, such as 09:00.")
]


class Trigger(Protocol):
    """One way that a campaign starts. A frozen `msgspec.Struct` whose tag `kind` is its file's name.

    Attributes:
        kind: its name on the wire.
        is_endless: whether it goes on until somebody ends it, or its campaign's `ends_at` does. One that is not is
            over when nothing more comes round.
    """

    kind: ClassVar[str]
    is_endless: ClassVar[bool]

    @property
    def event_name(self) -> str | None:
        """The event that starts it, so that who records events finds it."""
        ...

    def faults(self) -> Sequence[FieldError]:
        """Return what is wrong with it, with pointers below the trigger."""
        ...

    def due(self, start: datetime, end: datetime) -> Sequence[Occurrence]:
        """Return what comes round for the whole audience from `start` to `end`, both included, earliest first."""
        ...

    def following(self, after: datetime, *, started_at: datetime) -> datetime | None:
        """Return when it comes round next after an instant; None if it never does, or does not come round at all.

        Args:
            after: the instant before; a little before `started_at` when the campaign starts.
            started_at: when the campaign was started, or started again after a pause.
        """
        ...


def zone_faults(name: str | None, pointer: str, *, may_be_own: bool) -> list[FieldError]:
    """Return what is wrong with the name of a time zone."""
    if name is None or (may_be_own and name == OWN) or zone_named(name) is not None:
        return []
    other = f", or {OWN} for each person's own" if may_be_own else ""
    return [FieldError(pointer, f"There is no such time zone: write one such as Europe/Berlin{other}.")]


def clock_of(text: str) -> time:
    """Return what a clock reads, of a text of the form of `ClockText`."""
    return time(int(text[:2]), int(text[3:]))
