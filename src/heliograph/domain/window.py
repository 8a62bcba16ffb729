"""The two-step window: a page of ours, on a host of the customer's, that asks where the site itself may not.

Push needs a secure origin, and its subscription belongs to that origin (W3C Push API). A page on http, or one of many
domains, therefore opens a window on `push.shop.example`, an alias of this installation, and that page asks.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

from heliograph.domain.origin import canonical_origin

STATE_LIFE = timedelta(minutes=10)
"""From opening the window to the click in it."""
MAX_OPENERS = 100
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"({_LABEL}\.)+[a-z]([a-z0-9-]{{0,61}}[a-z0-9])?")
_LOCAL = re.compile(rf"(({_LABEL}\.)*localhost|127\.0\.0\.1)(:[0-9]{{1,5}})?")
_MAX_HOST = 253


@dataclass(frozen=True, slots=True)
class WindowSettings:
    """Where a project's window is, and who may open it.

    Attributes:
        push_host: the customer's name for this installation; a loopback name may have a port.
        openers: exact origins, http ones too.
    """

    push_host: str
    openers: tuple[str, ...] = ()

    @property
    def origin(self) -> str:
        """Return the origin that owns the subscriptions made in the window."""
        is_local = _LOCAL.fullmatch(self.push_host) is not None
        return f"{'http' if is_local else 'https'}://{self.push_host}"


def canonical_host(text: str) -> str:
    """Return a push host in lower case, or raise ValueError with one sentence."""
    host = text.lower().rstrip(".")
    if len(host) <= _MAX_HOST and (_HOST.fullmatch(host) or _LOCAL.fullmatch(host)):
        return host
    raise ValueError("Write the host's name alone, such as push.shop.example.")


def canonical_opener(text: str) -> str:
    """Return the origin of a page that may open the window, as browsers write it; http is allowed here.

    Raises:
        ValueError: one sentence that says what to change.
    """
    return canonical_origin(text, allow_http=True)
