"""Token buckets in the memory of one process: how fast each of very many callers may come."""

from collections import OrderedDict
from datetime import datetime, timedelta

_CAPACITY = 50_000
_MINUTE = 60.0


class Pace:
    """One bucket per caller; each holds a minute's worth and fills evenly. The callers longest unseen are forgotten.

    Args:
        per_minute: 0 means that nobody is limited.
        capacity: callers that are remembered.
    """

    def __init__(self, per_minute: int = 0, *, capacity: int = _CAPACITY) -> None:
        self._most = float(per_minute)
        self._capacity = capacity
        self._buckets: OrderedDict[str, tuple[float, datetime]] = OrderedDict()

    def take(self, caller: str, now: datetime) -> timedelta | None:
        """Let a caller through; None if it may, or how long it has to wait."""
        if not self._most:
            return None
        filled = self._filled(caller, now)
        is_let_through = filled >= 1
        self._buckets[caller] = (filled - 1 if is_let_through else filled, now)
        if len(self._buckets) > self._capacity:
            self._buckets.popitem(last=False)
        return None if is_let_through else timedelta(seconds=(1 - filled) * _MINUTE / self._most)

    def give_back(self, caller: str, now: datetime) -> None:
        """Undo one time that a caller was let through."""
        if caller in self._buckets:
            self._buckets[caller] = (min(self._most, self._filled(caller, now) + 1), now)

    def _filled(self, caller: str, now: datetime) -> float:
        filled, since = self._buckets.pop(caller, (self._most, now))
        # A clock that is set back must not take anything away.
        passed = max(0.0, (now - since).total_seconds())
        return min(self._most, filled + passed * self._most / _MINUTE)
