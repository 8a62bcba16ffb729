"""Webhooks: every change is told once or more, signed, in order, whatever receivers do."""

import asyncio
import contextlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete
from standardwebhooks.webhooks import Webhook as Foreign
from standardwebhooks.webhooks import WebhookVerificationError
from tests.support.receiver import receiver
from tests.support.world import world_of

from heliograph.actions import identity, profiles, webhooks
from heliograph.actions.webhooks import Change
from heliograph.delivery.receivers import Receivers
from heliograph.devpush import Fault, FaultKind, Service
from heliograph.domain.webhook import (
    DISABLED_AFTER,
    STEPS,
    DisabledReason,
    MessageState,
    shown,
    signed_headers,
    unshown,
)
from heliograph.kit.clock import SystemClock
from heliograph.kit.ids import Ids
from heliograph.names import Act, EventType, JobName, Metric
from heliograph.queue.base import BULK, NewJob
from heliograph.queue.embedded import EmbeddedQueue
from heliograph.storage import audit as audit_rows
from heliograph.storage import webhook_messages
from heliograph.storage import webhooks as rows
from heliograph.storage.tables import jobs
from heliograph.worker.run import Worker

_SECOND = timedelta(seconds=1)


@pytest.fixture
async def hook():
    """A receiver on loopback."""
    async with receiver() as made:
        yield made


@pytest.fixture
def told(world, hook):
    """The world, whose operator allows the receiver to be called."""
    receivers = Receivers(frozenset({hook.origin}), timedelta(seconds=5))
    world.heliograph = replace(world.heliograph, receivers=receivers)
    world.machine = replace(world.machine, receivers=receivers)
    return world


async def _make(world, url, *types, **more):
    async with world.store.begin() as tx:
        return await webhooks.create(
            tx,
            world.heliograph.context(),
            project_id=world.project.project.id,
            url=url,
            allowed=world.heliograph.receivers.allowed,
            event_types=types,
            **more,
        )


async def _row(world, made):
    async with world.store.read() as tx:
        return await rows.get(tx, world.project.project.id, made.webhook.id)


async def _messages(world, made, state=None):
    async with world.store.read() as tx:
        return await webhook_messages.page(tx, made.webhook.id, state=state, before=None, limit=200)


async def _test(world, made):
    async with world.store.begin() as tx:
        which = {"project_id": world.project.project.id, "webhook_id": made.webhook.id}
        return await webhooks.test(tx, world.heliograph.context(), **which)


def _types(hook):
    return [event["type"] for event in hook.events]


async def test_a_send_is_told_in_batches_that_a_foreign_library_verifies(told, hook):
    """Started, each delivery, finished: in few messages, signed as Standard Webhooks wants it."""
    made = await _make(told, hook.url)
    fleet = await told.agents(30)
    await told.subscribe(fleet.agents)
    notification = await told.notify()
    await told.work_on(5 * _SECOND)
    types = _types(hook)
    assert types[0] == "notification.started"
    assert types.count("delivery.accepted") == 30
    assert types[-1] == "notification.finished"
    assert len(hook.calls) <= 3
    assert len({event["id"] for event in hook.events}) == len(hook.events)
    for call in hook.calls:
        # The library looks at the machine's clock, which a story's is far from.
        at = datetime.fromtimestamp(int(call.headers["webhook-timestamp"]), UTC)
        assert abs(at - told.clock.now()) < timedelta(minutes=1)
        body = Foreign(made.secret).sign(call.headers["webhook-id"], at, call.body.decode())
        assert body == call.headers["webhook-signature"]
    accepted = next(event for event in hook.events if event["type"] == "delivery.accepted")
    assert accepted["data"]["notification_id"] == notification.id
    text = b"".join(call.body for call in hook.calls).decode()
    for agent in fleet.agents:
        assert agent.endpoint not in text


