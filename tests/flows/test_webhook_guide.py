"""What the pages about webhooks say is so: the receiver of the guide runs, and the examples look like real events."""

import asyncio
import re
import socket
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from tests.support.environment import clean_environment
from tests.support.receiver import receiver
from tests.support.world import world_of

from heliograph.actions import groups, identity, notifications, privacy, profiles, receipts, subscriptions, webhooks
from heliograph.api.event_examples import EVENT_EXAMPLES
from heliograph.delivery.receivers import Receivers
from heliograph.devpush import Fault, FaultKind
from heliograph.domain.delivery import ReceiptEvent
from heliograph.domain.subscription import EndReason, Group
from heliograph.domain.webhook import MessageState
from heliograph.kit.clock import SystemClock
from heliograph.kit.ids import Ids
from heliograph.names import EventType
from heliograph.queue.embedded import EmbeddedQueue
from heliograph.storage import webhook_messages
from heliograph.storage.receipts import Receipt

_GUIDE = Path(__file__).parents[2] / "docs" / "howto" / "webhooks.md"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


async def _listening(port):
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise AssertionError("The guide's receiver does not listen.")


async def test_the_receiver_of_the_guide_takes_what_is_sent(store, sealer):
    """Copied out of the page it runs, verifies a real message and prints its event; another secret is refused."""
    (source,) = re.findall(r"```python\n(.*?)```", _GUIDE.read_text(), re.DOTALL)
    clock = SystemClock()
    ids, port = Ids(clock), _free_port()
    origin = f"http://127.0.0.1:{port}"
    async with world_of(store, EmbeddedQueue(store, ids), clock, ids, sealer) as world:
        world.machine = replace(world.machine, receivers=Receivers(frozenset({origin})))
        owner = {"project_id": world.project.project.id}
        async with store.begin() as tx:
            ctx = world.heliograph.context()
            made = await webhooks.create(tx, ctx, **owner, url=f"{origin}/hook", allowed=frozenset({origin}))
        environment = clean_environment() | {"WEBHOOK_SECRET": made.secret, "PORT": str(port)}
        running = await asyncio.create_subprocess_exec(
            sys.executable, "-c", source, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        try:
            await _listening(port)
            which = owner | {"webhook_id": made.webhook.id}
            async with store.begin() as tx:
                await webhooks.test(tx, world.heliograph.context(), **which)
            await world.work()
            async with store.begin() as tx:
                await webhooks.rotate_secret(tx, world.heliograph.context(), **which, overlap=timedelta(0))
                await webhooks.test(tx, world.heliograph.context(), **which)
            await world.work()
            async with store.read() as tx:
                found = await webhook_messages.page(tx, made.webhook.id, state=None, before=None, limit=9)
        finally:
            running.kill()
            printed, _ = await running.communicate()
    assert printed.decode().split(" ")[0] == "webhook.test"
    assert [(one.state, one.status_code) for one in found] == [
        (MessageState.WAITING, 401),
        (MessageState.DELIVERED, 204),
    ]


async def test_the_examples_look_like_real_events(world):
    """A story with most kinds of events: each tells the members that its example has, and no others."""
    async with receiver() as hook:
        world.machine = replace(world.machine, receivers=Receivers(frozenset({hook.origin})))
        owner = {"project_id": world.project.project.id}
        async with world.store.begin() as tx:
            ctx = world.heliograph.context()
            made = await webhooks.create(tx, ctx, **owner, url=hook.url, allowed=frozenset({hook.origin}))
        await _story(world, owner)
        async with world.store.begin() as tx:
            await webhooks.test(tx, world.heliograph.context(), **owner, webhook_id=made.webhook.id)
        await world.work_on(timedelta(minutes=3))
        for event in hook.events:
            assert set(event["data"]) == set(EVENT_EXAMPLES[EventType(event["type"])]), event
        told = {event["type"] for event in hook.events}
    assert set(EVENT_EXAMPLES) == set(EventType)
    assert told >= {
        "delivery.accepted", "delivery.deferred", "delivery.gone", "delivery.clicked", "delivery.displayed",
        "subscription.gone", "subscription.unsubscribed", "subscription.erased", "subscription.joined_group",
        "subscription.left_group", "subscription.identified", "subscription.logged_out", "notification.started",
        "notification.finished", "notification.cancelled", "webhook.test",
    }  # fmt: skip


async def _story(world, owner):
    fleet = await world.agents(4)
    ids = await world.subscribe(fleet.agents, joins=[("news", "1")])
    world.devpush.add_fault(Fault(FaultKind.STATUS, status=410, times=1))
    world.devpush.add_fault(Fault(FaultKind.STATUS, status=503, times=1))
    notification = await world.notify()
    await world.work_on(timedelta(minutes=1))
    accepted = next(row for row in await world.rows(notification) if str(row.state) == "accepted")
    later = await world.notify(send_at=world.clock.now() + timedelta(days=1))
    async with world.store.begin() as tx:
        ctx = world.heliograph.context()
        reported = [
            Receipt(accepted.id, event, None, ctx.now) for event in (ReceiptEvent.DISPLAYED, ReceiptEvent.CLICKED)
        ]
        await receipts.record(tx, ctx, **owner, reported=reported)
        await notifications.cancel(tx, ctx, **owner, notification_id=later.id)
        await groups.leave(tx, ctx, **owner, subscription_id=ids[0], group=Group("news", "1"))
        for subscription_id, name in ((ids[0], "ada"), (ids[1], "bob")):
            await identity.bind(tx, ctx, **owner, subscription_id=subscription_id, external_id=name)
        await identity.unbind(tx, ctx, subscription_id=ids[0])
        bob = await profiles.find(tx, **owner, external_id="bob")
        await privacy.erase(tx, ctx, world.heliograph.queue, **owner, profile_id=bob.id)
        left = await subscriptions.locked(tx, owner["project_id"], ids[2])
        await subscriptions.end(tx, ctx, subscription=left, reason=EndReason.BY_PERSON)
