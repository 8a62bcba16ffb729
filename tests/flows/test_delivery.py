"""From the sender's call to the decrypted message, through devpush."""

import dataclasses
import json
from datetime import timedelta
from itertools import pairwise

import pytest
from tests.support.world import World

from heliograph.actions import identity, notifications
from heliograph.delivery import fanout, send
from heliograph.devpush import Fault, FaultKind, Service
from heliograph.domain.delivery import DeliveryState
from heliograph.domain.notification import (
    Audience,
    AudienceKind,
    Content,
    NotificationKind,
    NotificationState,
    Variant,
)
from heliograph.names import JobName
from heliograph.queue.base import BULK, URGENT
from heliograph.storage import groups as group_rows
from heliograph.storage import profiles, providers
from heliograph.storage import subscriptions as subscription_rows
from heliograph.worker.run import perform

MINUTE = timedelta(minutes=1)


async def test_everyone_receives(world: World):
    """A notification reaches every subscription of every push service, decrypts, and is counted."""
    fleet = await world.agents(8, Service.FCM, Service.MOZILLA, Service.APPLE, Service.WNS)
    await world.subscribe(fleet.agents)

    notification = await world.notify()
    await world.work()
    await fleet.wait_until(lambda counts: counts.received == 8)

    assert fleet.counts.decrypted == 8
    assert await world.counts(notification) == {"accepted": 8}
    assert await world.state(notification) is NotificationState.DONE
    shown = json.loads(fleet.arrivals[0].plaintext)
    assert shown["notification"]["title"] == "Harbour"


async def test_vendor_hosts_over_http2(world: World):
    """Endpoints on the vendors' own hosts are reached over TLS and HTTP/2 on devpush's port."""
    fleet = await world.agents(4, Service.FCM, Service.MOZILLA, Service.APPLE, Service.WNS, vendor_hosts=True)
    await world.subscribe(fleet.agents)

    notification = await world.notify()
    await world.work()
    await fleet.wait_until(lambda counts: counts.decrypted == 4)

    assert await world.counts(notification) == {"accepted": 4}
    assert {record.http_version for record in world.devpush.messages()} == {"HTTP/2"}


async def test_who_subscribes_after_the_start_is_left_out(world: World):
    """The audience is who was there when the notification started."""
    fleet = await world.agents(2)
    early, late = fleet.agents
    await world.subscribe([early])
    notification = await world.notify()
    await world.step(JobName.PLAN)
    world.clock.advance(timedelta(seconds=5))
    await world.subscribe([late], age=timedelta(0))
    await world.work()

    assert await world.counts(notification) == {"accepted": 1}


async def test_scheduled(world: World):
    """A notification for later is sent then, not before."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    notification = await world.notify(send_at=world.clock.now() + 10 * MINUTE)

    await world.work_on(9 * MINUTE)
    assert await world.state(notification) is NotificationState.SCHEDULED
    await world.work_on(2 * MINUTE)

    assert await world.state(notification) is NotificationState.DONE
    assert await world.counts(notification) == {"accepted": 1}


async def test_too_late_to_send(world: World):
    """When the workers were away past the deadline, deliveries expire instead of being sent."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    notification = await world.notify(ttl=5 * MINUTE)
    world.clock.advance(6 * MINUTE)
    await world.work()

    assert await world.counts(notification) == {"expired/deadline": 1}
    assert await world.state(notification) is NotificationState.DONE
    assert world.devpush.messages() == []


