"""What sentences of a story say, for programs; and reasons and outcomes of deliveries, in words."""

from enum import StrEnum

from heliograph.domain.caps import FREQUENCY_CAP
from heliograph.domain.exclusion import EXCLUSION
from heliograph.domain.outcome import OutcomeKind
from heliograph.domain.quiet_hours import QUIET_HOURS
from heliograph.domain.rate import RATE_LIMIT
from heliograph.domain.schedule import LOCAL_TIME


class StoryCode(StrEnum):
    """What a sentence says, for programs."""

    SCHEDULED = "scheduled"
    STARTED = "started"
    CANCELLED = "cancelled"
    NOTIFICATION_FAILED = "notification_failed"
    CAMPAIGN = "campaign"
    LIMITS = "limits"
    AUDIENCE_EVERYONE = "audience_everyone"
    AUDIENCE_GROUP = "audience_group"
    AUDIENCE_PROFILES = "audience_profiles"
    AUDIENCE_SUBSCRIPTIONS = "audience_subscriptions"
    AUDIENCE_SEGMENT = "audience_segment"
    PROFILE_UNKNOWN = "profile_unknown"
    PROFILE_KNOWN = "profile_known"
    PROFILE_NEWER = "profile_newer"
    PROFILE_NOT_NAMED = "profile_not_named"
    NO_SUBSCRIPTION = "no_subscription"
    SUBSCRIPTIONS = "subscriptions"
    SUBSCRIPTION_UNKNOWN = "subscription_unknown"
    SUBSCRIBED_LATER = "subscribed_later"
    ENDED_BEFORE = "ended_before"
    NOT_IN_GROUP = "not_in_group"
    NOT_IN_SEGMENT = "not_in_segment"
    JOINED_LATER = "joined_later"
    NOT_NAMED = "not_named"
    NOT_IN_SHARE = "not_in_share"
    NOT_CHOSEN = "not_chosen"
    HISTORY_DELETED = "history_deleted"
    WAITING = "waiting"
    WAITING_FOR_TURN = "waiting_for_turn"
    CHOSEN = "chosen"
    NOT_THEIRS = "not_theirs"
    ATTEMPT = "attempt"
    RETRYING = "retrying"
    SKIPPED = "skipped"
    TEMPLATE_NOW = "template_now"
    GONE = "gone"
    REJECTED = "rejected"
    EXPIRED = "expired"
    FAILED = "failed"
    NOT_DISPLAYED = "not_displayed"
    DISPLAYED = "displayed"
    CLICKED = "clicked"
    DISMISSED = "dismissed"
    ENDED = "ended"
    PROVIDER_DISABLED = "provider_disabled"
    KEY_PAUSED = "key_paused"


REASONS = {
    "control": "it is of the control group of an A/B test, which gets nothing so that the others can be compared",
    FREQUENCY_CAP: "the person had as many as a frequency cap allows",
    EXCLUSION: "another campaign of its exclusion group goes first, or has this person's place already",
    QUIET_HOURS: "it was quiet by the person's clock",
    LOCAL_TIME: "it waits for a time on the person's own clock",
    "cancelled": "the notification was cancelled before its turn came",
    "template_error": "its templates came to nothing that could be shown to this person",
    "subscription_gone": "the subscription had ended before its turn came",
    "subscription_unsubscribed": "the person unsubscribed before its turn came",
    "subscription_swept": "the subscription was deleted before its turn came",
    "subscription_expired": "the subscription's time was over",
    "left_audience": "it was no longer of the audience when it was to be tried again",
    "provider_disabled": "its provider was switched off",
    "key_retired": "its application server key is retired",
    "key_paused": "its application server key is paused",
    "host_unavailable": "the push service's host fails too often and is left alone for a while",
    "gone_young": "the subscription is too new to be believed dead at once",
    "gone_storm": "the push service calls too many subscriptions dead at once to be believed",
    RATE_LIMIT: "the rate that was set left it no turn before its time was over",
    "deadline": "its time was over before its turn came",
    "job_buried": "the worker failed at it again and again, and the log says why",
}
"""Why something was not sent, or not taken. A reason that is not here is the push service's own."""
OUTCOMES = {
    OutcomeKind.ACCEPTED: "it took the message",
    OutcomeKind.TRY_LATER: "a passing fault",
    OutcomeKind.GONE: "the subscription is dead",
    OutcomeKind.REJECTED: "this message can never go",
    OutcomeKind.REFUSED: "our own credentials were refused",
}
