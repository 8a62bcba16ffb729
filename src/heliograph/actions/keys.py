"""What an operator does with API keys: make, list, rotate, revoke; and what an edge does with a token it was given."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from heliograph.actions import audit
from heliograph.actions import projects as project_actions
from heliograph.actions.instants import check_ahead
from heliograph.actions.tokens import SECRET_PREFIX, Issued, hash_token, issue_publishable, issue_secret
from heliograph.errors import Conflict, FieldError, InvalidRequest, NotFound, Unauthorized
from heliograph.kit.context import Context
from heliograph.kit.paging import Page, read_page
from heliograph.names import Act, Scope
from heliograph.storage import api_keys, projects
from heliograph.storage.api_keys import ApiKey, KeyKind
from heliograph.storage.store import Tx

FIRST_CONTACT = "mailto:push@example.com"
"""The contact of the project that the first start makes, until the operator sets a real one."""
USE_GRAIN = timedelta(minutes=5)
"""How exactly the last use of a key is known: noting every use would be a write per request."""
_ROTATED = "The key was rotated already: rotate its successor."


@dataclass(frozen=True, slots=True)
class FirstStart:
    """What the very first start made. None of the tokens is kept, except the publishable one."""

    project_id: str
    installation_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    publishable_key: str


async def ensure_first(
    tx: Tx,
    ctx: Context,
    *,
    name: str = "Default",
    origins: Sequence[str] = (),
    vapid_subject: str = FIRST_CONTACT,
) -> FirstStart | None:
    """Make the installation's key and a first project, if there is neither key nor project yet."""
    if not (await api_keys.is_empty(tx) and await projects.is_empty(tx)):
        return None
    installation = await issue_secret(tx, ctx, project_id=None, name="Installation", scopes={Scope.MANAGE})
    made = await project_actions.create(tx, ctx, name=name, origins=origins, vapid_subject=vapid_subject)
    return FirstStart(
        project_id=made.project.id,
        installation_key=installation.token,
        secret_key=made.secret_key.token,
        publishable_key=made.publishable_key.token,
    )


async def authenticate(tx: Tx, ctx: Context, *, token: str) -> ApiKey:
    """Return the secret key that a token stands for, or raise `Unauthorized`."""
    if not token.startswith(SECRET_PREFIX):
        raise Unauthorized("Give a secret key, which begins with hsk_.")
    key = await api_keys.of_hash(tx, hash_token(token))
    if key is None or key.kind is not KeyKind.SECRET or not key.is_valid(ctx.now):
        raise Unauthorized("The key is unknown, expired or revoked.")
    return key


async def create(
    tx: Tx,
    ctx: Context,
    *,
    project_id: str | None,
    kind: KeyKind,
    name: str,
    scopes: Collection[Scope] = (),
    expires_at: datetime | None = None,
) -> Issued:
    """Make a key of a project, or of the installation for None."""
    if expires_at is not None:
        check_ahead(expires_at, now=ctx.now, pointer="/expires_at")
    if kind is KeyKind.PUBLISHABLE:
        if project_id is None:
            raise InvalidRequest("A publishable key belongs to a project: name it with the Heliograph-Project header.")
        if scopes:
            raise InvalidRequest(errors=(FieldError("/scopes", "A publishable key has no scopes: leave them out."),))
        made = await issue_publishable(tx, ctx, project_id=project_id, name=name, expires_at=expires_at)
        await _note_made(tx, ctx, made.key)
        return made
    if not scopes:
        raise InvalidRequest(errors=(FieldError("/scopes", "Name at least one of read, send and manage."),))
    made = await issue_secret(tx, ctx, project_id=project_id, name=name, scopes=scopes, expires_at=expires_at)
    await _note_made(tx, ctx, made.key)
    return made


async def _note_made(tx: Tx, ctx: Context, key: ApiKey) -> None:
    scopes = [str(scope) for scope in key.scopes]
    kind = str(key.kind)
    await audit.note(
        tx, ctx, Act.KEY_MADE, project_id=key.project_id, subject_id=key.id, name=key.name, kind=kind, scopes=scopes
    )


async def listing(tx: Tx, *, project_id: str | None, cursor: str | None, limit: int) -> Page[ApiKey]:
    """Return a page of keys, oldest first, revoked ones included."""
    return await read_page(
        lambda after, count: api_keys.page(tx, project_id, after=after, limit=count),
        lambda key: key.id,
        listing=f"keys/{project_id}",
        cursor=cursor,
        limit=limit,
    )


async def get(tx: Tx, *, project_id: str | None, key_id: str) -> ApiKey:
    """Return one key, or raise `NotFound`."""
    key = await api_keys.get(tx, project_id, key_id)
    if key is None:
        raise NotFound("There is no such key in this project.")
    return key


async def rotate(tx: Tx, ctx: Context, *, project_id: str | None, key_id: str, overlap: timedelta) -> Issued:
    """Replace a key by a new one of the same powers; the old one works for `overlap` more, so that nothing stops.

    Raises:
        Conflict: the key is expired, revoked, or replaced already.
    """
    old = await get(tx, project_id=project_id, key_id=key_id)
    if not old.is_valid(ctx.now):
        raise Conflict("The key is expired or revoked: make a new one instead.")
    if old.replaced_by_id is not None:
        raise Conflict(_ROTATED)
    # A key made for a while is followed by one for the same while.
    expires_at = None if old.expires_at is None else ctx.now + (old.expires_at - old.created_at)
    if old.kind is KeyKind.PUBLISHABLE and old.project_id is not None:
        new = await issue_publishable(tx, ctx, project_id=old.project_id, name=old.name, expires_at=expires_at)
    else:
        new = await issue_secret(
            tx, ctx, project_id=project_id, name=old.name, scopes=old.scopes, expires_at=expires_at
        )
    end = ctx.now + overlap
    ends_at = end if old.expires_at is None else min(end, old.expires_at)
    if not await api_keys.replace(tx, key_id, by=new.key.id, ends_at=ends_at):
        raise Conflict(_ROTATED)
    await audit.note(
        tx, ctx, Act.KEY_ROTATED, project_id=project_id, subject_id=key_id, name=old.name, successor=new.key.id
    )
    return new


async def revoke(tx: Tx, ctx: Context, *, project_id: str | None, key_id: str) -> None:
    """End a key at once. Revoking it again changes nothing."""
    key = await get(tx, project_id=project_id, key_id=key_id)
    if key.revoked_at is None:
        await api_keys.change(tx, key_id, {"revoked_at": ctx.now})
        await audit.note(tx, ctx, Act.KEY_REVOKED, project_id=project_id, subject_id=key_id, name=key.name)


async def note_use(tx: Tx, ctx: Context, *, key_id: str) -> None:
    """Note that a key was used."""
    await api_keys.note_use(tx, key_id, now=ctx.now, grain=USE_GRAIN)


def is_use_worth_noting(key: ApiKey, now: datetime) -> bool:
    """Tell whether the last use that is noted is too old."""
    return key.last_used_at is None or key.last_used_at <= now - USE_GRAIN
