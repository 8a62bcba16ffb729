"""The breaker of an application server key: what a batch of answers makes of it."""

from collections import Counter
from datetime import timedelta

from structlog.testing import capture_logs
from tests.support.world import World

from heliograph.delivery import keys
from heliograph.delivery.keys import KEY_RULE, MANY, PROBE_LEASE, KeyTally
from heliograph.storage import vapid_keys
from heliograph.storage.vapid_keys import VapidKey


async def stored(world: World) -> VapidKey:
    async with world.store.read() as tx:
        key = await vapid_keys.get(tx, world.project.project.id, world.project.vapid_key.id)
    assert key is not None
    return key


async def note(
    world: World, tally: KeyTally, *, accepted: int = 0, refused: int = 0, is_probe: bool = False
) -> VapidKey:
    """Tell the breaker of a batch; return the key as it is stored afterwards."""
    key = await stored(world)
    tally.add(Counter({key.id: accepted}), Counter({key.id: refused}))
    async with world.store.begin() as tx:
        seen = await keys.note(
            tx,
            key,
            accepted=accepted,
            refused=refused,
            tally=tally,
            is_probe=is_probe,
            now=world.clock.now(),
        )
    after = await stored(world)
    assert (seen.refused_in_row, seen.paused_until) == (after.refused_in_row, after.paused_until)
    return after


async def test_refusals_in_a_row_pause(world: World):
    """Five refusals without an acceptance pause the key, over several batches and jobs; an acceptance starts anew."""
    assert (await note(world, KeyTally(), refused=4)).paused_until is None
    assert (await note(world, KeyTally(), accepted=1, refused=30)).refused_in_row == 0
    assert (await note(world, KeyTally(), refused=3)).paused_until is None
    with capture_logs() as logs:
        key = await note(world, KeyTally(), refused=2)

    assert key.paused_until == world.clock.now() + KEY_RULE.first_pause
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["vapid_key_paused"]


async def test_answers_from_before_the_pause(world: World):
    """What was in the air when a key was paused makes the pause no longer; an acceptance lifts it."""
    paused = await note(world, KeyTally(), refused=5)
    again = await note(world, KeyTally(), refused=50)
    assert (again.paused_until, again.refused_in_row) == (paused.paused_until, paused.refused_in_row)

    healed = await note(world, KeyTally(), accepted=1)
    assert (healed.paused_until, healed.refused_in_row, healed.pause_reason) == (None, 0, None)


async def test_pauses_grow_to_an_hour(world: World):
    """Each probe that fails doubles the pause, up to an hour."""
    key = await note(world, KeyTally(), refused=5)
    pauses = []
    for _ in range(8):
        assert key.paused_until is not None
        world.clock.set(key.paused_until)
        assert keys.is_probing(key, world.clock.now())
        async with world.store.begin() as tx:
            assert await keys.take_probe(tx, key, now=world.clock.now())
            assert not await keys.take_probe(tx, key, now=world.clock.now())
        assert (await stored(world)).paused_until == world.clock.now() + PROBE_LEASE
        key = await note(world, KeyTally(), refused=5, is_probe=True)
        assert key.paused_until is not None
        pauses.append(key.paused_until - world.clock.now())

    assert pauses == [timedelta(minutes=minutes) for minutes in (2, 4, 8, 16, 32, 60, 60, 60)]


async def test_many_refusals_between_acceptances_are_told(world: World):
    """Fifty refusals of a range, fewer than were accepted, are told to the operator once and pause nothing."""
    tally = KeyTally()
    with capture_logs() as logs:
        for _ in range(4):
            key = await note(world, tally, accepted=30, refused=MANY // 2)

    assert key.paused_until is None
    assert [line["event"] for line in logs if line["log_level"] == "error"] == ["vapid_key_often_refused"]


async def test_more_refusals_than_acceptances_pause(world: World):
    """When more of a range are refused than accepted, and fifty at least, going on helps nobody."""
    tally = KeyTally()
    assert (await note(world, tally, accepted=3, refused=MANY - 1)).paused_until is None
    assert (await note(world, tally, accepted=1, refused=1)).paused_until is not None
