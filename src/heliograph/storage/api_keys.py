"""Rows of API keys: secret ones as SHA-256 only, publishable ones in clear because they are printed in pages."""

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import and_, insert, or_, select, update
from sqlalchemy.engine import Row

from heliograph.names import Scope
from heliograph.storage.store import Tx
from heliograph.storage.tables import api_keys, projects


class KeyKind(StrEnum):
    """Who may hold a key: a server, or everybody."""

    SECRET = "secret"  # noqa: S105 - a kind of key, not one
    PUBLISHABLE = "publishable"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """One key. `project_id` is None for the installation's own."""

    id: str
    project_id: str | None
    kind: KeyKind
    name: str
    scopes: tuple[Scope, ...]
    token_hash: bytes
    token: str | None
    hint: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    replaced_by_id: str | None = None

    def is_valid(self, now: datetime) -> bool:
        """Whether the key opens anything at `now`."""
        return not any(end is not None and end <= now for end in (self.expires_at, self.revoked_at))


def _key(row: Row[Any]) -> ApiKey:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
    scopes = tuple(Scope(scope) for scope in values["scopes"])
    return ApiKey(**{**values, "kind": KeyKind(values["kind"]), "scopes": scopes})


def _owned(project_id: str | None) -> Any:
    return api_keys.c.project_id.is_(None) if project_id is None else api_keys.c.project_id == project_id


async def add(tx: Tx, key: ApiKey) -> None:
    """Write a new key."""
    await tx.execute(insert(api_keys).values({**asdict(key), "scopes": list(key.scopes)}))


async def of_hash(tx: Tx, token_hash: bytes) -> ApiKey | None:
    """Return the key with this SHA-256, unless its project was deleted. Expired and revoked ones are returned too.

    Looking a hash up leaks nothing by its timing: who can choose the hash must already know the token.
    """
    query = (
        select(*api_keys.c)
        .select_from(api_keys.outerjoin(projects, projects.c.id == api_keys.c.project_id))
        .where(
            api_keys.c.token_hash == token_hash,
            or_(api_keys.c.project_id.is_(None), and_(projects.c.id.is_not(None), projects.c.deleted_at.is_(None))),
        )
    )
    row = (await tx.execute(query)).first()
    return None if row is None else _key(row)


async def get(tx: Tx, project_id: str | None, key_id: str) -> ApiKey | None:
    """Return one key of a project, or of the installation for None."""
    row = (await tx.execute(select(api_keys).where(_owned(project_id), api_keys.c.id == key_id))).first()
    return None if row is None else _key(row)


async def page(tx: Tx, project_id: str | None, *, after: str | None, limit: int) -> list[ApiKey]:
    """Return the keys of a project, oldest first, revoked ones included."""
    query = select(api_keys).where(_owned(project_id)).order_by(api_keys.c.id).limit(limit)
    if after is not None:
        query = query.where(api_keys.c.id > after)
    return [_key(row) for row in await tx.execute(query)]


async def change(tx: Tx, key_id: str, values: dict[str, Any]) -> None:
    """Overwrite columns of a key."""
    await tx.execute(update(api_keys).where(api_keys.c.id == key_id).values(values))


async def replace(tx: Tx, key_id: str, *, by: str, ends_at: datetime) -> bool:
    """Note a key's successor and its end; False if it has a successor already."""
    statement = update(api_keys).where(api_keys.c.id == key_id, api_keys.c.replaced_by_id.is_(None))
    return (await tx.execute(statement.values(replaced_by_id=by, expires_at=ends_at))).rowcount > 0


async def note_use(tx: Tx, key_id: str, *, now: datetime, grain: timedelta) -> None:
    """Note that a key was used, unless that was noted less than `grain` ago."""
    is_old = or_(api_keys.c.last_used_at.is_(None), api_keys.c.last_used_at <= now - grain)
    await tx.execute(update(api_keys).where(api_keys.c.id == key_id, is_old).values(last_used_at=now))


async def is_empty(tx: Tx) -> bool:
    """Tell whether this installation never had a key."""
    return (await tx.execute(select(api_keys.c.id).limit(1))).first() is None
