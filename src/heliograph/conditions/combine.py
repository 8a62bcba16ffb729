"""Several conditions at once."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar

import msgspec
from sqlalchemy import ColumnElement, and_, not_, or_

from heliograph.conditions.base import Condition, Question
from heliograph.domain.person import Needs, Person
from heliograph.domain.segment import MAX_NODES


class Match(StrEnum):
    """How many of the conditions must hold."""

    ALL = "all"
    ANY = "any"
    NONE = "none"


class Combine(Question, frozen=True, kw_only=True, tag="combine"):
    """All of some conditions hold, any of them does, or none of them does (which is how one is negated)."""

    kind: ClassVar[str] = "combine"
    example: ClassVar[dict[str, Any]] = {"kind": "combine", "match": "none", "of": [{"kind": "language", "in": ["de"]}]}
    match: Match
    of: Annotated[tuple[Any, ...], msgspec.Meta(min_length=1, max_length=MAX_NODES)]

    @property
    def parts(self) -> tuple[Condition, ...]:
        """The conditions in it."""
        return self.of

    @property
    def needs(self) -> Needs:
        """What they need together."""
        needs = Needs()
        for part in self.of:
            needs |= part.needs
        return needs

    def matches(self, person: Person, now: datetime) -> bool:
        """Ask each of them, until the answer is clear."""
        answers = (part.matches(person, now) for part in self.of)
        match self.match:
            case Match.ALL:
                return all(answers)
            case Match.ANY:
                return any(answers)
            case Match.NONE:
                return not any(answers)

    def sql(self, now: datetime) -> ColumnElement[bool]:
        """Join their expressions."""
        expressions = [part.sql(now) for part in self.of]
        match self.match:
            case Match.ALL:
                return and_(*expressions)
            case Match.ANY:
                return or_(*expressions)
            case Match.NONE:
                return not_(or_(*expressions))

    def seen(self, person: Person, now: datetime) -> Any:
        """Return how many of them hold."""
        return {"hold": sum(part.matches(person, now) for part in self.of), "of": len(self.of)}