async def test_ttl_shrinks_by_the_time_spent(world: World):
    """A message that is sent late carries only what is left of its TTL."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    await world.notify(ttl=60 * MINUTE)
    world.clock.advance(20 * MINUTE)
    await world.work()

    assert [record.ttl for record in world.devpush.messages()] == ["2400"]


async def test_ttl_zero_is_sent_at_once(world: World):
    """TTL 0 reaches every push service that is online; Apple gets 1, WNS no cache."""
    fleet = await world.agents(4, Service.FCM, Service.MOZILLA, Service.APPLE, Service.WNS)
    await world.subscribe(fleet.agents)
    notification = await world.notify(ttl=timedelta(0))
    await world.work()

    assert await world.counts(notification) == {"accepted": 4}
    assert {record.service: record.ttl for record in world.devpush.messages()} == {
        Service.FCM: "0",
        Service.MOZILLA: "0",
        Service.APPLE: "1",
        Service.WNS: "0",
    }


async def test_cancelled_while_running(world: World, monkeypatch: pytest.MonkeyPatch):
    """What was not sent when a notification is cancelled is skipped, with the reason."""
    monkeypatch.setattr(fanout, "RANGE", 3)
    fleet = await world.agents(9)
    await world.subscribe(fleet.agents)
    notification = await world.notify()
    await world.step(JobName.SEND)
    async with world.store.begin() as tx:
        await notifications.cancel(
            tx,
            world.heliograph.context(),
            project_id=world.project.project.id,
            notification_id=notification.id,
        )
    await world.work()

    assert await world.counts(notification) == {"accepted": 3, "skipped/cancelled": 6}
    assert await world.state(notification) is NotificationState.CANCELLED
    assert len(world.devpush.messages()) == 3


async def test_cancelled_before_it_starts(world: World):
    """A cancelled notification is not planned."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    notification = await world.notify(send_at=world.clock.now() + MINUTE)
    async with world.store.begin() as tx:
        await notifications.cancel(
            tx,
            world.heliograph.context(),
            project_id=world.project.project.id,
            notification_id=notification.id,
        )
    await world.work_on(2 * MINUTE)

    assert await world.counts(notification) == {}
    assert await world.state(notification) is NotificationState.CANCELLED


async def test_many_ranges(world: World, monkeypatch: pytest.MonkeyPatch):
    """An audience of many ranges is laid out in several steps, and everybody receives once."""
    monkeypatch.setattr(fanout, "RANGE", 7)
    monkeypatch.setattr(fanout, "RANGES_AT_ONCE", 2)
    fleet = await world.agents(45)
    await world.subscribe(fleet.agents)
    notification = await world.notify()
    ran = await world.work()

    assert ran.count(JobName.FANOUT) == 4
    assert ran.count(JobName.SEND) == 7
    assert ran.count(JobName.FINISH) == 1
    assert await world.counts(notification) == {"accepted": 45}
    assert len({record.token for record in world.devpush.messages()}) == 45
    assert await world.state(notification) is NotificationState.DONE


async def test_nobody_there(world: World):
    """A notification for nobody is done at once."""
    notification = await world.notify()
    await world.work()

    assert await world.state(notification) is NotificationState.DONE
    assert await world.counts(notification) == {}


async def test_groups(world: World, monkeypatch: pytest.MonkeyPatch):
    """A group without identifier reaches all its members once, also those in it twice and across ranges."""
    monkeypatch.setattr(fanout, "RANGE", 2)
    monkeypatch.setattr(fanout, "RANGES_AT_ONCE", 2)
    fleet = await world.agents(10)
    await world.subscribe(fleet.agents[:6], joins=[("warehouse", "41"), ("warehouse", "42"), ("warehouse", "43")])
    await world.subscribe(fleet.agents[6:8], joins=[("warehouse", "42"), ("office", None)])
    await world.subscribe(fleet.agents[8:])

    everywhere = await world.notify(Audience(AudienceKind.GROUP, group="warehouse"))
    one = await world.notify(Audience(AudienceKind.GROUP, group="warehouse", identifier="41"))
    other = await world.notify(Audience(AudienceKind.GROUP, group="office"))
    nobody = await world.notify(Audience(AudienceKind.GROUP, group="warehouses"))
    await world.work()

    assert await world.counts(everywhere) == {"accepted": 8}
    assert await world.counts(one) == {"accepted": 6}
    assert await world.counts(other) == {"accepted": 2}
    assert await world.counts(nobody) == {}
    assert len(world.devpush.messages()) == 16


async def test_named_subscriptions(world: World):
    """Named subscriptions receive once each; one that ended is skipped with the reason."""
    fleet = await world.agents(3)
    first, second, gone = await world.subscribe(fleet.agents)
    async with world.store.begin() as tx:
        await subscription_rows.change(tx, gone, {"state": "unsubscribed", "ended_at": world.clock.now()})
    notification = await world.notify(
        Audience(AudienceKind.SUBSCRIPTIONS, subscription_ids=(first, second, first, gone, "sub_" + "0" * 26))
    )
    await world.work()

    assert await world.counts(notification) == {"accepted": 2, "skipped/subscription_unsubscribed": 1}
    assert len(world.devpush.messages()) == 2


