"""What devpush keeps: user agents, their registrations, and messages that wait for them (RFC 8030 section 2)."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Service(StrEnum):
    """Whose statuses, headers and error bodies an endpoint answers with."""

    FCM = "fcm"
    MOZILLA = "mozilla"
    APPLE = "apple"
    WNS = "wns"
    STANDARD = "standard"
    """RFC 8030 itself, for subscriptions made by `POST /subscribe`."""


class Kind(StrEnum):
    """How a user agent talks to us."""

    FIREFOX = "firefox"
    CHROMIUM = "chromium"
    STANDARD = "standard"


class Urgency(StrEnum):
    """RFC 8030 section 5.3."""

    VERY_LOW = "very-low"
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class AckCode(StrEnum):
    """What the user agent said of a message; Firefox's numbers, as autopush documents them."""

    DELIVERED = "delivered"
    UNDECRYPTABLE = "undecryptable"
    NOT_DELIVERED = "not_delivered"
    HANDLER_FAILED = "handler_failed"

    @classmethod
    def from_firefox(cls, code: object) -> "AckCode":
        """Translate the `code` of an ack (100 to 102) or nack (301 to 303)."""
        match code:
            case 101:
                return cls.UNDECRYPTABLE
            case 102:
                return cls.NOT_DELIVERED
            case 301 | 302 | 303:
                return cls.HANDLER_FAILED
            case _:
                return cls.DELIVERED


@dataclass(frozen=True, slots=True)
class UserAgent:
    """One browser profile. `secret` is Chromium's security token; Firefox's id alone is its capability."""

    id: str
    kind: Kind
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Registration:
    """One push subscription as the push service sees it.

    `channel` is Firefox's channelID or Chromium's X-subtype; `key` the 65 bytes of the application server key that the
    subscription is restricted to (RFC 8292 section 4), or None; `app` and `sender` are what Chromium wants back.
    """

    token: str
    user_agent: str
    channel: str
    service: Service
    endpoint: str
    created_at: datetime
    key: bytes | None = None
    app: str = ""
    sender: str = ""
    gone_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """One accepted push message. A body of None is a push without payload."""

    id: str
    token: str
    user_agent: str
    body: bytes | None
    ttl_seconds: int
    urgency: Urgency
    topic: str | None
    accepted_at: datetime
    expires_at: datetime


@dataclass(slots=True)
class Record:
    """What one endpoint was sent and what became of it, for tests and for people who watch. Holds no payload."""

    id: str
    token: str
    service: Service
    received_at: datetime
    status: int
    reason: str | None
    ttl: str | None
    urgency: str | None
    topic: str | None
    byte_count: int
    http_version: str
    fault: str | None = None
    sent_count: int = 0
    acked_code: AckCode | None = None
    acked_at: datetime | None = None
    dropped: str | None = None


@dataclass(slots=True)
class Counts:
    """Running totals since start."""

    received: int = 0
    accepted: int = 0
    refused: int = 0
    sent: int = 0
    acked: int = 0
    undecryptable: int = 0
    dropped_offline: int = 0
    expired: int = 0
    replaced: int = 0
    dropped_acks: int = 0
    faults: int = 0
    by_status: dict[int, int] = field(default_factory=dict)
