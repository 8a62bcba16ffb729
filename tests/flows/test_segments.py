"""Sending to a segment: the rule decides when sending begins, and once more when a person's turn comes."""

from datetime import timedelta
from typing import Any

from sqlalchemy import update
from tests.support.world import World

from heliograph.actions import dry_run, profiles, segments
from heliograph.actions.notifications import Draft
from heliograph.actions.story import StoryCode
from heliograph.actions.why import why
from heliograph.delivery import fanout
from heliograph.devpush import Fault, FaultKind
from heliograph.domain.notification import Audience, AudienceKind, Content, NotificationState
from heliograph.domain.segment import Segment
from heliograph.storage import audience as audiences
from heliograph.storage import subscriptions
from heliograph.storage.tables import profiles as profile_rows

GOLD = {"kind": "attribute", "name": "plan", "is": "eq", "value": "gold"}
SILVER = {"kind": "attribute", "name": "plan", "is": "eq", "value": "silver"}


async def _people(world: World, *plans: str | None) -> list[str]:
    """Make people of these plans, each with one browser; None is nobody's browser. Return the subscriptions."""
    fleet = await world.agents(len(plans))
    made = await world.subscribe(fleet.agents)
    async with world.store.begin() as tx:
        ctx = world.heliograph.context()
        for number, (subscription, plan) in enumerate(zip(made, plans, strict=True)):
            if plan is not None:
                person, _ = await profiles.put(
                    tx,
                    ctx,
                    project_id=world.project.project.id,
                    external_id=f"person {number}",
                    attributes={"plan": plan},
                )
                await subscriptions.bind(tx, subscription, person.id)
    return made


async def _segment(world: World, rule: dict[str, Any]) -> Segment:
    async with world.store.begin() as tx:
        return await segments.create(
            tx, world.heliograph.context(), project_id=world.project.project.id, name="Gold", rule=rule
        )


def _to(segment: Segment) -> Audience:
    return Audience(AudienceKind.SEGMENT, segment_id=segment.id)


async def _set_plan(world: World, number: int, plan: str) -> None:
    async with world.store.begin() as tx:
        changed = update(profile_rows).where(profile_rows.c.external_id == f"person {number}")
        await tx.execute(changed.values(attributes={"plan": plan}))


async def test_the_people_of_a_segment_get_it(world: World):
    """And nobody else: not other people, not browsers that are nobody's."""
    made = await _people(world, "gold", "silver", None, "gold")
    notification = await world.notify(_to(await _segment(world, GOLD)))
    await world.work()

    assert {row.subscription_id for row in await world.rows(notification)} == {made[0], made[3]}
    assert await world.state(notification) is NotificationState.DONE
    await world.check_counts(notification)


async def test_a_rule_of_its_own_needs_no_segment(world: World):
    """It is read as a segment's is."""
    made = await _people(world, "gold", "silver")
    notification = await world.notify(Audience(AudienceKind.SEGMENT, rule=SILVER))
    await world.work()
    assert [row.subscription_id for row in await world.rows(notification)] == [made[1]]


async def test_the_rule_is_the_one_of_when_sending_begins(world: World):
    """A segment that is changed before that changes the audience; afterwards it changes nothing."""
    made = await _people(world, "gold", "silver")
    segment = await _segment(world, GOLD)
    notification = await world.notify(_to(segment), send_at=world.clock.now() + timedelta(hours=1))
    await _change(world, segment, SILVER)
    world.clock.advance(timedelta(hours=1))
    await world.step("delivery.plan")
    await _change(world, segment, GOLD)
    await world.work()
    assert [row.subscription_id for row in await world.rows(notification)] == [made[1]]


async def _change(world: World, segment: Segment, rule: dict[str, Any]) -> None:
    async with world.store.begin() as tx:
        ctx = world.heliograph.context()
        await segments.change(tx, ctx, project_id=segment.project_id, segment_id=segment.id, rule=rule)


async def test_who_leaves_the_segment_before_their_turn_gets_nothing(world: World):
    """Between laying out and sending, people buy the thing that the notification is about."""
    made = await _people(world, "gold", "gold")
    notification = await world.notify(_to(await _segment(world, GOLD)))
    await world.step("delivery.fanout")
    await _set_plan(world, 0, "silver")
    await world.work()
    assert [row.subscription_id for row in await world.rows(notification)] == [made[1]]
    assert await world.state(notification) is NotificationState.DONE


async def test_a_segment_that_nobody_is_in_ends_at_once(world: World):
    """Nothing is sent, and nothing waits."""
    await _people(world, "silver")
    notification = await world.notify(_to(await _segment(world, GOLD)))
    await world.work()
    assert (await world.rows(notification), await world.state(notification)) == ([], NotificationState.DONE)


async def test_few_among_many_are_found_page_by_page(world: World, monkeypatch):
    """A page looks at so many subscriptions and no more, whether it finds somebody or not."""
    monkeypatch.setattr(audiences, "LOOKED_AT", 2)
    monkeypatch.setattr(fanout, "RANGE", 2)
    made = await _people(world, *["silver"] * 5, "gold", None, "gold", "silver")
    notification = await world.notify(_to(await _segment(world, GOLD)))
    ran = await world.work()
    assert {row.subscription_id for row in await world.rows(notification)} == {made[5], made[7]}
    assert ran.count("delivery.fanout") == 5
    assert await world.state(notification) is NotificationState.DONE


async def test_who_leaves_the_segment_before_a_second_attempt_gets_none(world: World):
    """Each attempt asks anew."""
    await _people(world, "gold", "gold")
    world.devpush.add_fault(Fault(FaultKind.STATUS, status=503, times=2))
    notification = await world.notify(_to(await _segment(world, GOLD)))
    await world.work()
    await _set_plan(world, 0, "silver")
    await world.work_on(timedelta(minutes=10))
    assert await world.counts(notification) == {"skipped/left_audience": 1, "accepted": 1}
    await world.check_counts(notification)


async def test_a_dry_run_tells_who_it_would_be(world: World):
    """As many as a send reaches, and nobody is sent anything."""
    await _people(world, "gold", "silver", None, "gold")
    draft = Draft(
        content=Content(title="Hello", url="https://shop.example/"), audience=_to(await _segment(world, GOLD))
    )
    async with world.store.read() as tx:
        run = await dry_run.dry_run(tx, world.heliograph.context(), project_id=world.project.project.id, draft=draft)
    assert (run.total, run.exactness, run.excluded) == (2, dry_run.Exactness.EXACT, ())


async def test_why_somebody_got_nothing_is_told_by_condition(world: World):
    """By what holds now, since nobody wrote down what held then."""
    made = await _people(world, "gold", "silver", None)
    notification = await world.notify(_to(await _segment(world, GOLD)))
    await world.work()
    told = {}
    for subscription in made:
        async with world.store.read() as tx:
            ctx = world.heliograph.context()
            story = await why(
                tx,
                ctx,
                project_id=world.project.project.id,
                notification_id=notification.id,
                subscription_id=subscription,
            )
        told[subscription] = [fact.code for fact in story.subscriptions[0].facts]
    assert told[made[0]][0] is StoryCode.CHOSEN
    assert StoryCode.NOT_IN_SEGMENT in told[made[1]]
    assert StoryCode.NOT_IN_SEGMENT in told[made[2]]
