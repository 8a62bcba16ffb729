"""Chromium's HTTP side: device checkin (protobuf) and token registration (`/c2dm/register3`, a form)."""

import hmac
from collections.abc import Callable
from datetime import datetime
from urllib.parse import parse_qsl

from heliograph.devpush import protobuf as pb
from heliograph.devpush.model import Kind, Service, UserAgent
from heliograph.devpush.relay import TOKEN_PREFIX, Relay
from heliograph.devpush.wire import Answer, Request, text_answer
from heliograph.protocols import base64url, encryption

CHECKIN_PATH = "/checkin"
REGISTER_PATH = "/c2dm/register3"

_ID_BITS = 62
_STAGING_HOST = "https://jmt17.google.com"


def checkin(relay: Relay, request: Request, entropy: Callable[[int], bytes], now: datetime) -> Answer:
    """Answer AndroidCheckinRequest: recognise the device, or give it an identity (both halves are fixed64)."""
    try:
        fields = pb.parse(request.body)
    except pb.ProtobufError:
        return text_answer(400, "This is no AndroidCheckinRequest.\n")
    device = authenticated(relay, str(pb.first_int(fields, 2)), str(pb.first_int(fields, 13)))
    if device is None:
        device = relay.new_user_agent(Kind.CHROMIUM, id_=str(_number(entropy)), secret=str(_number(entropy)))
    body = (
        pb.int_field(1, 1)
        + pb.int_field(3, int(now.timestamp() * 1000))
        + pb.fixed64_field(7, int(device.id))
        + pb.fixed64_field(8, int(device.secret))
        + pb.int_field(9, 0)
    )
    return Answer(200, (("content-type", "application/x-protobuf"),), body)


def register(relay: Relay, request: Request, entropy: Callable[[int], bytes]) -> Answer:
    """Answer a registration, or with `delete=true` the end of one, in the text form of Google's service."""
    form = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
    scheme, _, credentials = (request.value("authorization") or "").partition(" ")
    id_, _, secret = credentials.partition(":")
    device = authenticated(relay, id_, secret)
    if scheme != "AidLogin" or device is None or form.get("device") != device.id:
        return text_answer(200, "Error=AUTHENTICATION_FAILED")
    channel = form.get("X-subtype", "")
    if form.get("delete") == "true":
        relay.unregister(device, channel)
        return text_answer(200, f"token={form.get('app', '')}")
    if not channel:
        # Chromium's own registration, made before the first page's: it is never sent anything, but must get a token.
        return text_answer(200, f"token={TOKEN_PREFIX}internal-{base64url.encode(entropy(12))}")
    return _register_page(relay, device, channel, form)


def _register_page(relay: Relay, device: UserAgent, channel: str, form: dict[str, str]) -> Answer:
    sender = form.get("sender", "")
    try:
        key = base64url.decode(sender)
        encryption.check_public_key(key)
    except ValueError:
        return text_answer(200, "Error=INVALID_SENDER")
    made = relay.register(
        device,
        channel,
        service=Service.FCM,
        endpoint=lambda token: f"{_STAGING_HOST}/fcm/send/{token}",
        key=key,
        app=form.get("app", ""),
        sender=sender,
    )
    return text_answer(200, f"token={made.token}")


def authenticated(relay: Relay, id_: str, secret: str) -> UserAgent | None:
    """Return the device if its security token is right."""
    device = relay.user_agent(id_)
    if device is None or device.kind is not Kind.CHROMIUM:
        return None
    return device if hmac.compare_digest(device.secret.encode(), secret.encode()) else None


def _number(entropy: Callable[[int], bytes]) -> int:
    return int.from_bytes(entropy(8), "big") >> (64 - _ID_BITS) | 1
