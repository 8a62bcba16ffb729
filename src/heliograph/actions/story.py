"""What happened between one person and one notification, in plain sentences with codes. Pure: rows in, sentences out.

`docs/reference/why.md` lists the codes.
"""

from dataclasses import dataclass, field
from datetime import datetime

from heliograph.actions.deliveries import message_id
from heliograph.actions.story_words import OUTCOMES, REASONS, StoryCode
from heliograph.domain.delivery import DeliveryState
from heliograph.domain.notification import Audience, AudienceKind, Notification, NotificationState
from heliograph.domain.subscription import SubscriptionState
from heliograph.kit.ids import ceiling_id
from heliograph.storage.attempts import AttemptRow
from heliograph.storage.delivery_reads import Delivery
from heliograph.storage.notifications import NotificationRow
from heliograph.storage.subscriptions import Subscription


@dataclass(frozen=True, slots=True)
class Fact:
    """One sentence of a story."""

    code: StoryCode
    sentence: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of one subscription with regard to one notification.

    Attributes:
        subscription: None if its row is not there (any more).
        joined_at: since when it is in the group that the notification went to.
        key_paused_until: of its application server key, if that is ahead.
        rates: that its message waits for, in words.
        unmet: the kinds of the outermost conditions of a segment's rule that do not hold for its person now; None if
            all is well.
        asked_for: the profile of whom the story is asked; None if it is asked of the subscription.
    """

    id: str
    subscription: Subscription | None
    delivery: Delivery | None = None
    attempts: list[AttemptRow] = field(default_factory=list)
    joined_at: datetime | None = None
    is_provider_enabled: bool = True
    key_paused_until: datetime | None = None
    rates: str = ""
    unmet: tuple[str, ...] | None = None
    asked_for: str | None = None


def of_notification(row: NotificationRow) -> list[Fact]:
    """Return what holds for everybody: when it began, and who was meant."""
    notification, progress = row.notification, row.progress
    facts = []
    if progress.started_at is not None:
        began = f"Sending began at {_when(progress.started_at)}."
        facts.append(Fact(StoryCode.STARTED, began, progress.started_at))
    elif notification.state is NotificationState.SCHEDULED:
        due = f"It is to be sent from {_when(notification.send_at)} on; nothing has been sent yet."
        facts.append(Fact(StoryCode.SCHEDULED, due, notification.send_at))
    if notification.state is NotificationState.FAILED:
        failed = f"It failed here{_at(progress.finished_at)}: not everybody who was meant was looked up."
        facts.append(Fact(StoryCode.NOTIFICATION_FAILED, failed, progress.finished_at))
    if notification.state is NotificationState.CANCELLED:
        ended = progress.finished_at
        facts.append(Fact(StoryCode.CANCELLED, f"It was cancelled{_at(ended)}.", ended))
    facts.append(_audience(notification.audience))
    return facts


def _audience(audience: Audience) -> Fact:
    match audience.kind:
        case AudienceKind.EVERYONE:
            sentence = "It was for everyone: every active subscription of the project that was there when it began."
            return Fact(StoryCode.AUDIENCE_EVERYONE, sentence)
        case AudienceKind.GROUP:
            sentence = f"It was for the group {_group(audience)}: its members of the time when it began."
            return Fact(StoryCode.AUDIENCE_GROUP, sentence)
        case AudienceKind.PROFILES:
            count = len(audience.external_ids or audience.profile_ids)
            return Fact(StoryCode.AUDIENCE_PROFILES, f"It was for {count} named profile(s).")
        case AudienceKind.SUBSCRIPTIONS:
            count = len(audience.subscription_ids)
            return Fact(StoryCode.AUDIENCE_SUBSCRIPTIONS, f"It was for {count} named subscription(s).")
        case AudienceKind.SEGMENT:
            sentence = f"It was for {_segment(audience)}: the people whom its rule meant when their turn came."
            return Fact(StoryCode.AUDIENCE_SEGMENT, sentence)


def of_person(
    row: NotificationRow,
    external_id: str,
    known_since: datetime | None,
    seen: list[Seen],
    *,
    profile_id: str | None = None,
) -> list[Fact]:
    """Return what holds for the person, whatever browser: known or not, named or not, subscribed or not."""
    if known_since is None:
        sentence = f"Nobody is known as {external_id}: no such profile was made, or it was deleted."
        return [Fact(StoryCode.PROFILE_UNKNOWN, sentence)]
    facts = [Fact(StoryCode.PROFILE_KNOWN, f"{external_id} has been known since {_when(known_since)}.", known_since)]
    started_at, audience = row.progress.started_at, row.notification.audience
    if started_at is not None and known_since > started_at:
        facts = [
            Fact(StoryCode.PROFILE_NEWER, f"{external_id} became known only at {_when(known_since)}.", known_since)
        ]
    if audience.kind is AudienceKind.PROFILES and not _is_named(audience, external_id, profile_id):
        facts.append(Fact(StoryCode.PROFILE_NOT_NAMED, f"{external_id} is not among the named profiles."))
    if not seen:
        sentence = f"{external_id} has no subscription: no browser that is subscribed was identified as theirs."
        facts.append(Fact(StoryCode.NO_SUBSCRIPTION, sentence))
        return facts
    there = sum(one.delivery is not None or _was_there(one.subscription, started_at) for one in seen)
    when = "now" if started_at is None else "when it began"
    sentence = f"{external_id} has or had {len(seen)} subscription(s); {there} could be sent to {when}."
    return [*facts, Fact(StoryCode.SUBSCRIPTIONS, sentence)]


def _is_named(audience: Audience, external_id: str | None, profile_id: str | None) -> bool:
    return profile_id in audience.profile_ids if audience.profile_ids else external_id in audience.external_ids


def _was_there(subscription: Subscription | None, started_at: datetime | None) -> bool:
    if subscription is None:
        return False
    if started_at is None:
        return subscription.ended_at is None
    has_ended = subscription.ended_at is not None and subscription.ended_at <= started_at
    return subscription.created_at <= started_at and not has_ended


def of_subscription(row: NotificationRow, seen: Seen, *, swept_at: datetime | None) -> list[Fact]:
    """Return the story of one subscription: chosen or not and by which rule, every attempt, and what came of it."""
    if seen.delivery is None:
        return [*_without_delivery(row, seen, swept_at), *_obstacles(row.notification, seen)]
    chosen = Fact(StoryCode.CHOSEN, _chosen(row.notification, seen))
    attempts = [_attempt(attempt, message_id(seen.delivery, attempt)) for attempt in seen.attempts]
    return [
        chosen,
        *_not_theirs(seen, seen.delivery),
        *attempts,
        *_outcome(row.notification, seen.delivery),
        *_ended(seen),
    ]


def _not_theirs(seen: Seen, delivery: Delivery) -> list[Fact]:
    """Tell that a browser of the person was not theirs then: who saw and clicked may be somebody else."""
    if seen.asked_for is None or delivery.profile_id == seen.asked_for:
        return []
    whose = "nobody's: it became theirs later" if delivery.profile_id is None else "another person's"
    return [Fact(StoryCode.NOT_THEIRS, f"When it was sent to, the subscription was {whose}.", delivery.created_at)]


def _without_delivery(row: NotificationRow, seen: Seen, swept_at: datetime | None) -> list[Fact]:
    notification, started_at = row.notification, row.progress.started_at
    not_chosen = _not_chosen(notification, seen, started_at)
    if not_chosen is not None:
        return [not_chosen]
    if swept_at is not None:
        sentence = "It may have been sent: what came of each delivery was deleted because of its age."
        return [Fact(StoryCode.HISTORY_DELETED, sentence, swept_at)]
    match notification.state:
        case NotificationState.SCHEDULED:
            return [Fact(StoryCode.WAITING, "As things are, it will be sent to this subscription.")]
        case NotificationState.RUNNING:
            return [_turn(seen)]
        case NotificationState.CANCELLED | NotificationState.FAILED:
            ended = "was cancelled" if notification.state is NotificationState.CANCELLED else "failed here"
            return [Fact(StoryCode.NOT_CHOSEN, f"The notification {ended} before the turn of this one came.")]
        case NotificationState.DONE:
            sentence = (
                "It was not among the receivers when they were looked up, although it would be by what is known now."
            )
            return [Fact(StoryCode.NOT_CHOSEN, sentence)]


def _turn(seen: Seen) -> Fact:
    if seen.rates:
        sentence = f"It is chosen as far as one can see, and waits for its turn: no more than {seen.rates} go out."
        return Fact(StoryCode.WAITING_FOR_TURN, sentence)
    return Fact(StoryCode.WAITING, "It is chosen as far as one can see, and its turn has not come yet.")


def _not_chosen(notification: Notification, seen: Seen, started_at: datetime | None) -> Fact | None:
    """Return why a subscription was not meant, or None if nothing speaks against it."""
    subscription, audience = seen.subscription, notification.audience
    if subscription is None:
        sentence = "The project knows no such subscription: it never did, or it ended long ago and was deleted."
        return Fact(StoryCode.SUBSCRIPTION_UNKNOWN, sentence)
    return _not_there(notification, subscription, started_at) or _not_meant(audience, seen, subscription, started_at)


def _not_there(notification: Notification, subscription: Subscription, started_at: datetime | None) -> Fact | None:
    """Return why a subscription could not be looked up when sending began."""
    is_open = notification.audience.kind in (AudienceKind.EVERYONE, AudienceKind.GROUP, AudienceKind.SEGMENT)
    if is_open and started_at is not None and subscription.id > ceiling_id("sub", started_at):
        sentence = f"It was subscribed at {_when(subscription.created_at)}, after sending had begun."
        return Fact(StoryCode.SUBSCRIBED_LATER, sentence, subscription.created_at)
    if subscription.state is SubscriptionState.ACTIVE:
        return None
    is_before = started_at is None or (subscription.ended_at is not None and subscription.ended_at <= started_at)
    then = "before sending began" if is_before else "before its turn came"
    return Fact(StoryCode.ENDED_BEFORE, _end(subscription, then), subscription.ended_at)


def _not_meant(audience: Audience, seen: Seen, subscription: Subscription, started_at: datetime | None) -> Fact | None:
    """Return why a subscription is not of the audience."""
    if audience.share is not None and not audience.share.holds(subscription.profile_id or subscription.id):
        sentence = "It is of another part of an A/B test: another notification of the campaign is for it."
        return Fact(StoryCode.NOT_IN_SHARE, sentence)
    if audience.kind is AudienceKind.GROUP:
        return _not_in_group(audience, seen, started_at)
    if audience.kind is AudienceKind.SUBSCRIPTIONS and seen.id not in audience.subscription_ids:
        return Fact(StoryCode.NOT_NAMED, "It is not among the named subscriptions.")
    if audience.kind is AudienceKind.PROFILES and not _is_named(
        audience, subscription.external_id, subscription.profile_id
    ):
        whose = f"{subscription.external_id}'s, who is not named" if subscription.external_id else "nobody's"
        return Fact(StoryCode.NOT_NAMED, f"Named were profiles, and this subscription is {whose}.")
    if audience.kind is AudienceKind.SEGMENT and seen.unmet is not None:
        why = f"of its conditions, these do not hold: {', '.join(seen.unmet)}" if seen.unmet else "it is nobody's"
        return Fact(StoryCode.NOT_IN_SEGMENT, f"It is not in {_segment(audience)} now: {why}.")
    return None


def _segment(audience: Audience) -> str:
    return f"the segment {audience.segment_id}" if audience.segment_id else "a rule of its own"


def _not_in_group(audience: Audience, seen: Seen, started_at: datetime | None) -> Fact | None:
    if seen.joined_at is None:
        return Fact(StoryCode.NOT_IN_GROUP, f"It is not in the group {_group(audience)}.")
    if started_at is not None and seen.joined_at > started_at:
        sentence = f"It joined the group {_group(audience)} at {_when(seen.joined_at)}, after sending had begun."
        return Fact(StoryCode.JOINED_LATER, sentence, seen.joined_at)
    return None


def _chosen(notification: Notification, seen: Seen) -> str:
    audience = notification.audience
    match audience.kind:
        case AudienceKind.EVERYONE:
            return "It was chosen because the notification was for everyone."
        case AudienceKind.GROUP:
            return f"It was chosen because it was in the group {_group(audience)}."
        case AudienceKind.PROFILES:
            return "It was chosen because it was a named profile's."
        case AudienceKind.SUBSCRIPTIONS:
            return f"It was chosen because {seen.id} was named."
        case AudienceKind.SEGMENT:
            return f"It was chosen because its person was in {_segment(audience)}."


def _attempt(attempt: AttemptRow, name: str | None) -> Fact:
    answer = (
        "there was no answer" if attempt.status_code is None else f"the push service answered {attempt.status_code}"
    )
    took = "" if attempt.duration_ms is None else f" after {attempt.duration_ms} ms"
    reason = "" if attempt.reason is None else f" ({attempt.reason})"
    named = "" if name is None else f" and calls it {name}"
    sentence = f"Attempt {attempt.number}: {answer}{took}; that means: {OUTCOMES[attempt.outcome]}{named}{reason}."
    return Fact(StoryCode.ATTEMPT, sentence, attempt.at)


def _outcome(notification: Notification, delivery: Delivery) -> list[Fact]:
    why, at = _because(delivery.reason), delivery.updated_at
    match delivery.state:
        case DeliveryState.SKIPPED:
            fact = Fact(StoryCode.SKIPPED, f"It was skipped: {why}.", at)
        case DeliveryState.RETRYING | DeliveryState.QUEUED:
            again = delivery.next_attempt_at
            fact = Fact(StoryCode.RETRYING, f"It waits to be tried again{_at(again)}: {why}.", again)
        case DeliveryState.GONE:
            fact = Fact(StoryCode.GONE, f"It could not be delivered: {why}.", at)
        case DeliveryState.REJECTED:
            fact = Fact(StoryCode.REJECTED, f"The message can never go: {why}.", at)
        case DeliveryState.FAILED:
            sentence = f"It failed here, and is not tried again; whether a push service took it is not known: {why}."
            fact = Fact(StoryCode.FAILED, sentence, at)
        case DeliveryState.EXPIRED:
            sentence = f"Its time was over before a push service took it; the last thing in its way: {why}."
            fact = Fact(StoryCode.EXPIRED, sentence, at)
        case DeliveryState.ACCEPTED:
            sentence = (
                "No browser has reported that it was shown: the browser may be off or away, and the push service keeps "
                f"the message until {_when(notification.expires_at)} at most."
            )
            fact = Fact(StoryCode.NOT_DISPLAYED, sentence)
        case DeliveryState.DISPLAYED | DeliveryState.CLICKED | DeliveryState.DISMISSED:
            return _reported(delivery)
    return [fact]


def _reported(delivery: Delivery) -> list[Fact]:
    button = f" on the button {delivery.clicked_action}" if delivery.clicked_action else ""
    told = (
        (StoryCode.DISPLAYED, delivery.displayed_at, "It was shown"),
        (StoryCode.DISMISSED, delivery.dismissed_at, "It was put away"),
        (StoryCode.CLICKED, delivery.clicked_at, f"It was clicked{button}"),
    )
    facts = [Fact(code, f"{what}{_at(at)}.", at) for code, at, what in told if at is not None]
    return sorted(facts, key=lambda fact: fact.at or delivery.updated_at)


def _ended(seen: Seen) -> list[Fact]:
    """Tell that the subscription has ended meanwhile: the next notification will not reach it."""
    subscription = seen.subscription
    if subscription is None or subscription.ended_at is None:
        return []
    return [Fact(StoryCode.ENDED, _end(subscription, "so that nothing is sent to it any more"), subscription.ended_at)]


def _obstacles(notification: Notification, seen: Seen) -> list[Fact]:
    """Return what stands in the way now of what has not been sent yet."""
    if notification.state.is_terminal or seen.subscription is None:
        return []
    facts = []
    if not seen.is_provider_enabled:
        facts.append(Fact(StoryCode.PROVIDER_DISABLED, "Its provider is switched off; as it is, it will be skipped."))
    if seen.key_paused_until is not None:
        sentence = f"Its application server key is paused until {_when(seen.key_paused_until)}; until then it waits."
        facts.append(Fact(StoryCode.KEY_PAUSED, sentence, seen.key_paused_until))
    return facts


def _end(subscription: Subscription, then: str) -> str:
    how = "was unsubscribed" if subscription.state is SubscriptionState.UNSUBSCRIBED else "ended"
    reason = f" ({subscription.state_reason})" if subscription.state_reason else ""
    return f"The subscription {how}{_at(subscription.ended_at)}{reason}, {then}."


def _because(reason: str | None) -> str:
    if reason is None:
        return "no reason was noted"
    told = REASONS.get(reason)
    return f"the push service said {reason}" if told is None else f"{told} ({reason})"


def _group(audience: Audience) -> str:
    return (
        f"{audience.group}"
        if audience.identifier is None
        else f"{audience.group} with identifier {audience.identifier}"
    )


def _when(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"


def _at(at: datetime | None) -> str:
    return "" if at is None else f" at {_when(at)}"
