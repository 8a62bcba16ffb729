"""A/B tests: everybody gets one thing and keeps to it, and the others get the best."""

import json
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from tests.support import campaigns as story
from tests.support.world import World

from heliograph.actions import campaign_messages, dry_run
from heliograph.actions.why import why
from heliograph.domain.campaign import CampaignState
from heliograph.domain.experiment import Arm, Experiment, Finish
from heliograph.domain.notification import Audience, AudienceKind, Content, NotificationState
from heliograph.domain.share import place
from heliograph.errors import ContentRefused, InvalidRequest, NotFound
from heliograph.storage import campaigns as campaign_rows
from heliograph.storage import profiles
from heliograph.storage.tables import counts, notifications

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
B = Content(title="B")
TWO = (Arm("a"), Arm("b", content=B))
A = Content(title="A")
TESTED = Experiment(TWO, finish=Finish(test_percent=50, after=HOUR))


async def by_variant(world: World, campaign: Any) -> dict[str | None, dict[str, int]]:
    async with world.store.read() as tx:
        found = await campaign_rows.tallies(tx, campaign.id)
    return {
        variant: {f"{state}/{reason}" if reason else state: count for (state, reason), count in of.items()}
        for variant, of in found.items()
    }


async def click(world: World, campaign: Any, variant: str, clicked: int) -> None:
    """Let some of a variant's accepted messages be clicked, as far as counts tell."""
    for row in await story.sent(world, campaign):
        if row.notification.variant == variant:
            async with world.store.begin() as tx:
                of = (counts.c.notification_id == row.notification.id) & (counts.c.state == "accepted")
                await tx.execute(update(counts).where(of).values(state="clicked", count=clicked))


def titles(fleet: Any) -> dict[str, int]:
    return Counter(json.loads(one.plaintext)["notification"]["title"] for one in fleet.arrivals)


async def test_everybody_is_in_one_part(world: World) -> None:
    """Variants and the control group share the audience by hash; who is in control is skipped, and counted."""
    fleet = await world.agents(40)
    ids = await world.subscribe(fleet.agents)
    test = Experiment(TWO, control_percent=20)
    campaign = await story.started(world, {"kind": "now"}, content=A, experiment=test)
    await world.work()
    found = await by_variant(world, campaign)
    places = [place(campaign.id, one) for one in ids]
    expected = {
        "control": {"skipped/control": sum(at < 2000 for at in places)},
        "a": {"accepted": sum(2000 <= at < 6000 for at in places)},
        "b": {"accepted": sum(at >= 6000 for at in places)},
    }
    assert found == {name: of for name, of in expected.items() if any(of.values())}
    assert sum(sum(of.values()) for of in found.values()) == 40
    accepted = found["a"]["accepted"] + found["b"]["accepted"]
    await fleet.wait_until(lambda seen: seen.decrypted == accepted)
    assert titles(fleet) == {"A": found["a"]["accepted"], "B": found["b"]["accepted"]}
    await world.work_on(2 * MINUTE)
    assert (await story.again(world, campaign)).state is CampaignState.DONE


async def test_the_winner_goes_to_the_others(world: World) -> None:
    """After an hour those who waited get the variant that was clicked more; nobody gets two, nobody none."""
    fleet = await world.agents(40)
    await world.subscribe(fleet.agents)
    campaign = await story.started(world, {"kind": "now"}, content=A, experiment=TESTED)
    await world.work_on(30 * MINUTE)
    before = await by_variant(world, campaign)
    assert set(before) == {"a", "b"}
    await click(world, campaign, "b", before["b"]["accepted"])
    assert (await story.again(world, campaign)).state is CampaignState.RUNNING
    await world.work_on(31 * MINUTE)
    after = await by_variant(world, campaign)
    assert set(after) == {"a", "b", "winner:b"}
    assert after["winner:b"]["accepted"] == 40 - before["a"]["accepted"] - before["b"]["accepted"]
    await fleet.wait_until(lambda seen: seen.decrypted == 40)
    assert titles(fleet) == {"A": before["a"]["accepted"], "B": 40 - before["a"]["accepted"]}
    await world.work_on(3 * MINUTE)
    assert (await story.again(world, campaign)).state is CampaignState.DONE


async def test_nobody_clicked(world: World) -> None:
    """Without a click, and with equal rates, the variant that is named first goes to the others."""
    fleet = await world.agents(20)
    await world.subscribe(fleet.agents)
    campaign = await story.started(world, {"kind": "now"}, content=A, experiment=TESTED)
    await world.work_on(61 * MINUTE)
    assert "winner:a" in await by_variant(world, campaign)


