"""A delivery (one notification for one subscription in one dispatch): its states, and the token that outsiders get."""

import hashlib
import hmac
from enum import StrEnum

from heliograph.protocols import base64url

_ID_HEX = 32
_MAC_BYTES = 12


class DeliveryState(StrEnum):
    """Where a delivery stands. A 201 is *accepted*, never *delivered*."""

    QUEUED = "queued"
    SKIPPED = "skipped"
    RETRYING = "retrying"
    ACCEPTED = "accepted"
    GONE = "gone"
    REJECTED = "rejected"
    EXPIRED = "expired"
    FAILED = "failed"
    """Our own work on it failed for good: whether a push service took it is not known."""
    DISPLAYED = "displayed"
    CLICKED = "clicked"
    DISMISSED = "dismissed"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing can follow."""
        return not TRANSITIONS[self]

    @property
    def was_accepted(self) -> bool:
        """Whether a push service took the message at some time."""
        return self in _TAKEN

    def may_become(self, new: "DeliveryState") -> bool:
        """Tell whether the step from this state to `new` is legal."""
        return new in TRANSITIONS[self]


TRANSITIONS: dict[DeliveryState, frozenset[DeliveryState]] = {
    DeliveryState.QUEUED: frozenset(
        {
            DeliveryState.SKIPPED,
            DeliveryState.RETRYING,
            DeliveryState.ACCEPTED,
            DeliveryState.GONE,
            DeliveryState.REJECTED,
            DeliveryState.EXPIRED,
            DeliveryState.FAILED,
            DeliveryState.DISPLAYED,
            DeliveryState.CLICKED,
            DeliveryState.DISMISSED,
        }
    ),
    # A receipt may overtake the push service's answer, or prove that an attempt without an answer arrived.
    DeliveryState.RETRYING: frozenset(
        {
            DeliveryState.SKIPPED,
            DeliveryState.ACCEPTED,
            DeliveryState.GONE,
            DeliveryState.REJECTED,
            DeliveryState.EXPIRED,
            DeliveryState.FAILED,
            DeliveryState.DISPLAYED,
            DeliveryState.CLICKED,
            DeliveryState.DISMISSED,
        }
    ),
    DeliveryState.ACCEPTED: frozenset({DeliveryState.DISPLAYED, DeliveryState.CLICKED, DeliveryState.DISMISSED}),
    DeliveryState.DISPLAYED: frozenset({DeliveryState.CLICKED, DeliveryState.DISMISSED}),
    # Closing a notification with a click reports both; the click is what counts, whichever came first.
    DeliveryState.DISMISSED: frozenset({DeliveryState.CLICKED}),
    DeliveryState.EXPIRED: frozenset({DeliveryState.DISPLAYED, DeliveryState.CLICKED, DeliveryState.DISMISSED}),
    DeliveryState.FAILED: frozenset({DeliveryState.DISPLAYED, DeliveryState.CLICKED, DeliveryState.DISMISSED}),
    DeliveryState.SKIPPED: frozenset(),
    DeliveryState.GONE: frozenset(),
    DeliveryState.REJECTED: frozenset(),
    DeliveryState.CLICKED: frozenset(),
}

_TAKEN = frozenset({DeliveryState.ACCEPTED, DeliveryState.DISPLAYED, DeliveryState.CLICKED, DeliveryState.DISMISSED})


class ReceiptEvent(StrEnum):
    """What a user agent reports about a delivery."""

    DISPLAYED = "displayed"
    CLICKED = "clicked"
    DISMISSED = "dismissed"

    @property
    def state(self) -> DeliveryState:
        """The state that this report leads to."""
        return DeliveryState(self.value)


def delivery_id(dispatch_id: str, subscription_id: str) -> str:
    """Return the identifier of a delivery: the same for the same dispatch and subscription, so a repeat is seen."""
    digest = hashlib.sha256(f"{dispatch_id}\0{subscription_id}".encode()).hexdigest()
    return f"dlv_{digest[:_ID_HEX]}"


def delivery_token(delivery: str, receipt_key: bytes) -> str:
    """Return `dlv_….<mac>`, which a browser sends back with a receipt and nobody else can make."""
    mac = hmac.digest(receipt_key, delivery.encode(), "sha256")[:_MAC_BYTES]
    return f"{delivery}.{base64url.encode(mac)}"


def delivery_of_token(token: str, receipt_key: bytes) -> str | None:
    """Return the delivery's identifier if the token is genuine."""
    delivery, _, _ = token.partition(".")
    return delivery if hmac.compare_digest(delivery_token(delivery, receipt_key).encode(), token.encode()) else None
