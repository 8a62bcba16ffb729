"""What a browser says when it registers, checked before a transaction is opened: address, keys, proof of identity.

The checks are arithmetic on curves and signatures; nobody else's writing waits for them.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from heliograph.actions.config import PublicProject
from heliograph.actions.identity import check_proof
from heliograph.actions.visitors import Newcomer, hash_token
from heliograph.domain.endpoint import EndpointError, EndpointPolicy, PushService
from heliograph.domain.identity import Proof
from heliograph.domain.subscription import (
    MAX_GROUPS,
    Group,
    browser_expiry,
    check_group,
    check_language,
    check_time_zone,
    short_user_agent,
)
from heliograph.domain.user_agent import Device, device_of
from heliograph.errors import (
    ApplicationServerKeyUnknown,
    EndpointRefused,
    FieldError,
    InvalidRequest,
    Problem,
    ReceiverKeysRefused,
)
from heliograph.protocols import base64url
from heliograph.protocols.encryption import AUTH_BYTES, check_public_key

RETIRED = "The subscription was made with a key that is retired: subscribe again with the key of /config."


@dataclass(frozen=True, slots=True)
class Said:
    """A browser's words, unchecked. Keys are base64url or base64, `expiration_time` is milliseconds since 1970.

    `visitor` is the token that the page made; `admit` refuses one that is new when too many are.
    """

    endpoint: str = field(repr=False)
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)
    application_server_key: str
    expiration_time: float | None = None
    language: str | None = None
    time_zone: str | None = None
    groups: tuple[tuple[str, str | None], ...] = ()
    proof: Proof | None = None
    origin: str | None = None
    user_agent: str | None = None
    visitor: str | None = field(default=None, repr=False)
    admit: Callable[[], None] = lambda: None


@dataclass(frozen=True, slots=True)
class Registration:
    """A browser's words, checked. `endpoint` is kept byte for byte; `external_id` is proved."""

    endpoint: str = field(repr=False)
    endpoint_hash: bytes = field(repr=False)
    push_service: PushService
    p256dh: bytes = field(repr=False)
    auth: bytes = field(repr=False)
    vapid_key_id: str
    browser_expires_at: datetime | None
    language: str | None
    time_zone: str | None
    groups: tuple[Group, ...]
    external_id: str | None
    origin: str | None
    user_agent: str | None
    device: Device
    newcomer: Newcomer | None


def hash_endpoint(endpoint: str) -> bytes:
    """Return what an endpoint is found by: SHA-256."""
    return hashlib.sha256(endpoint.encode()).digest()


def check(said: Said, *, project: PublicProject, policy: EndpointPolicy, now: datetime) -> Registration:
    """Check what a browser says.

    Raises:
        EndpointRefused: the endpoint is no allowed push service's.
        ReceiverKeysRefused: p256dh or auth cannot be encrypted to.
        ApplicationServerKeyUnknown: the subscription was made with a key that the project cannot sign with.
        IdentityRefused: the proof of identity does not hold.
        InvalidRequest: anything else.
    """
    p256dh, auth = checked_receiver_keys(said.p256dh, said.auth)
    device = device_of(said.user_agent)
    language, time_zone = checked_language(said.language), checked_time_zone(said.time_zone)
    return Registration(
        endpoint=said.endpoint,
        endpoint_hash=hash_endpoint(said.endpoint),
        push_service=checked_push_service(said.endpoint, policy),
        p256dh=p256dh,
        auth=auth,
        vapid_key_id=_vapid_key_id(said.application_server_key, project),
        browser_expires_at=checked_expiry(said.expiration_time),
        language=language,
        time_zone=time_zone,
        groups=checked_groups(said.groups),
        external_id=None if said.proof is None else check_proof(said.proof, project.identity, now=now),
        origin=said.origin,
        user_agent=short_user_agent(said.user_agent),
        device=device,
        newcomer=None
        if said.visitor is None
        else Newcomer(hash_token(said.visitor), device, language, time_zone, said.admit),
    )


def checked_push_service(endpoint: str, policy: EndpointPolicy) -> PushService:
    """Return whose an endpoint is, or raise `EndpointRefused`."""
    try:
        return policy.route(endpoint).service
    except EndpointError as error:
        raise _at("/endpoint", error, EndpointRefused) from error


def checked_receiver_keys(p256dh: str, auth: str) -> tuple[bytes, bytes]:
    """Return a browser's keys as bytes, 65 and 16, or raise `ReceiverKeysRefused`."""
    try:
        point = base64url.decode(p256dh)
        check_public_key(point)
    except ValueError as error:
        raise _at("/keys/p256dh", error, ReceiverKeysRefused) from error
    try:
        secret = base64url.decode(auth)
        if len(secret) != AUTH_BYTES:
            raise ValueError(f"auth must be {AUTH_BYTES} bytes.")  # noqa: TRY301 - one place says what was wrong
    except ValueError as error:
        raise _at("/keys/auth", error, ReceiverKeysRefused) from error
    return point, secret


def _vapid_key_id(text: str, project: PublicProject) -> str:
    try:
        known = project.server_keys.get(base64url.decode(text))
    except ValueError as error:
        raise _at("/application_server_key", error, ApplicationServerKeyUnknown) from error
    if known is None and base64url.decode(text) in project.retired_keys:
        raise ApplicationServerKeyUnknown(RETIRED)
    if known is None:
        raise ApplicationServerKeyUnknown(
            "The subscription was made with a key that is not this project's: subscribe again with the key of /config."
        )
    return known


def checked_expiry(milliseconds: float | None) -> datetime | None:
    """Return the instant of a browser's `expirationTime`, or raise `InvalidRequest`."""
    try:
        return None if milliseconds is None else browser_expiry(milliseconds)
    except ValueError as error:
        raise _at("/expiration_time", error) from error


def checked_language(tag: str | None) -> str | None:
    """Return a checked language tag, or raise `InvalidRequest`."""
    try:
        return None if tag is None else check_language(tag)
    except ValueError as error:
        raise _at("/language", error) from error


def checked_time_zone(name: str | None) -> str | None:
    """Return a checked time zone, or raise `InvalidRequest`."""
    try:
        return None if name is None else check_time_zone(name)
    except ValueError as error:
        raise _at("/time_zone", error) from error


def checked_group(name: str, identifier: str | None, pointer: str = "path/name") -> Group:
    """Return a checked group, or raise `InvalidRequest`."""
    try:
        return check_group(name, identifier)
    except ValueError as error:
        raise _at(pointer, error) from error


def checked_groups(given: Iterable[tuple[str, str | None]]) -> tuple[Group, ...]:
    """Return checked groups, each once and in one order, or raise `InvalidRequest`."""
    found: set[Group] = set()
    for index, (name, identifier) in enumerate(given):
        found.add(checked_group(name, identifier, f"/groups/{index}"))
    if len(found) > MAX_GROUPS:
        sentence = f"A subscription is in at most {MAX_GROUPS} groups."
        raise InvalidRequest(sentence, (FieldError("/groups", sentence),))
    return tuple(sorted(found, key=lambda group: (group.name, group.identifier or "")))


def _at(pointer: str, error: ValueError, problem: type[Problem] = InvalidRequest) -> Problem:
    return problem(str(error), (FieldError(pointer, str(error)),))
