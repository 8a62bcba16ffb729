"""What somebody is subscribed with: state, channel, push service and age."""

from datetime import datetime
from typing import Annotated, Any, ClassVar

import msgspec
from sqlalchemy import ColumnElement, exists, not_

from heliograph.conditions.base import Question, Span
from heliograph.domain.endpoint import PushService
from heliograph.domain.person import Needs, OwnSubscription, Part, Person
from heliograph.domain.subscription import SubscriptionState
from heliograph.names import Channel
from heliograph.storage.tables import profiles, subscriptions


class Subscribed(Question, frozen=True, kw_only=True, tag="subscription"):
    """The person has a subscription of which all of this is true; or, with `has` false, has none."""

    kind: ClassVar[str] = "subscription"
    example: ClassVar[dict[str, Any]] = {"kind": "subscription", "not_within": {"days": 30}}
    has: bool = True
    state: Annotated[SubscriptionState, msgspec.Meta(description="Rows of ended ones are kept for 30 days.")] = (
        SubscriptionState.ACTIVE
    )
    channel: Channel | None = None
    push_service: PushService | None = None
    within: Annotated[Span | None, msgspec.Meta(description="Subscribed at most so long ago.")] = None
    not_within: Annotated[Span | None, msgspec.Meta(description="Subscribed longer ago than that.")] = None

    @property
    def needs(self) -> Needs:
        """The subscriptions."""
        return Needs.of(Part.SUBSCRIPTIONS)

    def matches(self, person: Person, now: datetime) -> bool:
        """Look at each subscription."""
        return any(self._is_meant(one, now) for one in person.subscriptions) is self.has

    def _is_meant(self, one: OwnSubscription, now: datetime) -> bool:
        return (
            one.state == self.state
            and (self.channel is None or one.channel == self.channel)
            and (self.push_service is None or one.push_service == self.push_service)
            and (self.within is None or one.created_at > self.within.before(now))
            and (self.not_within is None or one.created_at <= self.not_within.before(now))
        )

    def sql(self, now: datetime) -> ColumnElement[bool]:
        """Look for one by the person's index."""
        theirs = subscriptions.alias("own")
        found = exists().where(theirs.c.profile_id == profiles.c.id, theirs.c.state == str(self.state))
        if self.channel is not None:
            found = found.where(theirs.c.channel == str(self.channel))
        if self.push_service is not None:
            found = found.where(theirs.c.push_service == str(self.push_service))
        if self.within is not None:
            found = found.where(theirs.c.created_at > self.within.before(now))
        if self.not_within is not None:
            found = found.where(theirs.c.created_at <= self.not_within.before(now))
        is_there = found.correlate(profiles)
        return is_there if self.has else not_(is_there)

    def seen(self, person: Person, now: datetime) -> Any:
        """Return the person's subscriptions, and which of them are meant."""
        return [
            {
                "state": one.state,
                "channel": one.channel,
                "push_service": one.push_service,
                "created_at": one.created_at,
                "is_meant": self._is_meant(one, now),
            }
            for one in person.subscriptions
        ]
