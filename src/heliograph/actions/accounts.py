"""Accounts of programs that speak Spryker's Glue API: made by an operator, shown once, exchanged for short tokens.

A token is sealed and not stored: it holds the account and its end, and opens nothing once the account was revoked or
got another password.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import msgspec

from heliograph.actions import audit, providers
from heliograph.domain.glue import WEB_PUSH_PROVIDER, Right
from heliograph.errors import Conflict, FieldError, InvalidRequest, NotFound, Unauthorized
from heliograph.kit.context import Context
from heliograph.kit.log import short_hash
from heliograph.kit.passwords import MAX_PASSWORD, SALT_BYTES, hash_password
from heliograph.kit.sealing import SealError
from heliograph.names import Act
from heliograph.protocols import base64url
from heliograph.storage import accounts
from heliograph.storage import providers as provider_rows
from heliograph.storage.accounts import Account
from heliograph.storage.store import Tx

TOKEN_LIFE = timedelta(seconds=28_800)
"""As Spryker's: eight hours."""
TOKEN_PREFIX = "hat_"  # noqa: S105 - what every token begins with
MAX_NAME = 100
MAX_TOKEN = 500
LEAST_PASSWORD = 12
_PASSWORD_BYTES = 24
_CONTEXT = "glue/token"


class _Token(msgspec.Struct, frozen=True, array_like=True):
    account_id: str
    ends_at: float
    password: str
    """The short hash of the stored hash: with another password, the token is none any more."""


@dataclass(frozen=True, slots=True)
class NewAccount:
    """A new account and its password, which is not kept and cannot be shown again."""

    account: Account
    password: str = field(repr=False)


async def create(
    tx: Tx,
    ctx: Context,
    *,
    project_id: str,
    name: str,
    rights: Collection[Right],
    password: str | None = None,
) -> NewAccount:
    """Make an account of a project, and the provider that Spryker's clients name, unless there is one.

    Without `password` a random one is made.

    Raises:
        InvalidRequest: the name or the password cannot be used.
        Conflict: there is an account of this name already.
    """
    if not (0 < len(name) <= MAX_NAME and name.isprintable() and not name.isspace()):
        raise _invalid("/name", f"A name is 1 to {MAX_NAME} printable characters.")
    chosen = _chosen(ctx, password)
    account = Account(
        id=ctx.ids.new("acc"),
        project_id=project_id,
        name=name,
        password_hash=hash_password(chosen, ctx.random_bytes(SALT_BYTES)),
        rights=tuple(right for right in Right if right in rights),
        created_at=ctx.now,
    )
    if not await accounts.add(tx, account):
        raise Conflict("There is an account of this name in this installation already.")
    if await provider_rows.named(tx, project_id, WEB_PUSH_PROVIDER) is None:
        await providers.create(tx, ctx, project_id=project_id, name=WEB_PUSH_PROVIDER)
    told = [str(right) for right in account.rights]
    await audit.note(tx, ctx, Act.ACCOUNT_MADE, project_id=project_id, subject_id=account.id, name=name, rights=told)
    return NewAccount(account, chosen)


async def listing(tx: Tx, *, project_id: str) -> list[Account]:
    """Return the accounts of a project, oldest first, revoked ones included."""
    return await accounts.of_project(tx, project_id)


async def revoke(tx: Tx, ctx: Context, *, project_id: str, wanted: str) -> Account:
    """End an account, named by its id or its name; its tokens open nothing from now on."""
    account = await _wanted(tx, project_id, wanted)
    if account.revoked_at is None:
        await accounts.revoke(tx, account.id, at=ctx.now)
        await audit.note(tx, ctx, Act.ACCOUNT_REVOKED, project_id=project_id, subject_id=account.id, name=account.name)
    return account


async def change_password(
    tx: Tx, ctx: Context, *, project_id: str, wanted: str, password: str | None = None
) -> NewAccount:
    """Give an account, named by its id or its name, another password; the tokens that it has open nothing from now on.

    Without `password` a random one is made.

    Raises:
        InvalidRequest: the password cannot be used.
        NotFound: there is no such account in the project.
        Conflict: the account was revoked.
    """
    account = await _wanted(tx, project_id, wanted)
    if account.revoked_at is not None:
        raise Conflict("This account was revoked, and no password opens it: make another one.")
    chosen = _chosen(ctx, password)
    changed = replace(account, password_hash=hash_password(chosen, ctx.random_bytes(SALT_BYTES)))
    await accounts.set_password(tx, account.id, changed.password_hash)
    act = Act.ACCOUNT_PASSWORD_CHANGED
    await audit.note(tx, ctx, act, project_id=project_id, subject_id=account.id, name=account.name)
    return NewAccount(changed, chosen)


async def _wanted(tx: Tx, project_id: str, wanted: str) -> Account:
    found = [one for one in await accounts.of_project(tx, project_id) if wanted in (one.id, one.name)]
    if not found:
        raise NotFound("There is no such account in this project.")
    return found[0]


def _chosen(ctx: Context, password: str | None) -> str:
    if password is not None and not LEAST_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise _invalid("/password", f"A password has {LEAST_PASSWORD} to {MAX_PASSWORD} characters.")
    return password or base64url.encode(ctx.random_bytes(_PASSWORD_BYTES))


def issue_token(ctx: Context, account: Account) -> str:
    """Return a token that opens the account's project for eight hours."""
    token = _Token(account.id, (ctx.now + TOKEN_LIFE).timestamp(), short_hash(account.password_hash))
    return TOKEN_PREFIX + base64url.encode(ctx.sealer.seal(msgspec.json.encode(token), _CONTEXT))


async def of_token(tx: Tx, ctx: Context, *, token: str) -> Account:
    """Return the account of a token, or raise `Unauthorized`."""
    opened = _opened(ctx, token)
    if opened is not None and datetime.fromtimestamp(opened.ends_at, UTC) > ctx.now:
        account = await accounts.get(tx, opened.account_id)
        is_open = account is not None and account.revoked_at is None
        if account is not None and is_open and short_hash(account.password_hash) == opened.password:
            return account
    raise Unauthorized("The token is unknown or expired, or its account was revoked or got another password.")


def _opened(ctx: Context, token: str) -> _Token | None:
    if not token.startswith(TOKEN_PREFIX) or len(token) > MAX_TOKEN:
        return None
    try:
        sealed = base64url.decode(token.removeprefix(TOKEN_PREFIX))
        return msgspec.json.decode(ctx.sealer.open(sealed, _CONTEXT), type=_Token)
    except (ValueError, SealError):
        return None


def _invalid(pointer: str, sentence: str) -> InvalidRequest:
    return InvalidRequest(sentence, (FieldError(pointer, sentence),))
