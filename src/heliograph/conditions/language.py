"""Which language somebody reads."""

from collections import defaultdict
from datetime import datetime
from typing import Annotated, Any, ClassVar, TypeAlias

import msgspec
from sqlalchemy import ColumnElement, false, func, or_

from heliograph.conditions.base import Question
from heliograph.domain.person import Person
from heliograph.domain.segment import MAX_LIST
from heliograph.storage.tables import profiles

Tag: TypeAlias = Annotated[
    str, msgspec.Meta(max_length=35, pattern="^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", description="Such as de or pt-BR.")
]


class Language(Question, frozen=True, kw_only=True, tag="language"):
    """The profile's language is one of these, or a variety of one: `de` includes `de-AT`."""

    kind: ClassVar[str] = "language"
    example: ClassVar[dict[str, Any]] = {"kind": "language", "in": ["de", "pt-BR"]}
    tags: Annotated[list[Tag], msgspec.Meta(min_length=1, max_length=MAX_LIST)] = msgspec.field(name="in")

    def matches(self, person: Person, now: datetime) -> bool:
        """Compare by whole parts of the tag, without regard to case (RFC 4647 section 3.3.1)."""
        own = (person.language or "").lower()
        return any(own == tag.lower() or own.startswith(f"{tag.lower()}-") for tag in self.tags)

    def sql(self, now: datetime) -> ColumnElement[bool]:
        """Compare the column's beginnings, tags of one length at a time."""
        own = func.lower(profiles.c.language).concat("-")
        tags: defaultdict[int, list[str]] = defaultdict(list)
        for tag in self.tags:
            tags[len(tag) + 1].append(f"{tag.lower()}-")
        either = [func.substr(own, 1, length).in_(some) for length, some in tags.items()]
        return func.coalesce(or_(*either), false())

    def seen(self, person: Person, now: datetime) -> Any:
        """Return the person's language."""
        return person.language
