"""Why somebody got a notification, or did not: attempt by attempt, and for every reason there is not to be chosen."""

from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update
from tests.support.world import World

from heliograph.actions import deliveries, notifications, profiles, providers, why
from heliograph.actions.story_words import StoryCode
from heliograph.actions.why import Story
from heliograph.devpush import Fault, FaultKind, Service
from heliograph.domain.delivery import ReceiptEvent, delivery_id
from heliograph.domain.notification import Audience, AudienceKind, Notification
from heliograph.domain.outcome import OutcomeKind
from heliograph.domain.subscription import Group
from heliograph.errors import InvalidRequest, NotFound
from heliograph.storage import attempts, groups, receipts, tables, vapid_keys
from heliograph.storage import deliveries as delivery_rows
from heliograph.storage import subscriptions as subscription_rows
from heliograph.storage.attempts import AttemptRow

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
WAREHOUSE = Audience(AudienceKind.GROUP, group="warehouse", identifier="42")
ADA = Audience(AudienceKind.PROFILES, external_ids=("ada",))


async def _subscribe(world: World, **how) -> str:
    fleet = await world.agents(1, Service.MOZILLA)
    (only,) = await world.subscribe(fleet.agents, **how)
    return only


async def _ada(world: World, *subscription_ids: str) -> None:
    async with world.store.begin() as tx:
        ada, _ = await profiles.put(
            tx, world.heliograph.context(), project_id=world.project.project.id, external_id="ada"
        )
        for one in subscription_ids:
            await subscription_rows.change(tx, one, {"profile_id": ada.id})


async def _why(world: World, notification: Notification, **whom) -> Story:
    async with world.store.read() as tx:
        return await why.why(
            tx,
            world.heliograph.context(),
            project_id=world.project.project.id,
            notification_id=notification.id,
            **whom,
        )


async def _codes(world: World, notification: Notification, subscription_id: str) -> list[str]:
    """Return the codes of one subscription's part, having checked that each sentence is one."""
    told = await _why(world, notification, subscription_id=subscription_id)
    (only,) = told.subscriptions
    assert all(fact.sentence[0].isupper() and fact.sentence.endswith(".") for fact in [*told.facts, *only.facts])
    return [str(fact.code) for fact in only.facts]


async def _attempts(world: World, notification: Notification, subscription_id: str) -> list[AttemptRow]:
    async with world.store.read() as tx:
        return await deliveries.attempts_of(tx, delivery_id(notification.id, subscription_id))


async def test_each_attempt_is_kept_with_its_answer(world: World):
    """Two passing faults and a success are three rows, in order; asking why tells all three."""
    only = await _subscribe(world)
    world.devpush.add_fault(Fault(FaultKind.STATUS, status=503, times=1))
    notification = await world.notify()
    await world.work()
    world.devpush.add_fault(Fault(FaultKind.STATUS, status=500, times=1))
    await world.work_on(2 * SECOND)
    await world.work_on(MINUTE)

    tried = await _attempts(world, notification, only)
    assert [(one.number, one.outcome, one.reason, one.status_code) for one in tried] == [
        (1, OutcomeKind.TRY_LATER, "unavailable", 503),
        (2, OutcomeKind.TRY_LATER, "internal_error", 500),
        (3, OutcomeKind.ACCEPTED, None, 201),
    ]
    assert tried[0].at < tried[1].at < tried[2].at
    assert all(one.duration_ms is not None and 0 <= one.duration_ms < 60_000 for one in tried)
    assert await _codes(world, notification, only) == ["chosen", "attempt", "attempt", "attempt", "not_displayed"]
    told = await _why(world, notification, subscription_id=only)
    assert "answered 503" in told.subscriptions[0].facts[1].sentence


async def test_an_exchange_without_an_answer_has_no_status(world: World):
    """A connection that breaks is an attempt too."""
    only = await _subscribe(world)
    world.devpush.add_fault(Fault(FaultKind.RESET, times=1))
    notification = await world.notify()
    await world.work()
    (tried,) = await _attempts(world, notification, only)
    assert (tried.status_code, tried.outcome, tried.reason) == (None, OutcomeKind.TRY_LATER, "network_reset")
    assert await _codes(world, notification, only) == ["chosen", "attempt", "retrying"]


async def test_attempts_go_with_their_delivery(world: World):
    """There is a row for each attempt of a whole dispatch, and none is left when the deliveries are deleted."""
    fleet = await world.agents(60, Service.MOZILLA)
    await world.subscribe(fleet.agents)
    await world.notify()
    await world.work()
    count = select(func.count()).select_from(tables.attempts)
    async with world.store.begin() as tx:
        assert (await tx.execute(count)).scalar_one() == 60
        await tx.execute(delete(tables.deliveries))
        assert (await tx.execute(count)).scalar_one() == 0


