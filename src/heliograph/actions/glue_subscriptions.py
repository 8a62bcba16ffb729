"""Subscribing through the Glue API: Spryker's rules in Spryker's order, and rows like everybody else's.

A subscription of Spryker's is one browser in one group with one provider. Here one browser is one row, however many
groups it joins; `actions/subscriptions.py` has the same rows for browsers that speak for themselves.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError

from heliograph.actions import glue_settings, subscription_events
from heliograph.actions import groups as group_actions
from heliograph.actions.registration import (
    checked_expiry,
    checked_push_service,
    checked_receiver_keys,
    hash_endpoint,
)
from heliograph.domain import glue_faults as faults
from heliograph.domain.endpoint import EndpointPolicy, PushService
from heliograph.domain.glue import ClaimError, GlueSettings, check_claim
from heliograph.domain.glue_faults import Fault, GlueRefused
from heliograph.domain.subscription import Group, SubscriptionState, check_group
from heliograph.errors import Conflict, Problem, Unavailable
from heliograph.kit.context import Context
from heliograph.names import Channel
from heliograph.protocols import base64url
from heliograph.storage import groups, key_retirement, providers, subscriptions, vapid_keys
from heliograph.storage.providers import Provider
from heliograph.storage.store import Tx
from heliograph.storage.subscriptions import Subscription
from heliograph.storage.vapid_keys import VapidKeyState

_SECRET_BYTES = 32
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Wish:
    """What a caller asks for, unchecked.

    Attributes:
        identifier: empty is the same as none.
        payload: the member `payload` as it came.
        locale: anything that came as `localeName`, None for nothing.
        claim: a JWT that allows to join the group.
    """

    provider_name: str
    group_name: str
    identifier: str | None
    payload: Any = field(repr=False)
    locale: Any = None
    claim: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Address:
    """A browser's endpoint and keys, checked. `server_key` is what the browser subscribed with, if the caller says."""

    endpoint: str = field(repr=False)
    endpoint_hash: bytes = field(repr=False)
    push_service: PushService
    p256dh: bytes = field(repr=False)
    auth: bytes = field(repr=False)
    browser_expires_at: datetime | None
    server_key: bytes | None


@dataclass(frozen=True, slots=True)
class Subscribed:
    """What came of it. `faults` are told although everything was done."""

    subscription_id: str
    faults: tuple[Fault, ...]


def read_payload(payload: Any, policy: EndpointPolicy) -> Address | Fault:
    """Check a payload before a transaction is opened: curves are arithmetic that nobody should wait for."""
    if not isinstance(payload, dict):
        return faults.WRONG_PAYLOAD.because("The payload is an object with endpoint and keys.")
    keys = payload.get("keys")
    pair = (keys.get("p256dh"), keys.get("auth")) if isinstance(keys, dict) else (None, None)
    if pair == (None, None):
        pair = (payload.get("publicKey"), payload.get("authToken"))
    endpoint, (p256dh, auth) = payload.get("endpoint"), pair
    if not (isinstance(endpoint, str) and isinstance(p256dh, str) and isinstance(auth, str)):
        return faults.WRONG_PAYLOAD.because(
            "Give endpoint with publicKey and authToken, or with keys.p256dh and keys.auth: every message is encrypted."
        )
    expiry, server_key = payload.get("expirationTime"), payload.get("applicationServerKey")
    if isinstance(expiry, bool) or not isinstance(expiry, int | float | None):
        return faults.WRONG_PAYLOAD.because("The expirationTime is a number of milliseconds, or null.")
    try:
        p256dh_bytes, auth_bytes = checked_receiver_keys(p256dh, auth)
        return Address(
            endpoint=endpoint,
            push_service=checked_push_service(endpoint, policy),
            endpoint_hash=hash_endpoint(endpoint),
            p256dh=p256dh_bytes,
            auth=auth_bytes,
            browser_expires_at=checked_expiry(expiry),
            server_key=None if server_key is None else base64url.decode(str(server_key)),
        )
    except (Problem, ValueError) as error:
        return faults.WRONG_PAYLOAD.because(error.detail if isinstance(error, Problem) else str(error))


