"""The breaker of an application server key: what a batch of answers makes of it."""

from collections import Counter
from datetime import timedelta

from structlog.testing import capture_logs
from tests.support.world import World

from heliograph.delivery import keys
from heliograph.delivery.keys import KEY_RULE, MANY, PROBE_LEASE, REFUSED, REFUSED_NEW, KeyTally
from heliograph.devpush import Fault, FaultKind, Service
from heliograph.domain.notification import Audience, AudienceKind
from heliograph.protocols import vapid
from heliograph.storage import subscriptions, vapid_keys, witnesses
from heliograph.storage.vapid_keys import VapidKey


async def stored(world: World) -> VapidKey:
    async with world.store.read() as tx:
        key = await vapid_keys.get(tx, world.project.project.id, world.project.vapid_key.id)
    assert key is not None
    return key


async def note(
    world: World,
    tally: KeyTally,
    *,
    accepted: int = 0,
    refused: int = 0,
    is_probe: bool = False,
    is_proved: bool = False,
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
            is_proved=is_proved,
            now=world.clock.now(),
        )
    after = await stored(world)
    assert seen == after
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


async def test_who_stands_for_a_pause(world: World):
    """A pause says whether somebody was refused who had been sent to before, and once it does it keeps saying so."""
    assert (await note(world, KeyTally(), refused=5)).pause_reason == REFUSED_NEW
    assert (await note(world, KeyTally(), refused=1)).pause_reason == REFUSED_NEW
    paused = await note(world, KeyTally(), refused=1, is_proved=True)
    assert paused.pause_reason == REFUSED
    world.clock.set(paused.paused_until or world.clock.now())
    assert (await note(world, KeyTally(), refused=5, is_probe=True)).pause_reason == REFUSED
    assert (await note(world, KeyTally(), accepted=1)).pause_reason is None
    assert (await note(world, KeyTally(), refused=5, is_proved=True)).pause_reason == REFUSED


async def test_an_operators_pause_holds_everybody_up(world: World):
    """Whoever has been sent to before, and single messages too."""
    key, now = await stored(world), world.clock.now()
    async with world.store.begin() as tx:
        await vapid_keys.pause(tx, key.id, until=now + KEY_RULE.first_pause, reason="maintenance")
    assert keys.holds_up(await stored(world), now, is_proved=True, is_single=True)


HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
STRANGERS = Audience(AudienceKind.GROUP, group="strangers")


async def strangers_pause_the_key(world: World) -> None:
    """Let subscriptions that were made with another key be all that is sent to."""
    strangers = await world.agents(6, Service.FCM, key=vapid.public_bytes(vapid.generate_private_key()))
    await world.subscribe(strangers.agents, joins=[("strangers", None)])
    await world.notify(STRANGERS)
    await world.work()
    assert (await stored(world)).paused_until is not None


async def test_strangers_hold_up_nobody_who_was_sent_to_before(world: World):
    """Who has taken a message gets the next one at once, and that lifts the pause."""
    ours = await world.agents(2, Service.FCM)
    await world.subscribe(ours.agents, joins=[("ours", None)])
    await world.notify(Audience(AudienceKind.GROUP, group="ours"))
    await world.work()
    await strangers_pause_the_key(world)
    later = await world.notify(Audience(AudienceKind.GROUP, group="ours"))
    await world.work()

    assert await world.counts(later) == {"accepted": 2}
    assert (await stored(world)).paused_until is None


async def test_strangers_hold_up_no_single_message(world: World):
    """A message to a new visitor alone finds out by itself whether the key is good."""
    await strangers_pause_the_key(world)
    (visitor,) = await world.subscribe((await world.agents(1, Service.FCM)).agents)
    single = await world.notify(Audience(AudienceKind.SUBSCRIPTIONS, subscription_ids=(visitor,)))
    await world.work()

    assert await world.counts(single) == {"accepted": 1}
    assert (await stored(world)).paused_until is None


async def test_a_broken_key_rests_for_everybody(world: World):
    """When those are refused who took messages before, single messages and all others wait."""
    ours = await world.agents(6, Service.FCM)
    ids = await world.subscribe(ours.agents)
    await world.notify()
    await world.work()
    world.devpush.add_fault(Fault(FaultKind.STATUS, status=403))
    await world.notify()
    await world.work()
    assert (await stored(world)).pause_reason == REFUSED
    asked = len(world.devpush.messages())
    single = await world.notify(Audience(AudienceKind.SUBSCRIPTIONS, subscription_ids=(ids[0],)))
    await world.work()

    assert await world.counts(single) == {"retrying/key_paused": 1}
    assert len(world.devpush.messages()) == asked


async def test_another_endpoint_has_taken_nothing(world: World):
    """Whoever swaps the endpoint of a subscription that was sent to is a stranger again."""
    ours = await world.agents(1, Service.FCM)
    (only,) = await world.subscribe(ours.agents)
    await world.notify()
    await world.work()
    then = world.clock.now()
    for since, is_proved in ((then - HOUR, True), (then - SECOND, False), (then + SECOND, False)):
        async with world.store.begin() as tx:
            await subscriptions.change(tx, only, {"endpoint_since": since})
            assert await witnesses.proved(tx, [only]) == ({only} if is_proved else set())
