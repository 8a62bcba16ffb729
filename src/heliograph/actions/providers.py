"""A project's ways of sending: list, add, change, switch off, remove."""

from typing import Any

from heliograph.actions import audit
from heliograph.errors import Conflict, NotFound
from heliograph.kit.context import Context
from heliograph.kit.paging import Page, read_page
from heliograph.names import Act, Channel
from heliograph.storage import projects, providers
from heliograph.storage.providers import Provider
from heliograph.storage.store import Tx


async def create(
    tx: Tx, ctx: Context, *, project_id: str, name: str, channel: Channel = Channel.WEB, is_enabled: bool = True
) -> Provider:
    """Add a provider; its name is unique in the project."""
    await _check_name(tx, project_id, name)
    provider = Provider(
        id=ctx.ids.new("prv"),
        project_id=project_id,
        channel=channel,
        name=name,
        is_enabled=is_enabled,
        settings={},
        created_at=ctx.now,
        updated_at=ctx.now,
    )
    await providers.add(tx, provider)
    await audit.note(tx, ctx, Act.PROVIDER_MADE, project_id=project_id, subject_id=provider.id, name=name)
    return provider


async def listing(tx: Tx, *, project_id: str, cursor: str | None, limit: int) -> Page[Provider]:
    """Return a page of providers, oldest first."""
    return await read_page(
        lambda after, count: providers.page(tx, project_id, after=after, limit=count),
        lambda provider: provider.id,
        listing=f"providers/{project_id}",
        cursor=cursor,
        limit=limit,
    )


async def get(tx: Tx, *, project_id: str, provider_id: str) -> Provider:
    """Return one provider, or raise `NotFound`."""
    provider = await providers.get(tx, project_id, provider_id)
    if provider is None:
        raise NotFound("There is no such provider in this project.")
    return provider


async def change(
    tx: Tx, ctx: Context, *, project_id: str, provider_id: str, name: str | None, is_enabled: bool | None
) -> Provider:
    """Rename a provider, or switch it on or off; None leaves things as they are."""
    provider = await get(tx, project_id=project_id, provider_id=provider_id)
    values: dict[str, Any] = {}
    if name is not None and name != provider.name:
        await _check_name(tx, project_id, name)
        values["name"] = name
    if is_enabled is not None:
        values["is_enabled"] = is_enabled
    if values:
        await providers.change(tx, provider_id, values | {"updated_at": ctx.now})
        await audit.note(tx, ctx, Act.PROVIDER_CHANGED, project_id=project_id, subject_id=provider_id, **values)
    return await get(tx, project_id=project_id, provider_id=provider_id)


async def remove(tx: Tx, ctx: Context, *, project_id: str, provider_id: str) -> None:
    """Delete a provider that no subscription uses and that is not the channel's last."""
    await _lock(tx, project_id)
    provider = await get(tx, project_id=project_id, provider_id=provider_id)
    others = [one for one in await providers.of_project(tx, project_id) if one.channel == provider.channel]
    if len(others) == 1:
        raise Conflict("It is the channel's last provider: switch it off instead (is_enabled: false).")
    if await providers.is_used(tx, project_id, provider_id):
        raise Conflict("Subscriptions use this provider: switch it off instead (is_enabled: false).")
    await providers.remove(tx, provider_id)
    await audit.note(tx, ctx, Act.PROVIDER_REMOVED, project_id=project_id, subject_id=provider_id, name=provider.name)


async def _check_name(tx: Tx, project_id: str, name: str) -> None:
    await _lock(tx, project_id)
    if await providers.named(tx, project_id, name) is not None:
        raise Conflict("The project has a provider of this name already.")


async def _lock(tx: Tx, project_id: str) -> None:
    """Let changes of one project's providers come one after the other."""
    if await projects.lock(tx, project_id) is None:
        raise NotFound("There is no such project.")