async def subscribe(
    tx: Tx, ctx: Context, *, project_id: str, wish: Wish, address: Address | Fault, refusal: str | None = None
) -> Subscribed:
    """Let a browser join a group, or renew what it has. `refusal` is what the shop's own check has against it.

    Raises:
        GlueRefused: with everything that is wrong; nothing was changed.
    """
    kept = await glue_settings.get(tx, project_id=project_id)
    settings = kept.settings
    found: list[Fault] = []
    provider = await providers.named(tx, project_id, wish.provider_name)
    if provider is None:
        found.append(faults.PROVIDER_NOT_FOUND)
    group = _group(wish, settings)
    if isinstance(group, Fault):
        found.append(group)
    holder, key_id, is_repeat = None, None, False
    if isinstance(address, Address):
        # Keys are held before subscriptions are locked, everywhere: then no two transactions wait for each other.
        key_id = await _held_key(tx, project_id, address)
        holder = await _locked_holder(tx, project_id, address)
        is_repeat = isinstance(group, Group) and await _is_repeat(tx, ctx, holder, provider, group)
    told = (faults.SUBSCRIBED_ALREADY,) if is_repeat and settings.repeat_is_error else ()
    found += told
    if wish.locale is not None and not (isinstance(wish.locale, str) and settings.knows_locale(wish.locale)):
        found.append(faults.NO_LOCALE)
    if isinstance(address, Fault):
        found.append(address)
    elif holder is not None and not _has_keys(holder, address):
        found.append(faults.WRONG_PAYLOAD.because("This endpoint is registered with other keys."))
    elif key_id is None:
        found.append(faults.WRONG_PAYLOAD.because("It was made with a key that is not the project's, or is retired."))
    if isinstance(group, Group) and group.name in settings.claimed_groups:
        found += _claim_faults(wish, group, glue_settings.claim_key(ctx, project_id, kept), ctx.now)
    found += [_no_group(wish.group_name).because(refusal)] if refusal else []
    if len(found) > len(told) or provider is None or isinstance(group, Fault) or isinstance(address, Fault):
        raise GlueRefused(*found)
    values = _said(ctx, wish, address, provider) | {"vapid_key_id": key_id}
    subscription_id = await _write(tx, ctx, project_id, holder=holder, values=values, settings=settings)
    await _join(tx, ctx, project_id, subscription_id, group)
    return Subscribed(subscription_id, told)


def group_of(wish: Wish) -> Group | None:
    """Return the group that is to be joined; None for one that cannot be."""
    try:
        return check_group(wish.group_name, wish.identifier or None)
    except ValueError:
        return None


def _group(wish: Wish, settings: GlueSettings) -> Group | Fault:
    try:
        group = check_group(wish.group_name, wish.identifier or None)
    except ValueError as error:
        return faults.WRONG_GROUP.because(str(error))
    if settings.group_names and group.name not in settings.group_names:
        return faults.WRONG_GROUP
    return group


async def _locked_holder(tx: Tx, project_id: str, address: Address) -> Subscription | None:
    """Lock and return the row that has the endpoint; nobody else takes the endpoint before this transaction ends."""
    await subscriptions.claim(tx, project_id, address.endpoint_hash)
    for _ in range(_TRIES):
        found = await subscriptions.of_endpoint(tx, project_id, address.endpoint_hash)
        if found is None:
            return None
        await subscriptions.lock(tx, [found.id])
        locked = await subscriptions.of_endpoint(tx, project_id, address.endpoint_hash)
        if locked is not None and locked.id == found.id:
            return locked
    raise Unavailable("The endpoint is being moved just now: try again.")


async def _is_repeat(
    tx: Tx, ctx: Context, holder: Subscription | None, provider: Provider | None, group: Group
) -> bool:
    """Tell whether the browser is in the group already, with this provider and in force."""
    if holder is None or provider is None or not _is_alive(holder, ctx.now):
        return False
    if await subscriptions.provider_of(tx, holder.id) != provider.id:
        return False
    return group in (await groups.of_subscriptions(tx, [holder.id]))[holder.id]


