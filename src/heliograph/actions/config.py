"""What a page's publishable key opens: everything that the public API needs to know of a project, read in one go."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from heliograph.actions.tokens import PUBLISHABLE_PREFIX, hash_token
from heliograph.domain.identity import IdentityKeys
from heliograph.domain.window import WindowSettings
from heliograph.errors import Conflict, Unauthorized
from heliograph.kit.context import Context
from heliograph.names import Channel
from heliograph.storage import api_keys, projects, providers, vapid_keys, windows
from heliograph.storage.api_keys import ApiKey, KeyKind
from heliograph.storage.projects import Project
from heliograph.storage.store import Tx
from heliograph.storage.vapid_keys import VapidKeyState

_ORIGINS_PAGE = 500


@dataclass(frozen=True, slots=True)
class ServerKey:
    """An application server key as a page knows it: 65 bytes."""

    id: str
    public_key: bytes


@dataclass(frozen=True, slots=True)
class PublicProject:
    """A project as its pages see it, with what is needed to check what they say. Never leaves the process.

    Attributes:
        key_ends_at: when the publishable key that opened it stops being valid.
        active_key: what pages subscribe with from now on.
        server_keys: identifiers by public key; of the active key and of those that still sign for older subscriptions.
        retired_keys: those that nothing is signed with any more.
        window: where its two-step window is; its origin is one of the project's.
        receipt_key: 32 bytes; checks delivery tokens.
    """

    id: str
    origins: frozenset[str]
    key_ends_at: datetime | None
    provider_id: str
    active_key: ServerKey
    server_keys: Mapping[bytes, str]
    retired_keys: frozenset[bytes]
    window: WindowSettings | None
    receipt_key: bytes = field(repr=False)
    identity: IdentityKeys = field(repr=False)


async def open_project(tx: Tx, ctx: Context, *, publishable_key: str) -> PublicProject:
    """Return the project of a publishable key.

    Raises:
        Unauthorized: the key is unknown, expired or revoked.
        Conflict: the project cannot take subscriptions, because an operator removed what they need.
    """
    if not publishable_key.startswith(PUBLISHABLE_PREFIX):
        raise Unauthorized("Give the project's publishable key, which begins with hpk_.")
    key = await api_keys.of_hash(tx, hash_token(publishable_key))
    if key is None or key.kind is not KeyKind.PUBLISHABLE or not key.is_valid(ctx.now) or key.project_id is None:
        raise Unauthorized("The publishable key is unknown, expired or revoked.")
    project = await projects.get(tx, key.project_id)
    if project is None:
        raise Unauthorized("The publishable key is unknown, expired or revoked.")
    provider = await providers.default(tx, project.id, Channel.WEB)
    server_keys = await vapid_keys.of_project(tx, project.id)
    active = next((one for one in server_keys if one.state is VapidKeyState.ACTIVE), None)
    window = await windows.read(tx, project.id)
    if provider is None or active is None:
        raise Conflict("The project cannot take subscriptions: it has no web provider or no active VAPID key.")
    return PublicProject(
        id=project.id,
        origins=frozenset((*project.origins, *(() if window is None else (window.origin,)))),
        key_ends_at=_end(key),
        provider_id=provider.id,
        active_key=ServerKey(active.id, active.public_key),
        server_keys={one.public_key: one.id for one in server_keys if one.state is not VapidKeyState.RETIRED},
        retired_keys=frozenset(one.public_key for one in server_keys if one.state is VapidKeyState.RETIRED),
        window=window,
        receipt_key=ctx.sealer.open(project.receipt_key, f"project/{project.id}/receipt_key"),
        identity=_identity_keys(ctx, project),
    )


def _end(key: ApiKey) -> datetime | None:
    return min((end for end in (key.expires_at, key.revoked_at) if end is not None), default=None)


def _identity_keys(ctx: Context, project: Project) -> IdentityKeys:
    secret = ctx.sealer.open(project.identity_secret, f"project/{project.id}/identity_secret")
    return IdentityKeys(project.id, secret, project.identity_public_key)


async def all_origins(tx: Tx) -> frozenset[str]:
    """Return the origins of every project, its window and its openers: a preflight names an origin and no project."""
    origins = await _origins_of_windows(tx)
    after: str | None = None
    while True:
        page = await projects.page(tx, after=after, limit=_ORIGINS_PAGE)
        origins.update(origin for project in page for origin in project.origins)
        if len(page) < _ORIGINS_PAGE:
            return frozenset(origins)
        after = page[-1].id


async def _origins_of_windows(tx: Tx) -> set[str]:
    origins: set[str] = set()
    after: str | None = None
    while True:
        page = await windows.all_settings(tx, after=after, limit=_ORIGINS_PAGE)
        origins.update(origin for _, settings in page for origin in (settings.origin, *settings.openers))
        if len(page) < _ORIGINS_PAGE:
            return origins
        after = page[-1][0]
