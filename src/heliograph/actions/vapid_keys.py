"""What an operator does with application server keys: make or import one, pause it, resume it. RFC 8292."""

from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec

from heliograph.actions import audit
from heliograph.actions.instants import check_ahead
from heliograph.errors import Conflict, FieldError, InvalidRequest, NotFound
from heliograph.kit.context import Context
from heliograph.kit.paging import Page, read_page
from heliograph.names import Act
from heliograph.protocols import base64url, key_files, vapid
from heliograph.storage import moving, projects, vapid_keys
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


async def take_over(
    tx: Tx,
    ctx: Context,
    *,
    project_id: str,
    private_key: str,
    public_key: str | None = None,
    as_active: bool | None = None,
) -> VapidKey:
    """Return the project's key with this private half, which is taken over if the project does not have it yet.

    Args:
        tx: an open transaction.
        ctx: its surroundings.
        project_id: whose key it becomes.
        private_key: in any form that `protocols.key_files` reads.
        public_key: what the private half must belong to, base64url, if known.
        as_active: whether pages are given it from now on; None: if nobody uses the active one yet.

    Raises:
        InvalidRequest: it is none, or does not belong to the public key.
        Conflict: it was retired here.
        NotFound: there is no such project.
    """
    if await projects.lock(tx, project_id) is None:
        raise NotFound("There is no such project.")
    pair = _foreign(private_key, public_key)
    point = vapid.public_bytes(pair)
    known = await vapid_keys.of_public_key(tx, project_id, point)
    if known is not None and known.state is VapidKeyState.RETIRED:
        raise Conflict("This key was retired here, and nothing can be signed with it any more.")
    if known is not None:
        return known
    if as_active is None:
        active = await vapid_keys.active(tx, project_id)
        as_active = active is None or not await moving.is_key_used(tx, active.id)
    key_id = ctx.ids.new("vap")
    key = VapidKey(
        id=key_id,
        project_id=project_id,
        public_key=point,
        private_key=ctx.sealer.seal(vapid.private_bytes(pair), sealing_context(key_id)),
        state=VapidKeyState.ACTIVE if as_active else VapidKeyState.RETIRING,
        created_at=ctx.now,
        retiring_at=None if as_active else ctx.now,
    )
    if as_active:
        await vapid_keys.retire_active(tx, project_id, now=ctx.now)
    await vapid_keys.add(tx, key)
    await audit.note(tx, ctx, Act.VAPID_KEY_MADE, project_id=project_id, subject_id=key_id, imported=True)
    return key


def _foreign(private_key: str, public_key: str | None) -> ec.EllipticCurvePrivateKey:
    try:
        pair = key_files.read_private_key(private_key)
    except ValueError as error:
        raise InvalidRequest(str(error), (FieldError("/private_key", str(error)),)) from None
    try:
        is_other = public_key is not None and base64url.decode(public_key.strip()) != vapid.public_bytes(pair)
    except ValueError as error:
        raise InvalidRequest(str(error), (FieldError("/public_key", str(error)),)) from None
    if is_other:
        sentence = "The private key does not belong to this public key."
        raise InvalidRequest(sentence, (FieldError("/public_key", sentence),))
    return pair


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
