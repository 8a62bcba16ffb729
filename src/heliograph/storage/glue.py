"""What a project wants of the Glue API: one row, or none for the defaults."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from heliograph.domain.glue import GlueSettings
from heliograph.storage.sql import upsert
from heliograph.storage.store import Tx
from heliograph.storage.tables import glue_settings, notifications


@dataclass(frozen=True, slots=True)
class KeptSettings:
    """A project's settings, and the sealed secrets that sign claims and questions, if they were made."""

    settings: GlueSettings
    claim_secret: bytes | None = field(default=None, repr=False)
    check_secret: bytes | None = field(default=None, repr=False)


async def read(tx: Tx, project_id: str) -> KeptSettings:
    """Return a project's settings; the defaults if it never changed them."""
    row = (await tx.execute(select(glue_settings).where(glue_settings.c.project_id == project_id))).first()
    if row is None:
        return KeptSettings(GlueSettings())
    return KeptSettings(_settings(row.settings), row.claim_secret, row.check_secret)


async def write(tx: Tx, project_id: str, kept: KeptSettings, *, now: datetime) -> None:
    """Overwrite a project's settings."""
    row = {
        "project_id": project_id,
        "settings": _written(kept.settings),
        "claim_secret": kept.claim_secret,
        "check_secret": kept.check_secret,
        "updated_at": now,
    }
    columns = ("settings", "claim_secret", "check_secret", "updated_at")
    await upsert(tx, glue_settings, [row], conflict=("project_id",), update=columns)


async def any_unfinished(tx: Tx, project_id: str) -> bool:
    """Tell whether a notification of a project is waiting for its time or on its way."""
    for state in ("scheduled", "running"):
        query = select(notifications.c.id).where(
            notifications.c.project_id == project_id, notifications.c.state == state
        )
        if (await tx.execute(query.limit(1))).first() is not None:
            return True
    return False


def _settings(values: dict[str, Any]) -> GlueSettings:
    seconds = values["subscription_ttl_seconds"]
    return GlueSettings(
        subscription_ttl=None if seconds is None else timedelta(seconds=seconds),
        repeat_is_error=values["repeat_is_error"],
        group_names=tuple(values["group_names"]),
        locales=tuple(values["locales"]),
        claimed_groups=tuple(values["claimed_groups"]),
        check_url=values.get("check_url"),  # rows of earlier versions have none
    )


def _written(settings: GlueSettings) -> dict[str, Any]:
    ttl = settings.subscription_ttl
    return {
        "subscription_ttl_seconds": None if ttl is None else int(ttl.total_seconds()),
        "repeat_is_error": settings.repeat_is_error,
        "group_names": list(settings.group_names),
        "locales": list(settings.locales),
        "claimed_groups": list(settings.claimed_groups),
        "check_url": settings.check_url,
    }
