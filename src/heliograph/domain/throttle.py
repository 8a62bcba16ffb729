"""How many messages may be in the air to one host: slow to grow, quick to halve, as TCP does (RFC 5681)."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

_HOLD = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Throttle:
    """A window of messages in the air. Every method returns the next state."""

    most: int
    least: int = 4
    limit: float = 0.0
    held_until: datetime | None = None

    def __post_init__(self) -> None:
        if self.limit <= 0:
            object.__setattr__(self, "limit", float(self.most))

    def succeeded(self) -> "Throttle":
        """Take note of an accepted message: a whole window of them widens it by one."""
        if self.limit >= self.most:
            return self
        return replace(self, limit=min(float(self.most), self.limit + 1 / self.limit))

    def bounded(self, most: int) -> "Throttle":
        """Take note of how wide the window may be; one that was as wide as it might be is so again."""
        limit = float(most) if self.limit >= self.most else min(self.limit, float(most))
        return replace(self, most=most, limit=limit)

    def throttled(self, now: datetime) -> "Throttle":
        """Take note of 'too many': halve the window, once a second, because a whole window of answers says the same."""
        if self.held_until is not None and now < self.held_until:
            return self
        return replace(self, limit=max(float(self.least), self.limit / 2), held_until=now + _HOLD)
