"""Rows of providers: a project's way of sending on one channel."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, exists, insert, select, update
from sqlalchemy.engine import Row

from heliograph.names import Channel
from heliograph.storage.store import Tx
from heliograph.storage.tables import providers, subscriptions


@dataclass(frozen=True, slots=True)
class Provider:
    """One provider. While it is not enabled, its deliveries are skipped with the reason `provider_disabled`."""

    id: str
    project_id: str
    channel: Channel
    name: str
    is_enabled: bool
    settings: dict[str, Any]
    created_at: datetime
    updated_at: datetime


def _provider(row: Row[Any]) -> Provider:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    return Provider(**{**values, "channel": Channel(values["channel"])})


async def add(tx: Tx, provider: Provider) -> None:
    """Write a new provider."""
    await tx.execute(insert(providers).values(asdict(provider)))


async def get(tx: Tx, project_id: str, provider_id: str) -> Provider | None:
    """Return one provider of a project."""
    query = select(providers).where(providers.c.project_id == project_id, providers.c.id == provider_id)
    row = (await tx.execute(query)).first()
    return None if row is None else _provider(row)


async def named(tx: Tx, project_id: str, name: str) -> Provider | None:
    """Return the provider with this name."""
    query = select(providers).where(providers.c.project_id == project_id, providers.c.name == name)
    row = (await tx.execute(query)).first()
    return None if row is None else _provider(row)


async def default(tx: Tx, project_id: str, channel: Channel) -> Provider | None:
    """Return the provider that new subscriptions of a channel join: the oldest enabled one, else the oldest."""
    query = (
        select(providers)
        .where(providers.c.project_id == project_id, providers.c.channel == channel)
        .order_by(providers.c.is_enabled.desc(), providers.c.id)
        .limit(1)
    )
    row = (await tx.execute(query)).first()
    return None if row is None else _provider(row)


async def of_project(tx: Tx, project_id: str) -> list[Provider]:
    """Return all providers of a project, oldest first; there are few."""
    query = select(providers).where(providers.c.project_id == project_id).order_by(providers.c.id)
    return [_provider(row) for row in await tx.execute(query)]


async def page(tx: Tx, project_id: str, *, after: str | None, limit: int) -> list[Provider]:
    """Return providers of a project, oldest first."""
    query = select(providers).where(providers.c.project_id == project_id).order_by(providers.c.id).limit(limit)
    if after is not None:
        query = query.where(providers.c.id > after)
    return [_provider(row) for row in await tx.execute(query)]


async def change(tx: Tx, provider_id: str, values: dict[str, Any]) -> None:
    """Overwrite columns of a provider."""
    await tx.execute(update(providers).where(providers.c.id == provider_id).values(values))


async def is_used(tx: Tx, project_id: str, provider_id: str) -> bool:
    """Tell whether any subscription, ended ones included, was made through a provider."""
    query = select(exists().where(subscriptions.c.project_id == project_id, subscriptions.c.provider_id == provider_id))
    return bool((await tx.execute(query)).scalar_one())


async def remove(tx: Tx, provider_id: str) -> None:
    """Delete a provider that is not used."""
    await tx.execute(delete(providers).where(providers.c.id == provider_id))
