"""The door of the providers: what to send for one delivery, and what the answer means. A provider does no I/O."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, Protocol

from heliograph.domain.endpoint import PushService
from heliograph.domain.notification import Content, Notification
from heliograph.domain.outcome import Outcome
from heliograph.kit.http import HttpRequest, HttpResponse, TransportFault


@dataclass(frozen=True, slots=True)
class Target:
    """One subscription as a provider sees it. `p256dh` is 65 raw bytes, `auth` 16."""

    delivery_token: str
    endpoint: str = field(repr=False)
    push_service: PushService
    p256dh: bytes = field(repr=False)
    auth: bytes = field(repr=False)
    authorization_key: str
    """Which application server key it was made with (`vap_…`); it is signed with that one."""
    language: str | None
    origin: str
    """`scheme://host[:port]` of the endpoint: the audience of a signed token."""
    content: Content | None = field(default=None, repr=False)
    """What this one gets to see in the place of the notification's content."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """What signs for a project: kept in memory only."""

    private_keys: dict[str, bytes] = field(repr=False)
    """32 raw bytes by `vap_…`."""
    subject: str
    budget: int
    """Bytes of plaintext that a notification may have."""
    site_url: str | None = None
    """Where relative addresses of a notification point."""


class Repair(StrEnum):
    """What is changed about a message before it is sent once more at once."""

    SIGN_AGAIN = "sign_again"
    WITHOUT_TOPIC = "without_topic"
    SHORTER = "shorter"


class Provider(Protocol):
    """One way of sending: one exchange per target, prepared in batches because encryption is cheaper so."""

    channel: ClassVar[str]

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
        """Return what to send for each target, or the outcome that needs no sending."""
        ...

    def outcome(self, target: Target, answer: HttpResponse | TransportFault, *, now: datetime) -> Outcome:
        """Say what an answer means. Never raises."""
        ...

    def repair(
        self,
        notification: Notification,
        target: Target,
        answer: HttpResponse | TransportFault,
        *,
        credentials: Credentials,
        now: datetime,
    ) -> Repair | None:
        """Say whether a repaired message, sent once at once, may be taken after this answer. Never raises."""
        ...
