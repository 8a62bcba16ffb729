"""What a browser does with its subscription: register, refresh, replace, look, leave. RFC 8030 section 4, Push API.

Possession decides. Whoever shows p256dh and auth of an endpoint is the browser, since nobody else is told them; whoever
shows the row's secret is the page that registered it. Rows are locked in the order of their identifiers, and before
groups and profiles, so that no two transactions wait for each other.
"""

import hashlib
import hmac
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import IntegrityError

from heliograph.actions import audit, identity, subscription_events, visitors
from heliograph.actions import groups as group_actions
from heliograph.actions.config import PublicProject
from heliograph.actions.registration import RETIRED, Registration
from heliograph.domain.subscription import EndReason, Group, SubscriptionState
from heliograph.errors import ApplicationServerKeyUnknown, NotFound, SubscriptionConflict, Unauthorized, Unavailable
from heliograph.kit.context import Context
from heliograph.kit.paging import Page, read_page
from heliograph.names import Act, Channel, EventType
from heliograph.protocols import base64url
from heliograph.storage import groups, key_retirement, subscriptions
from heliograph.storage.store import Tx
from heliograph.storage.subscriptions import Filter, Subscription
from heliograph.storage.vapid_keys import VapidKeyState

SECRET_PREFIX = "hss_"  # noqa: S105 - what every subscription secret begins with
_SECRET_BYTES = 32
_TRIES = 5
"""How often a change starts over because somebody else changed the same endpoint in the same moment."""


@dataclass(frozen=True, slots=True)
class Known:
    """A subscription as its browser may see it."""

    subscription: Subscription
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Registered:
    """A registered subscription and its secret, which is not kept and cannot be shown again."""

    known: Known
    secret: str = field(repr=False)
    is_new: bool


async def register(tx: Tx, ctx: Context, project: PublicProject, registration: Registration) -> Registered:
    """Register an endpoint, or refresh it and give a new secret if the project has it with the same keys.

    Raises:
        ApplicationServerKeyUnknown: the key that it was made with was retired a moment ago.
        SubscriptionConflict: the endpoint is registered with other keys.
    """
    await _hold_key(tx, registration)
    secret = SECRET_PREFIX + base64url.encode(ctx.random_bytes(_SECRET_BYTES))
    new_id = ctx.ids.new("sub")
    row = _new_row(ctx, project, registration, new_id) | {"secret_hash": _hash(secret)}
    is_new = await subscriptions.add(tx, row)
    if is_new:
        subscription_events.tell_created(tx, ctx, row)
        subscription_id = new_id
    else:
        old = await _locked_holder(tx, project.id, registration)
        values = _fresh(ctx, registration, old)
        await subscriptions.change(tx, old.id, values | {"secret_hash": _hash(secret)})
        subscription_events.tell_changed(tx, ctx, old, values)
        subscription_id = old.id
    await _attach(tx, ctx, project.id, subscription_id, registration)
    return Registered(await look(tx, project.id, subscription_id), secret, is_new)


async def _hold_key(tx: Tx, registration: Registration) -> None:
    """Keep the application server key from being retired while somebody registers with it."""
    if await key_retirement.hold(tx, registration.vapid_key_id) is VapidKeyState.RETIRED:
        raise ApplicationServerKeyUnknown(RETIRED)


async def _locked_holder(tx: Tx, project_id: str, registration: Registration) -> Subscription:
    """Lock and return the row that has the endpoint, if the browser shows its keys."""
    await subscriptions.claim(tx, project_id, registration.endpoint_hash)
    for _ in range(_TRIES):
        found = await subscriptions.of_endpoint(tx, project_id, registration.endpoint_hash)
        if found is None:
            continue
        await subscriptions.lock(tx, [found.id])
        locked = await subscriptions.of_endpoint(tx, project_id, registration.endpoint_hash)
        if locked is not None and locked.id == found.id:
            _check_possession(locked, registration)
            return locked
    raise Unavailable("The endpoint is being moved just now: try again.")


def _check_possession(holder: Subscription, registration: Registration) -> None:
    # An endpoint alone proves little: it passes through logs and proxies. The keys never leave browser and server.
    same = hmac.compare_digest(holder.p256dh + holder.auth, registration.p256dh + registration.auth)
    if not same:
        raise SubscriptionConflict(
            "This endpoint is registered with other keys: subscribe anew to get another endpoint."
        )


class _OvertakenError(Exception):
    """Somebody else changed the same endpoint in the same moment: look again."""