async def test_profiles(world: World, monkeypatch: pytest.MonkeyPatch):
    """A person named by external id receives on every browser."""
    monkeypatch.setattr(fanout, "PROFILES_PER_RANGE", 1)
    fleet = await world.agents(4)
    ids = await world.subscribe(fleet.agents)
    async with world.store.begin() as tx:
        for name, owned in (("ada", ids[:2]), ("grace", ids[2:3])):
            profile = world.heliograph.ids.new("pro")
            now = world.clock.now()
            row = {"id": profile, "project_id": world.project.project.id, "external_id": name, "attributes": {}}
            await profiles.add(tx, row | {"created_at": now, "updated_at": now})
            for subscription_id in owned:
                await subscription_rows.change(tx, subscription_id, {"profile_id": profile})
    notification = await world.notify(Audience(AudienceKind.PROFILES, external_ids=("ada", "grace", "ada", "nobody")))
    await world.work()

    assert await world.counts(notification) == {"accepted": 3}


async def test_priorities(world: World):
    """A send to a few named receivers is urgent, one to everybody yields to it."""
    fleet = await world.agents(1)
    (only,) = await world.subscribe(fleet.agents)
    await world.notify()
    await world.notify(Audience(AudienceKind.SUBSCRIPTIONS, subscription_ids=(only,)))
    claim = {"worker": "w", "limit": 1, "lease": MINUTE, "now": world.clock.now()}
    priorities = []
    while jobs := await world.heliograph.queue.claim(**claim):
        await perform(dataclasses.replace(world.machine, worker="w"), jobs[0])
        priorities.append((jobs[0].name, jobs[0].priority))

    assert (JobName.SEND, URGENT) in priorities
    assert (JobName.SEND, BULK) in priorities
    assert priorities.index((JobName.SEND, URGENT)) < priorities.index((JobName.SEND, BULK))


async def test_languages(world: World):
    """Everybody reads the variant of their language, by the longest prefix."""
    fleet = await world.agents(3)
    for agent, language in zip(fleet.agents, ("de-AT", "pt-BR", None), strict=True):
        await world.subscribe([agent], language=language)
    content = Content(
        title="Ferry",
        body="At nine.",
        url="https://shop.example/",
        language="en",
        variants={"de": Variant(title="Fähre", body="Um neun."), "pt-BR": Variant(title="Balsa")},
    )
    await world.notify(content=content)
    await world.work()
    await fleet.wait_until(lambda counts: counts.decrypted == 3)

    read = {}
    for arrival in fleet.arrivals:
        shown = json.loads(arrival.plaintext)["notification"]
        read[arrival.agent] = (shown["lang"], shown["title"], shown["body"])
    assert read == {
        0: ("de", "Fähre", "Um neun."),
        1: ("pt-BR", "Balsa", "At nine."),
        2: ("en", "Ferry", "At nine."),
    }


async def test_shortened(world: World):
    """A body that is too long is cut when the sender asked for it, and arrives with an ellipsis."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    content = Content(title="News", body="wörter " * 1_000, url="https://shop.example/", shorten=True)
    notification = await world.notify(content=content)
    await world.work()
    await fleet.wait_until(lambda counts: counts.decrypted == 1)

    body = json.loads(fleet.arrivals[0].plaintext)["notification"]["body"]
    assert body.endswith("…")
    assert 2_200 < len(fleet.arrivals[0].plaintext) <= 2_600
    assert await world.counts(notification) == {"accepted": 1}


async def test_data_push(world: World):
    """A data push arrives and shows nothing."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    await world.notify(kind=NotificationKind.DATA, content=Content(data={"cart": [1, None, "drei"]}))
    await world.work()
    await fleet.wait_until(lambda counts: counts.decrypted == 1)

    payload = json.loads(fleet.arrivals[0].plaintext)
    assert payload["data"] == {"cart": [1, None, "drei"]}
    assert "notification" not in payload
    assert not fleet.arrivals[0].shown


async def test_topic_is_hashed(world: World):
    """A topic reaches the push service as 32 characters that tell nothing, the same for the same project and word."""
    fleet = await world.agents(2, Service.MOZILLA, Service.APPLE)
    await world.subscribe(fleet.agents)
    await world.notify(topic="x")
    await world.work()
    topics = {record.topic for record in world.devpush.messages()}

    assert len(topics) == 1
    assert len(topics.pop() or "") == 32


