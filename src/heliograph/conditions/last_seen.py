"""When somebody was last there."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec
from sqlalchemy import ColumnElement, and_, func

from heliograph.conditions.base import Question, Span
from heliograph.domain.person import Person
from heliograph.storage.tables import profiles


class LastSeen(Question, frozen=True, kw_only=True, tag="last_seen"):
    """The last visit was within a time, not within a time, or both. Never seen: since the profile was made."""

    kind: ClassVar[str] = "last_seen"
    example: ClassVar[dict[str, Any]] = {"kind": "last_seen", "not_within": {"days": 30}}
    within: Annotated[Span | None, msgspec.Meta(description="At most so long ago.")] = None
    not_within: Annotated[Span | None, msgspec.Meta(description="Longer ago than that.")] = None

    def __post_init__(self) -> None:
        """Refuse to ask nothing."""
        if self.within is None and self.not_within is None:
            raise ValueError("Give `within`, `not_within`, or both.")

    def matches(self, person: Person, now: datetime) -> bool:
        """Compare the instant."""
        at = person.last_seen_at or person.created_at
        is_late = self.within is None or at > self.within.before(now)
        return is_late and (self.not_within is None or at <= self.not_within.before(now))

    def sql(self, now: datetime) -> ColumnElement[bool]:
        """Compare the columns."""
        at = func.coalesce(profiles.c.last_seen_at, profiles.c.created_at)
        bounds = []
        if self.within is not None:
            bounds.append(at > self.within.before(now))
        if self.not_within is not None:
            bounds.append(at <= self.not_within.before(now))
        return and_(*bounds)

    def seen(self, person: Person, now: datetime) -> Any:
        """Return the instant."""
        return person.last_seen_at or person.created_at
