"""Why did somebody get a notification, or not? Everything that is known of it, gathered for `actions.story`."""

from dataclasses import dataclass

from heliograph import conditions
from heliograph.actions import story
from heliograph.actions.held import in_words
from heliograph.actions.limit_story import of_campaign
from heliograph.actions.notifications import limits_of
from heliograph.actions.story import Fact, Seen
from heliograph.actions.template_story import of_templates
from heliograph.domain.delivery import delivery_id
from heliograph.domain.notification import AudienceKind
from heliograph.domain.rate import Limits
from heliograph.errors import FieldError, InvalidRequest, NotFound
from heliograph.kit.context import Context
from heliograph.kit.ids import is_id
from heliograph.storage import (
    attempts,
    audience,
    delivery_reads,
    notifications,
    people,
    profiles,
    projects,
    providers,
    stories,
    subscriptions,
    vapid_keys,
)
from heliograph.storage.audience import Receiver
from heliograph.storage.notifications import NotificationRow
from heliograph.storage.store import Tx

MOST = 50
"""Subscriptions of one person that are told of."""


@dataclass(frozen=True, slots=True)
class SubscriptionStory:
    """One subscription's part."""

    seen: Seen
    facts: list[Fact]


@dataclass(frozen=True, slots=True)
class Story:
    """The whole story. `external_id` is the person's, if it was asked by that."""

    notification_id: str
    external_id: str | None
    facts: list[Fact]
    subscriptions: list[SubscriptionStory]


async def why(
    tx: Tx,
    ctx: Context,
    *,
    project_id: str,
    notification_id: str,
    external_id: str | None = None,
    subscription_id: str | None = None,
) -> Story:
    """Tell the story of a notification and a person, or a subscription.

    Raises:
        NotFound: there is no such notification.
        InvalidRequest: neither a person nor a subscription is named, or both.
    """
    row = await notifications.get(tx, project_id, notification_id)
    if row is None:
        raise NotFound("There is no such notification in this project.")
    if (external_id is None) == (subscription_id is None):
        sentence = "Name either a profile or a subscription."
        raise InvalidRequest(sentence, (FieldError("query/profile", sentence),))
    if external_id is not None:
        return await _of_person(tx, ctx, row, external_id)
    seen = await _seen(tx, ctx, row, [subscription_id or ""])
    return await _told(tx, row, None, story.of_notification(row), seen)


async def _of_person(tx: Tx, ctx: Context, row: NotificationRow, external_id: str) -> Story:
    notification = row.notification
    profile = await profiles.of_external_id(tx, notification.project_id, external_id)
    if profile is None and is_id("pro", external_id):  # of a visitor nothing else is known
        profile = await profiles.get(tx, notification.project_id, external_id)
    ids: list[str] = []
    if profile is not None:
        theirs = subscriptions.Filter(profile_id=profile.id)
        page = await subscriptions.page(tx, notification.project_id, theirs, after=None, limit=MOST)
        sent = await stories.sent_to_profile(tx, profile.id, notification.id, limit=MOST)
        ids = list(dict.fromkeys([*(one.id for one in page), *sent]))
    seen = await _seen(tx, ctx, row, ids, asked_for=None if profile is None else profile.id)
    known_since = None if profile is None else profile.created_at
    profile_id = None if profile is None else profile.id
    person = story.of_person(row, external_id, known_since, seen, profile_id=profile_id)
    return await _told(tx, row, external_id, [*story.of_notification(row), *person], seen)


async def _told(tx: Tx, row: NotificationRow, external_id: str | None, facts: list[Fact], seen: list[Seen]) -> Story:
    swept_at = await stories.swept_at(tx, row.notification.id)
    now = await of_templates(tx, row.notification, seen)
    told = [
        SubscriptionStory(
            one, [*story.of_subscription(row, one, swept_at=swept_at), *([now[one.id]] if one.id in now else [])]
        )
        for one in seen
    ]
    return Story(row.notification.id, external_id, [*facts, *await of_campaign(tx, row.notification)], told)


async def _seen(
    tx: Tx, ctx: Context, row: NotificationRow, ids: list[str], *, asked_for: str | None = None
) -> list[Seen]:
    notification = row.notification
    project_id = notification.project_id
    delivery_ids = {one: delivery_id(notification.id, one) for one in ids}
    sent = await delivery_reads.by_ids(tx, project_id, list(delivery_ids.values()))
    tries = await attempts.of_deliveries(tx, list(sent))
    is_group = notification.audience.kind is AudienceKind.GROUP
    joined = await stories.joined(tx, project_id, notification.audience, ids) if is_group else {}
    enabled = {one.id for one in await providers.of_project(tx, project_id) if one.is_enabled}
    paused = {key.id: key.paused_until for key in await vapid_keys.of_project(tx, project_id) if key.is_paused(ctx.now)}
    rows = await audience.by_ids(tx, ids)
    unmet = await _unmet(tx, ctx, row, rows)
    project = await projects.get(tx, project_id)
    limits = Limits() if project is None else limits_of(notification, project)
    seen = []
    for one in ids:
        subscription = await subscriptions.get(tx, project_id, one)
        receiver = None if subscription is None else rows.get(one)
        seen.append(
            Seen(
                one,
                subscription,
                delivery=sent.get(delivery_ids[one]),
                attempts=tries.get(delivery_ids[one], []),
                joined_at=joined.get(one),
                is_provider_enabled=receiver is None or receiver.provider_id in enabled,
                key_paused_until=None if receiver is None else paused.get(receiver.vapid_key_id),
                rates="" if receiver is None else in_words(limits, receiver.push_service),
                unmet=unmet.get(one),
                asked_for=asked_for,
            )
        )
    return seen


async def _unmet(tx: Tx, ctx: Context, row: NotificationRow, rows: dict[str, Receiver]) -> dict[str, tuple[str, ...]]:
    """Return those subscriptions that are in no segment that a notification went to, with the conditions at fault."""
    rule = row.notification.audience.rule
    if rule is None:
        return {}
    condition = conditions.parse(rule)
    theirs = sorted({one.profile_id for one in rows.values() if one.profile_id is not None})
    known = {person.id: person for person in await people.load(tx, theirs, condition.needs)}
    unmet: dict[str, tuple[str, ...]] = {}
    for one in rows.values():
        person = known.get(one.profile_id or "")
        if person is None:
            unmet[one.id] = ()
        elif not condition.matches(person, ctx.now):
            parts = condition.parts or (condition,)
            unmet[one.id] = tuple(part.kind for part in parts if not part.matches(person, ctx.now)) or (condition.kind,)
    return unmet
