"""The Authorization header, signed once per key, origin and contact and used again (RFC 8292 section 4.2)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from heliograph.protocols import vapid

LIFETIME = timedelta(hours=12)
"""Half of what RFC 8292 allows: a clock that is hours off still signs tokens that hold."""
RENEW_AFTER = timedelta(hours=6)
"""Apple asks not to refresh more often than hourly."""
_MOST = 4_096


@dataclass(frozen=True, slots=True)
class _Signed:
    value: str
    at: datetime


class Authorizer:
    """Signs, and remembers what it signed. One per process."""

    def __init__(self) -> None:
        self._signed: dict[tuple[bytes, str, str], _Signed] = {}

    def header(self, private_key: bytes, *, audience: str, subject: str, now: datetime) -> str:
        """Return the value of Authorization.

        Args:
            private_key: 32 raw bytes.
            audience: the endpoint's origin.
            subject: the contact.
            now: the instant of sending.
        """
        place = (private_key, audience, subject)
        known = self._signed.get(place)
        # A clock that was set back must not go on with a token from its future.
        if known is not None and known.at <= now < known.at + RENEW_AFTER:
            return known.value
        key = vapid.load_private_key(private_key)
        value = vapid.sign(key, audience=audience, subject=subject, expires_at=now + LIFETIME)
        if len(self._signed) >= _MOST:
            self._signed.clear()
        self._signed[place] = _Signed(value, now)
        return value

    def forget(self, private_key: bytes, *, audience: str, subject: str, now: datetime, older_than: timedelta) -> bool:
        """Drop a token that was refused, if it is old enough that another one may fare better; tell whether it was."""
        place = (private_key, audience, subject)
        known = self._signed.get(place)
        if known is None or known.at <= now < known.at + older_than:
            return False
        del self._signed[place]
        return True
