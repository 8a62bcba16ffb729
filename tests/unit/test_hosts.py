"""Lanes to hosts: places, breaker, probes, storms."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from heliograph.delivery import hosts
from heliograph.delivery.hosts import HOST_RULE, Hosts, Lane, Sign, sign_of
from heliograph.kit.clock import FrozenClock
from heliograph.kit.http import CONNECTIONS_PER_HOST, FaultKind, HttpResponse, TransportFault

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)


@pytest.fixture
def frozen() -> FrozenClock:
    return FrozenClock(NOW)


async def turn() -> None:
    """Let everything run that can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def open_breaker(lane: Lane) -> None:
    for _ in range(HOST_RULE.faults):
        assert await lane.enter() is None
        lane.leave(Sign.FAULT)


@pytest.mark.parametrize(
    ("status", "sign"),
    [
        (201, Sign.HEALTHY),
        (404, Sign.HEALTHY),
        (401, Sign.HEALTHY),
        (429, Sign.THROTTLED),
        (406, Sign.THROTTLED),
        (307, Sign.FAULT),
        (100, Sign.FAULT),
        (500, Sign.FAULT),
        (999, Sign.FAULT),
    ],
)
def test_signs(status: int, sign: Sign):
    """An answer below 500 shows a host that lives; redirects and 5xx are faults."""
    assert sign_of(HttpResponse(status)) is sign


def test_signs_of_faults():
    """No answer is a fault of the host, unless it was our own engine that closed."""
    assert sign_of(TransportFault(FaultKind.TIMEOUT)) is Sign.FAULT
    assert sign_of(TransportFault(FaultKind.CANCELLED)) is Sign.NOTHING


async def test_places(frozen: FrozenClock):
    """So many are let in as there are places; who leaves makes room for who waits."""
    lane = Lane("push.example", frozen, most=2)
    assert await lane.enter() is None
    assert await lane.enter() is None
    third = asyncio.create_task(lane.enter())
    await turn()
    assert not third.done()
    lane.leave(Sign.HEALTHY)
    assert await third is None
    assert lane.in_the_air == 2


def test_places_follow_what_a_host_speaks(frozen: FrozenClock):
    """Many are let in where one connection carries many; else as many as there are connections."""
    lane = Lane("push.example", frozen, most=512)
    assert lane.throttle.limit == CONNECTIONS_PER_HOST
    lane.note_version("2")
    assert lane.throttle.limit == 512
    lane.throttle = lane.throttle.throttled(NOW)
    lane.note_version("2")
    assert lane.throttle.limit == 256
    lane.note_version("1.1")
    assert lane.throttle.limit == CONNECTIONS_PER_HOST


async def test_cancelled_waiter_passes_its_place_on(frozen: FrozenClock):
    """A waiter that is cancelled does not take the place of the next one."""
    lane = Lane("push.example", frozen, most=1)
    await lane.enter()
    first, second = asyncio.create_task(lane.enter()), asyncio.create_task(lane.enter())
    await turn()
    lane.leave(Sign.HEALTHY)
    first.cancel()
    await asyncio.wait([first])
    if not first.cancelled():
        lane.leave(Sign.HEALTHY)
    assert await asyncio.wait_for(second, 1) is None


async def test_open_breaker_defers(frozen: FrozenClock):
    """While a host rests, nobody waits for it: each is told until when."""
    lane = Lane("push.example", frozen, most=100)
    await open_breaker(lane)

    assert await lane.enter() == NOW + HOST_RULE.first_pause
    assert not lane.is_idle


async def test_one_probe(frozen: FrozenClock):
    """After the rest one alone is let in; the others wait for what it learns, and then go."""
    lane = Lane("push.example", frozen, most=100)
    await open_breaker(lane)
    frozen.advance(HOST_RULE.first_pause)
    assert await lane.enter() is None
    others = [asyncio.create_task(lane.enter()) for _ in range(10)]
    await turn()
    assert not any(task.done() for task in others)
    lane.leave(Sign.HEALTHY)
    assert await asyncio.gather(*others) == [None] * 10


async def test_failed_probe(frozen: FrozenClock):
    """A probe that fails sends those who waited away for twice as long."""
    lane = Lane("push.example", frozen, most=100)
    await open_breaker(lane)
    now = frozen.advance(HOST_RULE.first_pause)
    assert await lane.enter() is None
    other = asyncio.create_task(lane.enter())
    await turn()
    lane.leave(Sign.FAULT)

    assert await other == now + 2 * HOST_RULE.first_pause


async def test_throttled_host_gets_fewer(frozen: FrozenClock):
    """Answers 429 shrink what is in the air."""
    lane = Lane("push.example", frozen, most=100)
    for _ in range(10):
        assert await lane.enter() is None
        frozen.advance(timedelta(seconds=2))
        lane.leave(Sign.THROTTLED)

    assert lane.throttle.limit == 4


def test_storm(frozen: FrozenClock, monkeypatch: pytest.MonkeyPatch):
    """Very many 'gone' in a row are a storm; one acceptance ends it."""
    monkeypatch.setattr(hosts, "STORM", 3)
    lane = Lane("push.example", frozen, most=1)

    assert [lane.note_gone() for _ in range(4)] == [False, False, True, True]
    lane.note_accepted()
    assert not lane.note_gone()


async def test_lanes_are_forgotten(frozen: FrozenClock, monkeypatch: pytest.MonkeyPatch):
    """Made-up host names do not fill the memory, and a host that rests is not forgotten."""
    monkeypatch.setattr(hosts, "_MOST_LANES", 10)
    known = Hosts(frozen)
    resting = known.lane("resting.example")
    resting.breaker = resting.breaker.failed(NOW)
    for _ in range(HOST_RULE.faults):
        resting.breaker = resting.breaker.failed(NOW)
    for number in range(100):
        known.lane(f"x{number}.notify.windows.com")

    assert known.lane("resting.example") is resting
    assert len(known._lanes) <= 11

    frozen.advance(HOST_RULE.longest_pause)
    for number in range(100):
        await open_breaker(known.lane(f"y{number}.notify.windows.com"))
        frozen.advance(HOST_RULE.longest_pause)
    assert len(known._lanes) <= 11
