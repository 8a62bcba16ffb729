"""Mutual exclusion: of the campaigns of a group a person gets at most one in a window, the one of the highest priority.

What was sent cannot be unsent. So each notification of a group is announced for a settling time before it begins: all
that fire within that time see each other, and the lower ones wait until the highest has decided about a person.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

EXCLUSION = "exclusion"
"""The reason of a delivery that another campaign of the group kept back."""
SHORTEST_WINDOW = timedelta(minutes=1)
LONGEST_WINDOW = timedelta(days=31)
SETTLE = timedelta(seconds=30)
LONGEST_SETTLE = timedelta(hours=1)
AGAIN = timedelta(seconds=15)
"""When to look again whether a rival has decided."""
MAX_PRIORITY = 1_000_000


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A group and how it is kept.

    Attributes:
        window: in any span of this length a person gets one of the group.
        settle: so long a notification is announced before it begins.
    """

    group: str
    window: timedelta = timedelta(days=1)
    settle: timedelta = SETTLE

    def is_taken(self, contacts: Iterable[datetime], now: datetime) -> bool:
        """Tell whether the person got one of the group already; `contacts` are of the group alone."""
        return any(at > now - self.window for at in contacts)


@dataclass(frozen=True, slots=True)
class Rank:
    """Who goes first: the higher priority, then what fired earlier, then the smaller identifier."""

    priority: int
    send_at: datetime
    id: str

    def beats(self, other: "Rank") -> bool:
        """Tell whether this one goes before the other."""
        mine = (-self.priority, self.send_at, self.id)
        return mine < (-other.priority, other.send_at, other.id)