async def replace(
    tx: Tx,
    ctx: Context,
    project: PublicProject,
    registration: Registration,
    *,
    subscription_id: str,
    secret: str | None,
) -> Known:
    """Refresh a subscription, or give it another endpoint: id, groups, person and history stay, and it is active again.

    If another row of the project has the endpoint, the browser must show that row's keys; that row ends as `replaced`
    and loses its endpoint, its groups and its person.

    Raises:
        NotFound: there is no such subscription in the project.
        Unauthorized: the secret is not the subscription's.
        ApplicationServerKeyUnknown: the key that it was made with was retired a moment ago.
        SubscriptionConflict: the endpoint is registered with other keys.
    """
    await _hold_key(tx, registration)
    await authorized(tx, project.id, subscription_id, secret)
    await subscriptions.claim(tx, project.id, registration.endpoint_hash)
    for _ in range(_TRIES):
        try:
            # A savepoint, because going back to it also gives the locks of a try back.
            async with tx.begin_nested():
                holder = await subscriptions.of_endpoint(tx, project.id, registration.endpoint_hash)
                rival_id = None if holder is None or holder.id == subscription_id else holder.id
                await subscriptions.lock(tx, [subscription_id] if rival_id is None else [subscription_id, rival_id])
                own = await authorized(tx, project.id, subscription_id, secret)
                await _take_over(tx, ctx, registration, own, rival_id)
        except (IntegrityError, _OvertakenError):
            continue
        await _attach(tx, ctx, project.id, subscription_id, registration)
        return await look(tx, project.id, subscription_id)
    raise Unavailable("The endpoint is being moved just now: try again.")


async def _take_over(tx: Tx, ctx: Context, registration: Registration, own: Subscription, rival_id: str | None) -> None:
    """Write what the browser said into its row; end the other row that has its endpoint, if there is one."""
    holder = await subscriptions.of_endpoint(tx, own.project_id, registration.endpoint_hash)
    if (None if holder is None or holder.id == own.id else holder.id) != rival_id:
        raise _OvertakenError
    if holder is not None and rival_id is not None:
        _check_possession(holder, registration)
        await _end_replaced(tx, ctx, rival_id)
    values = _fresh(ctx, registration, own)
    await subscriptions.change(tx, own.id, values)
    # Told last: what fails before takes the savepoint back, and nothing must be told of it.
    if rival_id is not None:
        which = {"project_id": own.project_id, "subscription_id": rival_id}
        subscription_events.tell(tx, ctx, EventType.SUBSCRIPTION_GONE, **which, reason=str(EndReason.REPLACED))
    subscription_events.tell_changed(tx, ctx, own, values)


async def _end_replaced(tx: Tx, ctx: Context, subscription_id: str) -> None:
    """End a row whose endpoint moved to another row; it gives the endpoint up, for two rows must not push to one."""
    await subscriptions.change(
        tx,
        subscription_id,
        {
            "state": SubscriptionState.GONE,
            "state_reason": EndReason.REPLACED,
            "ended_at": ctx.now,
            "endpoint": "",
            "endpoint_hash": hashlib.sha256(f"{EndReason.REPLACED}\0{subscription_id}".encode()).digest(),
            "profile_id": None,
        },
    )
    await groups.leave_all(tx, subscription_id)


def _new_row(ctx: Context, project: PublicProject, registration: Registration, new_id: str) -> dict[str, Any]:
    return {
        "id": new_id,
        "project_id": project.id,
        "provider_id": project.provider_id,
        "channel": Channel.WEB,
        "created_at": ctx.now,
        "endpoint_since": ctx.now,
        "language": None,
        "time_zone": None,
        "profile_id": None,
    } | _said(ctx, registration)


def _fresh(ctx: Context, registration: Registration, old: Subscription) -> dict[str, Any]:
    """Return what changes in a row; `endpoint_since` moves with the endpoint or its key, or when it lives again."""
    values = _said(ctx, registration)
    is_same = (old.endpoint_hash, old.vapid_key_id) == (registration.endpoint_hash, registration.vapid_key_id)
    if not is_same or old.state is not SubscriptionState.ACTIVE:
        values["endpoint_since"] = ctx.now
    return values


def _said(ctx: Context, registration: Registration) -> dict[str, Any]:
    values: dict[str, Any] = {
        "state": SubscriptionState.ACTIVE,
        "state_reason": None,
        "ended_at": None,
        "endpoint": registration.endpoint,
        "endpoint_hash": registration.endpoint_hash,
        "push_service": registration.push_service,
        "p256dh": registration.p256dh,
        "auth": registration.auth,
        "vapid_key_id": registration.vapid_key_id,
        "browser_expires_at": registration.browser_expires_at,
        # A browser that speaks for itself is kept as long as its endpoint lives.
        "expires_at": None,
        "origin": registration.origin,
        "user_agent": registration.user_agent,
        "browser": registration.device.browser,
        "os": registration.device.os,
        "is_mobile": registration.device.is_mobile,
        "refreshed_at": ctx.now,
    }
    # What a browser does not say stays as it was said before.
    if registration.language is not None:
        values["language"] = registration.language
    if registration.time_zone is not None:
        values["time_zone"] = registration.time_zone
    return values


