"""What somebody has bought."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec
from sqlalchemy import ColumnElement, Select, and_, exists, func, not_, select

from heliograph.conditions.base import Amount, Between, Question, Span
from heliograph.domain.person import Needs, Person, PersonEvent
from heliograph.storage.tables import events, profiles

ORDER = "order"
"""The event that an order is."""


class Orders(Question, frozen=True, kw_only=True, tag="order"):
    """The person's orders: how many, for how much together, and how long since the last. All that is given holds."""

    kind: ClassVar[str] = "order"
    example: ClassVar[dict[str, Any]] = {
        "kind": "order",
        "count": {"from": 2},
        "total": {"from": 100},
        "last_not_within": {"days": 90},
    }
    count: Between | None = None
    total: Annotated[Amount | None, msgspec.Meta(description="Of all of them together.")] = None
    within: Annotated[Span | None, msgspec.Meta(description="Counted are only those of so long ago.")] = None
    last_within: Annotated[Span | None, msgspec.Meta(description="The last one is at most so long ago.")] = None
    last_not_within: Annotated[
        Span | None, msgspec.Meta(description="There are orders, and the last is longer ago than that.")
    ] = None

    def __post_init__(self) -> None:
        """Refuse to ask nothing."""
        if (self.count, self.total, self.last_within, self.last_not_within) == (None,) * 4:
            raise ValueError("Give `count`, `total`, `last_within` or `last_not_within`.")

    @property
    def needs(self) -> Needs:
        """The orders."""
        return Needs.of(events=frozenset((ORDER,)))

    def matches(self, person: Person, now: datetime) -> bool:
        """Add up the person's orders."""
        counted = self._counted(person, now)
        last = max((one.at for one in person.events if one.name == ORDER), default=None)
        return (
            (self.count is None or self.count.has(len(counted)))
            and (self.total is None or self.total.has(sum(one.amount_milli or 0 for one in counted)))
            and (self.last_within is None or (last is not None and last > self.last_within.before(now)))
            and (self.last_not_within is None or (last is not None and last <= self.last_not_within.before(now)))
        )

    def _counted(self, person: Person, now: datetime) -> list[PersonEvent]:
        since = None if self.within is None else self.within.before(now)
        return [one for one in person.events if one.name == ORDER and (since is None or one.at > since)]

    def sql(self, now: datetime) -> ColumnElement[bool]:
        """Add up along the person's index."""
        theirs = events.alias("own")
        own = [theirs.c.profile_id == profiles.c.id, theirs.c.name == ORDER]
        counted = own if self.within is None else [*own, theirs.c.at > self.within.before(now)]
        bounds: list[ColumnElement[bool]] = []
        if self.count is not None:
            number = select(func.count()).where(*counted).correlate(profiles).scalar_subquery()
            bounds.append(self.count.sql(number))
        if self.total is not None:
            total = func.coalesce(func.sum(theirs.c.amount_milli), 0)
            bounds.append(self.total.sql(select(total).where(*counted).correlate(profiles).scalar_subquery()))
        if self.last_within is not None:
            late = exists().where(*own, theirs.c.at > self.last_within.before(now))
            bounds.append(late.correlate(profiles))
        if self.last_not_within is not None:
            late = exists().where(*own, theirs.c.at > self.last_not_within.before(now))
            bounds += [exists().where(*own).correlate(profiles), not_(late.correlate(profiles))]
        return and_(*bounds)

    def narrowed(self, project_id: str, now: datetime) -> Select[Any] | None:
        """Return who ordered of late, if that is asked for."""
        if self.last_within is None:
            return None
        return select(events.c.profile_id).where(
            events.c.project_id == project_id,
            events.c.name == ORDER,
            events.c.at > self.last_within.before(now),
            events.c.profile_id.is_not(None),
        )

    def seen(self, person: Person, now: datetime) -> Any:
        """Return number, sum and the last order's instant."""
        counted = self._counted(person, now)
        return {
            "count": len(counted),
            "total": sum(one.amount_milli or 0 for one in counted) / 1000,
            "last_at": max((one.at for one in person.events if one.name == ORDER), default=None),
        }
