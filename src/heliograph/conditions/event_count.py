"""How often somebody did something."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec
from sqlalchemy import ColumnElement, Exists, Select, and_, exists, func, not_, select

from heliograph.conditions.base import Count, ItemId, Operand, Part, Question, Span, comparison
from heliograph.domain.comparison import Operator
from heliograph.domain.person import Needs, Person, PersonEvent
from heliograph.storage.json_members import compared
from heliograph.storage.tables import events, profiles


class Property(Part, frozen=True, kw_only=True):
    """A property of the event, compared as attributes are."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    operator: Operator = msgspec.field(name="is")
    value: Operand = True

    def __post_init__(self) -> None:
        """Refuse an operator and a value that do not fit."""
        comparison(self.operator, self.value)

    def holds(self, one: PersonEvent, now: datetime) -> bool:
        """Compare an event's own."""
        return comparison(self.operator, self.value).holds(one.properties.get(self.name), now)


class EventCount(Question, frozen=True, kw_only=True, tag="event_count"):
    """Events of a name, counted: at least `from`, at most `to`. `to` 0 means that it never happened."""

    kind: ClassVar[str] = "event_count"
    example: ClassVar[dict[str, Any]] = {"kind": "event_count", "name": "item_view", "from": 3, "within": {"days": 7}}
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern="^[a-z][a-z0-9_.-]*$")]
    least: Annotated[Count, msgspec.Meta(description="1, unless `to` is given.")] | None = msgspec.field(
        name="from", default=None
    )
    most: Count | None = msgspec.field(name="to", default=None)
    within: Annotated[Span | None, msgspec.Meta(description="Only those of so long ago; all, if left out.")] = None
    item: Annotated[ItemId, msgspec.Meta(description="Only those about this item.")] | None = None
    has: Annotated[Property | None, msgspec.Meta(description="Only those with this property.")] = msgspec.field(
        name="property", default=None
    )

    def __post_init__(self) -> None:
        """Refuse bounds that leave nothing."""
        if self.most is not None and self.most < (self.least or 0):
            raise ValueError("`from` is larger than `to`.")

    @property
    def needs(self) -> Needs:
        """The events of the name."""
        return Needs.of(events=frozenset((self.name,)))

    @property
    def _least(self) -> int:
        return self.least if self.least is not None else int(self.most is None)

    def matches(self, person: Person, now: datetime) -> bool:
        """Count the person's events."""
        count = len(self._meant(person, now))
        return count >= self._least and (self.most is None or count <= self.most)

    def _meant(self, person: Person, now: datetime) -> list[PersonEvent]:
        return [
            one
            for one in person.events
            if one.name == self.name
            and (self.within is None or one.at > self.within.before(now))
            and self.item in (None, one.item_id)
            and (self.has is None or self.has.holds(one, now))
        ]

    def sql(self, now: datetime) -> ColumnElement[bool]:
        """Count along the person's index; to know that there is one, or none, no further than the first."""
        theirs = events.alias("own")
        conditions = [theirs.c.profile_id == profiles.c.id, theirs.c.name == self.name]
        if self.within is not None:
            conditions.append(theirs.c.at > self.within.before(now))
        if self.item is not None:
            conditions.append(theirs.c.item_id == self.item)
        if self.has is not None:
            wanted = comparison(self.has.operator, self.has.value)
            conditions.append(compared(theirs.c.properties, self.has.name, wanted, now))
        is_there: Exists = exists().where(*conditions).correlate(profiles)
        bounds: list[ColumnElement[bool]] = []
        if self._least == 1:
            bounds.append(is_there)
        if self.most == 0:
            bounds.append(not_(is_there))
        if self._least > 1 or self.most:
            bounds.append(self._counted(conditions))
        return and_(*bounds) if bounds else profiles.c.id.is_not(None)

    def _counted(self, conditions: list[ColumnElement[bool]]) -> ColumnElement[bool]:
        counting: Select[Any] = select(func.count()).where(*conditions).correlate(profiles)
        number = counting.scalar_subquery()
        if self.most is None:
            return number >= self._least
        return number.between(self._least, self.most)

    def narrowed(self, project_id: str, now: datetime) -> Select[Any] | None:
        """Return who did it at all, by the index of names or of items."""
        if not self._least:
            return None
        found = select(events.c.profile_id).where(events.c.project_id == project_id, events.c.name == self.name)
        if self.item is not None:
            found = found.where(events.c.item_id == self.item)
        if self.within is not None:
            found = found.where(events.c.at > self.within.before(now))
        return found.where(events.c.profile_id.is_not(None))

    def seen(self, person: Person, now: datetime) -> Any:
        """Return how often it happened, and when last."""
        meant = self._meant(person, now)
        return {"count": len(meant), "last_at": max((one.at for one in meant), default=None)}
