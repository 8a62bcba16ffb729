"""One simulated user agent: keys, a subscription, and what arrived."""

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from heliograph.devpush.model import Service

_REMEMBERED = 200


@dataclass(slots=True)
class Counts:
    """Running totals of a fleet."""

    agents: int = 0
    registered: int = 0
    subscribed: int = 0
    received: int = 0
    repeated: int = 0
    """Messages that devpush sent again; the user agent drops them before decrypting, as Firefox does."""
    decrypted: int = 0
    undecryptable: int = 0
    malformed: int = 0
    duplicates: int = 0
    """Deliveries that arrived in a second push message; the service worker drops them."""
    shown: int = 0
    clicked: int = 0
    receipts_accepted: int = 0
    receipts_refused: int = 0


@dataclass(frozen=True, slots=True)
class Arrival:
    """One push message at one agent. `plaintext` is None when it did not decrypt."""

    agent: int
    received_at: datetime
    plaintext: bytes | None
    delivery: str | None = None
    notification: str | None = None
    shown: bool = False
    clicked: bool = False
    duplicate: bool = False
    problem: str | None = None


@dataclass(slots=True, eq=False)
class Agent:
    """A user agent with one subscription. `p256dh` (65 bytes) and `auth` (16 bytes) are what a page would hand over.

    `visitor` is the page's name for the browser, `hvi_…`; empty for a page that tracks nobody.
    """

    index: int
    service: Service
    channel: str
    private_key: ec.EllipticCurvePrivateKey
    p256dh: bytes
    auth: bytes
    endpoint: str = ""
    visitor: str = ""
    is_registered: bool = False
    """Whether it wants a subscription: then a lost one is replaced."""
    subscription_id: str = ""
    subscription_secret: str = ""
    arrivals: list[Arrival] = field(default_factory=list)
    shown_deliveries: set[str] = field(default_factory=set)
    seen_versions: dict[str, None] = field(default_factory=dict)

    def has_seen(self, version: str) -> bool:
        """Tell whether this message came before, and remember it (Firefox does so for a while too)."""
        if version in self.seen_versions:
            return True
        self.seen_versions[version] = None
        if len(self.seen_versions) > _REMEMBERED:
            del self.seen_versions[next(iter(self.seen_versions))]
        return False


def make_agent(index: int, service: Service, entropy: Callable[[int], bytes] = os.urandom) -> Agent:
    """Make an agent with fresh keys and a fresh channel."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return Agent(index, service, new_channel(entropy), key, public, entropy(16))


def new_channel(entropy: Callable[[int], bytes] = os.urandom) -> str:
    """Return a channelID: a lower-case UUID with dashes."""
    h = entropy(16).hex()
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-8{h[17:20]}-{h[20:]}"
