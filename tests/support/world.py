"""A small world for stories about delivery: devpush, user agents, a project, and a worker that runs when told to."""

import contextlib
import hashlib
import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from heliograph.actions import groups, notifications, projects
from heliograph.actions.notifications import Draft
from heliograph.actions.projects import CreatedProject
from heliograph.bootstrap import Heliograph
from heliograph.delivery.machine import Machine
from heliograph.devpush import DevPush, DevPushConfig, Service
from heliograph.devpush.agents import Agent, AgentFleet
from heliograph.domain.endpoint import DevpushRoute, EndpointPolicy, PushService
from heliograph.domain.notification import Audience, AudienceKind, Content, Notification, NotificationState
from heliograph.domain.subscription import Group
from heliograph.kit.clock import Clock, FrozenClock
from heliograph.kit.curl import CurlSender
from heliograph.kit.http import HttpSender
from heliograph.kit.ids import Ids
from heliograph.kit.sealing import Sealer
from heliograph.queue.embedded import EmbeddedQueue
from heliograph.storage import counts, delivery_reads
from heliograph.storage import notifications as notification_rows
from heliograph.storage import subscriptions as subscription_rows
from heliograph.storage.store import Store
from heliograph.storage.subscriptions import Subscription
from heliograph.worker.run import drain, make_machine, perform

EVERYONE = Audience(AudienceKind.EVERYONE)


@dataclass(slots=True)
class World:
    """Everything that a story needs."""

    heliograph: Heliograph
    devpush: DevPush
    clock: Any  # frozen, except where real processes take part
    project: CreatedProject
    machine: Machine
    fleets: list[AgentFleet] = field(default_factory=list)

    @property
    def store(self) -> Store:
        return self.heliograph.store

    async def agents(
        self, count: int, *services: Service, vendor_hosts: bool = False, key: bytes | None = None
    ) -> AgentFleet:
        """Return user agents with subscriptions at devpush, not yet known to Heliograph."""
        fleet = AgentFleet(
            self.devpush.ws_url,
            count,
            services=services or (Service.MOZILLA,),
            vendor_hosts=vendor_hosts,
            clock=self.clock,
        )
        await fleet.go_online()
        await fleet.register(key or self.project.vapid_key.public_key)
        self.fleets.append(fleet)
        return fleet

    async def subscribe(
        self,
        agents: Sequence[Agent],
        *,
        language: str | None = None,
        age: timedelta = timedelta(days=1),
        joins: Sequence[tuple[str, str | None]] = (),
    ) -> list[str]:
        """Register user agents at Heliograph; return the subscriptions' identifiers."""
        then = FrozenClock(self.clock.now() - age)
        context = self.heliograph.context()
        made = []
        async with self.store.begin() as tx:
            for agent in agents:
                sub_id = Ids(then).new("sub")
                await subscription_rows.add(tx, self.row(sub_id, agent, then.now(), language))
                made.append(sub_id)
            for sub_id in made if joins else ():
                joined = [Group(name, identifier) for name, identifier in joins]
                project_id = self.project.project.id
                await groups.join(tx, context, project_id=project_id, subscription_id=sub_id, joined=joined)
        return made

    def row(self, sub_id: str, agent: Agent, at: datetime, language: str | None) -> dict[str, Any]:
        """Return the row of a subscription as registration writes it."""
        service = {Service.STANDARD: PushService.OTHER}.get(agent.service) or PushService(agent.service.value)
        return {
            "id": sub_id,
            "project_id": self.project.project.id,
            "provider_id": self.project.provider.id,
            "channel": "web",
            "state": "active",
            "endpoint": agent.endpoint,
            "endpoint_hash": hashlib.sha256(agent.endpoint.encode()).digest(),
            "push_service": service,
            "p256dh": agent.p256dh,
            "auth": agent.auth,
            "vapid_key_id": self.project.vapid_key.id,
            "secret_hash": hashlib.sha256(sub_id.encode()).digest(),
            "language": language,
            "created_at": at,
            "endpoint_since": at,
            "refreshed_at": at,
        }

    async def notify(
        self, audience: Audience = EVERYONE, *, content: Content | None = None, **draft: Any
    ) -> Notification:
        """Ask for a notification."""
        content = content or Content(title="Harbour", body="The ferry leaves at nine.", url="https://shop.example/")
        async with self.store.begin() as tx:
            return await notifications.create(
                tx,
                self.heliograph.context(),
                self.heliograph.queue,
                project_id=self.project.project.id,
                draft=Draft(content=content, audience=audience, **draft),
            )

    async def work(self) -> list[str]:
        """Run what is due; return the names of the jobs that ran."""
        return [job.name for job in await drain(self.heliograph, machine=self.machine)]

    async def step(self, name: str) -> None:
        """Run jobs, one after the other, until one of this name has run."""
        while True:
            queue, now = self.heliograph.queue, self.clock.now()
            jobs = await queue.claim(worker=self.machine.worker, limit=1, lease=timedelta(minutes=1), now=now)
            assert jobs, f"No {name} was due."
            await perform(self.machine, jobs[0])
            if jobs[0].name == name:
                return

    async def work_on(self, span: timedelta) -> list[str]:
        """Run what is due now and, moving the clock from job to job, what becomes due within a span."""
        end = self.clock.now() + span
        ran = await self.work()
        while (due := await self.heliograph.queue.next_due(now=self.clock.now())) is not None and due <= end:
            self.clock.set(max(due, self.clock.now()))
            ran += await self.work()
        self.clock.set(end)
        return ran

    async def counts(self, notification: Notification) -> dict[str, int]:
        """Return the counts as `state` or `state/reason`."""
        async with self.store.read() as tx:
            found = await counts.read(tx, notification.id)
        return {f"{state}/{reason}" if reason else state: number for (state, reason), number in found.items()}

    async def rows(self, notification: Notification) -> list[delivery_reads.Delivery]:
        """Return all deliveries of a notification."""
        async with self.store.read() as tx:
            return await delivery_reads.of_notification(tx, notification.id, state=None, after=None, limit=100_000)

    async def state(self, notification: Notification) -> NotificationState | None:
        async with self.store.read() as tx:
            return await notification_rows.state_of(tx, notification.id)

    async def subscription(self, subscription_id: str) -> Subscription:
        async with self.store.read() as tx:
            found = await subscription_rows.get(tx, self.project.project.id, subscription_id)
        assert found is not None
        return found

    async def check_counts(self, notification: Notification) -> None:
        """Fail unless the kept counts equal what counting the rows gives."""
        kept = await self.counts(notification)
        counted: dict[str, int] = {}
        for row in await self.rows(notification):
            key = f"{row.state}/{row.reason}" if row.reason else str(row.state)
            counted[key] = counted.get(key, 0) + 1
        assert kept == counted

    async def close(self) -> None:
        for fleet in self.fleets:
            await fleet.go_offline()
        await self.heliograph.sender.close()


