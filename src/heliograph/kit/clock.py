"""Time as an argument: the system's clock, and a frozen one that ships for tests and simulations."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time. Always aware, always UTC."""

    def now(self) -> datetime:
        """Return the current instant."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """Return the current instant."""
        return datetime.now(UTC)


class FrozenClock:
    """A clock that moves only when told to."""

    def __init__(self, at: datetime) -> None:
        if at.tzinfo is None:
            raise ValueError("A clock needs an aware datetime.")
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        """Return the instant at which the clock stands."""
        return self._at

    def advance(self, by: timedelta) -> datetime:
        """Move forward and return the new instant."""
        self._at += by
        return self._at

    def set(self, at: datetime) -> None:
        """Jump to an instant, backwards too: real clocks do."""
        self._at = at.astimezone(UTC)
