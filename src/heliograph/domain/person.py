"""A person as the conditions of segments see one: the profile, and what is known around it."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from heliograph.domain.subscription import Group


class Part(StrEnum):
    """What of a person is looked up only when a rule asks for it."""

    GROUPS = "groups"
    SUBSCRIPTIONS = "subscriptions"
    DEVICES = "devices"
    CART = "cart"
    DELIVERIES = "deliveries"


@dataclass(frozen=True, slots=True)
class Needs:
    """What a rule must know beyond the profile itself.

    Attributes:
        events: the names of the events that are counted.
    """

    parts: frozenset[Part] = frozenset()
    events: frozenset[str] = frozenset()

    @classmethod
    def of(cls, *parts: Part, events: frozenset[str] = frozenset()) -> Self:
        """Return needs for these parts and events."""
        return cls(frozenset(parts), events)

    def __or__(self, other: "Needs") -> "Needs":
        return Needs(self.parts | other.parts, self.events | other.events)


@dataclass(frozen=True, slots=True)
class OwnSubscription:
    """A subscription of the person, ended ones included for as long as their rows are kept."""

    state: str
    channel: str
    push_service: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Device:
    """A browser of the person: one that visited, or one that is subscribed now. None where it is not known."""

    browser: str | None
    os: str | None
    is_mobile: bool | None


@dataclass(frozen=True, slots=True)
class PersonEvent:
    """Something the person did. `amount_milli` is in thousandths of the shop's currency."""

    name: str
    at: datetime
    item_id: str | None = None
    amount_milli: int | None = None
    properties: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cart:
    """What is in the person's cart. `updated_at` is when it last changed."""

    item_count: int
    total_milli: int
    item_ids: frozenset[str]
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Engagement:
    """A notification that a push service took for the person, and what became of it."""

    id: str
    accepted_at: datetime
    displayed_at: datetime | None = None
    clicked_at: datetime | None = None
    dismissed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """One profile with what a rule needs; parts that were not asked for are empty."""

    id: str
    external_id: str | None
    attributes: dict[str, Any]
    language: str | None
    time_zone: str | None
    created_at: datetime
    last_seen_at: datetime | None
    groups: frozenset[Group] = frozenset()
    subscriptions: tuple[OwnSubscription, ...] = ()
    devices: frozenset[Device] = frozenset()
    events: tuple[PersonEvent, ...] = ()
    cart: Cart | None = None
    deliveries: tuple[Engagement, ...] = ()
