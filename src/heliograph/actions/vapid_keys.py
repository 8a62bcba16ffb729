"""What an operator does with application server keys: make or import one, pause it, resume it. RFC 8292."""

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec

from heliograph.actions import audit
from heliograph.actions.instants import check_ahead
from heliograph.errors import Conflict, FieldError, InvalidRequest, NotFound
from heliograph.kit.context import Context
from heliograph.kit.paging import Page, read_page
from heliograph.names import Act
from heliograph.protocols import base64url, vapid
from heliograph.storage import projects, vapid_keys
from heliograph.storage.store import Tx
from heliograph.storage.vapid_keys import VapidKey, VapidKeyState


def sealing_context(key_id: str) -> str:
    """Return the place of a private key, to which its sealed form is bound."""
    return f"vapid_key/{key_id}"


async def create(tx: Tx, ctx: Context, *, project_id: str, private_key: str | None = None) -> VapidKey:
    """Make the key that pages are given from now on; the one before signs on for its own subscriptions.

    `private_key` is 32 bytes as base64url, to take a key over from another system; without it a new one is made.

    Raises:
        InvalidRequest: the private key is none of the curve P-256.
        Conflict: the project has this key already.
        NotFound: there is no such project.
    """
    # Two at once must not both become active: the second waits here for the first.
    if await projects.lock(tx, project_id) is None:
        raise NotFound("There is no such project.")
    pair = vapid.generate_private_key() if private_key is None else _imported(private_key)
    public_key = vapid.public_bytes(pair)
    if await vapid_keys.of_public_key(tx, project_id, public_key) is not None:
        raise Conflict("The project has this key already.")
    key_id = ctx.ids.new("vap")
    key = VapidKey(
        id=key_id,
        project_id=project_id,
        public_key=public_key,
        private_key=ctx.sealer.seal(vapid.private_bytes(pair), sealing_context(key_id)),
        state=VapidKeyState.ACTIVE,
        created_at=ctx.now,
    )
    await vapid_keys.retire_active(tx, project_id, now=ctx.now)
    await vapid_keys.add(tx, key)
    is_imported = private_key is not None
    await audit.note(tx, ctx, Act.VAPID_KEY_MADE, project_id=project_id, subject_id=key_id, imported=is_imported)
    return key


def _imported(private_key: str) -> ec.EllipticCurvePrivateKey:
    try:
        return vapid.load_private_key(base64url.decode(private_key))
    except ValueError as error:
        raise InvalidRequest(errors=(FieldError("/private_key", str(error)),)) from error


async def listing(tx: Tx, *, project_id: str, cursor: str | None, limit: int) -> Page[VapidKey]:
    """Return a page of keys, oldest first."""
    return await read_page(
        lambda after, count: vapid_keys.page(tx, project_id, after=after, limit=count),
        lambda key: key.id,
        listing=f"vapid_keys/{project_id}",
        cursor=cursor,
        limit=limit,
    )


async def get(tx: Tx, *, project_id: str, key_id: str) -> VapidKey:
    """Return one key, or raise `NotFound`."""
    key = await vapid_keys.get(tx, project_id, key_id)
    if key is None:
        raise NotFound("There is no such VAPID key in this project.")
    return key


async def pause(tx: Tx, ctx: Context, *, project_id: str, key_id: str, until: datetime, reason: str) -> VapidKey:
    """Send nothing with a key before `until`; its deliveries wait, and no subscription is pruned."""
    await get(tx, project_id=project_id, key_id=key_id)
    check_ahead(until, now=ctx.now, pointer="/until")
    await vapid_keys.pause(tx, key_id, until=until, reason=reason)
    await audit.note(
        tx, ctx, Act.VAPID_KEY_PAUSED, project_id=project_id, subject_id=key_id, until=until.isoformat(), reason=reason
    )
    return await get(tx, project_id=project_id, key_id=key_id)


async def resume(tx: Tx, ctx: Context, *, project_id: str, key_id: str) -> VapidKey:
    """Lift a pause, whoever set it."""
    await get(tx, project_id=project_id, key_id=key_id)
    await vapid_keys.resume(tx, key_id)
    await audit.note(tx, ctx, Act.VAPID_KEY_RESUMED, project_id=project_id, subject_id=key_id)
    return await get(tx, project_id=project_id, key_id=key_id)
