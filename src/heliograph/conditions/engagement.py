"""What somebody did with past notifications, for as long as their deliveries are kept."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, ClassVar

import msgspec
from sqlalchemy import ColumnElement, and_, func, select

from heliograph.conditions.base import Count, Question, Span
from heliograph.domain.person import Engagement, Needs, Part, Person
from heliograph.storage.tables import deliveries, profiles

MAX_IGNORED = 50


class Did(StrEnum):
    """What became of a notification."""

    ACCEPTED = "accepted"
    DISPLAYED = "displayed"
    CLICKED = "clicked"
    DISMISSED = "dismissed"


class Engaged(Question, frozen=True, kw_only=True, tag="engagement"):
    """How many notifications were accepted for the person, displayed, clicked or dismissed; or the last were ignored.

    Either `did`, with `from` and `to`, or `ignored_last`.
    """

    kind: ClassVar[str] = "engagement"
    example: ClassVar[dict[str, Any]] = {"kind": "engagement", "did": "clicked", "to": 0, "within": {"days": 60}}
    did: Did | None = None
    least: Annotated[Count, msgspec.Meta(description="1, unless `to` is given.")] | None = msgspec.field(
        name="from", default=None
    )
    most: Count | None = msgspec.field(name="to", default=None)
    within: Annotated[Span | None, msgspec.Meta(description="Only what happened so long ago; all, if left out.")] = None
    ignored_last: (
        Annotated[
            int,
            msgspec.Meta(ge=1, le=MAX_IGNORED, description="So many were accepted last, and none of them was clicked."),
        ]
        | None
    ) = None

    def __post_init__(self) -> None:
        """Refuse to ask nothing, or two things."""
        counts = (self.least, self.most, self.within)
        if (self.did is None) == (self.ignored_last is None):
            raise ValueError("Give either `did` or `ignored_last`.")
        if self.ignored_last is not None and counts != (None,) * len(counts):
            raise ValueError("`from`, `to` and `within` go with `did`.")
        if self.most is not None and self.most < (self.least or 0):
            raise ValueError("`from` is larger than `to`.")

    @property
    def needs(self) -> Needs:
        """The deliveries."""
        return Needs.of(Part.DELIVERIES)

    @property
    def _least(self) -> int:
        return self.least if self.least is not None else int(self.most is None)

    def matches(self, person: Person, now: datetime) -> bool:
        """Count the person's deliveries."""
        if self.ignored_last is not None:
            return self._ignored(person) == self.ignored_last
        count = self._count(person, now)
        return count >= self._least and (self.most is None or count <= self.most)

    def _count(self, person: Person, now: datetime) -> int:
        since = None if self.within is None else self.within.before(now)
        instants = [self._at(one) for one in person.deliveries]
        return sum(at is not None and (since is None or at > since) for at in instants)

    def _at(self, one: Engagement) -> datetime | None:
        match self.did:
            case Did.DISPLAYED:
                return one.displayed_at
            case Did.CLICKED:
                return one.clicked_at
            case Did.DISMISSED:
                return one.dismissed_at
            case _:
                return one.accepted_at

    def _ignored(self, person: Person) -> int:
        last = sorted(person.deliveries, key=lambda one: (one.accepted_at, one.id), reverse=True)[: self.ignored_last]
        return sum(one.clicked_at is None for one in last)

    def sql(self, now: datetime) -> ColumnElement[bool]:
        """Count along the person's index."""
        theirs = deliveries.alias("own")
        own = [theirs.c.profile_id == profiles.c.id, theirs.c.accepted_at.is_not(None)]
        if self.ignored_last is not None:
            newest = (theirs.c.accepted_at.desc(), theirs.c.id.desc())
            last = select(theirs.c.clicked_at).where(*own).order_by(*newest).limit(self.ignored_last)
            some = last.correlate(profiles).subquery("last")
            ignored = select(func.count()).select_from(some).where(some.c.clicked_at.is_(None))
            return ignored.correlate(profiles).scalar_subquery() == self.ignored_last
        at = theirs.c[f"{self.did}_at"]
        counted = [*own, at.is_not(None) if self.within is None else at > self.within.before(now)]
        number = select(func.count()).where(*counted).correlate(profiles).scalar_subquery()
        return number >= self._least if self.most is None else and_(number.between(self._least, self.most))

    def seen(self, person: Person, now: datetime) -> Any:
        """Return the count."""
        if self.ignored_last is not None:
            return {"accepted": len(person.deliveries), "ignored": self._ignored(person)}
        return {"count": self._count(person, now)}
