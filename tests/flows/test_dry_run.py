"""A dry run says what the send does: the same draft is asked about and then sent."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from tests.support.world import EVERYONE, World

from heliograph.actions import dry_run, key_rotation, vapid_keys
from heliograph.actions.dry_run import DryRun, Exactness
from heliograph.actions.notifications import Draft
from heliograph.actions.pace_seen import LEAST
from heliograph.devpush import Service
from heliograph.domain.notification import Audience, AudienceKind, Content, Variant
from heliograph.errors import ContentRefused, ContentTooLarge, NotFound
from heliograph.storage.tables import counts, jobs, memberships, notifications, profiles, providers, subscriptions

CONTENT = Content(
    title="Harbour",
    body="The ferry leaves at nine.",
    url="https://shop.example/",
    variants={"de": Variant(title="Hafen", body="Die Fähre fährt um neun.")},
)


async def ask(world: World, audience: Audience = EVERYONE, content: Content = CONTENT) -> DryRun:
    async with world.store.read() as tx:
        return await dry_run.dry_run(
            tx, world.heliograph.context(), project_id=world.project.project.id, draft=Draft(content, audience)
        )


async def sent(world: World, audience: Audience = EVERYONE) -> dict[str, int]:
    notification = await world.notify(audience, content=CONTENT)
    await world.work()
    return await world.counts(notification)


def named(*ids: str) -> Audience:
    return Audience(AudienceKind.SUBSCRIPTIONS, subscription_ids=ids)


def reasons(run: DryRun) -> dict[str, tuple[int, tuple[str, ...]]]:
    return {one.reason: (one.count, one.samples) for one in run.excluded}


async def test_nothing_is_stored_and_the_send_does_the_same(world: World) -> None:
    """Who would get it is counted by push service and language, no row is written, and the send reaches as many."""
    fleet = await world.agents(3, Service.FCM, Service.MOZILLA, Service.WNS)
    await world.subscribe(fleet.agents[:2], language="de-AT")
    await world.subscribe(fleet.agents[2:], joins=[("warehouse", "42")])
    run = await ask(world)
    assert run.receivers == {("web", "fcm"): 1, ("web", "mozilla"): 1, ("web", "wns"): 1}
    assert (run.total, run.exactness, run.looked_at, run.excluded) == (3, Exactness.EXACT, 3, ())
    assert run.readers == {"de": 2, None: 1}
    assert [(one.language, one.title, one.body) for one in run.previews] == [
        (None, "Harbour", "The ferry leaves at nine."),
        ("de", "Hafen", "Die Fähre fährt um neun."),
    ]
    assert (await ask(world, Audience(AudienceKind.GROUP, group="warehouse", identifier="42"))).total == 1
    assert (run.seconds, run.assumption[:9]) == (None, "Not known")
    async with world.store.read() as tx:
        assert (await tx.execute(notifications.select())).first() is None
        assert (await tx.execute(jobs.select())).first() is None
    assert await sent(world) == {"accepted": 3}


async def test_bytes_are_those_that_are_sent(world: World) -> None:
    """The plaintext that a browser decrypts is as long as the dry run said, for each push service."""
    fleet = await world.agents(2, Service.FCM, Service.APPLE)
    await world.subscribe(fleet.agents, language="de")
    (_, german) = (await ask(world)).previews
    await sent(world)
    await fleet.wait_until(lambda counts: counts.decrypted == 2)
    assert sorted(len(arrival.plaintext) for arrival in fleet.arrivals) == sorted(
        size for service, size in german.sizes.items() if service in ("fcm", "apple")
    )
    assert not german.is_shortened


async def test_a_body_that_would_be_cut(world: World) -> None:
    """What is cut is shown cut; what is too large is refused as the send refuses it."""
    long = "Ferry. " * 800
    (preview,) = (await ask(world, content=Content(title="Harbour", body=long, shorten=True))).previews
    assert preview.is_shortened
    assert preview.body is not None
    assert preview.body.endswith("…")
    with pytest.raises(ContentTooLarge):
        await ask(world, content=Content(title="Harbour", body=long))
    with pytest.raises(ContentRefused):
        await ask(world, content=Content())
    with pytest.raises(NotFound):
        await ask(world, named("sub_nobody"))


async def test_why_others_would_not_get_it(world: World) -> None:
    """Reasons are the words that the deliveries of a send have, with up to five of whom they are about."""
    fleet = await world.agents(4)
    active, gone, left, late = await world.subscribe(fleet.agents)
    now = world.clock.now()
    async with world.store.begin() as tx:
        for sub_id, values in {
            gone: {"state": "gone", "ended_at": now},
            left: {"state": "unsubscribed", "ended_at": now},
            late: {"expires_at": now},
        }.items():
            await tx.execute(update(subscriptions).where(subscriptions.c.id == sub_id).values(values))
    audience = named(active, gone, left, late, *(f"sub_{number}" for number in range(7)))
    run = await ask(world, audience)
    assert run.total == 1
    assert reasons(run) == {
        "unknown_subscription": (7, tuple(f"sub_{number}" for number in range(5))),
        "subscription_expired": (1, (late,)),
        "subscription_gone": (1, (gone,)),
        "subscription_unsubscribed": (1, (left,)),
    }
    assert await sent(world, audience) == {
        "accepted": 1,
        "skipped/subscription_expired": 1,
        "skipped/subscription_gone": 1,
        "skipped/subscription_unsubscribed": 1,
    }


async def test_people_who_cannot_be_reached(world: World) -> None:
    """Of named people it is told who is unknown, who has no subscription, and whose only one has ended."""
    fleet = await world.agents(2)
    ada, grace = await world.subscribe(fleet.agents)
    now = world.clock.now()
    project_id = world.project.project.id
    async with world.store.begin() as tx:
        for name in ("ada", "grace", "linus"):
            who = {"id": f"pro_{name}", "external_id": name, "project_id": project_id, "attributes": {}}
            await tx.execute(profiles.insert().values(**who, created_at=now, updated_at=now))
        for sub_id, values in {
            ada: {"profile_id": "pro_ada"},
            grace: {"profile_id": "pro_grace", "state": "gone", "ended_at": now},
        }.items():
            await tx.execute(update(subscriptions).where(subscriptions.c.id == sub_id).values(values))
    audience = Audience(AudienceKind.PROFILES, external_ids=("ada", "grace", "linus", "nobody"))
    run = await ask(world, audience)
    assert run.total == 1
    assert reasons(run) == {
        "no_subscription": (1, ("linus",)),
        "subscription_gone": (1, ("grace",)),
        "unknown_profile": (1, ("nobody",)),
    }
    assert await sent(world, audience) == {"accepted": 1}


async def test_keys_and_providers(world: World) -> None:
    """A paused key makes wait, a retired one and a provider that is switched off leave out, in this order."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    ctx, key = world.heliograph.context(), world.project.vapid_key
    project_id = key.project_id
    async with world.store.begin() as tx:
        until = ctx.now + timedelta(hours=1)
        await vapid_keys.pause(tx, ctx, project_id=project_id, key_id=key.id, until=until, reason="test")
    assert list(reasons(await ask(world))) == ["key_paused"]
    async with world.store.begin() as tx:
        await vapid_keys.create(tx, ctx, project_id=project_id)
        await key_rotation.retire(tx, ctx, world.heliograph.queue, project_id=project_id, key_id=key.id, force=True)
    assert list(reasons(await ask(world))) == ["key_retired"]
    async with world.store.begin() as tx:
        await tx.execute(update(providers).values(is_enabled=False))
    assert list(reasons(await ask(world))) == ["provider_disabled"]


