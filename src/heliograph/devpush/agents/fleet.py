"""A fleet of simulated user agents in one process."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Self

from heliograph.devpush.agents.agent import Agent, Arrival, Counts, make_agent
from heliograph.devpush.agents.link import AgentLink
from heliograph.devpush.agents.payload import Payload, PayloadError, parse_payload
from heliograph.devpush.agents.reporter import Reporter
from heliograph.devpush.agents.site import HeliographSite, SiteError
from heliograph.devpush.agents.summary import Summary, summarize
from heliograph.devpush.model import Service
from heliograph.kit.clock import Clock, SystemClock
from heliograph.protocols import encryption

_REGISTER_CHUNK = 200

Progress = Callable[[Counts], None]


class AgentFleet:
    """Use as an asynchronous context manager; then `register` (devpush alone) or `subscribe` (Heliograph too).

    Args:
        ws_url: devpush's WebSocket address, `DevPush.ws_url`.
        count: how many agents.
        services: whose endpoints they get, in turn.
        vendor_hosts: whether endpoints are on the vendors' own hosts (https, reached through devpush's TLS port).
        click_share: how many of those that are shown a notification click on it, between 0 and 1.
        tastes: other shares, for titles that hold one of these texts.
        seed: which of them do; the same seed and the same notification give the same agents.
        channels_per_socket: how many agents share a connection.
        progress: called with the running totals whenever they change.
        clock: where arrivals get their instants.
    """

    def __init__(
        self,
        ws_url: str,
        count: int,
        *,
        services: Sequence[Service] = (Service.MOZILLA,),
        vendor_hosts: bool = False,
        click_share: float = 0.0,
        tastes: Mapping[str, float] | None = None,
        seed: int = 0,
        channels_per_socket: int = 100,
        progress: Progress | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._ws_url = ws_url.rstrip("/")
        self._vendor_hosts = vendor_hosts
        self._click_share = click_share
        self._tastes = dict(tastes or {})
        self._seed = seed
        self._progress = progress
        self._clock = clock or SystemClock()
        self._changed = asyncio.Event()
        self._site: HeliographSite | None = None
        self._reporter: Reporter | None = None
        self._key: bytes | None = None
        self.counts = Counts(agents=count)
        self.arrivals: list[Arrival] = []
        self.problems: list[str] = []
        """What Heliograph said when it did not take a replaced subscription."""
        self._reached: defaultdict[str, set[int]] = defaultdict(set)
        self.agents = [make_agent(index, services[index % len(services)]) for index in range(count)]
        self._links = self._make_links(channels_per_socket)

    def _make_links(self, size: int) -> list[tuple[AgentLink, list[Agent]]]:
        by_service: dict[Service, list[Agent]] = defaultdict(list)
        for agent in self.agents:
            by_service[agent.service].append(agent)
        links = []
        for service, agents in by_service.items():
            url = f"{self._ws_url}/ua/{service.value}{'?host=vendor' if self._vendor_hosts else ''}"
            for start in range(0, len(agents), size):
                part = agents[start : start + size]
                link = AgentLink(url, part, received=self._received, lost=self._lost, repeated=self._repeated)
                links.append((link, part))
        return links

    async def __aenter__(self) -> Self:
        await self.go_online()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.go_offline()
        if self._reporter is not None:
            await self._reporter.close()

    async def go_online(self) -> None:
        """Connect every agent; what waited for them arrives."""
        await asyncio.gather(*(link.open() for link, _ in self._links))

    async def go_offline(self) -> None:
        """Disconnect every agent, as closing the browsers does."""
        await asyncio.gather(*(link.close() for link, _ in self._links))

    async def register(self, application_server_key: bytes | None) -> None:
        """Give every agent a subscription at devpush: afterwards `endpoint`, `p256dh` and `auth` are set.

        Args:
            application_server_key: 65 bytes that the subscriptions are restricted to, or None for no restriction.
        """
        self._key = application_server_key
        await asyncio.gather(*(self._register_on(link, agents) for link, agents in self._links))

    async def _register_on(self, link: AgentLink, agents: Sequence[Agent]) -> None:
        for start in range(0, len(agents), _REGISTER_CHUNK):
            part = agents[start : start + _REGISTER_CHUNK]
            await asyncio.gather(*(link.register(agent, self._key) for agent in part))
            self.counts.registered += len(part)
            self._tell()

    async def subscribe(self, site: HeliographSite, groups: Sequence[dict[str, Any]] = ()) -> None:
        """Subscribe every agent at Heliograph through its public API, and send it receipts from now on.

        Raises:
            SiteError: Heliograph refused, with its words.
        """
        self._site = site
        await self.register(await site.load_config())
        self._reporter = Reporter(site, self.counts)
        self._reporter.start()
        await asyncio.gather(*(self._subscribe_one(site, agent, groups) for agent in self.agents))

    async def _subscribe_one(self, site: HeliographSite, agent: Agent, groups: Sequence[dict[str, Any]]) -> None:
        await site.subscribe(agent, groups)
        self.counts.subscribed += 1
        self._tell()

    async def unregister(self, agents: Sequence[Agent], *, tells_heliograph: bool = False) -> None:
        """End the subscriptions of some agents at devpush: senders get 410. A real page tells Heliograph too."""
        wanted = {agent.index for agent in agents}
        for link, members in self._links:
            for agent in members:
                if agent.index in wanted:
                    await link.unregister(agent)
        if tells_heliograph and self._site is not None:
            for agent in agents:
                await self._site.unsubscribe(agent)

    # what arrives

    def _received(self, agent: Agent, body: bytes | None) -> bool:
        self.counts.received += 1
        try:
            plaintext = b"" if body is None else encryption.decrypt(body, agent.private_key, agent.auth)
        except encryption.DecryptionError as error:
            self.counts.undecryptable += 1
            self._keep(agent, Arrival(agent.index, self._clock.now(), None, problem=str(error)))
            return False
        self.counts.decrypted += 1
        self._keep(agent, self._shown(agent, plaintext, self._clock.now()))
        return True

    def _shown(self, agent: Agent, plaintext: bytes, now: datetime) -> Arrival:
        try:
            payload = parse_payload(plaintext)
        except PayloadError as error:
            self.counts.malformed += 1
            return Arrival(agent.index, now, plaintext, problem=str(error))
        if payload.delivery in agent.shown_deliveries:
            self.counts.duplicates += 1
            return Arrival(agent.index, now, plaintext, payload.delivery, payload.notification, duplicate=True)
        agent.shown_deliveries.add(payload.delivery)
        clicks = payload.is_shown and self._clicks(agent, payload)
        if payload.is_shown:
            self._report(payload, clicks=clicks, now=now)
        return Arrival(
            agent.index, now, plaintext, payload.delivery, payload.notification, shown=payload.is_shown, clicked=clicks
        )

    def _clicks(self, agent: Agent, payload: Payload) -> bool:
        chance = random.Random(f"{self._seed}/{agent.index}/{payload.notification}")  # noqa: S311 - repeatable on purpose
        title = payload.content["notification"]["title"]
        return chance.random() < next(
            (share for text, share in self._tastes.items() if text in title), self._click_share
        )

    def _report(self, payload: Payload, *, clicks: bool, now: datetime) -> None:
        self.counts.shown += 1
        self.counts.clicked += clicks
        if self._reporter is not None:
            self._reporter.add(payload.token, "displayed", now)
            if clicks:
                self._reporter.add(payload.token, "clicked", now)

    def _keep(self, agent: Agent, arrival: Arrival) -> None:
        agent.arrivals.append(arrival)
        self.arrivals.append(arrival)
        if arrival.notification is not None:
            self._reached[arrival.notification].add(agent.index)
        self._tell()

    def _repeated(self) -> None:
        self.counts.repeated += 1
        self._tell()

    async def _lost(self, agents: Sequence[Agent]) -> None:
        """Subscribe again after devpush forgot these agents, and replace the subscriptions at Heliograph."""
        wanted = {agent.index for agent in agents}
        for link, members in self._links:
            for agent in members:
                if agent.index in wanted:
                    await self._replace(link, agent)

    async def _replace(self, link: AgentLink, agent: Agent) -> None:
        try:
            await link.register(agent, self._key)
            if self._site is not None and agent.subscription_id:
                await self._site.replace(agent)
        except SiteError as error:
            self.problems.append(str(error))
        except ConnectionError:
            return  # the next connection tries again

    # what a test asks

    def _tell(self) -> None:
        self._changed.set()
        if self._progress is not None:
            self._progress(self.counts)

    async def wait_until(self, condition: Callable[[Counts], bool], within: timedelta = timedelta(seconds=30)) -> None:
        """Wait until the totals satisfy a condition. Raises `TimeoutError` with the totals."""
        try:
            async with asyncio.timeout(within.total_seconds()):
                while not condition(self.counts):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise TimeoutError(f"The agents did not get there: {self.counts}") from None

    def reached(self, notification: str) -> int:
        """Return how many agents a notification has reached."""
        return len(self._reached.get(notification, ()))

    async def drain_receipts(self) -> None:
        """Wait until every receipt was posted to Heliograph."""
        if self._reporter is not None:
            await self._reporter.drain()
            self._tell()

    def receipt_problems(self) -> list[str]:
        """Return what Heliograph said to receipts that it did not take."""
        return list(self._reporter.problems) if self._reporter is not None else []

    def summary(self, notification: str | None = None, since: datetime | None = None) -> Summary:
        """Count what arrived of one notification, or of everything; `since` is where latencies start."""
        wanted = [a for a in self.arrivals if notification is None or a.notification == notification]
        subscribed = self.counts.subscribed or self.counts.registered
        return summarize(wanted, agents=len(self.agents), subscribed=subscribed, since=since)
