"""What a person did, or what became of an item, starts it; something else may call it off before it is due."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, ClassVar

import msgspec

from heliograph.domain.comparison import MAX_NUMBER, Comparison, Operator
from heliograph.domain.entry import LONGEST_WINDOW, MAX_DELAY, Entry, Start, item_ids, names_of, variables_of
from heliograph.domain.event import Event
from heliograph.domain.schedule import Occurrence
from heliograph.domain.vocabulary import ITEM_EVENTS, EventName
from heliograph.errors import FieldError

EventWord = Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern="^[a-z][a-z0-9_.-]*$")]
_MAX_FILTERS = 8
_MAX_CANCELS = 8
_REACH = "It says who is meant by an event of an item, such as item_available; other events are of one person."


class Same(StrEnum):
    """Which later event calls an entry off."""

    ANY = "any"
    """Every one of that name."""
    ITEM = "item"
    """One about the same item."""


class Interest(StrEnum):
    """Who has to do with an item."""

    VIEWED = "viewed"
    CARTED = "carted"

    @property
    def events(self) -> tuple[EventName, ...]:
        """The events that tell."""
        match self:
            case Interest.VIEWED:
                return EventName.CART_ADD, EventName.ITEM_VIEW
            case Interest.CARTED:
                return (EventName.CART_ADD,)


class Where(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A property of the event; `item.price` looks into an object."""

    property: Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
    operator: Operator = msgspec.field(name="is", default=Operator.EXISTS)
    value: Annotated[str, msgspec.Meta(max_length=1_000)] | bool | int | float = True

    def __post_init__(self) -> None:
        """Refuse an operator and a value that do not fit."""
        Comparison(self.operator, self.value)

    def holds(self, event: Event) -> bool:
        """Compare an event's own."""
        found: Any = event.properties
        for name in self.property.split("."):
            found = found.get(name) if isinstance(found, Mapping) else None
        if isinstance(found, int) and abs(found) > MAX_NUMBER:
            return False
        return Comparison(self.operator, self.value).holds(found, event.received_at)


class CancelOn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """An event that calls an entry off while it waits."""

    event: EventWord
    same: Same = Same.ANY


class Reach(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Who is meant by an event of an item: all who looked at it, or put it into their cart, within some days."""

    who: Interest = Interest.VIEWED
    days: Annotated[int, msgspec.Meta(ge=1, le=90)] = 30


class OnEvent(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="kind",
    tag="event",
):
    """An event starts it, at once or after a delay.

    `restart`: a further event puts off what waits, so that the delay counts from the last one.
    `once_per_seconds`: a person who entered within that time does not enter again.
    """

    kind: ClassVar[str] = "event"
    is_endless: ClassVar[bool] = True
    event: EventWord
    where: Annotated[tuple[Where, ...], msgspec.Meta(max_length=_MAX_FILTERS)] = ()
    delay_seconds: Annotated[int, msgspec.Meta(ge=0, le=int(MAX_DELAY.total_seconds()))] = 0
    cancel_on: Annotated[tuple[CancelOn, ...], msgspec.Meta(max_length=_MAX_CANCELS)] = ()
    restart: bool = False
    once_per_seconds: Annotated[int, msgspec.Meta(ge=1, le=int(LONGEST_WINDOW.total_seconds()))] | None = None
    reach: Reach | None = None

    @property
    def event_name(self) -> str | None:
        """What starts it."""
        return self.event

    def faults(self) -> Sequence[FieldError]:
        """Return what is wrong with it."""
        faults = []
        if (self.event in ITEM_EVENTS) != (self.reach is not None):
            faults.append(FieldError("/reach", _REACH))
        if self.restart and not self.delay_seconds:
            faults.append(FieldError("/restart", "It puts off what waits: give a delay."))
        return faults

    def due(self, start: datetime, end: datetime) -> Sequence[Occurrence]:
        """Return nothing: it starts for single people."""
        del start, end
        return ()

    def following(self, after: datetime, *, started_at: datetime) -> datetime | None:
        """Return nothing: it does not come round."""
        del after, started_at
        return None

    @property
    def delay(self) -> timedelta:
        """From the event to when it is due."""
        return timedelta(seconds=self.delay_seconds)

    @property
    def once_per(self) -> timedelta | None:
        """How long a person who entered does not enter again."""
        return None if self.once_per_seconds is None else timedelta(seconds=self.once_per_seconds)

    @property
    def called_off_by(self) -> frozenset[str]:
        """The names of events that call it off, whatever they are about."""
        return frozenset(one.event for one in self.cancel_on)

    def matches(self, event: Event) -> bool:
        """Tell whether an event starts it."""
        return self.event in names_of(event.name) and all(one.holds(event) for one in self.where)

    def start(self, event: Event) -> Start:
        """Return the entry that an event makes."""
        return Start(event.id, event.at + self.delay, event.item_id, event.id, variables_of(event))

    def cancels(self, event: Event, entry: Entry) -> bool:
        """Tell whether an event calls a waiting entry off: it comes after the one that started or put it off."""
        if event.id == entry.event_id or event.at < entry.due_at - self.delay:
            return False
        return any(self._is_meant(one, event, entry.item_id) for one in self.cancel_on)

    def is_overtaken(self, event: Event, later: Event) -> bool:
        """Tell whether `later` calls off what `event` would start: events may be told in any order."""
        is_later = (later.at, later.id) > (event.at, event.id)
        return is_later and any(self._is_meant(one, later, event.item_id) for one in self.cancel_on)

    def is_settled_by(self, done: Event, event: Event) -> bool:
        """Tell whether what a person did leaves an event of an item without a meaning for them: they bought it."""
        return any(self._is_meant(one, done, event.item_id) for one in self.cancel_on)

    def _is_meant(self, one: CancelOn, event: Event, item_id: str | None) -> bool:
        if one.event not in names_of(event.name):
            return False
        return one.same is Same.ANY or item_id is None or item_id in item_ids(event)
