"""API keys as callers hold them: 256 random bits behind a prefix that tells what they are."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from heliograph.kit.context import Context
from heliograph.names import Scope
from heliograph.protocols import base64url
from heliograph.storage import api_keys
from heliograph.storage.api_keys import ApiKey, KeyKind
from heliograph.storage.store import Tx

SECRET_PREFIX = "hsk_"  # noqa: S105 - what every secret key begins with
PUBLISHABLE_PREFIX = "hpk_"
_TOKEN_BYTES = 32
_HINT = 10


@dataclass(frozen=True, slots=True)
class Issued:
    """A new key and its token, which is not kept and cannot be shown again."""

    key: ApiKey
    token: str = field(repr=False)


def hash_token(token: str) -> bytes:
    """Return what is stored of a token: SHA-256, which needs no salt for 256 random bits."""
    return hashlib.sha256(token.encode()).digest()


async def issue_secret(
    tx: Tx,
    ctx: Context,
    *,
    project_id: str | None,
    name: str,
    scopes: Collection[Scope],
    expires_at: datetime | None = None,
) -> Issued:
    """Make a secret key of a project, or of the installation for None."""
    token = SECRET_PREFIX + base64url.encode(ctx.random_bytes(_TOKEN_BYTES))
    key = ApiKey(
        id=ctx.ids.new("key"),
        project_id=project_id,
        kind=KeyKind.SECRET,
        name=name,
        scopes=tuple(scope for scope in Scope if scope in scopes),
        token_hash=hash_token(token),
        token=None,
        hint=token[:_HINT],
        created_at=ctx.now,
        expires_at=expires_at,
    )
    await api_keys.add(tx, key)
    return Issued(key, token)


async def issue_publishable(
    tx: Tx, ctx: Context, *, project_id: str, name: str, expires_at: datetime | None = None
) -> Issued:
    """Make a key that may stand in every page: it opens nothing without an allowed origin."""
    token = PUBLISHABLE_PREFIX + base64url.encode(ctx.random_bytes(_TOKEN_BYTES))
    key = ApiKey(
        id=ctx.ids.new("key"),
        project_id=project_id,
        kind=KeyKind.PUBLISHABLE,
        name=name,
        scopes=(),
        token_hash=hash_token(token),
        token=token,
        hint=token[:_HINT],
        created_at=ctx.now,
        expires_at=expires_at,
    )
    await api_keys.add(tx, key)
    return Issued(key, token)
