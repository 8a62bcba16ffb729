"""Firefox's side: the autopush WebSocket protocol, subprotocol `push-notification`, one JSON object per text message.

A socket opened at `/` gets Mozilla endpoints, as a real Firefox does. Simulated user agents open `/ua/{service}` to get
another vendor's, and add `?host=vendor` for endpoints on the vendor's own host.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from heliograph.devpush.addresses import endpoint_maker
from heliograph.devpush.model import AckCode, Kind, Message, Registration, Service, UserAgent
from heliograph.devpush.relay import Relay
from heliograph.devpush.websocket import TextChannel
from heliograph.devpush.wire import Request
from heliograph.protocols import base64url, encryption

SUBPROTOCOL = "push-notification"
_CHANNEL = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_POLICY_VIOLATION = 1008
_GOING_AWAY = 1001


class FirefoxSession:
    """One connection. Anything but a hello, or an empty keep-alive, is refused before the hello."""

    def __init__(
        self, relay: Relay, socket: TextChannel, *, service: Service, base: str | None, random_id: Callable[[], str]
    ) -> None:
        self._relay = relay
        self._socket = socket
        self._service = service
        self._base = base
        self._random_id = random_id
        self._agent: UserAgent | None = None

    def received(self, text: str) -> None:
        """Take one message from the browser."""
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            self._socket.close(_POLICY_VIOLATION)
            return
        kind = message.get("messageType")
        if kind in {None, "ping"}:
            self._socket.send_text("{}")
        elif kind == "hello":
            self._hello(message)
        elif self._agent is None:
            self._socket.close(_POLICY_VIOLATION)
        else:
            self._dispatch(self._agent, kind, message)

    def _dispatch(self, agent: UserAgent, kind: object, message: dict[str, Any]) -> None:
        match kind:
            case "register":
                self._register(agent, message)
            case "unregister":
                channel = str(message.get("channelID", ""))
                self._relay.unregister(agent, channel)
                self._send({"messageType": "unregister", "channelID": channel, "status": 200})
            case "ack":
                self._ack(agent, message)
            case "nack":
                self._relay.acked(agent.id, str(message.get("version", "")), AckCode.from_firefox(message.get("code")))
            case "broadcast_subscribe":
                pass
            case _:
                self._socket.close(_POLICY_VIOLATION)

    def _hello(self, message: dict[str, Any]) -> None:
        """Know the browser again by its uaid, or give it a new one: then it drops every subscription it had."""
        if self._agent is not None or message.get("use_webpush") is not True:
            self._socket.close(_POLICY_VIOLATION)
            return
        known = self._relay.user_agent(str(message.get("uaid", "")))
        if known is None or known.kind is not Kind.FIREFOX:
            known = self._relay.new_user_agent(Kind.FIREFOX, id_=self._random_id())
        self._agent = known
        self._send({"messageType": "hello", "uaid": known.id, "status": 200, "use_webpush": True, "broadcasts": {}})
        self._relay.attach(known, self)

    def _register(self, agent: UserAgent, message: dict[str, Any]) -> None:
        channel = str(message.get("channelID", ""))
        try:
            key = _key(message.get("key"))
        except ValueError:
            key = b""
        if key == b"" or not _CHANNEL.fullmatch(channel):
            self._send({"messageType": "register", "channelID": channel, "status": 400})
            return
        endpoint = endpoint_maker(self._service, self._base)
        made = self._relay.register(agent, channel, service=self._service, endpoint=endpoint, key=key)
        answer = {"messageType": "register", "channelID": channel, "status": 200, "pushEndpoint": made.endpoint}
        self._send(answer)

    def _ack(self, agent: UserAgent, message: dict[str, Any]) -> None:
        updates = message.get("updates")
        for update in updates if isinstance(updates, list) else []:
            if isinstance(update, dict):
                code = AckCode.from_firefox(update.get("code"))
                self._relay.acked(agent.id, str(update.get("version", "")), code)

    def closed(self) -> None:
        """Learn that the connection is gone."""
        if self._agent is not None:
            self._relay.detach(self._agent, self)

    def deliver(self, registration: Registration, message: Message) -> None:
        """Send a notification. Without a payload there are neither data nor headers."""
        frame: dict[str, Any] = {
            "messageType": "notification",
            "channelID": registration.channel,
            "version": message.id,
            "ttl": message.ttl_seconds,
        }
        if message.body is not None:
            frame["data"] = base64url.encode(message.body)
            frame["headers"] = {"encoding": "aes128gcm"}
        self._send(frame)

    def close(self) -> None:
        """End the connection; the browser comes back by itself."""
        self._socket.close(_GOING_AWAY)

    def _send(self, frame: dict[str, Any]) -> None:
        self._socket.send_text(json.dumps(frame, separators=(",", ":")))


def _key(text: object) -> bytes | None:
    """Read the application server key that a page gave, or raise `ValueError`."""
    if text is None:
        return None
    raw = base64url.decode(str(text))
    encryption.check_public_key(raw)
    return raw


def form_of(request: Request, plain_base: str) -> tuple[Service, str | None] | None:
    """Return which service's endpoints this socket hands out and under which origin, or None for an unknown path."""
    base: str | None = plain_base if request.scheme == "http" else request.origin
    if request.query.get("host") == "vendor":
        base = None
    if request.path in {"", "/"}:
        return Service.MOZILLA, base
    name = request.path.removeprefix("/ua/")
    return (Service(name), base) if name in set(Service) else None