async def _attach(tx: Tx, ctx: Context, project_id: str, subscription_id: str, registration: Registration) -> None:
    """Join the groups that were named (those it is in stay), and bind the person who was proved, or the visitor."""
    await group_actions.join(
        tx, ctx, project_id=project_id, subscription_id=subscription_id, joined=registration.groups
    )
    if registration.external_id is not None:
        await identity.bind(
            tx, ctx, project_id=project_id, subscription_id=subscription_id, external_id=registration.external_id
        )
        if registration.newcomer is not None:
            who = {"external_id": registration.external_id}
            await visitors.identify(tx, ctx, project_id, registration.newcomer, **who)
    elif registration.newcomer is not None:
        await visitors.adopt(tx, ctx, project_id, registration.newcomer, subscription_id=subscription_id)


async def look(tx: Tx, project_id: str, subscription_id: str) -> Known:
    """Return a subscription with its groups, or raise `NotFound`."""
    found = await subscriptions.get(tx, project_id, subscription_id)
    if found is None:
        raise NotFound("There is no such subscription in this project.")
    return await with_groups(tx, found)


async def with_groups(tx: Tx, subscription: Subscription) -> Known:
    """Add its groups to a subscription."""
    joined = await groups.of_subscriptions(tx, [subscription.id])
    return Known(subscription, tuple(joined[subscription.id]))


async def listing(tx: Tx, *, project_id: str, wanted: Filter, cursor: str | None, limit: int) -> Page[Known]:
    """Return a page of subscriptions with their groups, oldest first."""

    async def fetch(after: str | None, count: int) -> list[Known]:
        found = await subscriptions.page(tx, project_id, wanted, after=after, limit=count)
        joined = await groups.of_subscriptions(tx, [one.id for one in found])
        return [Known(one, tuple(joined[one.id])) for one in found]

    return await read_page(
        fetch,
        lambda known: known.subscription.id,
        listing=f"subscriptions/{project_id}/{wanted}",
        cursor=cursor,
        limit=limit,
    )


async def locked(tx: Tx, project_id: str, subscription_id: str) -> Subscription:
    """Return a subscription for an operator to change; nobody else changes it meanwhile.

    Raises:
        NotFound: there is no such subscription in the project.
    """
    if await subscriptions.get(tx, project_id, subscription_id) is None:
        raise NotFound("There is no such subscription in this project.")
    await subscriptions.lock(tx, [subscription_id])
    found = await subscriptions.get(tx, project_id, subscription_id)
    if found is None:
        raise NotFound("There is no such subscription in this project.")
    return found


async def authorized(
    tx: Tx, project_id: str, subscription_id: str, secret: str | None, *, lock: bool = False
) -> Subscription:
    """Return a subscription whose secret was shown; with `lock`, keep others from changing it.

    Raises:
        NotFound: there is no such subscription in the project, so the browser has to register again.
        Unauthorized: the secret is missing or not the subscription's.
    """
    found = await subscriptions.get(tx, project_id, subscription_id)
    if found is None:
        raise NotFound("There is no such subscription in this project: register again.")
    if secret is None or not hmac.compare_digest(_hash(secret), found.secret_hash):
        raise Unauthorized("Show the subscription's secret: Authorization: Bearer hss_….")
    if not lock:
        return found
    # Looked at again under the lock, and not locked before: a stranger must not lock anything.
    await subscriptions.lock(tx, [subscription_id])
    return await authorized(tx, project_id, subscription_id, secret)


async def end(tx: Tx, ctx: Context, *, subscription: Subscription, reason: EndReason) -> None:
    """Unsubscribe: nothing is sent any more, and it belongs to no group and no person. The row stays as a tombstone."""
    if subscription.state is SubscriptionState.UNSUBSCRIBED:
        return
    await subscriptions.change(
        tx,
        subscription.id,
        {
            "state": SubscriptionState.UNSUBSCRIBED,
            "state_reason": reason,
            "ended_at": ctx.now,
            "profile_id": None,
        },
    )
    await groups.leave_all(tx, subscription.id)
    which = {"project_id": subscription.project_id, "subscription_id": subscription.id}
    subscription_events.tell(tx, ctx, EventType.SUBSCRIPTION_UNSUBSCRIBED, **which, reason=str(reason))
    if reason is EndReason.BY_OPERATOR:
        act = Act.SUBSCRIPTION_ENDED
        await audit.note(tx, ctx, act, project_id=subscription.project_id, subject_id=subscription.id)


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
