"""What Apple's push service answers over its provider API, as data. Used for websites; apps have the same table.

Apple, "Handling notification responses from APNs". A reason is looked up first, then the status. Nothing that speaks of
our certificate or of our topic is taken for a dead token.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from heliograph.domain.outcome import Accepted, Gone, Outcome, Refused, Rejected, TryLater
from heliograph.domain.retry import MAX_AFTER
from heliograph.kit.http import HttpResponse, TransportFault

LATER = timedelta(minutes=15)
"""Apple asks for a quarter of an hour before a message is tried again after a fault of its own."""
THROTTLED = timedelta(minutes=5)
MINTING = timedelta(minutes=20)
"""How long a signed token must be kept at least."""
AT_ONCE = timedelta(0)
_MAX_RECEIPT = 64
_MAX_MILLISECONDS = 10**14
_REASON = re.compile(r"[A-Za-z]{1,64}")


class Verdict(StrEnum):
    """What kind of outcome a reason is."""

    TRY_LATER = "try_later"
    GONE = "gone"
    REJECTED = "rejected"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Meaning:
    """A row of the table: status, verdict, the reason that is stored, and how long to wait."""

    status: int
    verdict: Verdict
    reason: str
    after: timedelta | None = None


def _row(status: int, verdict: Verdict, reason: str, after: timedelta | None = None) -> Meaning:
    return Meaning(status, verdict, reason, after)


BY_REASON: Mapping[str, Meaning] = {
    "BadDeviceToken": _row(400, Verdict.GONE, "bad_device_token"),
    "DeviceTokenNotForTopic": _row(400, Verdict.REFUSED, "token_not_for_topic"),
    "BadTopic": _row(400, Verdict.REFUSED, "bad_topic"),
    "MissingTopic": _row(400, Verdict.REFUSED, "missing_topic"),
    "TopicDisallowed": _row(400, Verdict.REFUSED, "topic_disallowed"),
    "BadCollapseId": _row(400, Verdict.REJECTED, "bad_collapse_id"),
    "BadExpirationDate": _row(400, Verdict.REJECTED, "bad_expiration_date"),
    "BadMessageId": _row(400, Verdict.REJECTED, "bad_message_id"),
    "BadPriority": _row(400, Verdict.REJECTED, "bad_priority"),
    "InvalidPushType": _row(400, Verdict.REJECTED, "invalid_push_type"),
    "DuplicateHeaders": _row(400, Verdict.REJECTED, "duplicate_headers"),
    "PayloadEmpty": _row(400, Verdict.REJECTED, "payload_empty"),
    "MissingDeviceToken": _row(400, Verdict.REJECTED, "missing_device_token"),
    "IdleTimeout": _row(400, Verdict.TRY_LATER, "idle_timeout", AT_ONCE),
    "ExpiredProviderToken": _row(403, Verdict.REFUSED, "expired_provider_token"),
    "InvalidProviderToken": _row(403, Verdict.REFUSED, "invalid_provider_token"),
    "MissingProviderToken": _row(403, Verdict.REFUSED, "missing_provider_token"),
    "BadEnvironmentKeyInToken": _row(403, Verdict.REFUSED, "bad_environment_key"),
    "BadEnvironmentKeyIdInToken": _row(403, Verdict.REFUSED, "bad_environment_key"),
    "UnrelatedKeyIdInToken": _row(403, Verdict.REFUSED, "unrelated_key"),
    "BadCertificate": _row(403, Verdict.REFUSED, "bad_certificate"),
    "BadCertificateEnvironment": _row(403, Verdict.REFUSED, "bad_certificate_environment"),
    "Forbidden": _row(403, Verdict.REFUSED, "forbidden"),
    "BadPath": _row(404, Verdict.REJECTED, "bad_path"),
    "MethodNotAllowed": _row(405, Verdict.REJECTED, "method_not_allowed"),
    "Unregistered": _row(410, Verdict.GONE, "unregistered"),
    "ExpiredToken": _row(410, Verdict.GONE, "expired_token"),
    "PayloadTooLarge": _row(413, Verdict.REJECTED, "too_large"),
    "TooManyRequests": _row(429, Verdict.TRY_LATER, "throttled", THROTTLED),
    "TooManyProviderTokenUpdates": _row(429, Verdict.TRY_LATER, "too_many_token_updates", MINTING),
    "InternalServerError": _row(500, Verdict.TRY_LATER, "internal_error", LATER),
    "ServiceUnavailable": _row(503, Verdict.TRY_LATER, "unavailable", LATER),
    "Shutdown": _row(503, Verdict.TRY_LATER, "shutdown", LATER),
}
"""Apple's reasons. A token ends only by a row that is GONE, and only beside that row's status."""


def read(answer: HttpResponse | TransportFault, *, registered_at: datetime | None = None) -> Outcome:
    """Say what an answer means. Never raises.

    Args:
        answer: of Apple's push service.
        registered_at: since when the token is known; a report that is older than that does not end it. None if that
            is not known.
    """
    if isinstance(answer, TransportFault):
        return TryLater(f"network_{answer.kind}")
    if answer.status == HTTPStatus.OK:
        return Accepted(answer.headers.get("apns-id", "")[:_MAX_RECEIPT])
    told = _told(answer.body)
    meaning = BY_REASON.get(told.get("reason") or "")
    if meaning is None or (meaning.verdict is Verdict.GONE and meaning.status != answer.status):
        return _by_status(answer.status)
    is_old = meaning.status == HTTPStatus.GONE and _is_old(told.get("timestamp"), registered_at)
    return TryLater("registered_since") if is_old else _outcome(meaning, answer)


def _outcome(meaning: Meaning, answer: HttpResponse) -> Outcome:
    match meaning.verdict:
        case Verdict.GONE:
            return Gone(meaning.reason)
        case Verdict.REJECTED:
            return Rejected(meaning.reason)
        case Verdict.REFUSED:
            return Refused(meaning.reason)
        case Verdict.TRY_LATER:
            return TryLater(meaning.reason, _after(answer) or meaning.after)


def _by_status(status: int) -> Outcome:
    """Return what an answer without a known reason means: nothing of it ends a token."""
    match status:
        case HTTPStatus.UNAUTHORIZED | HTTPStatus.FORBIDDEN:
            return Refused("forbidden")
        case HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
            return Rejected("too_large")
        case HTTPStatus.TOO_MANY_REQUESTS:
            return TryLater("throttled", THROTTLED)
        case HTTPStatus.GONE:
            return TryLater("unexplained_410", LATER)
        case _ if 400 <= status < 500:  # noqa: PLR2004 - RFC 9110 section 15.5
            return Rejected("client_error")
        case _:
            return TryLater("server_error" if status >= 500 else "unexpected_status", LATER)  # noqa: PLR2004


def _told(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(told, dict):
        return {}
    reason = told.get("reason")
    return told if isinstance(reason, str) and _REASON.fullmatch(reason) else {}


def _is_old(timestamp: Any, registered_at: datetime | None) -> bool:
    """Tell whether Apple speaks of a time before the token was registered (again)."""
    if registered_at is None or isinstance(timestamp, bool) or not isinstance(timestamp, int):
        return False
    if not 0 <= timestamp <= _MAX_MILLISECONDS:
        return False
    return datetime.fromtimestamp(timestamp / 1000, UTC) < registered_at


def _after(answer: HttpResponse) -> timedelta | None:
    """Return a Retry-After in seconds; Apple documents none, but a server in between may send one."""
    said = answer.headers.get("retry-after", "")
    if not (said.isascii() and said.isdigit() and len(said) <= 6):  # noqa: PLR2004 - eleven days
        return None
    return min(timedelta(seconds=int(said)), MAX_AFTER)
