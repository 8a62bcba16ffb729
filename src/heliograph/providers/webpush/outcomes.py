"""What each push service's answers mean, as data. `docs/reference/push-services.md` shows the same tables to people.

A service's own reason (errno, reason, header) is looked up first, then its status, then the status that all share, then
the status' class; so every answer has an outcome. An answer that speaks of our credentials is never taken for a dead
subscription, whatever status it came with.
"""

import email.utils
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from heliograph.domain.endpoint import PushService
from heliograph.domain.outcome import Accepted, Gone, Outcome, Refused, Rejected, TryLater
from heliograph.domain.retry import MAX_AFTER, THROTTLED_AFTER
from heliograph.kit.http import HttpResponse

_MAX_RECEIPT = 256
_MAX_DIGITS = 12
_MAY_END = (404, 410)
"""The statuses that may end a subscription; a reason beside another status may be a mistake."""


class Verdict(StrEnum):
    """What kind of outcome an answer is."""

    ACCEPTED = "accepted"
    THROTTLED = "throttled"
    """Try later; a minute at least when the service does not say when."""
    TRY_LATER = "try_later"
    GONE = "gone"
    REJECTED = "rejected"
    REFUSED = "refused"


class Meaning(NamedTuple):
    """A row of the tables: verdict, and the reason that is stored with the delivery."""

    verdict: Verdict
    reason: str = ""


_OK = Meaning(Verdict.ACCEPTED)
_TOO_LARGE = Meaning(Verdict.REJECTED, "too_large")
_UNAUTHORIZED = Meaning(Verdict.REFUSED, "unauthorized")
_KEY_MISMATCH = Meaning(Verdict.REFUSED, "key_mismatch")
_EXPIRED = Meaning(Verdict.GONE, "expired")
_UNKNOWN = Meaning(Verdict.GONE, "unknown")
_TOO_MANY = Meaning(Verdict.THROTTLED, "throttled")
_UNAVAILABLE = Meaning(Verdict.TRY_LATER, "unavailable")

BY_STATUS: Mapping[int, Meaning] = {
    400: Meaning(Verdict.REJECTED, "bad_request"),
    401: _UNAUTHORIZED,
    403: Meaning(Verdict.REFUSED, "forbidden"),
    404: _UNKNOWN,
    405: Meaning(Verdict.REJECTED, "method_not_allowed"),
    407: Meaning(Verdict.TRY_LATER, "proxy"),
    408: Meaning(Verdict.TRY_LATER, "timeout"),
    410: _EXPIRED,
    413: _TOO_LARGE,
    421: Meaning(Verdict.TRY_LATER, "misdirected"),
    425: Meaning(Verdict.TRY_LATER, "too_early"),
    429: _TOO_MANY,
    500: Meaning(Verdict.TRY_LATER, "internal_error"),
    502: Meaning(Verdict.TRY_LATER, "bad_gateway"),
    503: _UNAVAILABLE,
    504: Meaning(Verdict.TRY_LATER, "gateway_timeout"),
}
"""What a status means everywhere (RFC 8030 sections 5 and 8.4, RFC 8292 section 4.2)."""

BY_CLASS: Mapping[int, Meaning] = {
    1: Meaning(Verdict.TRY_LATER, "unexpected_status"),
    2: _OK,
    3: Meaning(Verdict.TRY_LATER, "redirect"),  # never followed: a stranger's address must not lead elsewhere
    4: Meaning(Verdict.REJECTED, "client_error"),
    5: Meaning(Verdict.TRY_LATER, "server_error"),
    6: Meaning(Verdict.TRY_LATER, "unexpected_status"),
    7: Meaning(Verdict.TRY_LATER, "unexpected_status"),
    8: Meaning(Verdict.TRY_LATER, "unexpected_status"),
    9: Meaning(Verdict.TRY_LATER, "unexpected_status"),
}
"""What any other status means, by its first digit."""

SERVICE_STATUS: Mapping[PushService, Mapping[int, Meaning]] = {
    PushService.FCM: {403: _KEY_MISMATCH},
    PushService.MOZILLA: {},
    PushService.APPLE: {},
    PushService.WNS: {406: _TOO_MANY},
    PushService.OTHER: {},
}
"""Where one service's status means something of its own."""

MOZILLA_ERRNO: Mapping[int, Meaning] = {
    101: Meaning(Verdict.REJECTED, "encryption_headers"),
    102: _UNKNOWN,
    103: _EXPIRED,
    104: _TOO_LARGE,
    105: Meaning(Verdict.GONE, "went_away"),
    106: Meaning(Verdict.GONE, "unsubscribed"),
    108: Meaning(Verdict.REJECTED, "router_type"),
    109: _UNAUTHORIZED,
    110: Meaning(Verdict.REJECTED, "encryption_headers"),
    111: Meaning(Verdict.REJECTED, "ttl"),
    112: Meaning(Verdict.REJECTED, "ttl"),
    113: Meaning(Verdict.REJECTED, "topic"),
    114: Meaning(Verdict.REJECTED, "ttl"),
    201: _UNAVAILABLE,
    202: _UNAVAILABLE,
    900: Meaning(Verdict.TRY_LATER, "bridge"),
    901: Meaning(Verdict.TRY_LATER, "bridge"),
    902: Meaning(Verdict.TRY_LATER, "bridge"),
    903: Meaning(Verdict.TRY_LATER, "bridge"),
}
"""autopush: the member `errno` of the answer."""