def heliograph_for(
    store: Store,
    queue: EmbeddedQueue,
    clock: Clock,
    ids: Ids,
    sealer: Sealer,
    devpush: DevPush,
    sender: HttpSender | None = None,
) -> Heliograph:
    """Wire an installation around a test's own parts."""
    return Heliograph(
        store=store,
        queue=queue,
        clock=clock,
        ids=ids,
        sealer=sealer,
        sender=sender or CurlSender(),
        policy=EndpointPolicy(devpush_origin=devpush.http_url),
        devpush=DevpushRoute(tls_port=devpush.tls_port, ca_file=str(devpush.ca_file)),
        random_bytes=os.urandom,
        base_url="http://localhost:8970",
        send_timeout=timedelta(seconds=5),
        shutdown_grace=timedelta(seconds=5),
    )


@contextlib.asynccontextmanager
async def world_of(store: Store, queue: EmbeddedQueue, clock: Clock, ids: Ids, sealer: Sealer) -> AsyncIterator[World]:
    """Make a world with one project."""
    async with DevPush(DevPushConfig(host="127.0.0.1", http_port=0, tls_port=0, mcs_port=0), clock=clock) as devpush:
        heliograph = heliograph_for(store, queue, clock, ids, sealer, devpush)
        async with store.begin() as tx:
            project = await projects.create(
                tx,
                heliograph.context(),
                name="Harbour",
                origins=["https://shop.example"],
                vapid_subject="mailto:ops@shop.example.com",
            )
        world = World(heliograph, devpush, clock, project, make_machine(heliograph, "drain"))
        try:
            yield world
        finally:
            await world.close()
