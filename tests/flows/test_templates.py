"""Templates from the sender's words to what a browser decrypts: one person's error hurts nobody else."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import update
from tests.support.world import EVERYONE, World

from heliograph.actions import dry_run
from heliograph.actions import notifications as notify
from heliograph.actions.notifications import Draft
from heliograph.actions.why import why
from heliograph.api.admin.notification_forms import notification_view
from heliograph.devpush.faults import Fault, FaultKind
from heliograph.domain.notification import Action, Content, Variant
from heliograph.storage.tables import carts, notifications, profiles, subscriptions

HELLO = Content(
    title="Hello {{ profile.first_name | default: 'there' }}",
    body="{{ profile.points | divided_by: profile.visits }} points a visit",
    url="https://shop.example/?who={{ external_id }}",
    actions=(Action("more", "More for {{ profile.first_name | default: 'you' }}"),),
    variants={"de": Variant(title="Hallo {{ profile.first_name | default: 'du' }}")},
    template=True,
)


async def people(world: World, *attributes: dict[str, Any] | None, language: str | None = None) -> Any:
    """Make a person with one subscription of each set of attributes; None is a subscription that is nobody's."""
    fleet = await world.agents(len(attributes))
    ids = await world.subscribe(fleet.agents, language=language)
    now = world.clock.now()
    async with world.store.begin() as tx:
        for number, (sub_id, each) in enumerate(zip(ids, attributes, strict=True)):
            if each is None:
                continue
            row = {"id": f"pro_{number}", "external_id": f"person/{number}", "attributes": each}
            row |= {"project_id": world.project.project.id, "created_at": now, "updated_at": now}
            await tx.execute(profiles.insert().values(row))
            await tx.execute(update(subscriptions).where(subscriptions.c.id == sub_id).values(profile_id=row["id"]))
    return fleet


def shown(fleet: Any) -> list[dict[str, Any]]:
    found = [json.loads(arrival.plaintext)["notification"] for arrival in fleet.arrivals]
    return sorted(found, key=lambda one: one["title"])


async def test_each_person_gets_their_own(world: World) -> None:
    """Attributes are filled in for each receiver; nobody's subscription gets the defaults; one error hurts nobody."""
    fleet = await people(world, {"first_name": "Ada", "points": 10, "visits": 2}, {"visits": 0}, None)
    notification = await world.notify(content=HELLO)
    await world.work()
    assert await world.counts(notification) == {"accepted": 1, "rejected/template_error": 2}
    await world.check_counts(notification)
    await fleet.wait_until(lambda counts: counts.decrypted == 1)
    (ada,) = shown(fleet)
    assert (ada["title"], ada["body"], ada["navigate"]) == (
        "Hello Ada",
        "5 points a visit",
        "https://shop.example/?who=person%2F0",
    )
    assert ada["actions"] == [{"action": "more", "title": "More for Ada"}]


async def test_languages(world: World) -> None:
    """The variant of the receiver's language is filled in; what it leaves out is the notification's own."""
    fleet = await people(world, {"first_name": "Ada", "points": 4, "visits": 2}, language="de-AT")
    await world.notify(content=HELLO)
    await world.work()
    await fleet.wait_until(lambda counts: counts.decrypted == 1)
    (ada,) = shown(fleet)
    assert (ada["title"], ada["body"], ada["lang"]) == ("Hallo Ada", "2 points a visit", "de")


async def test_the_budget_holds_for_each_person(world: World) -> None:
    """A body is cut for the one whose values are long; without leave to cut, only theirs is too large."""
    long, short = {"first_name": "A" * 3000}, {"first_name": "Ada"}
    await people(world, long, short)
    strict = await world.notify(content=Content(title="Hi", body="{{ profile.first_name }}", template=True))
    cut = await world.notify(content=Content(title="Hi", body="{{ profile.first_name }}", template=True, shorten=True))
    await world.work()
    assert await world.counts(strict) == {"accepted": 1, "rejected/too_large": 1}
    assert await world.counts(cut) == {"accepted": 2}


async def test_a_retry_fills_in_again(world: World) -> None:
    """What is tried again says what is known by then."""
    fleet = await people(world, {"first_name": "Ada"})
    world.devpush.add_fault(Fault(FaultKind.STATUS, status=503, times=1))
    notification = await world.notify(content=Content(title="Hi {{ profile.first_name }}", template=True))
    await world.work()
    assert [state.partition("/")[0] for state in await world.counts(notification)] == ["retrying"]
    async with world.store.begin() as tx:
        await tx.execute(update(profiles).values(attributes={"first_name": "Grace"}))
    await world.work_on(timedelta(minutes=1))
    assert await world.counts(notification) == {"accepted": 1}
    await fleet.wait_until(lambda counts: counts.decrypted == 1)
    assert [one["title"] for one in shown(fleet)] == ["Hi Grace"]