async def test_a_large_audience_is_estimated(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond what is looked at the numbers are an estimate and say so; beyond what is counted, at least so many."""
    monkeypatch.setattr(dry_run, "LOOKED_AT", 40)
    monkeypatch.setattr(dry_run, "_SPREAD", 20)
    fleet = await world.agents(2, Service.FCM, Service.MOZILLA)
    now = world.clock.now()
    rows = []
    for number in range(200):
        row = world.row("", fleet.agents[number % 2], now - timedelta(minutes=number), None)
        row["id"] = world.heliograph.ids.new("sub")
        row["endpoint_hash"] = number.to_bytes(32, "big")
        rows.append(row)
        world.clock.advance(timedelta(seconds=1))
    async with world.store.begin() as tx:
        await tx.execute(subscriptions.insert(), rows)
    run = await ask(world)
    assert (run.exactness, run.total) == (Exactness.ESTIMATE, 200)
    assert 20 <= run.looked_at <= 40
    assert run.receivers["web", "fcm"] == pytest.approx(100, abs=40)
    monkeypatch.setattr(dry_run, "COUNTED", 150)
    run = await ask(world)
    assert (run.exactness, run.total) == (Exactness.AT_LEAST, 150)


@pytest.mark.parametrize("audience", [EVERYONE, Audience(AudienceKind.GROUP, group="news")])
async def test_who_came_all_at_once_weighs_as_much_as_who_came_since(
    world: World, monkeypatch: pytest.MonkeyPatch, audience: Audience
) -> None:
    """An import of nearly everybody within a second, and a few later: the few must not decide what is told."""
    monkeypatch.setattr(dry_run, "LOOKED_AT", 100)
    fleet = await world.agents(2, Service.FCM, Service.MOZILLA)
    now = world.clock.now()
    rows = []
    for number in range(400):
        is_late = number >= 380
        world.clock.advance(timedelta(days=1) if is_late else timedelta(milliseconds=1))
        row = world.row(world.heliograph.ids.new("sub"), fleet.agents[is_late], now, None)
        rows.append(row | {"endpoint_hash": number.to_bytes(32, "big")})
    common = {"project_id": world.project.project.id, "group_name": "news", "identifier": "", "joined_at": now}
    async with world.store.begin() as tx:
        await tx.execute(subscriptions.insert(), rows)
        await tx.execute(memberships.insert(), [common | {"subscription_id": row["id"]} for row in rows])
    run = await ask(world, audience)
    assert (run.exactness, run.total, run.looked_at) == (Exactness.ESTIMATE, 400, 100)
    assert run.receivers["web", "mozilla"] == pytest.approx(20, abs=20)


async def test_how_long_it_takes(world: World) -> None:
    """The time is told by the pace of the largest notification of late, and its identifier is named."""
    fleet = await world.agents(2)
    await world.subscribe(fleet.agents)
    notification = await world.notify()
    await world.work()
    ended = world.clock.now() + timedelta(seconds=50)
    async with world.store.begin() as tx:
        await tx.execute(update(notifications).values(state="done", finished_at=ended))
        await tx.execute(update(counts).where(counts.c.state == "accepted").values(count=LEAST))
    run = await ask(world)
    assert run.pace is not None
    assert (run.pace.notification_id, run.pace.per_second) == (notification.id, 2.0)
    assert run.seconds == 1.0
    assert notification.id in run.assumption