async def test_provider_disabled(world: World):
    """While its provider is disabled, a delivery is skipped."""
    fleet = await world.agents(1)
    await world.subscribe(fleet.agents)
    async with world.store.begin() as tx:
        await providers.change(tx, world.project.provider.id, {"is_enabled": False})
    notification = await world.notify()
    await world.work()

    assert await world.counts(notification) == {"skipped/provider_disabled": 1}
    assert world.devpush.messages() == []


async def test_a_range_that_runs_twice_sends_once(world: World):
    """A send job that comes again after it was recorded sends nothing and counts nothing."""
    fleet = await world.agents(5)
    await world.subscribe(fleet.agents)
    notification = await world.notify()
    await world.step(JobName.FANOUT)
    queue = world.heliograph.queue
    (job,) = await queue.claim(worker="drain", limit=1, lease=MINUTE, now=world.clock.now())
    await send.send(world.machine, job)
    # The same job again, as a worker that was thought dead would have it.
    await send.send(dataclasses.replace(world.machine, queue=Agreeable(queue)), job)
    await world.work()

    assert await world.counts(notification) == {"accepted": 5}
    assert len(world.devpush.messages()) == 5


class Agreeable:
    """A queue that believes every worker, to play one that comes too late."""

    def __init__(self, queue):
        self._queue = queue

    def __getattr__(self, name):
        return getattr(self._queue, name)

    async def complete(self, *_args, **_kwargs):
        return True


async def test_endpoint_that_is_no_longer_allowed(world: World):
    """The guard judges again at send: an endpoint whose host left the list is not talked to."""
    fleet = await world.agents(1)
    (only,) = await world.subscribe(fleet.agents)
    async with world.store.begin() as tx:
        await subscription_rows.change(tx, only, {"endpoint": "https://169.254.169.254/x"})
    notification = await world.notify()
    await world.work()

    assert await world.counts(notification) == {"rejected/endpoint_refused": 1}
    assert (await world.rows(notification))[0].state is DeliveryState.REJECTED


async def test_authorization_is_signed_once(world: World):
    """Messages to one push service carry the same token, so that the service may cache its verification."""
    fleet = await world.agents(40)
    await world.subscribe(fleet.agents)
    seen = []
    original = world.heliograph.sender.send

    class Watching:
        async def send(self, request):
            seen.append(dict(request.headers)["Authorization"])
            return await original(request)

        async def close(self):
            pass

    machine = dataclasses.replace(world.machine, sender=Watching())
    world.machine = machine
    await world.notify()
    await world.work()

    assert len(seen) == 40
    assert all(first == second for first, second in pairwise(seen))


@pytest.mark.parametrize("kind", [AudienceKind.PROFILES, AudienceKind.GROUP])
async def test_who_left_between_two_attempts_is_not_asked_again(world: World, kind: AudienceKind):
    """Who logs out of a shared browser, or leaves the group, while a push service is down gets nothing afterwards."""
    fleet = await world.agents(2)
    leaver, stayer = await world.subscribe(fleet.agents, joins=[("warehouse", "42")])
    context, project_id = world.heliograph.context(), world.project.project.id
    async with world.store.begin() as tx:
        for one in (leaver, stayer):
            await identity.bind(tx, context, project_id=project_id, subscription_id=one, external_id="ada")
    audience = (
        Audience(kind, external_ids=("ada",)) if kind is AudienceKind.PROFILES else Audience(kind, group="warehouse")
    )
    world.devpush.add_fault(Fault(FaultKind.STATUS, status=503, times=2))
    notification = await world.notify(audience)
    await world.work()
    async with world.store.begin() as tx:
        if kind is AudienceKind.PROFILES:
            await identity.unbind(tx, world.heliograph.context(), subscription_id=leaver)
        else:
            await group_rows.leave_all(tx, leaver)
    await world.work_on(timedelta(minutes=10))

    assert await world.counts(notification) == {"skipped/left_audience": 1, "accepted": 1}
    states = {row.subscription_id: str(row.state) for row in await world.rows(notification)}
    assert states == {leaver: "skipped", stayer: "accepted"}
