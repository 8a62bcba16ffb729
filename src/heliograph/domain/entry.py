"""One person on the way through a triggered campaign: from what started it to the moment at which it is sent."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import ceil
from typing import Any

from heliograph.domain.campaign import Campaign, CampaignState
from heliograph.domain.event import Event
from heliograph.domain.vocabulary import CART_EVENTS, EventName

MAX_DELAY = timedelta(days=30)
LONGEST_WINDOW = timedelta(days=365)
"""For so long at most somebody does not enter again."""
HOUR = timedelta(hours=1)
LOOK_EVERY = HOUR
"""How often everybody is looked at, for what time alone brings about."""
MOST_AN_HOUR = 20
"""So often a person enters a campaign within an hour at most: who floods us with events gets no flood of work."""
CART_CHANGED = "cart_changed"
"""Not an event but any that changes a cart: added, removed, or told as a whole."""

_SHORTEST_TURN, _LONGEST_TURN = timedelta(seconds=1), timedelta(minutes=1)
_KEPT_TEXT = 1_000
_KEPT_MEMBERS = 20
_ITEM = ("id", "title", "price", "old_price", "image", "url", "category_id", "vendor", "count")


class EntryState(StrEnum):
    """Where an entry stands."""

    WAITING = "waiting"
    DONE = "done"
    """It went into a run of the campaign."""
    CANCELLED = "cancelled"
    """Something happened before it was due."""
    SKIPPED = "skipped"
    """It was due, and it was decided not to send it."""


class EntryReason(StrEnum):
    """Why an entry was cancelled or skipped."""

    EVENT = "cancelling_event"
    CAME_BACK = "came_back"
    LEFT_SEGMENT = "not_in_segment"
    DATE_CHANGED = "date_changed"
    TOO_LATE = "too_late"
    NO_SUBSCRIPTION = "no_subscription"
    CAMPAIGN_DONE = "campaign_done"
    CAMPAIGN_CHANGED = "campaign_changed"


REASONS: Mapping[EntryReason, str] = {
    EntryReason.EVENT: "An event happened that calls it off, such as the order.",
    EntryReason.CAME_BACK: "The person came back before it was due.",
    EntryReason.LEFT_SEGMENT: "The person was not in the campaign's segment when it was due.",
    EntryReason.DATE_CHANGED: "The attribute named another day when it was due.",
    EntryReason.TOO_LATE: "It was due for longer than it is worth sending: the campaign was paused, or nothing ran.",
    EntryReason.NO_SUBSCRIPTION: "The person had no active subscription when it was due.",
    EntryReason.CAMPAIGN_DONE: "The campaign was finished.",
    EntryReason.CAMPAIGN_CHANGED: "The campaign got another trigger.",
}
"""Every reason, once."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored entry.

    Attributes:
        key: of what caused it; unique for this person in this campaign.
        item_id: of the event that caused it.
        variables: for the content.
        dispatch_id: the run of the campaign that it went into.
    """

    id: str
    campaign_id: str
    project_id: str
    profile_id: str
    key: str
    due_at: datetime
    state: EntryState
    reason: str | None
    item_id: str | None
    event_id: str | None
    variables: dict[str, Any]
    dispatch_id: str | None
    created_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True, slots=True)
class Start:
    """What a trigger makes of a cause: an entry that is still to be written."""

    key: str
    due_at: datetime
    item_id: str | None = None
    event_id: str | None = None
    variables: dict[str, Any] = field(default_factory=dict)


def is_open(campaign: Campaign, at: datetime) -> bool:
    """Tell whether something that happened at an instant may start a campaign."""
    has_begun = campaign.state is CampaignState.RUNNING and campaign.started_at is not None
    if not has_begun or at < max(filter(None, (campaign.started_at, campaign.starts_at))):
        return False
    return campaign.ends_at is None or at < campaign.ends_at


@dataclass(frozen=True, slots=True)
class History:
    """What is known of somebody's entries in a campaign.

    Attributes:
        entered_at: when the last one was made; of those that were not called off, as `due_at`. None if there is none.
        due_at: when the latest one is or was due.
        recent: how many were made in the last hour, whatever became of them.
    """

    entered_at: datetime | None
    due_at: datetime | None
    recent: int

    def keeps_out(self, once_per: timedelta | None, now: datetime) -> bool:
        """Tell whether the person entered too short a time ago, or too often."""
        is_soon = once_per is not None and self.entered_at is not None and self.entered_at > now - once_per
        return is_soon or self.recent >= MOST_AN_HOUR


def mentions(rule: Any, names: Collection[str]) -> bool:
    """Tell whether a segment's rule, as JSON, asks for events of some names, or for what follows from them."""
    match rule:
        case {"kind": "combine", "of": [*parts]}:
            return any(mentions(part, names) for part in parts)
        case {"kind": "event_count", "name": str(name)}:
            return name in names
        case {"kind": "cart"}:
            return any(name in CART_EVENTS for name in names)
        case {"kind": "order"}:
            return EventName.ORDER in names
        case _:
            return False


def turn_of(due_at: datetime, *, now: datetime) -> datetime:
    """Return when to look for what is due at an instant: the longer it takes till then, the more is looked for at once.

    Not before it is due; within a second of it what is due at once, within a minute what is due in an hour.
    """
    span = min(max((due_at - now) / 60, _SHORTEST_TURN), _LONGEST_TURN)
    seconds = ceil(span.total_seconds())
    return datetime.fromtimestamp(ceil(max(due_at, now).timestamp() / seconds) * seconds, UTC)


def names_of(name: str) -> tuple[str, ...]:
    """Return the names under which campaigns may wait for an event of this name."""
    return (name, CART_CHANGED) if name in CART_EVENTS and name != EventName.ORDER else (name,)


def variables_of(event: Event) -> dict[str, Any]:
    """Return what content may say about an event: itself, and its one item. Long texts are cut."""
    about: dict[str, Any] = {"event": {"name": event.name, **_plain(event.properties)}}
    item = event.properties.get("item")
    if not isinstance(item, Mapping) and event.item_id is not None:
        items = event.properties.get("items")
        item = items[0] if isinstance(items, list) and items and isinstance(items[0], Mapping) else None
    if isinstance(item, Mapping):
        about["item"] = {name: item[name] for name in _ITEM if name in _plain(item)} | {"id": event.item_id}
        about["item"] = _plain(about["item"])
    return about


def _plain(members: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in members.items() if isinstance(value, str | int | float | bool)}
    some = list(kept.items())[:_KEPT_MEMBERS]
    return {name: value[:_KEPT_TEXT] if isinstance(value, str) else value for name, value in some}


def item_ids(event: Event) -> frozenset[str]:
    """Return the items that an event is about: the one, or all that it names."""
    named = [event.properties, event.properties.get("order")]
    lists = [part.get("items") for part in named if isinstance(part, Mapping)]
    found = {str(item["id"]) for some in lists if isinstance(some, list) for item in some if _has_id(item)}
    return frozenset(found | ({event.item_id} if event.item_id is not None else set()))


def _has_id(item: Any) -> bool:
    return isinstance(item, Mapping) and "id" in item
