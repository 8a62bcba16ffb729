"""Apple's answers, one by one."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from heliograph.domain import apns_answers
from heliograph.domain.apns_answers import BY_REASON, Verdict
from heliograph.domain.outcome import Accepted, Gone, Outcome, Refused, Rejected, TryLater
from heliograph.kit.http import FaultKind, HttpResponse, TransportFault

AT = datetime(2026, 11, 1, tzinfo=UTC)
KINDS: dict[Verdict, type[Outcome]] = {
    Verdict.GONE: Gone,
    Verdict.REJECTED: Rejected,
    Verdict.REFUSED: Refused,
    Verdict.TRY_LATER: TryLater,
}
REASONS = {
    400: "BadDeviceToken DeviceTokenNotForTopic BadTopic MissingTopic TopicDisallowed BadCollapseId BadExpirationDate "
    "BadMessageId BadPriority InvalidPushType DuplicateHeaders PayloadEmpty MissingDeviceToken IdleTimeout",
    403: "ExpiredProviderToken InvalidProviderToken MissingProviderToken BadEnvironmentKeyInToken "
    "BadEnvironmentKeyIdInToken UnrelatedKeyIdInToken BadCertificate BadCertificateEnvironment Forbidden",
    404: "BadPath",
    405: "MethodNotAllowed",
    410: "Unregistered ExpiredToken",
    413: "PayloadTooLarge",
    429: "TooManyRequests TooManyProviderTokenUpdates",
    500: "InternalServerError",
    503: "ServiceUnavailable Shutdown",
}
"""As Apple documents them."""
ENDING = {"BadDeviceToken", "Unregistered", "ExpiredToken"}


def answer(status: int, reason: str | None = None, **more: object) -> HttpResponse:
    body = b"" if reason is None else json.dumps({"reason": reason, **more}).encode()
    return HttpResponse(status, {}, body, "2")


ROWS = [(status, reason) for status, names in REASONS.items() for reason in names.split()]


def test_the_table_is_whole() -> None:
    """Every documented reason has its row, with its status."""
    assert {(meaning.status, reason) for reason, meaning in BY_REASON.items()} == set(ROWS)


@pytest.mark.parametrize(("status", "reason"), ROWS)
def test_each_reason(status: int, reason: str) -> None:
    """Each leads to its outcome, and only three end a token; beside another status none does."""
    meaning = BY_REASON[reason]
    outcome = apns_answers.read(answer(status, reason))
    assert isinstance(outcome, KINDS[meaning.verdict])
    assert not isinstance(outcome, Accepted)
    assert outcome.reason == meaning.reason
    assert isinstance(outcome, Gone) == (reason in ENDING)
    if isinstance(outcome, TryLater):
        assert outcome.after == meaning.after
    for other in (400, 401, 403, 404, 410, 500):
        if other != status:
            assert not isinstance(apns_answers.read(answer(other, reason)), Gone)


@pytest.mark.parametrize("reason", ["Unregistered", "ExpiredToken"])
def test_a_report_older_than_the_registration(reason: str) -> None:
    """A token that was registered again after Apple saw it go, lives."""
    told = int(AT.timestamp() * 1000)
    gone = answer(410, reason, timestamp=told)
    before, after = AT - timedelta(seconds=1), AT + timedelta(seconds=1)
    assert isinstance(apns_answers.read(gone, registered_at=before), Gone)
    assert apns_answers.read(gone, registered_at=after) == TryLater("registered_since")
    assert isinstance(apns_answers.read(gone), Gone)
    for odd in (True, "1", -1, 10**20, None, 1.5):
        assert isinstance(apns_answers.read(answer(410, reason, timestamp=odd), registered_at=after), Gone)


@pytest.mark.parametrize("status", [*range(201, 600, 7), 400, 401, 403, 404, 410, 413, 429, 503])
@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"reason": 1}', b'{"reason": ["Unregistered"]}', b'{"reason": "New"}', b"[" * 60_000]
)
def test_answers_that_nobody_documented(status: int, body: bytes) -> None:
    """Whatever comes, there is an outcome, and nothing ends."""
    assert not isinstance(apns_answers.read(HttpResponse(status, {}, body)), Gone | Accepted)


def test_accepted_and_faults() -> None:
    """What Apple took has its name there; what did not arrive is tried again."""
    assert apns_answers.read(HttpResponse(200, {"apns-id": "ab-cd"})) == Accepted("ab-cd")
    assert apns_answers.read(TransportFault(FaultKind.RESET)) == TryLater("network_reset")
    waiting = HttpResponse(503, {"retry-after": "90"}, b'{"reason": "Shutdown"}')
    assert apns_answers.read(waiting) == TryLater("shutdown", timedelta(seconds=90))