async def test_enough_deliveries_end_the_test(world: World) -> None:
    """As soon as so many messages of the test were accepted, the others get the winner."""
    fleet = await world.agents(20)
    await world.subscribe(fleet.agents)
    finish = Finish(test_percent=50, after=6 * HOUR, deliveries=5)
    campaign = await story.started(world, {"kind": "now"}, content=A, experiment=Experiment(TWO, finish=finish))
    await world.work_on(2 * MINUTE)
    assert sum(of["accepted"] for of in (await by_variant(world, campaign)).values()) == 20


async def test_a_crash_while_choosing_chooses_once(world: World) -> None:
    """A worker that is killed before the choice is written has chosen nothing; the next one chooses, once."""
    fleet = await world.agents(20)
    await world.subscribe(fleet.agents)
    campaign = await story.started(world, {"kind": "now"}, content=A, experiment=TESTED)
    await world.work()
    world.clock.advance(HOUR)
    claimed = await world.heliograph.queue.claim(worker="dies", limit=10, lease=MINUTE, now=world.clock.now())
    assert "campaign.winner" in [job.name for job in claimed]
    await world.work_on(5 * MINUTE)
    found = await by_variant(world, campaign)
    assert sum(of["accepted"] for of in found.values()) == 20
    await fleet.wait_until(lambda seen: seen.decrypted == 20)
    assert len(fleet.arrivals) == 20


async def test_a_pause_holds_the_winner_back(world: World) -> None:
    """While the campaign is paused nothing is chosen; afterwards it is, if it is still worth it."""
    fleet = await world.agents(20)
    await world.subscribe(fleet.agents)
    campaign = await story.started(world, {"kind": "now"}, content=A, experiment=TESTED)
    await world.work()
    await change_state(world, campaign, "paused")
    await world.work_on(2 * HOUR)
    assert set(await by_variant(world, campaign)) == {"a", "b"}
    await change_state(world, campaign, "running")
    await world.work_on(2 * MINUTE)
    assert "winner:a" in await by_variant(world, campaign)


async def test_a_finished_campaign_sends_no_winner(world: World) -> None:
    """Who ends a campaign ends what was to come of its test."""
    fleet = await world.agents(20)
    await world.subscribe(fleet.agents)
    campaign = await story.started(world, {"kind": "now"}, content=A, experiment=TESTED)
    await world.work()
    await change_state(world, campaign, "done")
    await world.work_on(2 * HOUR)
    assert set(await by_variant(world, campaign)) == {"a", "b"}
    states = {row.notification.variant: row.notification.state for row in await story.sent(world, campaign)}
    assert states["winner"] is NotificationState.CANCELLED


async def change_state(world: World, campaign: Any, state: str) -> None:
    async with world.store.begin() as tx:
        await campaign_rows.change(tx, campaign.id, {"state": state}, now=world.clock.now())


async def test_people_keep_their_variant(world: World) -> None:
    """A person with two browsers sees one variant on both, and the same in the next run; nobody is asked twice."""
    fleet = await world.agents(6)
    ids = await world.subscribe(fleet.agents)
    now = world.clock.now()
    async with world.store.begin() as tx:
        for number in range(3):
            row = {"id": f"pro_{number}", "project_id": world.project.project.id, "external_id": f"p{number}"}
            await profiles.add(tx, row | {"attributes": {}, "created_at": now, "updated_at": now})
            for one in ids[2 * number : 2 * number + 2]:
                await story_bind(tx, one, row["id"])
    daily = {"kind": "recurring", "every": "day", "times": ["09:00"], "time_zone": "UTC"}
    campaign = await story.started(world, daily, content=A, experiment=Experiment(TWO))
    await world.work_on(timedelta(days=2))
    seen: dict[str, set[str | None]] = {}
    for sent in await story.sent(world, campaign):
        for delivery in await world.rows(sent.notification):
            seen.setdefault(delivery.profile_id or "", set()).add(sent.notification.variant)
    assert {len(variants) for variants in seen.values()} == {1}
    assert sum(of["accepted"] for of in (await by_variant(world, campaign)).values()) == 12


async def story_bind(tx: Any, subscription_id: str, profile_id: str) -> None:
    from heliograph.storage import subscriptions  # noqa: PLC0415

    await subscriptions.bind(tx, subscription_id, profile_id)


