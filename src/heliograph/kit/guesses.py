"""How often passwords may be guessed: for one name from one address, by one address, and for one name from everywhere.

A limit for a name alone would let any stranger lock its owner out, and one for an address alone lets many addresses
guess together. So a name's limit counts only strangers: an address from which the name was right before does not share
it with them. In the memory of one process, as `Pace`.
"""

from collections import OrderedDict
from datetime import datetime, timedelta

from heliograph.kit.pace import Pace

IN_ALL = 6
"""So many times as much may come from one address for all names, and for one name from all strange addresses."""
_CAPACITY = 10_000


class Guesses:
    """Counts every try as wrong until it is undone.

    Args:
        per_minute: wrong passwords for one name from one address; 0 means that nobody is limited.
        capacity: pairs of name and address that are known.
    """

    def __init__(self, per_minute: int = 0, *, capacity: int = _CAPACITY) -> None:
        self._pairs, self._addresses, self._names = (Pace(per_minute * times) for times in (1, IN_ALL, IN_ALL))
        self._known: OrderedDict[str, None] = OrderedDict()
        self._capacity = capacity

    def begin(self, name: str, address: str | None, now: datetime) -> timedelta | None:
        """Let a password be tried; None if it may, or how long the caller has to wait.

        `address` is None for a caller that is not limited.
        """
        if address is None:
            return None
        taken: list[tuple[Pace, str]] = []
        for pace, who in self._limits(name, address):
            wait = pace.take(who, now)
            if wait is not None:
                for earlier, whose in taken:
                    earlier.give_back(whose, now)
                return wait
            taken.append((pace, who))
        return None

    def undo(self, name: str, address: str | None, now: datetime) -> None:
        """Say that a try that was let through was none, or a right one: it counts for nothing."""
        if address is not None:
            for pace, who in self._limits(name, address):
                pace.give_back(who, now)

    def remember(self, name: str, address: str | None) -> None:
        """Know an address as one of a name's owner from now on."""
        if address is None:
            return
        pair = _pair(name, address)
        self._known[pair] = None
        self._known.move_to_end(pair)
        if len(self._known) > self._capacity:
            self._known.popitem(last=False)

    def knows(self, name: str, address: str | None) -> bool:
        """Tell whether an address is known as one of a name's owner."""
        return address is None or _pair(name, address) in self._known

    def _limits(self, name: str, address: str) -> list[tuple[Pace, str]]:
        limits = [(self._addresses, address), (self._pairs, _pair(name, address))]
        return limits if self.knows(name, address) else [*limits, (self._names, name)]


def _pair(name: str, address: str) -> str:
    return f"{address} {name}"
