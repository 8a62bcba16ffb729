"""Which groups somebody's subscriptions have joined."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec
from sqlalchemy import ColumnElement, Select, exists, select

from heliograph.conditions.base import Question
from heliograph.domain.person import Needs, Part, Person
from heliograph.domain.subscription import MAX_IDENTIFIER
from heliograph.storage.tables import memberships, profiles, subscriptions


class InGroup(Question, frozen=True, kw_only=True, tag="group"):
    """A subscription of the person is in a group: with this identifier, or with any."""

    kind: ClassVar[str] = "group"
    example: ClassVar[dict[str, Any]] = {"kind": "group", "name": "warehouse", "identifier": "42"}
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
    identifier: (
        Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_IDENTIFIER, description="Any, if left out.")] | None
    ) = None

    @property
    def needs(self) -> Needs:
        """The groups."""
        return Needs.of(Part.GROUPS)

    def matches(self, person: Person, now: datetime) -> bool:
        """Look through the person's groups."""
        return any(group.name == self.name and self.identifier in (None, group.identifier) for group in person.groups)

    def sql(self, now: datetime) -> ColumnElement[bool]:
        """Look for a membership of one of the person's subscriptions."""
        # One inside the other, because SQLite would begin a join with the group's members, who may be millions.
        theirs, joined = subscriptions.alias("own"), memberships.alias("joined")
        membership = exists().where(
            joined.c.project_id == theirs.c.project_id,
            joined.c.group_name == self.name,
            joined.c.subscription_id == theirs.c.id,
        )
        if self.identifier is not None:
            membership = membership.where(joined.c.identifier == self.identifier)
        return exists().where(theirs.c.profile_id == profiles.c.id, membership.correlate(theirs)).correlate(profiles)

    def narrowed(self, project_id: str, now: datetime) -> Select[Any] | None:
        """Return the people of the group's members."""
        found = (
            select(subscriptions.c.profile_id)
            .join(memberships, memberships.c.subscription_id == subscriptions.c.id)
            .where(memberships.c.project_id == project_id, memberships.c.group_name == self.name)
            .where(subscriptions.c.profile_id.is_not(None))
        )
        return found if self.identifier is None else found.where(memberships.c.identifier == self.identifier)

    def seen(self, person: Person, now: datetime) -> Any:
        """Return the person's groups of this name."""
        return sorted(group.identifier or "" for group in person.groups if group.name == self.name)
