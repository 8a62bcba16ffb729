"""The heart of a push service: who is registered, what waits, who is connected (RFC 8030 sections 5 to 7).

No sockets here. A connected user agent is a `Link`, which the WebSocket and the MCS side implement.
"""

import asyncio
import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from heliograph.devpush.events import Events, Happening
from heliograph.devpush.ledger import Ledger
from heliograph.devpush.model import AckCode, Kind, Message, Registration, Service, Urgency, UserAgent
from heliograph.devpush.store import Store
from heliograph.kit.clock import Clock
from heliograph.protocols import base64url

TOKEN_PREFIX = "devpush-"  # noqa: S105 - a public mark, not a secret


class Link(Protocol):
    """A connected user agent."""

    def deliver(self, registration: Registration, message: Message) -> None:
        """Write one message to the user agent."""
        ...

    def close(self) -> None:
        """End the connection."""
        ...


class _Online:
    """A link, and the messages that were written to it and are not acked."""

    def __init__(self, link: Link) -> None:
        self.link = link
        self.in_flight: set[str] = set()


class Relay:
    """Registrations, pending messages and links. All calls are made on the event loop; none of them waits."""

    def __init__(
        self,
        *,
        clock: Clock,
        store: Store,
        ledger: Ledger,
        events: Events,
        window: int,
        resend_after: timedelta,
        drops_ack: Callable[[Registration], bool],
        entropy: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._clock = clock
        self._store = store
        self._ledger = ledger
        self._events = events
        self._window = window
        self._resend_after = resend_after
        self._drops_ack = drops_ack
        self._entropy = entropy
        self._agents: dict[str, UserAgent] = {}
        self._registrations: dict[str, Registration] = {}
        self._channels: dict[tuple[str, str], str] = {}
        self._tokens: defaultdict[str, set[str]] = defaultdict(set)
        self._pending: dict[str, dict[str, Message]] = {}
        self._online: dict[str, _Online] = {}
        self._load()

    def _load(self) -> None:
        self._agents = {agent.id: agent for agent in self._store.user_agents()}
        for registration in self._store.registrations():
            self._remember(registration)
        for message in self._store.messages():
            self._pending.setdefault(message.user_agent, {})[message.id] = message

    # user agents

    def user_agent(self, id_: str) -> UserAgent | None:
        """Return a known user agent."""
        return self._agents.get(id_)

    def new_user_agent(self, kind: Kind, *, id_: str | None = None, secret: str = "") -> UserAgent:
        """Make a user agent known, with a fresh identifier unless one is given."""
        agent = UserAgent(id_ or self._entropy(16).hex(), kind, secret)
        self._agents[agent.id] = agent
        self._store.put_user_agent(agent)
        return agent

    def attach(self, agent: UserAgent, link: Link) -> None:
        """Connect a user agent and send what waits for it. An older connection of the same one is closed."""
        older = self._online.pop(agent.id, None)
        self._online[agent.id] = _Online(link)
        if older is not None:
            older.link.close()
        self._events.publish(Happening.CONNECTED, user_agent=agent.id, kind=agent.kind.value)
        self.flush(agent.id)

    def detach(self, agent: UserAgent, link: Link) -> None:
        """Disconnect a user agent, unless a newer connection has taken its place."""
        online = self._online.get(agent.id)
        if online is None or online.link is not link:
            return
        del self._online[agent.id]
        self._drop_expired(agent.id)
        self._events.publish(Happening.DISCONNECTED, user_agent=agent.id, kind=agent.kind.value)

    def is_online(self, agent_id: str) -> bool:
        """Tell whether a user agent is connected."""
        return agent_id in self._online

    def connected(self) -> list[UserAgent]:
        """Return the user agents that are connected now."""
        return [self._agents[id_] for id_ in self._online if id_ in self._agents]

    def disconnect(self, agent_ids: Iterable[str] | None = None) -> int:
        """Close connections (all without an argument), as a restart of a real service does. Returns how many."""
        wanted = list(self._online) if agent_ids is None else [id_ for id_ in agent_ids if id_ in self._online]
        for id_ in wanted:
            self._online[id_].link.close()
        return len(wanted)

    def forget(self, agent_ids: Iterable[str] | None = None) -> int:
        """Lose user agents with all that belongs to them, as a service that lost its database. Returns how many."""
        wanted = list(self._agents) if agent_ids is None else [id_ for id_ in agent_ids if id_ in self._agents]
        for id_ in wanted:
            self._store.drop_user_agent(id_)
            del self._agents[id_]
            self._pending.pop(id_, None)
            for token in self._tokens.pop(id_, ()):
                registration = self._registrations.pop(token)
                self._channels.pop((id_, registration.channel), None)
            if online := self._online.pop(id_, None):
                online.link.close()
            self._events.publish(Happening.FORGOTTEN, user_agent=id_)
        return len(wanted)

    # registrations

    def register(
        self,
        agent: UserAgent,
        channel: str,
        *,
        service: Service,
        endpoint: Callable[[str], str],
        key: bytes | None,
        app: str = "",
        sender: str = "",
    ) -> Registration:
        """Make a subscription, or return the one that this channel already has with the same key."""
        current = self._registrations.get(self._channels.get((agent.id, channel), ""))
        if current is not None and current.gone_at is None:
            if current.key == key and current.service == service:
                return current
            self.unregister(agent, channel)
        token = TOKEN_PREFIX + base64url.encode(self._entropy(24))
        now = self._clock.now()
        registration = Registration(token, agent.id, channel, service, endpoint(token), now, key, app, sender)
        self._remember(registration)
        self._store.put_registration(registration)
        self._events.publish(Happening.REGISTERED, user_agent=agent.id, token=token, service=service.value)
        return registration

    def unregister(self, agent: UserAgent, channel: str) -> Registration | None:
        """End a subscription: senders get 410 from now on, and what waited for it is dropped."""
        registration = self._registrations.get(self._channels.get((agent.id, channel), ""))
        if registration is None or registration.gone_at is not None:
            return None
        gone = replace(registration, gone_at=self._clock.now())
        self._registrations[gone.token] = gone
        self._store.put_registration(gone)
        waiting = [m for m in self._pending.get(agent.id, {}).values() if m.token == gone.token]
        self._drop(waiting, "unsubscribed")
        self._events.publish(Happening.UNREGISTERED, user_agent=agent.id, token=gone.token)
        return gone

    def registration(self, token: str) -> Registration | None:
        """Return a registration, the gone ones too, or None for a token that was never given out."""
        return self._registrations.get(token)

    def registrations(self) -> list[Registration]:
        """Return all registrations, the gone ones too."""
        return list(self._registrations.values())

    def _remember(self, registration: Registration) -> None:
        self._registrations[registration.token] = registration
        self._tokens[registration.user_agent].add(registration.token)
        if registration.gone_at is None:
            self._channels[registration.user_agent, registration.channel] = registration.token

    # messages

    def accept(
        self,
        registration: Registration,
        message_id: str,
        *,
        body: bytes | None,
        ttl_seconds: int,
        urgency: Urgency,
        topic: str | None,
        now: datetime,
    ) -> Message:
        """Take one message: replace its topic's predecessor, deliver it when the user agent is there, else keep it.

        A TTL of 0 means now or never (RFC 8030 section 5.2).
        """
        agent = registration.user_agent
        expires_at = now + timedelta(seconds=ttl_seconds)
        message = Message(message_id, registration.token, agent, body, ttl_seconds, urgency, topic, now, expires_at)
        if topic is not None:
            self._replace_topic(message)
        online = self._online.get(agent)
        if online is None and ttl_seconds == 0:
            self._ledger.dropped(message, "offline")
            return message
        self._pending.setdefault(agent, {})[message.id] = message
        if ttl_seconds > 0:
            self._store.put_message(message)
        if online is not None and (ttl_seconds == 0 or len(online.in_flight) < self._window):
            self._send(online, registration, message)
        return message

    def _replace_topic(self, message: Message) -> None:
        waiting = self._pending.get(message.user_agent, {})
        online = self._online.get(message.user_agent)
        in_flight = online.in_flight if online else set()
        older = [
            m
            for m in waiting.values()
            if m.token == message.token and m.topic == message.topic and m.id not in in_flight
        ]
        self._drop(older, "replaced")

    def flush(self, agent_id: str) -> None:
        """Send what waits, oldest first, as far as the window allows."""
        online = self._online.get(agent_id)
        if online is None or len(self._pending.get(agent_id, ())) <= len(online.in_flight):
            return
        self._drop_expired(agent_id)
        for message in list(self._pending.get(agent_id, {}).values()):
            if len(online.in_flight) >= self._window:
                return
            registration = self._registrations.get(message.token)
            if message.id not in online.in_flight and registration is not None:
                self._send(online, registration, message)

    def _send(self, online: _Online, registration: Registration, message: Message) -> None:
        online.in_flight.add(message.id)
        self._ledger.sent(message)
        online.link.deliver(registration, message)

    def acked(self, agent_id: str, message_id: str, code: AckCode) -> None:
        """Take the user agent's word for a message: it leaves the queue, unless a fault makes us deaf."""
        message = self._pending.get(agent_id, {}).get(message_id)
        if message is None:
            return
        registration = self._registrations.get(message.token)
        if registration is not None and self._drops_ack(registration):
            self._ledger.counts.dropped_acks += 1
            self._resend_later(agent_id, message_id)
            return
        self._settle([message])
        self._ledger.acked(message, code)
        self.flush(agent_id)

    def _resend_later(self, agent_id: str, message_id: str) -> None:
        def resend() -> None:
            if online := self._online.get(agent_id):
                online.in_flight.discard(message_id)
                self.flush(agent_id)

        asyncio.get_running_loop().call_later(self._resend_after.total_seconds(), resend)

    def pending(self, agent_id: str) -> list[Message]:
        """Return what waits for a user agent, oldest first."""
        return list(self._pending.get(agent_id, {}).values())

    def pending_count(self) -> int:
        """Return how many messages wait, in all."""
        return sum(len(waiting) for waiting in self._pending.values())

    def message(self, message_id: str) -> Message | None:
        """Return a waiting message."""
        return next((waiting[message_id] for waiting in self._pending.values() if message_id in waiting), None)

    def cancel(self, message: Message) -> None:
        """Drop a waiting message because its resource was deleted."""
        self._drop([message], "cancelled")

    def expire(self) -> None:
        """Drop every message whose time is over; called now and then, and before every delivery."""
        for agent_id in list(self._pending):
            self._drop_expired(agent_id)

    def _drop_expired(self, agent_id: str) -> None:
        waiting = self._pending.get(agent_id)
        if not waiting:
            return
        now = self._clock.now()
        online = self._online.get(agent_id)
        in_flight = online.in_flight if online else set()
        self._drop([m for m in waiting.values() if m.expires_at <= now and m.id not in in_flight], "expired")

    def _drop(self, messages: list[Message], why: str) -> None:
        self._settle(messages)
        for message in messages:
            self._ledger.dropped(message, why)

    def _settle(self, messages: list[Message]) -> None:
        for message in messages:
            waiting = self._pending.get(message.user_agent, {})
            waiting.pop(message.id, None)
            if not waiting:
                self._pending.pop(message.user_agent, None)
            if online := self._online.get(message.user_agent):
                online.in_flight.discard(message.id)
        self._store.drop_messages([m.id for m in messages if m.ttl_seconds > 0])
