"""Browsers as visitors: a random name that the page made, which opens its own anonymous profile and no other.

Profiles of visitors are made when there is something to keep, not before. Who a visitor is needs the site's signature;
then all that the visitor did becomes the person's.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from heliograph.actions import merging
from heliograph.domain.user_agent import Device
from heliograph.errors import FieldError, InvalidRequest, Unavailable
from heliograph.kit.context import Context
from heliograph.storage import profiles, subscriptions, visitors
from heliograph.storage.store import Tx
from heliograph.storage.visitors import Visitor

SEEN_EVERY = timedelta(minutes=1)
"""How exactly it is kept when somebody was last here: to write it with each page view would double the writing."""
_TOKEN = re.compile(r"hvi_[A-Za-z0-9_-]{22}")
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What is known of a browser that may be new, and who has to agree before it becomes a profile.

    `admit` raises `TooManyRequests` when too many have come from one place.
    """

    token_hash: bytes
    device: Device
    language: str | None = None
    time_zone: str | None = None
    admit: Callable[[], None] = lambda: None


def hash_token(token: str) -> bytes:
    """Return what a visitor is found by, SHA-256, or raise `InvalidRequest` for what is no token."""
    if not _TOKEN.fullmatch(token):
        sentence = "A visitor's token is hvi_ and 22 characters of base64url."
        raise InvalidRequest(sentence, (FieldError("/visitor", sentence),))
    return hashlib.sha256(token.encode()).digest()


async def seen(tx: Tx, ctx: Context, project_id: str, newcomer: Newcomer) -> Visitor:
    """Return the visitor, its profile locked; make both if they are new, and note that somebody was here.

    Raises:
        TooManyRequests: it is new, and too many are.
    """
    for _ in range(_TRIES):
        found = await visitors.find(tx, project_id, newcomer.token_hash, lock=True)
        if found is not None:
            return await _touched(tx, ctx, project_id, found, newcomer)
        newcomer.admit()
        await _make(tx, ctx, project_id, newcomer)
    raise Unavailable("The visitor is being changed just now: try again.")


async def _make(tx: Tx, ctx: Context, project_id: str, newcomer: Newcomer) -> None:
    profile_id = ctx.ids.new("pro")
    row: dict[str, Any] = {"id": profile_id, "project_id": project_id, "external_id": None, "attributes": {}}
    times = {"created_at": ctx.now, "updated_at": ctx.now, "last_seen_at": ctx.now}
    place = {"language": newcomer.language, "time_zone": newcomer.time_zone}
    await profiles.add(tx, row | times | place)
    if not await visitors.add(tx, _row(ctx, project_id, newcomer, profile_id)):
        await profiles.remove(tx, profile_id)  # another tab was quicker


def _row(ctx: Context, project_id: str, newcomer: Newcomer, profile_id: str) -> dict[str, Any]:
    device = newcomer.device
    return {
        "project_id": project_id,
        "token_hash": newcomer.token_hash,
        "profile_id": profile_id,
        "created_at": ctx.now,
        "last_seen_at": ctx.now,
        "browser": device.browser,
        "os": device.os,
        "is_mobile": device.is_mobile,
    }


async def _touched(tx: Tx, ctx: Context, project_id: str, found: Visitor, newcomer: Newcomer) -> Visitor:
    """Write what is news: when the visitor was here, and language and time zone of those who have told no other."""
    is_seen = ctx.now - found.last_seen_at >= SEEN_EVERY
    values: dict[str, Any] = {"last_seen_at": ctx.now} if is_seen else {}
    for name in ("language", "time_zone"):
        said, known = getattr(newcomer, name), getattr(found, name)
        # What a person's own profile says is not undone by whichever browser came last.
        if said is not None and said != known and (known is None or found.external_id is None):
            values[name] = said
    if values:
        await profiles.change(tx, found.profile_id, values)
    if is_seen:
        device = newcomer.device
        what = {"browser": device.browser, "os": device.os, "is_mobile": device.is_mobile}
        await visitors.change(tx, project_id, found.token_hash, {"last_seen_at": ctx.now, **what})
    return found


async def identify(tx: Tx, ctx: Context, project_id: str, newcomer: Newcomer, *, external_id: str) -> None:
    """Let a visitor be a proved person. What an anonymous one did becomes the person's; what another person did stays.

    Raises:
        TooManyRequests: the visitor is new, and too many are.
    """
    for _ in range(_TRIES):
        found = await visitors.find(tx, project_id, newcomer.token_hash)
        if found is None:
            newcomer.admit()
            person = await merging.person(tx, ctx, project_id=project_id, external_id=external_id)
            if await visitors.add(tx, _row(ctx, project_id, newcomer, person.id)):
                return
        elif found.external_id == external_id:
            return
        elif found.external_id is not None:
            person = await merging.person(tx, ctx, project_id=project_id, external_id=external_id)
            await visitors.change(tx, project_id, found.token_hash, {"profile_id": person.id})
            return
        elif await merging.absorb(tx, ctx, project_id=project_id, profile_id=found.profile_id, external_id=external_id):
            return
    raise Unavailable("The visitor is being changed just now: try again.")


async def adopt(tx: Tx, ctx: Context, project_id: str, newcomer: Newcomer, *, subscription_id: str) -> None:
    """Let a subscription, locked by this transaction, be an anonymous visitor's, unless it is a person's.

    A visitor who is a known person gives nothing: what a browser may be sent in a person's name needs a proof.
    """
    visitor = await seen(tx, ctx, project_id, newcomer)
    if visitor.external_id is None:
        await subscriptions.adopt(tx, subscription_id, visitor.profile_id)


async def look(tx: Tx, project_id: str, token_hash: bytes) -> Visitor | None:
    """Return a visitor without taking note of it; None if it was never seen."""
    return await visitors.find(tx, project_id, token_hash)
