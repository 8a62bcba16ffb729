"""What a push service must refuse: RFC 8030 section 5, RFC 8188 section 2.1, RFC 8291 section 4, RFC 8292 section 4.2.

Pure functions from a request to what it asks for, or a `Refused` with the rule that was broken. How a vendor words a
refusal is in `vendors`.
"""

import re
import struct
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from heliograph.devpush.model import Registration, Service, Urgency
from heliograph.devpush.wire import Request
from heliograph.protocols import encryption, vapid

_HEADER = struct.Struct(">16sIB")
_MIN_SEALED = 17
_MIN_RECORD_SIZE = 18
_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_NEGATIVE = re.compile(r"-[0-9]+", re.ASCII)
_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}", re.ASCII)
_MOZILLA_TOPIC = re.compile(r"(?=.{1,32}$)[A-Za-z0-9_-]+=*", re.ASCII)
_MAX_TTL_DIGITS = 18
_TOKEN_CACHE = 4096

MAX_TTL = {
    Service.FCM: timedelta(weeks=4),
    Service.MOZILLA: timedelta(days=30),
    Service.APPLE: timedelta(days=30),
    Service.WNS: timedelta(days=30),
    Service.STANDARD: timedelta(days=30),
}
"""Longest storage; a longer TTL is shortened (RFC 8030 section 5.2 allows it)."""


class Rule(StrEnum):
    """A rule that a request broke."""

    METHOD = "method"
    UNKNOWN = "unknown_endpoint"
    GONE = "gone_endpoint"
    PATH = "path"
    AUTH_MISSING = "auth_missing"
    AUTH_MALFORMED = "auth_malformed"
    AUTH_KEY = "auth_key"
    AUTH_TOKEN = "auth_token"  # noqa: S105 - a name
    AUTH_BINDING = "auth_binding"
    TTL_MISSING = "ttl_missing"
    TTL_INVALID = "ttl_invalid"
    TTL_NEGATIVE = "ttl_negative"
    TTL_CACHE_POLICY = "ttl_cache_policy"
    URGENCY = "urgency"
    TOPIC = "topic"
    TOO_LARGE = "too_large"
    ENCODING = "content_encoding"
    ENCRYPTION = "encryption_header"
    KEY_REUSED = "key_reused"
    CHUNKED = "chunked"


class Refused(Exception):  # noqa: N818 - the outcome's name in the glossary
    """The request breaks a rule; `detail` says how in one sentence."""

    def __init__(self, rule: Rule, detail: str) -> None:
        super().__init__(detail)
        self.rule = rule
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Push:
    """What a request that breaks no rule asks for."""

    body: bytes | None
    ttl_seconds: int
    urgency: Urgency
    topic: str | None


class TokenCache:
    """Verified tokens: senders repeat one Authorization value for hours, and a signature costs more than the rest."""

    def __init__(self) -> None:
        self._tokens: OrderedDict[tuple[str, str], vapid.VerifiedToken] = OrderedDict()

    def verify(self, authorization: str | None, *, audience: str, now: datetime) -> vapid.VerifiedToken:
        """Verify once, then only watch the clock. Raises `VapidError`."""
        key = (authorization or "", audience)
        known = self._tokens.get(key)
        if known is not None and now < known.expires_at <= now + vapid.MAX_LIFETIME:
            return known
        token = vapid.verify(authorization, audience=audience, now=now)
        self._tokens[key] = token
        if len(self._tokens) > _TOKEN_CACHE:
            self._tokens.popitem(last=False)
        return token


def check(request: Request, registration: Registration, service: Service, tokens: TokenCache, now: datetime) -> Push:
    """Check a whole request to a live endpoint.

    Raises:
        Refused: at the first rule that is broken.
    """
    _check_size(request)
    key = _check_authorization(request, registration, service, tokens, now)
    ttl_seconds = _ttl(request, service)
    urgency = _urgency(request)
    topic = _topic(request, service)
    body = _body(request, key)
    if service is Service.WNS:
        _check_wns(request, registration, ttl_seconds)
    return Push(body, ttl_seconds, urgency, topic)


def _check_size(request: Request) -> None:
    if len(request.body) > encryption.MAX_BODY:
        raise Refused(Rule.TOO_LARGE, f"The body has {len(request.body)} bytes; {encryption.MAX_BODY} are allowed.")


def _check_authorization(
    request: Request, registration: Registration, service: Service, tokens: TokenCache, now: datetime
) -> bytes | None:
    """Return the application server key that signed the request, or None where none is needed (RFC 8292 section 4)."""
    values = request.values("authorization")
    if not values:
        if registration.key is None:
            return None
        raise Refused(
            Rule.AUTH_MISSING, "The subscription is restricted to a key, and there is no Authorization header."
        )
    if len(values) > 1:
        raise Refused(Rule.AUTH_MALFORMED, "There are several Authorization headers.")
    try:
        token = tokens.verify(values[0], audience=request.origin, now=now)
        _check_subject(token, service)
    except vapid.VapidError as error:
        raise Refused(_auth_rule(error.fault), str(error)) from error
    if registration.key is not None and token.public_key != registration.key:
        raise Refused(Rule.AUTH_BINDING, "The subscription was made with another application server key.")
    return token.public_key


