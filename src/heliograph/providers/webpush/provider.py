"""Web Push: RFC 8030 with message encryption (RFC 8291) and VAPID (RFC 8292), for every browser's push service."""

import hashlib
from datetime import datetime, timedelta
from typing import ClassVar

from heliograph.domain.endpoint import PushService
from heliograph.domain.notification import DEFAULT_BUDGET, MAX_TTL, Notification
from heliograph.domain.outcome import Outcome, Rejected, TryLater
from heliograph.kit.http import HttpRequest, HttpResponse, TransportFault
from heliograph.names import Channel
from heliograph.protocols import base64url
from heliograph.protocols.encryption import Plaintext, encrypt_many
from heliograph.providers.base import Credentials, Repair, Target
from heliograph.providers.webpush import outcomes
from heliograph.providers.webpush.authorization import Authorizer
from heliograph.providers.webpush.payload import DoesNotFit, PayloadWriter

RESIGN_AFTER = timedelta(minutes=1)
"""A refused token younger than this would be refused again."""
_TOPIC_BYTES = 24  # 32 characters of base64url: the longest topic, and of a length that Apple accepts


class WebPush:
    """The provider of channel `web`. It keeps signed headers and nothing else."""

    channel: ClassVar[str] = Channel.WEB

    def __init__(self) -> None:
        self._authorizer = Authorizer()

    def requests(
        self,
        notification: Notification,
        targets: list[Target],
        *,
        credentials: Credentials,
        ttl: timedelta,
        now: datetime,
        repair: Repair | None = None,
    ) -> list[HttpRequest | Outcome]:
        """Return what to send for each target, or the outcome that needs no sending; best 32 targets at once."""
        budget = credentials.budget
        if repair is Repair.SHORTER:
            budget = shorter_budget(budget)
        writer = PayloadWriter(
            notification.kind, notification.id, notification.content, budget=budget, site_url=credentials.site_url
        )
        plaintexts = [self._plaintext(writer, target) for target in targets]
        bodies = iter(_encrypted([text for text in plaintexts if isinstance(text, Plaintext)]))
        topic = None if repair is Repair.WITHOUT_TOPIC else topic_of(notification)
        prepared: list[HttpRequest | Outcome] = []
        for target, text in zip(targets, plaintexts, strict=True):
            body = next(bodies) if isinstance(text, Plaintext) else text
            if isinstance(body, Rejected):
                prepared.append(body)
                continue
            headers = headers_of(target.push_service, ttl=ttl, urgency=notification.urgency, topic=topic)
            key = credentials.private_keys.get(target.authorization_key)
            if key is None:
                prepared.append(Rejected("key_missing"))
                continue
            authorization = self._authorizer.header(key, audience=target.origin, subject=credentials.subject, now=now)
            prepared.append(HttpRequest("POST", target.endpoint, (*headers, ("Authorization", authorization)), body))
        return prepared

    def _plaintext(self, writer: PayloadWriter, target: Target) -> Plaintext | Rejected:
        if target.content is not None:
            writer = writer.of(target.content)
        try:
            data = writer.write(target.delivery_token, target.language, target.push_service)
        except DoesNotFit:
            return Rejected("too_large")
        except UnicodeEncodeError:  # half a surrogate pair, which JSON can write and UTF-8 cannot
            return Rejected("content")
        return Plaintext(target.p256dh, target.auth, data)

    def outcome(self, target: Target, answer: HttpResponse | TransportFault, *, now: datetime) -> Outcome:
        """Say what an answer means. Never raises."""
        if isinstance(answer, TransportFault):
            return TryLater(f"network_{answer.kind}")
        return outcomes.read(target.push_service, answer, now=now)

    def repair(
        self,
        notification: Notification,
        target: Target,
        answer: HttpResponse | TransportFault,
        *,
        credentials: Credentials,
        now: datetime,
    ) -> Repair | None:
        """Say what to change so that the same message, sent once more at once, may be taken."""
        if isinstance(answer, TransportFault):
            return None
        meaning = outcomes.meaning_of(target.push_service, answer)
        match meaning:
            case (outcomes.Verdict.REJECTED, "too_large") if notification.content.shorten:
                return Repair.SHORTER
            case (outcomes.Verdict.REJECTED, "topic") if notification.topic is not None:
                return Repair.WITHOUT_TOPIC
            case (outcomes.Verdict.REFUSED, "unauthorized"):
                key = credentials.private_keys.get(target.authorization_key, b"")
                is_old = self._authorizer.forget(
                    key, audience=target.origin, subject=credentials.subject, now=now, older_than=RESIGN_AFTER
                )
                return Repair.SIGN_AGAIN if is_old else None
            case _:
                return None


def headers_of(service: PushService, *, ttl: timedelta, urgency: str, topic: str | None) -> tuple[tuple[str, str], ...]:
    """Return the headers that do not depend on the receiver (RFC 8030 section 5.2 to 5.4)."""
    seconds = clamped_ttl(service, ttl)
    headers = [
        ("TTL", str(seconds)),
        ("Urgency", str(urgency)),
        ("Content-Encoding", "aes128gcm"),
        ("Content-Type", "application/octet-stream"),
    ]
    if topic is not None:
        headers.append(("Topic", topic))
    if service is PushService.WNS:
        # Its cache is on by default, and TTL 0 with a cache is refused with 400.
        headers.append(("X-WNS-Cache-Policy", "cache" if seconds else "no-cache"))
    return tuple(headers)


def clamped_ttl(service: PushService, ttl: timedelta) -> int:
    """Return whole seconds, rounded up, between 0 and 28 days; Apple documents TTL as a positive number."""
    seconds = -(-min(max(ttl, timedelta(0)), MAX_TTL) // timedelta(seconds=1))
    return max(seconds, 1) if service is PushService.APPLE else seconds


def topic_of(notification: Notification) -> str | None:
    """Return the Topic header if the sender asked to replace: a hash, which tells a push service nothing."""
    if notification.topic is None:
        return None
    named = f"{notification.project_id}\0{notification.topic}".encode()
    return base64url.encode(hashlib.sha256(named).digest()[:_TOPIC_BYTES])


def shorter_budget(budget: int) -> int:
    """Return the budget after a push service found a message too large: what bridges to phones carry, or still less."""
    return DEFAULT_BUDGET if budget > DEFAULT_BUDGET else budget * 3 // 4


def _encrypted(plaintexts: list[Plaintext]) -> list[bytes | Rejected]:
    try:
        return list(encrypt_many(plaintexts))
    except ValueError:
        # One key off the curve, which registration should have refused, must not stop the others.
        return [_encrypted_alone(plaintext) for plaintext in plaintexts]


def _encrypted_alone(plaintext: Plaintext) -> bytes | Rejected:
    try:
        return encrypt_many([plaintext])[0]
    except ValueError:
        return Rejected("receiver_keys")
