"""Reasons and outcomes of deliveries, in words."""

from heliograph.domain.outcome import OutcomeKind
from heliograph.domain.rate import RATE_LIMIT

REASONS = {
    "control": "it is of the control group of an A/B test, which gets nothing so that the others can be compared",
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