APPLE_REASON: Mapping[str, Meaning] = {
    "BadJwtToken": _UNAUTHORIZED,
    "BadAuthorizationHeader": _UNAUTHORIZED,
    "BadVapidPublicKey": _UNAUTHORIZED,
    "VapidPkHashMismatch": _KEY_MISMATCH,
    "BadTtl": Meaning(Verdict.REJECTED, "ttl"),
    "BadUrgency": Meaning(Verdict.REJECTED, "urgency"),
    "BadWebPushTopic": Meaning(Verdict.REJECTED, "topic"),
    "BadWebPushRequest": Meaning(Verdict.REJECTED, "bad_request"),
    "BadPath": _UNKNOWN,
    "MethodNotAllowed": Meaning(Verdict.REJECTED, "method_not_allowed"),
    "ExpiredToken": _EXPIRED,
    "Unregistered": Meaning(Verdict.GONE, "unsubscribed"),
    "PayloadTooLarge": _TOO_LARGE,
    "TooManyRequests": _TOO_MANY,
    "InternalServerError": Meaning(Verdict.TRY_LATER, "internal_error"),
    "ServiceUnavailable": _UNAVAILABLE,
    "Shutdown": _UNAVAILABLE,
    "IdleTimeout": Meaning(Verdict.TRY_LATER, "timeout"),
}
"""web.push.apple.com: the member `reason` of the answer."""

WNS_STATUS: Mapping[str, Meaning] = {
    "dropped": Meaning(Verdict.TRY_LATER, "dropped"),
    "channelthrottled": _TOO_MANY,
    "appthrottled": _TOO_MANY,
}
"""WNS: the header X-WNS-Status; it may stand beside a 200, and then the message was not delivered."""

FCM_TEXT: tuple[tuple[str, Meaning], ...] = (
    ("less than 4096 bytes", _TOO_LARGE),
    ("do not correspond to the credentials", _KEY_MISMATCH),
    ("unsubscribed or expired", _EXPIRED),
)
"""FCM: words of the answer's plain text, tried in order, for statuses from 400."""


def read(service: PushService, response: HttpResponse, *, now: datetime) -> Outcome:
    """Say what an answer means. Never raises, whatever the answer holds."""
    meaning = meaning_of(service, response)
    match meaning.verdict:
        case Verdict.ACCEPTED:
            return Accepted(receipt_of(response.headers))
        case Verdict.GONE:
            return Gone(meaning.reason)
        case Verdict.REJECTED:
            return Rejected(meaning.reason)
        case Verdict.REFUSED:
            return Refused(meaning.reason)
        case Verdict.TRY_LATER:
            return TryLater(meaning.reason, wait_asked_for(response.headers, now))
        case Verdict.THROTTLED:
            return TryLater(meaning.reason, wait_asked_for(response.headers, now) or THROTTLED_AFTER)


def meaning_of(service: PushService, response: HttpResponse) -> Meaning:
    """Look an answer up in the tables, the most particular one first."""
    special = _by_reason(service, response)
    if special is not None and (special.verdict is not Verdict.GONE or response.status in _MAY_END):
        return special
    status = response.status
    shared = SERVICE_STATUS[service].get(status) or BY_STATUS.get(status)
    return shared or BY_CLASS.get(status // 100, BY_CLASS[9])


def _by_reason(service: PushService, response: HttpResponse) -> Meaning | None:
    status = response.status
    match service:
        case PushService.WNS:
            # Beside a 404 or a 410 the header says "dropped" too, and there the status is the news.
            is_telling = status < 300 or status == 406  # noqa: PLR2004 - taken, or throttled
            return WNS_STATUS.get(response.headers.get("x-wns-status", "").strip().lower()) if is_telling else None
        case _ if 200 <= status < 400:  # noqa: PLR2004 - reasons are given for errors only
            return None
        case PushService.MOZILLA:
            errno = _members(response.body).get("errno")
            return MOZILLA_ERRNO.get(errno) if isinstance(errno, int) else None
        case PushService.APPLE:
            reason = _members(response.body).get("reason")
            return APPLE_REASON.get(reason) if isinstance(reason, str) else None
        case PushService.FCM:
            text = response.body[:2_000].decode(errors="replace").lower()
            return next((meaning for words, meaning in FCM_TEXT if words in text), None)
        case PushService.OTHER:
            return None


def _members(body: bytes) -> dict[str, object]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def wait_asked_for(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Read Retry-After, seconds or a date (RFC 9110 section 10.2.3), or WNS' own header; at most a day, or None."""
    for name in ("retry-after", "x-wns-continue-after"):
        text = headers.get(name, "").strip()
        if re.fullmatch(r"[0-9]+", text, re.ASCII):
            seconds = int(text[:_MAX_DIGITS])
            return timedelta(seconds=min(seconds, int(MAX_AFTER.total_seconds())))
        wait = _until(text, now)
        if wait is not None:
            return wait
    return None


def _until(text: str, now: datetime) -> timedelta | None:
    try:
        at = email.utils.parsedate_to_datetime(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return min(max(at - now, timedelta(0)), MAX_AFTER)


def receipt_of(headers: Mapping[str, str]) -> str:
    """Return the push service's own name for the message: what its support asks for."""
    for name in ("apns-id", "x-wns-msg-id"):
        if headers.get(name):
            return headers[name][:_MAX_RECEIPT]
    return headers.get("location", "").rstrip("/").rpartition("/")[2][:_MAX_RECEIPT]
