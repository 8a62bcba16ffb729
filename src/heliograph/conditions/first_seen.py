"""When somebody became known."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec
from sqlalchemy import ColumnElement, and_

from heliograph.conditions.base import Question, Span
from heliograph.domain.person import Person
from heliograph.storage.tables import profiles


class FirstSeen(Question, frozen=True, kw_only=True, tag="first_seen"):
    """The profile was made within a time, not within a time, or both."""

    kind: ClassVar[str] = "first_seen"
    example: ClassVar[dict[str, Any]] = {"kind": "first_seen", "within": {"days": 7}}
    within: Annotated[Span | None, msgspec.Meta(description="At most so long ago.")] = None
    not_within: Annotated[Span | None, msgspec.Meta(description="Longer ago than that.")] = None

    def __post_init__(self) -> None:
        """Refuse to ask nothing."""
        if self.within is None and self.not_within is None:
            raise ValueError("Give `within`, `not_within`, or both.")

    def matches(self, person: Person, now: datetime) -> bool:
        """Compare the instant."""
        is_late = self.within is None or person.created_at > self.within.before(now)
        return is_late and (self.not_within is None or person.created_at <= self.not_within.before(now))

    def sql(self, now: datetime) -> ColumnElement[bool]:
        """Compare the column."""
        at, bounds = profiles.c.created_at, []
        if self.within is not None:
            bounds.append(at > self.within.before(now))
        if self.not_within is not None:
            bounds.append(at <= self.not_within.before(now))
        return and_(*bounds)

    def seen(self, person: Person, now: datetime) -> Any:
        """Return the instant."""
        return person.created_at