def test_a_foreign_library_verifies_what_is_sent_now():
    """Its verifier takes our headers, and refuses another body and another secret."""
    secret, body = bytes(range(32)), b'{"type":"batch"}'
    headers = dict(signed_headers([b"o" * 32, secret], "msg_1", body, at=datetime.now(UTC)))
    assert Foreign(shown(secret)).verify(body.decode(), headers) == {"type": "batch"}
    with pytest.raises(WebhookVerificationError):
        Foreign(shown(secret)).verify('{"type":"other"}', headers)
    with pytest.raises(WebhookVerificationError):
        Foreign(shown(b"x" * 32)).verify(body.decode(), headers)


def test_the_specification_s_own_example_is_signed_the_same():
    """The example of the Standard Webhooks libraries: secret, id, timestamp and payload give its signature."""
    secret = unshown("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    at = datetime.fromtimestamp(1_614_265_330, UTC)
    headers = dict(signed_headers([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", body, at=at))
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


async def test_what_nobody_asked_for_is_not_written(told, hook):
    """A webhook for other types, one that is off, and no webhook at all: no row and no job."""
    await _make(told, hook.url, EventType.SUBSCRIPTION_GONE)
    await _make(told, hook.url, is_enabled=False)
    fleet = await told.agents(3)
    await told.subscribe(fleet.agents)
    await told.notify()
    ran = await told.work_on(5 * _SECOND)
    assert JobName.WEBHOOK not in ran
    assert hook.calls == []


async def test_dead_addresses_are_told_with_their_subscription(told, hook):
    """A 410 is told of the delivery and of the subscription."""
    await _make(told, hook.url, EventType.DELIVERY_GONE, EventType.SUBSCRIPTION_GONE)
    fleet = await told.agents(2, Service.MOZILLA)
    ids = await told.subscribe(fleet.agents)
    told.devpush.add_fault(Fault(FaultKind.STATUS, status=410, times=1))
    await told.notify()
    await told.work_on(5 * _SECOND)
    assert sorted(_types(hook)) == ["delivery.gone", "subscription.gone"]
    (gone,) = {event["data"]["subscription_id"] for event in hook.events}
    assert gone in ids


async def test_what_fails_is_tried_again_under_its_own_name(told, hook):
    """Same identifier and body, later timestamp; Retry-After is honoured; then it is delivered."""
    made = await _make(told, hook.url)
    answers = [(500, {}, b""), (503, {"retry-after": "600"}, b""), (302, {"location": "http://x/"}, b"")]
    hook.answer = lambda _call: answers.pop(0) if answers else (200, {}, b"")
    await _test(told, made)
    await told.work()
    assert len(hook.calls) == 1
    await told.work_on(timedelta(seconds=8))
    assert len(hook.calls) == 2
    await told.work_on(timedelta(seconds=590))
    assert len(hook.calls) == 2
    await told.work_on(timedelta(hours=4))
    assert len(hook.calls) == 4
    assert len({(call.headers["webhook-id"], call.body) for call in hook.calls}) == 1
    assert len({call.headers["webhook-timestamp"] for call in hook.calls}) == 4
    (message,) = await _messages(told, made)
    assert (message.state, message.attempts, message.status_code) == (MessageState.DELIVERED, 4, 200)
    async with told.store.read() as tx:
        history = await webhook_messages.attempts_of(tx, message.id)
    assert [attempt.status_code for attempt in history] == [500, 503, 302, 200]
    assert (await _row(told, made)).failing_since is None


async def test_what_nobody_takes_is_dead_and_can_be_replayed(told, hook):
    """After the last attempt it is set aside; replayed it has its own identifier and all attempts anew."""
    made = await _make(told, hook.url)
    hook.answer = lambda _call: (500, {}, b"")
    await _test(told, made)
    await told.work_on(timedelta(hours=40))
    (message,) = await _messages(told, made, MessageState.DEAD)
    assert message.attempts == len(STEPS) + 1 == len(hook.calls)
    hook.answer = lambda _call: (200, {}, b"")
    which = {"project_id": told.project.project.id, "webhook_id": made.webhook.id}
    async with told.store.begin() as tx:
        ctx = told.heliograph.context()
        since = told.clock.now() - timedelta(days=3)
        assert await webhooks.replay_since(tx, ctx, **which, states=[MessageState.DEAD], since=told.clock.now()) == 0
        assert await webhooks.replay_since(tx, ctx, **which, states=[MessageState.DEAD], since=since) == 1
        assert await webhooks.replay(tx, ctx, **which, message_ids=[message.id]) == 0
    await told.work()
    assert {call.headers["webhook-id"] for call in hook.calls} == {message.id}
    (message,) = await _messages(told, made, MessageState.DELIVERED)
    assert message.attempts == len(STEPS) + 2
    async with told.store.begin() as tx:
        assert await webhooks.replay(tx, told.heliograph.context(), **which, message_ids=[message.id]) == 1
    await told.work()
    assert len(hook.calls) == len(STEPS) + 3


async def test_410_switches_a_webhook_off(told, hook):
    """It is called no more, the log of acts and other webhooks are told, and switched on again it goes on."""
    made = await _make(told, hook.url)
    async with receiver() as other:
        allowed = frozenset({hook.origin, other.origin})
        told.machine = replace(told.machine, receivers=Receivers(allowed))
        told.heliograph = replace(told.heliograph, receivers=Receivers(allowed))
        await _make(told, other.url, EventType.WEBHOOK_DISABLED)
        hook.answer = lambda _call: (410, {}, b"")
        told.clock.advance(_SECOND)
        await _test(told, made)
        await told.work_on(5 * _SECOND)
        assert [event["data"] for event in other.events] == [{"webhook_id": made.webhook.id, "reason": "gone"}]
    row = await _row(told, made)
    assert (row.is_enabled, row.disabled_reason) == (False, DisabledReason.GONE)
    async with told.store.read() as tx:
        acts = await audit_rows.page(tx, told.project.project.id, before=None, limit=10)
    assert (acts[0].act, acts[0].subject_id) == (Act.WEBHOOK_DISABLED, made.webhook.id)
    await told.work_on(timedelta(days=2))
    assert len(hook.calls) == 1
    hook.answer = lambda _call: (200, {}, b"")
    await _change(told, made, is_enabled=True)
    await _test(told, made)
    await told.work()
    assert len(hook.calls) == 2


async def _change(world, made, **more):
    async with world.store.begin() as tx:
        await webhooks.change(
            tx,
            world.heliograph.context(),
            project_id=world.project.project.id,
            webhook_id=made.webhook.id,
            change=Change(**more),
            allowed=world.heliograph.receivers.allowed,
        )


async def test_a_receiver_that_fails_for_days_is_switched_off(told, hook):
    """Meanwhile it is not hammered, new events are kept, and it gets all of them once it is back and on again."""
    made = await _make(told, hook.url)
    hook.answer = lambda _call: (500, {}, b"")
    fleet = await told.agents(1)
    await told.subscribe(fleet.agents)
    for _ in range(30):
        await told.notify()
        await told.work_on(DISABLED_AFTER / 28)
    row = await _row(told, made)
    assert (row.is_enabled, row.disabled_reason) == (False, DisabledReason.FAILING)
    count = len(hook.calls)
    assert count < 400
    hook.answer = lambda _call: (200, {}, b"")
    await told.work_on(timedelta(days=1))
    assert len(hook.calls) == count
    hook.calls.clear()
    await _change(told, made, is_enabled=True)
    await told.work_on(5 * _SECOND)
    waiting = await _messages(told, made, MessageState.WAITING)
    assert waiting == []
    assert hook.calls


async def test_a_receiver_that_comes_back_gets_at_once_what_waits(told, hook):
    """Nobody waits for the rest of a long wait when a later message goes through."""
    made = await _make(told, hook.url)
    hook.answer = lambda _call: (500, {}, b"")
    await _test(told, made)
    await told.work_on(timedelta(hours=3))
    assert (await _row(told, made)).failures_in_row >= 3
    hook.calls.clear()
    hook.answer = lambda _call: (200, {}, b"")
    await _test(told, made)
    await told.work()
    assert len({call.headers["webhook-id"] for call in hook.calls}) == 2


async def test_two_secrets_sign_while_they_overlap(told, hook):
    """The old secret verifies until the overlap is over, then only the new one does; nothing is sealed in clear."""
    made = await _make(told, hook.url)
    which = {"project_id": told.project.project.id, "webhook_id": made.webhook.id}
    async with told.store.begin() as tx:
        again = await webhooks.rotate_secret(tx, told.heliograph.context(), **which, overlap=timedelta(hours=1))
    await _test(told, made)
    await told.work()
    signatures = hook.calls[0].headers["webhook-signature"].split(" ")
    assert signatures == [_signed(secret, hook.calls[0]) for secret in (again.secret, made.secret)]
    told.clock.advance(timedelta(hours=1))
    await _test(told, made)
    await told.work()
    assert hook.calls[1].headers["webhook-signature"] == _signed(again.secret, hook.calls[1])


def _signed(secret, call):
    at = datetime.fromtimestamp(int(call.headers["webhook-timestamp"]), UTC)
    return Foreign(secret).sign(call.headers["webhook-id"], at, call.body.decode())


async def test_an_endless_answer_is_read_no_further_than_needed(told, hook):
    """A receiver that answers with gigabytes costs some kilobytes, and its status counts."""
    made = await _make(told, hook.url)
    hook.flood = True
    await _test(told, made)
    await told.work()
    assert [message.state for message in await _messages(told, made)] == [MessageState.DELIVERED]
    assert hook.sent < 50_000_000


async def test_a_receiver_that_never_answers_is_left(told, hook):
    """The time-out counts as a failure; the message waits for its next time."""
    made = await _make(told, hook.url)
    hook.hold = asyncio.Event()
    told.machine = replace(told.machine, receivers=Receivers(frozenset({hook.origin}), timedelta(seconds=0.3)))
    await _test(told, made)
    await asyncio.wait_for(told.work(), 10)
    (message,) = await _messages(told, made)
    assert (message.state, message.fault) == (MessageState.WAITING, "timeout")


@pytest.mark.parametrize("address", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1"])
async def test_a_name_that_leads_inside_later_is_not_called(told, hook, address):
    """The name that was public when the webhook was made is looked up at every call, and the look decides."""

    async def resolve(_host, _port):
        return [address]

    told.machine = replace(told.machine, receivers=Receivers(resolver=resolve))
    port = hook.origin.rpartition(":")[2]
    made = await _make(told, f"https://rebinds.example:{port}/hook")
    await _test(told, made)
    await told.work()
    (message,) = await _messages(told, made)
    assert (message.state, message.fault) == (MessageState.WAITING, "refused_address")
    assert hook.calls == []


async def test_an_origin_that_is_allowed_no_more_is_not_called(told, hook):
    """The operator's list counts when it is sent, not when the webhook was made."""
    made = await _make(told, hook.url)
    told.machine = replace(told.machine, receivers=Receivers())
    await _test(told, made)
    await told.work()
    assert hook.calls == []
    assert [message.fault for message in await _messages(told, made)] == ["refused_address"]


async def test_a_kill_between_the_call_and_its_record_repeats_the_call(told, hook):
    """The message comes again under its identifier, so that the receiver can tell; nothing is lost."""
    made = await _make(told, hook.url)
    await _test(told, made)

    class Killed(BaseException):
        pass

    class Sender:
        async def send(self, request):
            await told.heliograph.sender.send(request)
            raise Killed

        async def close(self):
            pass

    whole = told.machine
    told.machine = replace(whole, sender=Sender())
    with pytest.raises(Killed):
        await told.work()
    told.machine = replace(whole, worker="another")
    told.clock.advance(timedelta(minutes=1))
    await told.work()
    assert len({call.headers["webhook-id"] for call in hook.calls}) == 1
    assert len(hook.calls) == 2
    assert [message.state for message in await _messages(told, made)] == [MessageState.DELIVERED]


async def test_events_of_a_transaction_that_fails_are_not_told(told, hook):
    """What is rolled back never happened, and the next transaction of the connection does not tell it."""
    await _make(told, hook.url, EventType.SUBSCRIPTION_IDENTIFIED)
    fleet = await told.agents(1)
    (sub_id,) = await told.subscribe(fleet.agents)
    which = {"project_id": told.project.project.id, "subscription_id": sub_id}
    with contextlib.suppress(RuntimeError):
        async with told.store.begin() as tx:
            await identity.bind(tx, told.heliograph.context(), **which, external_id="ada")
            raise RuntimeError
    async with told.store.begin() as tx:
        await identity.bind(tx, told.heliograph.context(), **which, external_id="bob")
    await told.work_on(3 * _SECOND)
    (event,) = hook.events
    async with told.store.read() as tx:
        bob = await profiles.find(tx, project_id=told.project.project.id, external_id="bob")
    assert event["data"] == {"subscription_id": sub_id, "profile_id": bob.id}


async def test_what_fell_between_two_chairs_is_picked_up(told, hook):
    """Events whose job was lost in a race are found by the upkeep within a minute or two."""
    made = await _make(told, hook.url)
    fleet = await told.agents(1)
    await told.subscribe(fleet.agents, joins=[("news", None)])
    async with told.store.begin() as tx:
        await tx.execute(delete(jobs).where(jobs.c.name == JobName.WEBHOOK))
    await told.work_on(5 * _SECOND)
    assert hook.calls == []
    told.clock.advance(timedelta(minutes=1))
    async with told.store.begin() as tx:
        now = told.clock.now()
        await told.heliograph.queue.add(tx, [NewJob(JobName.SWEEP, {}, run_at=now)], now=now)
    await told.work()
    assert _types(hook) == ["subscription.joined_group"]
    assert [message.state for message in await _messages(told, made)] == [MessageState.DELIVERED]


async def test_slow_receivers_keep_neither_pushes_nor_others_waiting(store, sealer, hook):
    """With more receivers that never answer than a worker has hands, a push and another webhook go out at once."""
    clock = SystemClock()
    ids = Ids(clock)
    hook.hold = asyncio.Event()
    async with (
        receiver() as quick,
        world_of(store, EmbeddedQueue(store, ids), clock, ids, sealer) as world,
    ):
        receivers = Receivers(frozenset({hook.origin, quick.origin}), timedelta(seconds=30))
        world.heliograph = replace(world.heliograph, receivers=receivers)
        for _ in range(8):
            await _make(world, hook.url, EventType.NOTIFICATION_STARTED)
        await _make(world, quick.url, EventType.DELIVERY_ACCEPTED)
        fleet = await world.agents(1)
        await world.subscribe(fleet.agents)
        stop = asyncio.Event()
        worker = asyncio.create_task(Worker(world.heliograph).run(stop))
        try:
            await world.notify()
            await _until(lambda: len(hook.calls) == 8)
            await world.notify()
            await _until(lambda: len(quick.events) == 2)
            assert world.heliograph.meters.value(Metric.WEBHOOK_ATTEMPTS, result="delivered") >= 1
        finally:
            hook.hold.set()
            stop.set()
            await worker


async def _until(holds, seconds=20.0):
    deadline = asyncio.get_running_loop().time() + seconds
    while not holds():
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.05)


async def test_old_messages_are_swept(told, hook):
    """What was delivered, and what nobody ever took, goes by its age; a portion at a time."""
    made = await _make(told, hook.url)
    told.machine = replace(told.machine, retention=replace(told.machine.retention, webhooks=timedelta(days=30)))
    await _test(told, made)
    await told.work()
    told.clock.advance(timedelta(days=31))
    async with told.store.begin() as tx:
        now = told.clock.now()
        await told.heliograph.queue.add(tx, [NewJob(JobName.RETAIN, {}, run_at=now, priority=BULK)], now=now)
    await told.work()
    assert await _messages(told, made) == []


async def test_a_message_is_json_of_the_documented_form(told, hook):
    """A batch, with the project and its events, each with identifier, type, timestamp and data."""
    made = await _make(told, hook.url)
    await _test(told, made)
    await told.work()
    body = json.loads(hook.calls[0].body)
    assert (body["type"], list(body["data"])) == ("batch", ["project_id", "events"])
    (event,) = body["data"]["events"]
    assert list(event) == ["id", "type", "timestamp", "data"]
    assert event["data"] == {"webhook_id": made.webhook.id}
    assert hook.calls[0].headers["content-type"] == "application/json"
