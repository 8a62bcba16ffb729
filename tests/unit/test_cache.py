"""The cache of things that are asked all the time and change rarely."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from heliograph.kit.cache import ShortCache
from heliograph.kit.clock import FrozenClock

LIFE = timedelta(seconds=5)


class Source:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def load(self) -> int:
        """Return a new number each time."""
        self.asked += 1
        return self.asked


@pytest.fixture
def clock() -> FrozenClock:
    """A clock that moves only when told to."""
    return FrozenClock(datetime(2026, 3, 14, tzinfo=UTC))


@pytest.fixture
def cache(clock: FrozenClock) -> ShortCache[str, int]:
    """A cache with room for three."""
    return ShortCache(clock, life=LIFE, capacity=3)


async def test_an_entry_lives_its_life(cache: ShortCache[str, int], clock: FrozenClock) -> None:
    """What was loaded serves until its life is over, and not a moment longer."""
    source = Source()
    assert [await cache.get("a", source.load) for _ in range(3)] == [1, 1, 1]
    clock.advance(LIFE - timedelta(microseconds=1))
    assert await cache.get("a", source.load) == 1
    clock.advance(timedelta(microseconds=1))
    assert await cache.get("a", source.load) == 2


async def test_a_clock_that_is_set_back_keeps_nothing_for_ever(cache: ShortCache[str, int], clock: FrozenClock) -> None:
    """An entry from a future that will come again only tomorrow is not believed until then."""
    source = Source()
    clock.advance(timedelta(days=1))
    await cache.get("a", source.load)
    clock.set(clock.now() - timedelta(days=1))
    assert await cache.get("a", source.load) == 2


async def test_fresh_asks_again(cache: ShortCache[str, int]) -> None:
    """Who knows better may have it loaded anew, for everybody."""
    source = Source()
    await cache.get("a", source.load)
    assert await cache.get("a", source.load, fresh=True) == 2
    assert await cache.get("a", source.load) == 2


async def test_the_oldest_goes_first(cache: ShortCache[str, int]) -> None:
    """There is room for so many and no more, whoever makes up keys."""
    source = Source()
    for key in ("a", "b", "c", "d"):
        await cache.get(key, source.load)
    assert await cache.get("d", source.load) == 4
    assert await cache.get("a", source.load) == 5
    assert len(cache._entries) == 3


async def test_what_fails_is_not_kept(cache: ShortCache[str, int]) -> None:
    """A failure is no answer for the next who asks."""
    source = Source()

    async def fail() -> int:
        raise LookupError

    with pytest.raises(LookupError):
        await cache.get("a", fail)
    assert await cache.get("a", source.load) == 1


async def test_what_was_on_its_way_while_all_was_forgotten_is_not_kept(cache: ShortCache[str, int]) -> None:
    """Something loaded before a change and arriving after it serves its own caller only."""
    source, may_go = Source(), asyncio.Event()

    async def slow() -> int:
        await may_go.wait()
        return 0

    waiting = asyncio.create_task(cache.get("a", slow))
    await asyncio.sleep(0)
    cache.forget()
    may_go.set()
    assert await waiting == 0
    assert await cache.get("a", source.load) == 1