def _check_subject(token: vapid.VerifiedToken, service: Service) -> None:
    """Apple wants a contact that it could reach; the others only want its form right when there is one."""
    subject = token.subject
    if service is Service.APPLE:
        try:
            vapid.check_subject(subject or "")
        except ValueError as error:
            raise vapid.VapidError(vapid.VapidFault.SUBJECT, str(error)) from error
    elif subject is not None and not subject.startswith(("mailto:", "https:")):
        raise vapid.VapidError(vapid.VapidFault.SUBJECT, "sub must be a mailto: or https: address.")


def _auth_rule(fault: vapid.VapidFault) -> Rule:
    match fault:
        case vapid.VapidFault.MISSING:
            return Rule.AUTH_MISSING
        case vapid.VapidFault.MALFORMED:
            return Rule.AUTH_MALFORMED
        case vapid.VapidFault.KEY:
            return Rule.AUTH_KEY
        case _:
            return Rule.AUTH_TOKEN


def _ttl(request: Request, service: Service) -> int:
    values = request.values("ttl")
    if not values:
        raise Refused(Rule.TTL_MISSING, "The TTL header is missing.")
    if len(values) > 1:
        raise Refused(Rule.TTL_INVALID, "There are several TTL headers.")
    if _NEGATIVE.fullmatch(values[0]):
        raise Refused(Rule.TTL_NEGATIVE, "TTL must not be negative.")
    if not _DIGITS.fullmatch(values[0]) or len(values[0]) > _MAX_TTL_DIGITS:
        raise Refused(Rule.TTL_INVALID, "TTL must be a whole number of seconds.")
    return min(int(values[0]), int(MAX_TTL[service].total_seconds()))


def _urgency(request: Request) -> Urgency:
    values = request.values("urgency")
    if not values:
        return Urgency.NORMAL
    if len(values) > 1 or "," in values[0]:
        raise Refused(Rule.URGENCY, "There is more than one Urgency.")
    try:
        return Urgency(values[0])
    except ValueError:
        raise Refused(Rule.URGENCY, "Urgency is one of very-low, low, normal and high.") from None


def _topic(request: Request, service: Service) -> str | None:
    values = request.values("topic")
    if not values:
        return None
    if len(values) > 1:
        raise Refused(Rule.TOPIC, "There are several Topic headers.")
    form = _MOZILLA_TOPIC if service is Service.MOZILLA else _TOPIC
    if not form.fullmatch(values[0]):
        raise Refused(Rule.TOPIC, "Topic is 1 to 32 characters of the base64url alphabet.")
    if service is Service.APPLE and len(values[0]) % 4 == 1:
        raise Refused(Rule.TOPIC, "Topic does not decode as base64url: no bytes have this length.")
    return values[0]


def _body(request: Request, key: bytes | None) -> bytes | None:
    """Return the body if it is one plausible record, or None when there is none."""
    encodings = request.values("content-encoding")
    if not request.body and not encodings:
        return None
    if encodings != ["aes128gcm"]:
        raise Refused(Rule.ENCODING, "Content-Encoding must be exactly aes128gcm.")
    sender = _check_encryption_header(request.body)
    if key is not None and sender == key:
        raise Refused(Rule.KEY_REUSED, "The message is encrypted with the key that signs (RFC 8292 section 3.2).")
    return request.body


def _check_encryption_header(body: bytes) -> bytes:
    """Return the sender's public key from an RFC 8188 header that holds exactly one record."""
    start = _HEADER.size + encryption.PUBLIC_KEY_BYTES
    if len(body) < start + _MIN_SEALED:
        raise Refused(Rule.ENCRYPTION, "The body is shorter than an empty encrypted message.")
    _salt, record_size, key_length = _HEADER.unpack_from(body)
    if key_length != encryption.PUBLIC_KEY_BYTES:
        raise Refused(Rule.ENCRYPTION, "idlen must be 65, the length of the sender's public key.")
    if record_size < _MIN_RECORD_SIZE:
        raise Refused(Rule.ENCRYPTION, "rs must be at least 18.")
    if len(body) - start > record_size:
        raise Refused(Rule.ENCRYPTION, "A push message is exactly one record; this one has several.")
    sender = body[_HEADER.size : start]
    try:
        encryption.check_public_key(sender)
    except ValueError:
        raise Refused(Rule.ENCRYPTION, "keyid is not a point on the curve P-256.") from None
    return sender


def _check_wns(request: Request, registration: Registration, ttl_seconds: int) -> None:
    """WNS caches by default, takes no chunked body, and keeps part of the address in the query."""
    if ttl_seconds == 0 and (request.value("x-wns-cache-policy") or "cache") != "no-cache":
        raise Refused(Rule.TTL_CACHE_POLICY, "Ttl value conflicts with X-WNS-Cache-Policy.")
    if request.value("transfer-encoding") is not None:
        raise Refused(Rule.CHUNKED, "Chunked transfer encoding is not supported.")
    if "?" in registration.endpoint and request.target.partition("?")[2] != registration.endpoint.partition("?")[2]:
        raise Refused(Rule.PATH, "The channel URI is not valid: its query was changed.")
