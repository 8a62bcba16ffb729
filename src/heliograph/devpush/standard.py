"""RFC 8030 from the user agent's side: `POST /subscribe`, the subscription resource, and message resources.

HTTP/2 server push is gone from every client, so a subscription resource answers `GET` with links to the messages that
wait, and the client fetches them: section 6 with a plain GET in place of a PUSH_PROMISE.
"""

import json
import os
from collections.abc import Callable

from heliograph.devpush.addresses import endpoint_maker
from heliograph.devpush.model import AckCode, Kind, Service, UserAgent
from heliograph.devpush.relay import Relay
from heliograph.devpush.wire import Answer, Request, text_answer
from heliograph.protocols import base64url, encryption

SUBSCRIBE_PATH = "/subscribe"
SUBSCRIPTION_PATH = "/s/"
MESSAGE_PATH = "/m/"

_OPTIONS_TYPE = "application/webpush-options+json"
_CHANNEL = "standard"


class StandardResources:
    """Serves `/subscribe`, `/s/…` (private to the user agent) and `/m/…`."""

    def __init__(self, relay: Relay, entropy: Callable[[int], bytes] = os.urandom) -> None:
        self._relay = relay
        self._entropy = entropy

    def handle(self, request: Request) -> Answer | None:
        """Answer a request to one of these resources, or return None when it is for none of them."""
        path = request.path
        if path == SUBSCRIBE_PATH:
            return self._subscribe(request) if request.method == "POST" else _not_allowed("POST")
        if path.startswith(SUBSCRIPTION_PATH):
            return self._subscription(request, path.removeprefix(SUBSCRIPTION_PATH))
        if path.startswith(MESSAGE_PATH):
            return self._message(request, path.removeprefix(MESSAGE_PATH))
        return None

    def _subscribe(self, request: Request) -> Answer:
        """Create a subscription (section 4), restricted to a key when the options name one (RFC 8292 section 4.1)."""
        try:
            key = _vapid_option(request)
        except ValueError as error:
            return text_answer(400, f"{error}\n")
        agent = self._relay.new_user_agent(Kind.STANDARD, id_=base64url.encode(self._entropy(24)))
        endpoint = endpoint_maker(Service.STANDARD, request.origin)
        made = self._relay.register(agent, _CHANNEL, service=Service.STANDARD, endpoint=endpoint, key=key)
        push = f'<{made.endpoint}>; rel="urn:ietf:params:push"'
        return Answer(201, (("location", f"{request.origin}{SUBSCRIPTION_PATH}{agent.id}"), ("link", push)))

    def _subscription(self, request: Request, id_: str) -> Answer:
        agent = self._relay.user_agent(id_)
        if agent is None or agent.kind is not Kind.STANDARD:
            return Answer(404)
        match request.method:
            case "DELETE":
                ended = self._relay.unregister(agent, _CHANNEL)
                return Answer(404 if ended is None else 204)
            case "GET":
                return self._waiting(request, agent)
            case _:
                return _not_allowed("GET, DELETE")

    def _waiting(self, request: Request, agent: UserAgent) -> Answer:
        self._relay.expire()
        links = [f'<{request.origin}{MESSAGE_PATH}{m.id}>; rel="item"' for m in self._relay.pending(agent.id)]
        return Answer(204, tuple(("link", link) for link in links))

    def _message(self, request: Request, id_: str) -> Answer:
        """Serve a message resource: the user agent reads it, and acknowledges it with DELETE (section 6.2)."""
        self._relay.expire()
        message = self._relay.message(id_)
        if message is None:
            return Answer(404)
        match request.method:
            case "GET":
                encoding = (("content-encoding", "aes128gcm"),) if message.body is not None else ()
                return Answer(200, (*encoding, ("ttl", str(message.ttl_seconds))), message.body or b"")
            case "DELETE":
                self._relay.acked(message.user_agent, id_, AckCode.DELIVERED)
                return Answer(204)
            case _:
                return _not_allowed("GET, DELETE")


def _vapid_option(request: Request) -> bytes | None:
    if not request.body:
        return None
    if (request.value("content-type") or "").partition(";")[0].strip().lower() != _OPTIONS_TYPE:
        raise ValueError(f"Options are sent as {_OPTIONS_TYPE}.")
    try:
        options = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise ValueError("The options are not JSON.") from error
    if not isinstance(options, dict):
        raise ValueError("The options are not a JSON object.")  # noqa: TRY004 - one error for all bad options
    key = options.get("vapid")
    if key is None:
        return None
    if not isinstance(key, str):
        raise ValueError("vapid is a string.")  # noqa: TRY004 - one error for all bad options
    raw = base64url.decode(key)
    encryption.check_public_key(raw)
    return raw


def _not_allowed(methods: str) -> Answer:
    return Answer(405, (("allow", methods),))