async def test_an_attempt_that_is_written_stays(world: World):
    """Writing the same attempt again changes nothing."""
    only = await _subscribe(world)
    notification = await world.notify()
    await world.work()
    (before,) = await _attempts(world, notification, only)
    async with world.store.begin() as tx:
        await attempts.add(tx, [AttemptRow(before.delivery_id, 1, before.at, OutcomeKind.GONE, "x", 410, 1)] * 30)
    assert await _attempts(world, notification, only) == [before]


async def test_what_nobody_tried_has_no_attempt(world: World):
    """Skipping because the provider is switched off is told without an attempt."""
    only = await _subscribe(world)
    notification = await world.notify(send_at=world.clock.now() + MINUTE)
    async with world.store.begin() as tx:
        await providers.change(
            tx,
            world.heliograph.context(),
            project_id=world.project.project.id,
            provider_id=world.project.provider.id,
            name=None,
            is_enabled=False,
        )
    assert await _codes(world, notification, only) == ["waiting", "provider_disabled"]
    await world.work_on(2 * MINUTE)
    assert await _attempts(world, notification, only) == []
    assert await _codes(world, notification, only) == ["chosen", "skipped"]


async def test_a_paused_key_is_named(world: World):
    """Before sending, a pause is told as what stands in the way; then as what is waited for."""
    only = await _subscribe(world)
    async with world.store.begin() as tx:
        until = world.clock.now() + timedelta(hours=1)
        await vapid_keys.pause(tx, world.project.vapid_key.id, until=until, reason="tests")
    notification = await world.notify(send_at=world.clock.now() + MINUTE)
    assert await _codes(world, notification, only) == ["waiting", "key_paused"]
    await world.work_on(2 * MINUTE)
    assert await _codes(world, notification, only) == ["chosen", "retrying"]


@pytest.mark.parametrize(
    ("events", "codes"),
    [
        ([ReceiptEvent.DISPLAYED], ["displayed"]),
        ([ReceiptEvent.CLICKED, ReceiptEvent.DISPLAYED], ["displayed", "clicked"]),
        ([ReceiptEvent.DISPLAYED, ReceiptEvent.DISMISSED], ["displayed", "dismissed"]),
    ],
)
async def test_what_the_browser_reported_is_told(world: World, events: list[ReceiptEvent], codes: list[str]):
    """Shown, clicked, put away: each with its instant."""
    only = await _subscribe(world)
    notification = await world.notify()
    await world.work()
    sent = delivery_id(notification.id, only)
    now = world.clock.now()
    reported = [receipts.Receipt(sent, event, None, now + SECOND * list(ReceiptEvent).index(event)) for event in events]
    async with world.store.begin() as tx:
        await receipts.add(tx, world.project.project.id, reported, now=now)
        await delivery_rows.apply_receipts(tx, [sent], now=now)
    assert await _codes(world, notification, only) == ["chosen", "attempt", *codes]


async def test_a_dead_subscription_is_told_as_such(world: World):
    """The attempt, the end of the delivery, and that the subscription has ended."""
    only = await _subscribe(world)
    world.devpush.add_fault(Fault(FaultKind.STATUS, status=410))
    notification = await world.notify()
    await world.work()
    assert await _codes(world, notification, only) == ["chosen", "attempt", "gone", "ended"]
    again = await world.notify()
    world.clock.advance(SECOND)
    await world.work()
    assert await _codes(world, again, only) == ["ended_before"]


async def test_what_expired_is_told_with_what_was_in_its_way(world: World):
    """A push service that never answers well until the time is over."""
    only = await _subscribe(world)
    world.devpush.add_fault(Fault(FaultKind.STATUS, status=503))
    notification = await world.notify(ttl=timedelta(seconds=60))
    await world.work()
    await world.work_on(timedelta(minutes=10))
    codes = await _codes(world, notification, only)
    assert codes[:2] == ["chosen", "attempt"]
    assert codes[-1] == "expired"


async def test_who_came_later_or_is_unknown(world: World):
    """Subscribed after the start, and never subscribed at all."""
    await _subscribe(world)
    notification = await world.notify()
    await world.work()
    world.clock.advance(MINUTE)
    late = await _subscribe(world, age=timedelta(0))
    assert await _codes(world, notification, late) == ["subscribed_later"]
    assert await _codes(world, notification, "sub_nobody") == ["subscription_unknown"]


async def test_groups_are_told_by_name_and_identifier(world: World):
    """In the group, not in it, and in it too late."""
    inside = await _subscribe(world, joins=[("warehouse", "42")])
    outside = await _subscribe(world, joins=[("warehouse", "43")])
    notification = await world.notify(WAREHOUSE)
    await world.work()
    world.clock.advance(MINUTE)
    assert await _codes(world, notification, inside) == ["chosen", "attempt", "not_displayed"]
    told = await _why(world, notification, subscription_id=inside)
    assert "warehouse with identifier 42" in told.subscriptions[0].facts[0].sentence
    assert await _codes(world, notification, outside) == ["not_in_group"]
    async with world.store.begin() as tx:
        await groups.join(tx, world.project.project.id, outside, [Group("warehouse", "42")], now=world.clock.now())
    assert await _codes(world, notification, outside) == ["joined_later"]