async def test_carts_and_what_the_sender_knows(world: World) -> None:
    """The cart of the moment is there, with its dearest item; what a campaign's occasion tells goes before it."""
    fleet = await people(world, {})
    lines = [{"id": "1", "count": 2, "price_milli": 12500, "title": "Lamp"}, {"id": "2", "count": 1, "title": "Cup"}]
    now = world.clock.now()
    async with world.store.begin() as tx:
        row = {"profile_id": "pro_0", "project_id": world.project.project.id, "items": lines, "item_count": 3}
        row |= {"total_milli": 25000, "updated_at": now, "last_event_id": "evt_1"}
        await tx.execute(carts.insert().values(row))
    text = "{{ best_cart_item['title'] }} {{ cart.count }} {{ cart.total }} "
    text += "{{ item.title | default: '-' }} {{ variables.code }}"
    content = Content(title=text, template=True)
    first = await world.notify(content=content)
    async with world.store.begin() as tx:
        told = {"all": {"code": "X", "item": {"title": "Pen"}}, "people": {"pro_0": {"code": "Y"}}}
        await tx.execute(update(notifications).where(notifications.c.id == first.id).values(variables=told))
    await world.work()
    await world.notify(content=content)
    await world.work()
    await fleet.wait_until(lambda counts: counts.decrypted == 2)
    assert {one["title"] for one in shown(fleet)} == {"Lamp 3 25.0 Pen Y", "Lamp 3 25.0 -"}


async def test_a_dry_run_shows_real_people(world: World) -> None:
    """A dry run fills in for people who are there, by language, and tells of those for whom nothing good comes out."""
    await people(world, {"first_name": "Ada", "points": 10, "visits": 2}, {"points": 1}, None)
    run = await asked(world, HELLO)
    assert [(one.language, one.title, one.body) for one in run.previews] == [(None, "Hello Ada", "5 points a visit")]
    assert (run.total, run.filled_in, run.failed) == (1, 3, 2)
    assert [(one.reason, one.count) for one in run.excluded] == [("template_error", 2)]
    assert run.warning is not None
    plain = await asked(world, Content(title="Hi"))
    assert (plain.filled_in, plain.warning) == (0, None)


async def test_a_dry_run_for_nobody_shows_the_defaults(world: World) -> None:
    """Where nobody is, it is shown what somebody of whom nothing is known would see."""
    run = await asked(world, replace(HELLO, body=None))
    assert [(one.language, one.title) for one in run.previews] == [(None, "Hello there"), ("de", "Hallo du")]


async def asked(world: World, content: Content) -> dry_run.DryRun:
    async with world.store.read() as tx:
        draft = Draft(content, EVERYONE)
        return await dry_run.dry_run(tx, world.heliograph.context(), project_id=world.project.project.id, draft=draft)


async def test_why_says_which_text_failed(world: World) -> None:
    """The story of somebody who got nothing because of a template tells which text it was, and whether it still is."""
    await people(world, {"points": 1})
    notification = await world.notify(content=HELLO)
    await world.work()
    (first, now) = await sentences(world, notification.id)
    assert "its templates came to nothing" in first
    assert now == "With what is known now, it is still so: body: Something is divided by 0."
    async with world.store.begin() as tx:
        await tx.execute(update(profiles).values(attributes={"points": 4, "visits": 1}))
    assert "would come to something" in (await sentences(world, notification.id))[1]


async def sentences(world: World, notification_id: str) -> list[str]:
    async with world.store.read() as tx:
        story = await why(
            tx,
            world.heliograph.context(),
            project_id=world.project.project.id,
            notification_id=notification_id,
            external_id="person/0",
        )
    return [fact.sentence for fact in story.subscriptions[0].facts][-2:]


async def test_many_errors_are_warned_of(world: World) -> None:
    """Whoever looks at a notification is told when its templates fail for one receiver in a hundred, or more."""
    await people(world, {"points": 1}, {"points": 1, "visits": 1})
    notification = await world.notify(content=HELLO)
    await world.work()
    async with world.store.read() as tx:
        project_id = world.project.project.id
        tally = await notify.get(tx, project_id=project_id, notification_id=notification.id)
    (warning,) = notification_view(tally).warnings
    assert (warning.code, warning.detail[:22]) == ("template_errors", "For 1 of 2 receivers t")
    assert (
        notification_view(replace(tally, counts={("accepted", ""): 1000, ("rejected", "template_error"): 9})).warnings
        == []
    )