def _is_alive(holder: Subscription, now: datetime) -> bool:
    return holder.state is SubscriptionState.ACTIVE and (holder.expires_at is None or holder.expires_at > now)


def _has_keys(holder: Subscription, address: Address) -> bool:
    return hmac.compare_digest(holder.p256dh + holder.auth, address.p256dh + address.auth)


def _claim_faults(wish: Wish, group: Group, secret: str | None, now: datetime) -> list[Fault]:
    try:
        check_claim(wish.claim, group, secret or "", now=now)
    except ClaimError as error:
        return [_no_group(group.name).because(str(error))]
    return []


def _no_group(name: str) -> Fault:
    return faults.NO_WAREHOUSE if name == "warehouse" else faults.NO_GROUP


async def _held_key(tx: Tx, project_id: str, address: Address) -> str | None:
    """Return which application server key the browser subscribed with: as it says, as it was, else the active one.

    Nobody retires it before this transaction ends; None if it is not the project's, or retired already.
    """
    known = await vapid_keys.of_project(tx, project_id)
    holder = await subscriptions.of_endpoint(tx, project_id, address.endpoint_hash)
    if address.server_key is not None:
        match = [key for key in known if key.public_key == address.server_key]
    elif holder is not None:
        # The endpoint is the same, and a browser ties an endpoint to one key.
        match = [key for key in known if key.id == holder.vapid_key_id]
    else:
        match = [key for key in known if key.state is VapidKeyState.ACTIVE]
    if not match or await key_retirement.hold(tx, match[0].id) in (None, VapidKeyState.RETIRED):
        return None
    return match[0].id


def _said(ctx: Context, wish: Wish, address: Address, provider: Provider) -> dict[str, Any]:
    values: dict[str, Any] = {
        "provider_id": provider.id,
        "channel": Channel.WEB,
        "state": SubscriptionState.ACTIVE,
        "state_reason": None,
        "ended_at": None,
        "endpoint": address.endpoint,
        "endpoint_hash": address.endpoint_hash,
        "push_service": address.push_service,
        "p256dh": address.p256dh,
        "auth": address.auth,
        "browser_expires_at": address.browser_expires_at,
        "refreshed_at": ctx.now,
    }
    if isinstance(wish.locale, str):
        values["language"] = wish.locale.replace("_", "-")
    return values


async def _write(
    tx: Tx,
    ctx: Context,
    project_id: str,
    *,
    holder: Subscription | None,
    values: dict[str, Any],
    settings: GlueSettings,
) -> str:
    expires_at = None if settings.subscription_ttl is None else ctx.now + settings.subscription_ttl
    try:
        async with tx.begin_nested():
            if holder is not None:
                is_alive = _is_alive(holder, ctx.now)
                if not is_alive or holder.vapid_key_id != values["vapid_key_id"]:
                    values["endpoint_since"] = ctx.now
                if is_alive and holder.expires_at is None:
                    # The browser registered by itself, for as long as its endpoint lives: that is more.
                    expires_at = None
                await subscriptions.change(tx, holder.id, values | {"expires_at": expires_at})
                subscription_events.tell_changed(tx, ctx, holder, values)
                return holder.id
            row = {
                "id": ctx.ids.new("sub"),
                "project_id": project_id,
                # Nobody is told this secret: who speaks through the Glue API is not the page.
                "secret_hash": hashlib.sha256(ctx.random_bytes(_SECRET_BYTES)).digest(),
                "created_at": ctx.now,
                "endpoint_since": ctx.now,
                "expires_at": expires_at,
            }
            if await subscriptions.add(tx, row | values):
                subscription_events.tell_created(tx, ctx, row | values)
                return str(row["id"])
    except IntegrityError as error:
        # The provider was deleted in this moment.
        raise GlueRefused(faults.PROVIDER_NOT_FOUND) from error
    raise Unavailable("The endpoint is being registered just now: try again.")


async def _join(tx: Tx, ctx: Context, project_id: str, subscription_id: str, group: Group) -> None:
    try:
        await group_actions.join(tx, ctx, project_id=project_id, subscription_id=subscription_id, joined=[group])
    except Conflict as error:
        raise GlueRefused(faults.WRONG_GROUP.because(error.detail)) from error
