"""The door of the providers: what to send for one delivery, and what the answer means. A provider does no I/O."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Protocol

from heliograph.domain.endpoint import PushService
from heliograph.domain.notification import Notification
from heliograph.domain.outcome import Outcome
from heliograph.kit.http import HttpRequest, HttpResponse, TransportFault


@dataclass(frozen=True, slots=True)
class Target:
    """One subscription as a provider sees it. `p256dh` is 65 raw bytes, `auth` 16."""

    delivery_token: str
    endpoint: str
    push_service: PushService
    p256dh: bytes
    auth: bytes
    authorization_key: str
    """Which application server key it was made with (`vap_…`); it is signed with that one."""
    language: str | None
    endpoint_since: datetime


@dataclass(frozen=True, slots=True)
class Credentials:
    """What signs for a project: kept in memory only."""

    private_keys: dict[str, bytes]
    """32 raw bytes by `vap_…`."""
    subject: str
    budget: int
    """Bytes of plaintext that a notification may have."""
    site_url: str | None = None
    """Where relative addresses of a notification point."""


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
    ) -> list[HttpRequest | Outcome]:
        """Return what to send for each target, or the outcome that needs no sending."""
        ...

    def outcome(self, target: Target, answer: HttpResponse | TransportFault, *, now: datetime) -> Outcome:
        """Say what an answer means. Never raises."""
        ...
