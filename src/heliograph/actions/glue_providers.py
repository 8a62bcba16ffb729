"""Spryker's rules for providers, in Spryker's order. What they keep are the same providers as everywhere else."""

from collections.abc import Sequence

from heliograph.actions import providers
from heliograph.domain import glue_faults as faults
from heliograph.domain.glue_faults import Fault, GlueRefused
from heliograph.errors import NotFound
from heliograph.kit.context import Context
from heliograph.storage import glue, projects
from heliograph.storage import providers as rows
from heliograph.storage.providers import Provider
from heliograph.storage.store import Tx

MAX_NAME = 255


async def create(tx: Tx, ctx: Context, *, project_id: str, names: Sequence[str]) -> list[Provider]:
    """Add providers, or none if anything is wrong with any of them."""
    await projects.lock(tx, project_id)
    found: list[Fault] = []
    for number, name in enumerate(names):
        if await rows.named(tx, project_id, name) is not None:
            found.append(faults.NAME_EXISTS)
        if not 0 < len(name) <= MAX_NAME:
            found.append(faults.NAME_LENGTH)
        elif name in names[:number]:
            found.append(faults.NAME_TWICE)
    if found:
        raise GlueRefused(*found)
    return [await providers.create(tx, ctx, project_id=project_id, name=name) for name in names]


async def listing(tx: Tx, *, project_id: str) -> list[Provider]:
    """Return all providers of a project, oldest first; there are few."""
    return await rows.of_project(tx, project_id)


async def get(tx: Tx, *, project_id: str, provider_id: str | None) -> Provider:
    """Return one provider; None is an identifier that could not even be read."""
    try:
        if provider_id is not None:
            return await providers.get(tx, project_id=project_id, provider_id=provider_id)
    except NotFound:
        pass
    raise GlueRefused(faults.PROVIDER_NOT_FOUND)


async def rename(tx: Tx, ctx: Context, *, project_id: str, provider_id: str | None, name: str) -> Provider:
    """Give a provider another name, or the one that it has."""
    await projects.lock(tx, project_id)
    provider = await get(tx, project_id=project_id, provider_id=provider_id)
    found: list[Fault] = []
    other = await rows.named(tx, project_id, name)
    if other is not None and other.id != provider.id:
        found.append(faults.NAME_EXISTS)
    if len(name) > MAX_NAME:
        found.append(faults.NAME_LENGTH)
    if found:
        raise GlueRefused(*found)
    return await providers.change(tx, ctx, project_id=project_id, provider_id=provider.id, name=name, is_enabled=None)


async def remove(tx: Tx, ctx: Context, *, project_id: str, provider_id: str | None) -> None:
    """Delete a provider that nothing hangs on, and that is not the last one."""
    await projects.lock(tx, project_id)
    provider = await get(tx, project_id=project_id, provider_id=provider_id)
    found: list[Fault] = []
    if await glue.any_unfinished(tx, project_id):
        found.append(faults.HAS_NOTIFICATIONS.because("A notification of the project is waiting or on its way."))
    if await rows.is_used(tx, project_id, provider.id):
        found.append(faults.HAS_SUBSCRIPTIONS.because("Ended subscriptions count for 30 days more."))
    if found:
        raise GlueRefused(*found)
    others = [one for one in await rows.of_project(tx, project_id) if one.channel == provider.channel]
    if len(others) == 1:
        raise GlueRefused(faults.LAST_PROVIDER.because("A project has at least one provider for the web."))
    await providers.remove(tx, ctx, project_id=project_id, provider_id=provider.id)
