"""The two-step window: opened by a page that cannot ask, claimed once by our page on the push host, finished once.

What an http page says may have been changed on its way, so it decides nothing but that somebody wants to be asked: no
group, no person. The visitor that it names is joined to the subscription only while nobody knows who that is.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from heliograph.actions import audit, subscriptions
from heliograph.domain.window import MAX_OPENERS, STATE_LIFE, WindowSettings, canonical_host, canonical_opener
from heliograph.errors import Conflict, FieldError, InvalidRequest, NotFound
from heliograph.kit.context import Context
from heliograph.names import Act
from heliograph.protocols import base64url
from heliograph.storage import projects, visitors, windows
from heliograph.storage import subscriptions as rows
from heliograph.storage.store import Tx
from heliograph.storage.windows import WindowState

_STATE_BYTES = 32
_NO_WINDOW = "The project has no push host: set one first."
_UNKNOWN = "This window was opened too long ago, or used already: open it again from the site."


@dataclass(frozen=True, slots=True)
class Opened:
    """A window that may be opened now: where, and with which state."""

    origin: str
    state: str
    expires_at: datetime


async def settings(tx: Tx, *, project_id: str) -> WindowSettings:
    """Return where a project's window is, or raise `NotFound`."""
    found = await windows.read(tx, project_id)
    if found is None:
        raise NotFound(_NO_WINDOW)
    return found


async def put(tx: Tx, ctx: Context, *, project_id: str, push_host: str, openers: Sequence[str]) -> WindowSettings:
    """Say on which host of the customer a project's window is, and which origins may open it.

    Raises:
        InvalidRequest: the host or an origin cannot be used.
        Conflict: the host is another project's.
    """
    wanted = WindowSettings(_host(push_host), _openers(openers))
    await projects.lock(tx, project_id)
    try:
        async with tx.begin_nested():
            await windows.write(tx, project_id, wanted, now=ctx.now)
    except IntegrityError:
        raise Conflict("Another project of this installation has this push host.") from None
    await audit.note(
        tx, ctx, Act.WINDOW_CHANGED, project_id=project_id, subject_id=project_id, push_host=wanted.push_host
    )
    return wanted


async def remove(tx: Tx, ctx: Context, *, project_id: str) -> None:
    """Let a project have no window any more, or raise `NotFound`. Subscriptions that were made in it stay."""
    if not await windows.remove(tx, project_id):
        raise NotFound(_NO_WINDOW)
    await audit.note(tx, ctx, Act.WINDOW_CHANGED, project_id=project_id, subject_id=project_id, push_host=None)


def _host(text: str) -> str:
    try:
        return canonical_host(text)
    except ValueError as error:
        raise InvalidRequest(str(error), (FieldError("/push_host", str(error)),)) from error


def _openers(given: Sequence[str]) -> tuple[str, ...]:
    errors: list[FieldError] = []
    found: dict[str, None] = {}
    for index, text in enumerate(given):
        try:
            found[canonical_opener(text)] = None
        except ValueError as error:
            errors.append(FieldError(f"/openers/{index}", str(error)))
    if len(given) > MAX_OPENERS:
        errors.append(FieldError("/openers", f"Name at most {MAX_OPENERS} origins."))
    if errors:
        raise InvalidRequest("The window cannot be opened from there.", tuple(errors))
    return tuple(found)


async def known_host(tx: Tx, *, project_id: str) -> str | None:
    """Return a project's push host; None if it has none."""
    found = await windows.read(tx, project_id)
    return None if found is None else found.push_host


def hash_visitor(token: str) -> bytes:
    """Return what is kept of a visitor's token."""
    return hashlib.sha256(token.encode()).digest()


async def is_subscribed(tx: Tx, *, project_id: str, visitor: str | None) -> bool:
    """Tell whether a visitor is known to be subscribed: then no window need be opened."""
    return visitor is not None and await windows.is_subscribed(tx, project_id, hash_visitor(visitor))


async def open_window(
    tx: Tx, ctx: Context, *, project_id: str, window: WindowSettings | None, opener: str, visitor: str | None
) -> Opened:
    """Return a state for a window that a page is opening now.

    Raises:
        NotFound: the project has no window.
    """
    if window is None:
        raise NotFound(_NO_WINDOW)
    state = base64url.encode(ctx.random_bytes(_STATE_BYTES))
    expires_at = ctx.now + STATE_LIFE
    hashed = None if visitor is None else hash_visitor(visitor)
    await windows.add_state(tx, WindowState(_hash(state), project_id, opener, hashed, expires_at))
    return Opened(window.origin, state, expires_at)


async def claim(tx: Tx, ctx: Context, *, project_id: str, state: str) -> str:
    """Take a window's state, once, and return the origin of the page that opened it.

    Raises:
        NotFound: the state is unknown, too old, or taken.
    """
    taken = await windows.claim(tx, project_id, _hash(state), now=ctx.now)
    if taken is None:
        raise NotFound(_UNKNOWN)
    return taken.opener


async def finish(
    tx: Tx, ctx: Context, *, project_id: str, state: str, subscription_id: str, secret: str | None
) -> None:
    """Join what was subscribed in a window to the visitor who opened it, while nobody knows who that is.

    Raises:
        NotFound: the state is unknown, too old, not claimed or used; or there is no such subscription.
        Unauthorized: the secret is not the subscription's.
    """
    found = await subscriptions.authorized(tx, project_id, subscription_id, secret, lock=True)
    taken = await windows.finish(tx, project_id, _hash(state), now=ctx.now)
    if taken is None:
        raise NotFound(_UNKNOWN)
    if taken.visitor_hash is None or found.profile_id is not None:
        return
    visitor = await visitors.find(tx, project_id, taken.visitor_hash, lock=True)
    if visitor is not None and visitor.external_id is None:
        await rows.change(tx, subscription_id, {"profile_id": visitor.profile_id})


def _hash(state: str) -> bytes:
    return hashlib.sha256(state.encode()).digest()