async def test_the_story_of_a_person(world: World):
    """Two browsers of one person: one is reached, one had left; and somebody who was not named."""
    here, left = await _subscribe(world), await _subscribe(world)
    other = await _subscribe(world)
    await _ada(world, here, left)
    async with world.store.begin() as tx:
        ended = {"state": "unsubscribed", "state_reason": "by_person", "ended_at": world.clock.now()}
        await subscription_rows.change(tx, left, ended)
    world.clock.advance(MINUTE)
    notification = await world.notify(ADA)
    await world.work()
    told = await _why(world, notification, external_id="ada")
    assert [str(fact.code) for fact in told.facts] == [
        "started",
        "audience_profiles",
        "profile_known",
        "subscriptions",
    ]
    parts = {one.seen.id: [str(fact.code) for fact in one.facts] for one in told.subscriptions}
    assert parts == {here: ["chosen", "attempt", "not_displayed"], left: ["ended_before"]}
    assert await _codes(world, notification, other) == ["not_named"]
    everyone = await _why(world, notification, external_id="bob")
    assert [fact.code for fact in everyone.facts][-1] is StoryCode.PROFILE_UNKNOWN


async def test_a_person_who_logged_out_since_is_still_told_of(world: World):
    """What was sent to somebody as theirs is their story, whoever's the browser is now."""
    only = await _subscribe(world)
    await _ada(world, only)
    notification = await world.notify(ADA)
    await world.work()
    async with world.store.begin() as tx:
        await subscription_rows.change(tx, only, {"profile_id": None})
    told = await _why(world, notification, external_id="ada")
    assert [one.seen.id for one in told.subscriptions] == [only]


@pytest.mark.parametrize(("whose", "said"), [(None, "nobody's"), ("grace", "another person's")])
async def test_a_browser_that_was_not_theirs_then_is_told_as_such(world: World, whose: str | None, said: str):
    """Who has a shared browser now did not get what the last one was sent."""
    shared = await _subscribe(world)
    if whose is not None:
        async with world.store.begin() as tx:
            ctx, project_id = world.heliograph.context(), world.project.project.id
            then, _ = await profiles.put(tx, ctx, project_id=project_id, external_id=whose)
            await subscription_rows.change(tx, shared, {"profile_id": then.id})
    notification = await world.notify()
    await world.work()
    await _ada(world, shared)
    told = await _why(world, notification, external_id="ada")
    (fact,) = [fact for fact in told.subscriptions[0].facts if fact.code is StoryCode.NOT_THEIRS]
    assert said in fact.sentence
    assert StoryCode.NOT_THEIRS not in await _codes(world, notification, shared)


async def test_people_without_a_browser_or_not_named(world: World):
    """Known, but without a subscription; known only after the start; and not among those who were named."""
    notification = await world.notify(Audience(AudienceKind.PROFILES, external_ids=("bob",)))
    await world.work()
    world.clock.advance(MINUTE)
    await _ada(world)
    told = await _why(world, notification, external_id="ada")
    assert [str(fact.code) for fact in told.facts][2:] == ["profile_newer", "profile_not_named", "no_subscription"]


async def test_before_it_begins_and_after_it_was_cancelled(world: World):
    """Scheduled: what will be; cancelled: that nothing was."""
    only = await _subscribe(world)
    notification = await world.notify(send_at=world.clock.now() + MINUTE)
    told = await _why(world, notification, subscription_id=only)
    assert [str(fact.code) for fact in told.facts] == ["scheduled", "audience_everyone"]
    async with world.store.begin() as tx:
        await notifications.cancel(
            tx,
            world.heliograph.context(),
            project_id=world.project.project.id,
            notification_id=notification.id,
        )
    told = await _why(world, notification, subscription_id=only)
    assert [str(fact.code) for fact in told.facts] == ["cancelled", "audience_everyone"]
    assert await _codes(world, notification, only) == ["not_chosen"]


async def test_history_that_was_deleted_is_told_as_such(world: World):
    """When the deliveries of a notification are swept, nothing is claimed about them."""
    only = await _subscribe(world)
    notification = await world.notify()
    await world.work()
    async with world.store.begin() as tx:
        await tx.execute(delete(tables.deliveries))
        await tx.execute(update(tables.notifications).values(swept_at=world.clock.now()))
    assert await _codes(world, notification, only) == ["history_deleted"]


async def test_one_of_both_must_be_named(world: World):
    """Neither person nor subscription, or both, is refused; so is a notification that is not there."""
    notification = await world.notify()
    for whom in ({}, {"external_id": "ada", "subscription_id": "sub_x"}):
        with pytest.raises(InvalidRequest):
            await _why(world, notification, **whom)
    with pytest.raises(NotFound):
        async with world.store.read() as tx:
            await why.why(
                tx, world.heliograph.context(), project_id="prj_x", notification_id=notification.id, external_id="ada"
            )
