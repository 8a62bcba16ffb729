"""One WebSocket to devpush with the channels of many agents, in Firefox's protocol, reconnecting like Firefox."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from heliograph.devpush.agents.agent import Agent, new_channel
from heliograph.protocols import base64url

_FIRST_RETRY_SECONDS = 0.05
_LONGEST_RETRY_SECONDS = 2.0
_OPEN_SECONDS = 30.0
_DELIVERED, _UNDECRYPTABLE, _REPEATED = 100, 101, 102

Received = Callable[[Agent, bytes | None], bool]
"""Takes a message's body; returns whether it decrypted."""


class AgentLink:
    """A connection that many agents share; `lost` is called with those whose subscriptions devpush has forgotten."""

    def __init__(
        self,
        url: str,
        agents: Sequence[Agent],
        *,
        received: Received,
        lost: Callable[[Sequence[Agent]], Awaitable[None]],
        repeated: Callable[[], None],
    ) -> None:
        self._url = url
        self._agents = {agent.channel: agent for agent in agents}
        self._received = received
        self._lost = lost
        self._repeated = repeated
        self._uaid = ""
        self._socket: ClientConnection | None = None
        self._answers: dict[tuple[str, str], asyncio.Future[dict[str, Any]]] = {}
        self._acks: list[dict[str, Any]] = []
        self._has_acks = asyncio.Event()
        self._online = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._side_tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Connect, and stay connected until `close`. Raises `TimeoutError` when devpush cannot be reached."""
        if self._task is None:
            self._task = asyncio.create_task(self._stay_connected())
        async with asyncio.timeout(_OPEN_SECONDS):
            await self._online.wait()

    async def close(self) -> None:
        """Disconnect; what comes now waits at devpush until `open`."""
        running = [*self._side_tasks, *([self._task] if self._task else [])]
        self._task = None
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        self._online.clear()

    async def register(self, agent: Agent, application_server_key: bytes | None) -> None:
        """Make a subscription for an agent: its `endpoint` is set."""
        frame: dict[str, Any] = {"messageType": "register", "channelID": agent.channel}
        if application_server_key is not None:
            padded = base64url.encode(application_server_key)
            frame["key"] = padded + "=" * (-len(padded) % 4)
        answer = await self._ask(frame)
        if answer.get("status") != 200:  # noqa: PLR2004 - the protocol's only good one
            raise ValueError("devpush refused the registration.")
        agent.endpoint, agent.is_registered = str(answer["pushEndpoint"]), True

    async def unregister(self, agent: Agent) -> None:
        """End an agent's subscription at devpush."""
        await self._ask({"messageType": "unregister", "channelID": agent.channel, "code": 200})

    async def _ask(self, frame: dict[str, Any]) -> dict[str, Any]:
        await self._online.wait()
        if self._socket is None:
            raise ConnectionError("The link is not open.")
        key = (frame["messageType"], frame["channelID"])
        answer = self._answers[key] = asyncio.get_running_loop().create_future()
        await self._socket.send(json.dumps(frame))
        result: dict[str, Any] = await answer
        return result

    async def _stay_connected(self) -> None:
        wait = _FIRST_RETRY_SECONDS
        while True:
            with contextlib.suppress(OSError, ConnectionClosed, InvalidHandshake, TimeoutError):
                async with connect(
                    self._url,
                    subprotocols=[Subprotocol("push-notification")],
                    compression=None,
                    ping_interval=None,
                    proxy=None,
                    max_size=2**20,
                ) as socket:
                    await self._hello(socket)
                    wait = _FIRST_RETRY_SECONDS
                    await self._listen(socket)
            self._online.clear()
            self._socket = None
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_RETRY_SECONDS)

    async def _hello(self, socket: ClientConnection) -> None:
        frame: dict[str, Any] = {"messageType": "hello", "use_webpush": True, "broadcasts": {}}
        if self._uaid:
            frame["uaid"] = self._uaid
        await socket.send(json.dumps(frame))
        answer = json.loads(await socket.recv())
        before, self._uaid = self._uaid, str(answer["uaid"])
        self._socket = socket
        self._online.set()
        if before and before != self._uaid:
            self._drop_subscriptions()
        # Also those whose new registration was cut short by yet another loss of the connection.
        homeless = [agent for agent in self._agents.values() if agent.is_registered and not agent.endpoint]
        if homeless:
            self._start(self._lost(homeless))

    def _drop_subscriptions(self) -> None:
        """Drop every subscription, as Firefox does when it gets a new uaid; a new one has a new channel."""
        for agent in list(self._agents.values()):
            del self._agents[agent.channel]
            agent.channel, agent.endpoint = new_channel(), ""
            self._agents[agent.channel] = agent

    def _start(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._side_tasks.add(task)
        task.add_done_callback(self._side_tasks.discard)

    async def _listen(self, socket: ClientConnection) -> None:
        acking = asyncio.create_task(self._send_acks(socket))
        try:
            async for text in socket:
                self._on(json.loads(text))
        finally:
            acking.cancel()
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(ConnectionError("The connection to devpush was lost."))
            self._answers.clear()

    def _on(self, frame: dict[str, Any]) -> None:
        match frame.get("messageType"):
            case "notification":
                self._notified(frame)
            case "register" | "unregister" as kind:
                answer = self._answers.pop((kind, str(frame["channelID"])), None)
                if answer is not None and not answer.done():
                    answer.set_result(frame)
            case _:
                pass

    def _notified(self, frame: dict[str, Any]) -> None:
        agent = self._agents.get(str(frame["channelID"]))
        if agent is None:
            return
        version = str(frame["version"])
        if agent.has_seen(version):
            self._repeated()
            code = _REPEATED
        else:
            body = base64url.decode(str(frame["data"])) if "data" in frame else None
            code = _DELIVERED if self._received(agent, body) else _UNDECRYPTABLE
        self._acks.append({"channelID": agent.channel, "version": version, "code": code})
        self._has_acks.set()

    async def _send_acks(self, socket: ClientConnection) -> None:
        while True:
            await self._has_acks.wait()
            self._has_acks.clear()
            updates, self._acks = self._acks, []
            if updates:
                await socket.send(json.dumps({"messageType": "ack", "updates": updates}))
