"""A notification as a sender asks for it: content, audience, and the limits of its life (RFC 8030 section 5.2-5.4)."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from heliograph.domain.contact_rules import ContactRules
from heliograph.domain.rate import Rate
from heliograph.domain.share import Share

MAX_TTL = timedelta(days=28)
"""The longest that Google's push service keeps a message; Mozilla and Apple keep theirs 30 days."""
DEFAULT_TTL = timedelta(days=1)
DEFAULT_BUDGET = 2600
"""Bytes of plaintext that reach every browser: Firefox on phones is served through bridges that hold no more."""
MAX_TOPIC = 32
MAX_TARGETS = 10_000
TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")


class Urgency(StrEnum):
    """RFC 8030 section 5.3."""

    VERY_LOW = "very-low"
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class NotificationKind(StrEnum):
    """What a person sees, or what only code sees."""

    NOTIFICATION = "notification"
    DATA = "data"


class NotificationState(StrEnum):
    """Where a notification stands as a whole."""

    SCHEDULED = "scheduled"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    """Our own work on it failed for good: some of its audience may not have been looked up at all."""
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more will be sent."""
        return self in (NotificationState.DONE, NotificationState.FAILED, NotificationState.CANCELLED)


class AudienceKind(StrEnum):
    """How the receivers are named."""

    EVERYONE = "everyone"
    GROUP = "group"
    PROFILES = "profiles"
    SUBSCRIPTIONS = "subscriptions"
    SEGMENT = "segment"


@dataclass(frozen=True, slots=True)
class Action:
    """A button. `url` is where it leads; without one it leads where the notification does."""

    action: str
    title: str
    icon: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Variant:
    """What a person of another language sees instead; a missing member falls back to the notification's own."""

    title: str | None = None
    body: str | None = None
    url: str | None = None
    icon: str | None = None
    image: str | None = None
    actions: tuple[Action, ...] | None = None


@dataclass(frozen=True, slots=True)
class Content:
    """What is shown, by the members of the Notifications API; or `data` alone, for a data push.

    Attributes:
        url: absolute; where a click leads.
        language: BCP 47 tag of `title` and `body`.
        variants: by language tag; chosen by the subscription's language, longest match first.
        data: any JSON, handed to the page's code.
        shorten: whether a body that does not fit may be cut, with an ellipsis.
        template: whether texts, addresses and the strings in `data` are templates (`domain.template`).
    """

    title: str = ""
    body: str | None = None
    url: str | None = None
    icon: str | None = None
    image: str | None = None
    badge: str | None = None
    actions: tuple[Action, ...] = ()
    tag: str | None = None
    renotify: bool = False
    silent: bool | None = None
    require_interaction: bool = False
    language: str | None = None
    direction: str | None = None
    data: Any = None
    app_badge: int | None = None
    variants: dict[str, Variant] = field(default_factory=dict)
    shorten: bool = False
    template: bool = False


@dataclass(frozen=True, slots=True)
class Audience:
    """Who shall get it, as the sender said it.

    Attributes:
        profile_ids: of `profiles`, our own identifiers in the place of external ones: visitors have no others.
        segment_id: the segment whose rule is taken over when the notification starts, if none was given.
        rule: of a segment, as it was when sending began; JSON that `conditions` understands.
        share: the part of those that is meant, of an A/B test; None for all.
    """

    kind: AudienceKind
    group: str | None = None
    identifier: str | None = None
    external_ids: tuple[str, ...] = ()
    subscription_ids: tuple[str, ...] = ()
    profile_ids: tuple[str, ...] = ()
    segment_id: str | None = None
    rule: dict[str, Any] | None = None
    share: Share | None = None


@dataclass(frozen=True, slots=True)
class Notification:
    """A stored notification, as delivery and providers see it.

    Attributes:
        limits: how often and when it may go to one person, as its sender or its campaign says; None: nothing was said.
        campaign_id: the campaign that it is of, `dispatch_id` the run of it, and `variant` the part of its audience.
        priority: within its exclusion group, the higher goes first.
        variables: for its content: `{"all": {…}, "people": {profile id: {…}}}`.
    """

    id: str
    project_id: str
    kind: NotificationKind
    content: Content
    audience: Audience
    state: NotificationState
    ttl: timedelta
    urgency: Urgency
    topic: str | None
    created_at: datetime
    send_at: datetime
    expires_at: datetime
    rate: Rate | None = None
    limits: ContactRules | None = None
    campaign_id: str | None = None
    dispatch_id: str | None = None
    variant: str | None = None
    priority: int = 0
    variables: dict[str, Any] | None = None

    @property
    def contact_rules(self) -> ContactRules:
        """Its own limits, with whether the project's hold too.

        What a program sends to people whom it names is mostly an answer to something that they did, and a data push
        shows nothing: the project's limits are for neither, unless the sender says so.
        """
        limits = self.limits or ContactRules()
        if limits.ignore_project is not None or self.campaign_id is not None:
            return limits
        is_named = self.audience.kind in (AudienceKind.PROFILES, AudienceKind.SUBSCRIPTIONS)
        return replace(limits, ignore_project=is_named or self.kind is NotificationKind.DATA)


def chosen_variant(content: Content, language: str | None) -> tuple[str | None, Variant | None]:
    """Return a reader's language tag and variant: the longest prefix of `language` that has one (RFC 4647 3.4)."""
    wanted = (language or "").lower()
    by_tag = {tag.lower(): tag for tag in content.variants}
    while wanted:
        if wanted in by_tag:
            tag = by_tag[wanted]
            return tag, content.variants[tag]
        wanted = wanted.rpartition("-")[0]
    return content.language, None
