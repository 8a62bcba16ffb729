"""Providers over HTTP: `/v1/providers`, a project's ways of sending."""

import msgspec
from litestar import delete, get, patch
from litestar.params import FromPath, JSONBody

from heliograph.actions import providers
from heliograph.api.auth import By
from heliograph.api.forms import PAGE, Cursor, Form, Limit, Moment, Name, PageView, View
from heliograph.api.idempotency import post
from heliograph.api.operation import operation
from heliograph.api.wired import Wired
from heliograph.errors import Conflict, NotFound
from heliograph.names import Channel, Scope
from heliograph.storage.providers import Provider

_TAGS = ["Providers"]


class NewProvider(Form, frozen=True, kw_only=True):
    """A provider to be added."""

    name: Name
    channel: Channel = Channel.WEB
    is_enabled: bool = True


class ProviderChange(Form, frozen=True, kw_only=True):
    """What shall be different; what is left out stays."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    is_enabled: bool | msgspec.UnsetType = msgspec.UNSET


class ProviderView(View, frozen=True, kw_only=True):
    """A provider. While it is not enabled, its deliveries are skipped with the reason `provider_disabled`."""

    id: str
    channel: Channel
    name: str
    is_enabled: bool
    created_at: Moment
    updated_at: Moment


def _view(provider: Provider) -> ProviderView:
    return ProviderView(
        id=provider.id,
        channel=provider.channel,
        name=provider.name,
        is_enabled=provider.is_enabled,
        created_at=provider.created_at,
        updated_at=provider.updated_at,
    )


@post(
    "/providers",
    summary="Add a provider",
    tags=_TAGS,
    opt=operation(scope=Scope.MANAGE, example={"name": "web-eu", "channel": "web"}, problems=(Conflict,)),
)
async def create_provider(data: JSONBody[NewProvider], caller: By, heliograph: Wired) -> ProviderView:
    """Add a way of sending; a project is made with one for the web."""
    async with heliograph.store.begin() as tx:
        provider = await providers.create(
            tx,
            heliograph.context(),
            project_id=caller.project(),
            name=data.name,
            channel=data.channel,
            is_enabled=data.is_enabled,
        )
    return _view(provider)


@get("/providers", summary="List providers", tags=_TAGS, opt=operation(scope=Scope.READ))
async def list_providers(
    caller: By, heliograph: Wired, limit: Limit = PAGE, cursor: Cursor = None
) -> PageView[ProviderView]:
    """Return the project's providers, oldest first."""
    async with heliograph.store.read() as tx:
        page = await providers.listing(tx, project_id=caller.project(), cursor=cursor, limit=limit)
    return PageView(items=[_view(provider) for provider in page.items], next=page.next)


@get(
    "/providers/{provider_id:str}",
    summary="Get a provider",
    tags=_TAGS,
    opt=operation(scope=Scope.READ, problems=(NotFound,)),
)
async def get_provider(provider_id: FromPath[str], caller: By, heliograph: Wired) -> ProviderView:
    """Return one provider."""
    async with heliograph.store.read() as tx:
        return _view(await providers.get(tx, project_id=caller.project(), provider_id=provider_id))


@patch(
    "/providers/{provider_id:str}",
    summary="Change a provider",
    tags=_TAGS,
    opt=operation(scope=Scope.MANAGE, example={"is_enabled": False}, problems=(NotFound, Conflict)),
)
async def change_provider(
    provider_id: FromPath[str], data: JSONBody[ProviderChange], caller: By, heliograph: Wired
) -> ProviderView:
    """Rename a provider, or switch it on or off."""
    async with heliograph.store.begin() as tx:
        provider = await providers.change(
            tx,
            heliograph.context(),
            project_id=caller.project(),
            provider_id=provider_id,
            name=data.name or None,
            is_enabled=None if data.is_enabled is msgspec.UNSET else data.is_enabled,
        )
    return _view(provider)


@delete(
    "/providers/{provider_id:str}",
    summary="Remove a provider",
    tags=_TAGS,
    opt=operation(scope=Scope.MANAGE, problems=(NotFound, Conflict)),
)
async def delete_provider(provider_id: FromPath[str], caller: By, heliograph: Wired) -> None:
    """Remove a provider that no subscription uses and that is not the last of its channel."""
    async with heliograph.store.begin() as tx:
        await providers.remove(tx, heliograph.context(), project_id=caller.project(), provider_id=provider_id)


ROUTES = (create_provider, list_providers, get_provider, change_provider, delete_provider)