REFUSED = [
    (Experiment((Arm("a"),)), "/message/experiment/variants"),
    (Experiment((Arm("a"), Arm("a"))), "/message/experiment/variants/1/name"),
    (Experiment((Arm("a"), Arm("control"))), "/message/experiment/variants/1/name"),
    (Experiment((Arm("a"), Arm("b", weight=0))), "/message/experiment/variants/1/weight"),
    (Experiment(TWO, control_percent=90), "/message/experiment/control_percent"),
    (Experiment(TWO, finish=Finish(0, HOUR)), "/message/experiment/winner/test_percent"),
    (Experiment(TWO, finish=Finish(10, MINUTE)), "/message/experiment/winner/after_seconds"),
    (Experiment(TWO, finish=Finish(10, HOUR, 0)), "/message/experiment/winner/deliveries"),
    (Experiment((Arm("a"),), control_percent=10, finish=Finish(10, HOUR)), "/message/experiment/winner"),
]


@pytest.mark.parametrize(("test", "pointer"), REFUSED)
async def test_tests_that_make_no_sense(world: World, test: Experiment, pointer: str) -> None:
    """A test that cannot be carried out is refused with the place of the mistake."""
    with pytest.raises(InvalidRequest) as found:
        await story.make(world, {"kind": "now"}, experiment=test)
    assert [error.pointer for error in found.value.errors] == [pointer]


async def test_variants_are_checked_like_content(world: World) -> None:
    """A variant's content, its templates included, is checked as the campaign's own is; a winner needs one moment."""
    wrong = Experiment((Arm("a"), Arm("b", content=Content(title="{{ oops }}", template=True))))
    with pytest.raises(ContentRefused) as found:
        await story.make(world, {"kind": "now"}, experiment=wrong)
    assert found.value.errors[0].pointer == "/message/experiment/variants/1/content/title"
    with pytest.raises(InvalidRequest, match="at one moment"):
        await story.make(world, {"kind": "api"}, experiment=TESTED)


async def test_named_people(world: World) -> None:
    """Of people who are named by our own ids, no notification is made for a part in which nobody is."""
    fleet = await world.agents(1)
    (one,) = await world.subscribe(fleet.agents)
    now = world.clock.now()
    async with world.store.begin() as tx:
        row = {"id": "pro_0", "project_id": world.project.project.id, "external_id": "p0", "attributes": {}}
        await profiles.add(tx, row | {"created_at": now, "updated_at": now})
        await story_bind(tx, one, "pro_0")
    audience = Audience(AudienceKind.PROFILES, profile_ids=("pro_0",))
    campaign = await story.started(world, {"kind": "now"}, content=A, audience=audience, experiment=Experiment(TWO))
    await world.work()
    assert len(await story.sent(world, campaign)) == 1
    async with world.store.read() as tx:
        assert (await tx.execute(notifications.select())).all()


async def test_why_somebody_got_another_variant(world: World) -> None:
    """The story of a notification of a test tells those of another part so."""
    fleet = await world.agents(8)
    ids = await world.subscribe(fleet.agents)
    campaign = await story.started(world, {"kind": "now"}, content=A, experiment=Experiment(TWO, control_percent=20))
    await world.work()
    codes: dict[str, list[str]] = {one: [] for one in ids}
    for row in await story.sent(world, campaign):
        for one in ids:
            async with world.store.read() as tx:
                project_id, context = campaign.project_id, world.heliograph.context()
                asked = {"notification_id": row.notification.id, "subscription_id": one}
                told = await why(tx, context, project_id=project_id, **asked)
            codes[one].append(told.subscriptions[0].facts[0].code)
    sent = {one: [code for code in of if code != "not_in_share"] for one, of in codes.items()}
    assert {tuple(of) for of in sent.values()} == {("chosen",)}


async def test_a_preview_of_each_variant(world: World) -> None:
    """What a variant's readers would get can be looked at before: its content, and how many they are."""
    fleet = await world.agents(20)
    ids = await world.subscribe(fleet.agents)
    campaign = await story.make(world, {"kind": "now"}, content=A, experiment=Experiment(TWO))
    project_id, context = campaign.project_id, world.heliograph.context()
    async with world.store.read() as tx:
        for number, name in enumerate("ab"):
            run = await dry_run.dry_run(
                tx, context, project_id=project_id, draft=campaign_messages.draft_of(campaign, name)
            )
            assert [one.title for one in run.previews] == [name.upper()]
            assert run.total == sum(place(campaign.id, one) // 5000 == number for one in ids)
        with pytest.raises(NotFound):
            campaign_messages.draft_of(campaign, "c")
