"""One leader at a time, on both databases; facts of the installation."""

import asyncio
from datetime import timedelta

from heliograph.kit.clock import FrozenClock
from heliograph.storage import installation, leases
from heliograph.storage.store import Store

MINUTE = timedelta(minutes=1)


async def acquire(store: Store, holder: str, clock: FrozenClock) -> bool:
    async with store.begin() as tx:
        return await leases.acquire(tx, "clock", holder=holder, until=clock.now() + MINUTE, now=clock.now())


async def test_one_of_many_becomes_leader(store: Store, clock: FrozenClock) -> None:
    """Of processes that ask at the same time exactly one gets the lease."""
    assert sum(await asyncio.gather(*(acquire(store, f"p{number}", clock) for number in range(8)))) == 1


async def test_a_leader_stays_until_it_goes_silent(store: Store, clock: FrozenClock) -> None:
    """A lease can be prolonged by its holder, taken by another when it ended, and not taken back."""
    assert await acquire(store, "ada", clock)
    clock.advance(MINUTE * 0.9)
    assert not await acquire(store, "bob", clock)
    assert await acquire(store, "ada", clock)
    clock.advance(MINUTE * 0.9)
    assert not await acquire(store, "bob", clock)
    clock.advance(MINUTE * 0.1)
    assert await acquire(store, "bob", clock)
    assert not await acquire(store, "ada", clock)


async def test_a_leader_can_step_down(store: Store, clock: FrozenClock) -> None:
    """After a release the next one need not wait; somebody else's lease cannot be released."""
    assert await acquire(store, "ada", clock)
    async with store.begin() as tx:
        await leases.release(tx, "clock", holder="bob")
    assert not await acquire(store, "bob", clock)
    async with store.begin() as tx:
        await leases.release(tx, "clock", holder="ada")
    assert await acquire(store, "bob", clock)


async def test_a_fact_is_settled_once(store: Store) -> None:
    """The first process decides, the others are told; a fact can still be changed on purpose."""
    async with store.begin() as tx:
        assert await installation.get(tx, "fingerprint") is None
        assert await installation.settle(tx, "fingerprint", "a") == "a"
        assert await installation.settle(tx, "fingerprint", "b") == "a"
        await installation.put(tx, "fingerprint", "c")
        assert await installation.get(tx, "fingerprint") == "c"
