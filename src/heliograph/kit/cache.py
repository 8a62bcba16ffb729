"""A cache in a process's memory whose entries live for seconds: for what is asked all the time and changes rarely."""

from collections.abc import Awaitable, Callable, Hashable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from heliograph.kit.clock import Clock

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class ShortCache(Generic[K, V]):
    """Keeps what was loaded for a short while. What raises is not kept."""

    def __init__(self, clock: Clock, *, life: timedelta, capacity: int) -> None:
        self._clock = clock
        self._life = life
        self._capacity = capacity
        self._entries: dict[K, tuple[datetime, V]] = {}
        self._generation = 0

    async def get(self, key: K, load: Callable[[], Awaitable[V]], *, fresh: bool = False) -> V:
        """Return what is known for `key`, or load it; with `fresh`, load it in any case."""
        now = self._clock.now()
        found = self._entries.get(key)
        # A clock may be set back: an entry of the future is no longer than its life ahead.
        if found is not None and not fresh and now < found[0] <= now + self._life:
            return found[1]
        generation = self._generation
        value = await load()
        # What was being loaded while everything was forgotten may be what should be forgotten.
        if generation == self._generation:
            self._entries.pop(key, None)
            if len(self._entries) >= self._capacity:
                del self._entries[next(iter(self._entries))]
            self._entries[key] = (now + self._life, value)
        return value

    def forget(self) -> None:
        """Drop everything."""
        self._entries.clear()
        self._generation += 1
