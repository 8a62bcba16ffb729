"""One portion of an import: rows checked like registrations, then written together. Running it again changes nothing.

What is known here is newer than any file: a person who left stays away, languages and people that the file knows better
are added only where nothing is known, and memberships are only added.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from heliograph.actions.attributes import merged_attributes
from heliograph.actions.registration import hash_endpoint
from heliograph.domain.endpoint import EndpointError, EndpointPolicy, PushService
from heliograph.domain.identity import check_external_id
from heliograph.domain.importing.base import WEB, Candidate, Refusal, RowRefused
from heliograph.domain.subscription import (
    MAX_GROUPS,
    Group,
    check_group,
    check_language,
    check_time_zone,
    short_user_agent,
)
from heliograph.errors import Problem
from heliograph.protocols import base64url
from heliograph.protocols.encryption import AUTH_BYTES, check_public_key

MAX_TOKEN = 4_096
_UNSAFE = str.maketrans(dict.fromkeys(" ./:#", "-"))


@dataclass(frozen=True, slots=True)
class Rules:
    """What rows of one import are checked against.

    Attributes:
        server_keys: identifiers of the project's keys that still sign, by public key.
        vapid_key_id: for rows that name no key.
        providers: identifiers by name; `""` is the default one.
        tags_are_groups: whether names and values become groups instead of attributes of people.
        keeps_expiry: whether an end that the file sets is taken over.
    """

    project_id: str
    policy: EndpointPolicy
    server_keys: Mapping[bytes, str]
    vapid_key_id: str | None
    providers: Mapping[str, str]
    tags_are_groups: bool = False
    keeps_expiry: bool = True


@dataclass(frozen=True, slots=True)
class Checked:
    """A row that may be written; `number` and `line` say where it stands."""

    number: int
    line: int
    channel: str
    address: str = field(repr=False)
    hash: bytes = field(repr=False)
    groups: tuple[Group, ...]
    external_id: str | None
    attributes: Mapping[str, Any]
    language: str | None
    time_zone: str | None
    created_at: datetime | None
    app_id: str | None = None
    push_service: PushService = PushService.OTHER
    p256dh: bytes = field(default=b"", repr=False)
    auth: bytes = field(default=b"", repr=False)
    vapid_key_id: str = ""
    provider_id: str = ""
    origin: str | None = None
    user_agent: str | None = None
    browser_expires_at: datetime | None = None
    expires_at: datetime | None = None
    dropped: tuple[str, ...] = ()

    @property
    def is_web(self) -> bool:
        """Whether something sends to it already."""
        return self.channel == WEB


def check(row: Candidate, rules: Rules, *, number: int, line: int, now: datetime) -> Checked:
    """Check a row as registration checks a browser. Optional fields that are wrong are dropped, and told.

    Raises:
        RowRefused: it cannot be kept.
    """
    dropped: Counter[str] = Counter(row.dropped)
    if rules.tags_are_groups:
        row = replace(row, groups=row.groups + _tag_groups(row.attributes), attributes={})
    external_id = _optional(check_external_id, row.external_id, "external_id", dropped)
    attributes = _attributes(row.attributes, dropped)
    if attributes and external_id is None and row.channel == WEB:
        dropped["attributes"] += 1
        attributes = {}
    common = Checked(
        number=number,
        line=line,
        channel=row.channel,
        address=row.address,
        hash=hash_endpoint(row.address),
        groups=_groups(row.groups, dropped),
        external_id=external_id,
        attributes=attributes,
        language=_optional(check_language, row.language, "language", dropped),
        time_zone=_optional(check_time_zone, row.time_zone, "time_zone", dropped),
        created_at=row.created_at if row.created_at is not None and row.created_at <= now else None,
        app_id=None if row.app_id is None else row.app_id[:200],
        dropped=tuple(dropped),
    )
    return _device(common) if row.channel != WEB else _web(row, common, rules, now=now)


def _web(row: Candidate, common: Checked, rules: Rules, *, now: datetime) -> Checked:
    try:
        service = rules.policy.route(row.address).service
    except EndpointError as error:
        raise RowRefused(Refusal.ENDPOINT_REFUSED, str(error)) from None
    p256dh, auth = _receiver_keys(row)
    expires_at = row.expires_at if rules.keeps_expiry else None
    if any(end is not None and end <= now for end in (expires_at, row.browser_expires_at)):
        raise RowRefused(Refusal.EXPIRED, "The subscription's time is over.")
    return replace(
        common,
        push_service=service,
        p256dh=p256dh,
        auth=auth,
        vapid_key_id=_vapid_key(row, rules),
        provider_id=rules.providers.get(row.provider or "") or rules.providers[""],
        origin=None if row.origin is None else row.origin[:300],
        user_agent=short_user_agent(row.user_agent),
        browser_expires_at=row.browser_expires_at,
        expires_at=expires_at,
    )


def _receiver_keys(row: Candidate) -> tuple[bytes, bytes]:
    try:
        p256dh = base64url.decode(row.p256dh)
        check_public_key(p256dh)
    except ValueError as error:
        raise RowRefused(Refusal.RECEIVER_KEYS_REFUSED, f"p256dh: {error}") from None
    try:
        auth = base64url.decode(row.auth)
    except ValueError as error:
        raise RowRefused(Refusal.RECEIVER_KEYS_REFUSED, f"auth: {error}") from None
    if len(auth) != AUTH_BYTES:
        raise RowRefused(Refusal.RECEIVER_KEYS_REFUSED, f"auth must be {AUTH_BYTES} bytes.")
    return p256dh, auth


def _vapid_key(row: Candidate, rules: Rules) -> str:
    if row.server_key is None:
        if rules.vapid_key_id is None:
            sentence = "The row does not say with which application server key it was made, and none was given."
            raise RowRefused(Refusal.KEY_MISSING, sentence)
        return rules.vapid_key_id
    try:
        found = rules.server_keys.get(base64url.decode(row.server_key))
    except ValueError:
        found = None
    if found is None:
        sentence = "It was made with an application server key that the project cannot sign with: import that key."
        raise RowRefused(Refusal.KEY_UNKNOWN, sentence)
    return found


def _device(common: Checked) -> Checked:
    token = common.address
    if len(token) > MAX_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        raise RowRefused(Refusal.TOKEN_REFUSED, "The device's token is no token.")
    return replace(common, hash=hashlib.sha256(token.encode()).digest())


def _optional(check_one: Any, value: str | None, name: str, dropped: Counter[str]) -> Any:
    try:
        return None if value is None else check_one(value)
    except ValueError:
        dropped[name] += 1
        return None


def _attributes(given: Mapping[str, Any], dropped: Counter[str]) -> Mapping[str, Any]:
    try:
        return merged_attributes({}, dict(given)) if given else {}
    except Problem:
        dropped["attributes"] += 1
        return {}


def _groups(given: Sequence[tuple[str, str | None]], dropped: Counter[str]) -> tuple[Group, ...]:
    found: dict[Group, None] = {}
    for name, identifier in given:
        try:
            found[check_group(name.strip().lower().translate(_UNSAFE), identifier)] = None
        except ValueError:
            dropped["group"] += 1
    if len(found) > MAX_GROUPS:
        dropped["group"] += 1
    return tuple(sorted(list(found)[:MAX_GROUPS], key=lambda group: (group.name, group.identifier or "")))


def _tag_groups(attributes: Mapping[str, Any]) -> tuple[tuple[str, str | None], ...]:
    plain = ((name, value) for name, value in attributes.items() if isinstance(value, str | int | float))
    return tuple((name, str(value) or None) for name, value in plain)
