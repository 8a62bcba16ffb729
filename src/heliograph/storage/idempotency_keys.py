"""Rows of idempotency keys: what was answered first, by the caller's key."""

import hashlib
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, tuple_

from heliograph.storage.sql import upsert
from heliograph.storage.store import Tx
from heliograph.storage.tables import idempotency_keys


@dataclass(frozen=True, slots=True)
class Answered:
    """A call that was answered. `answer` is sealed, `fingerprint` the SHA-256 of what was asked."""

    scope: str
    key: str
    fingerprint: bytes
    status: int
    answer: bytes
    expires_at: datetime


async def claim(tx: Tx, scope: str, key: str) -> bool:
    """Keep other processes from carrying out calls with this key until the transaction ends; False if one does.

    SQLite has one writer: who gets here is alone.
    """
    if tx.dialect.name != "postgresql":
        return True
    number = hashlib.sha256(f"idempotency\0{scope}\0{key}".encode()).digest()[:8]
    query = select(func.pg_try_advisory_xact_lock(int.from_bytes(number, "big", signed=True)))
    return bool((await tx.execute(query)).scalar_one())


async def get(tx: Tx, scope: str, key: str, *, now: datetime) -> Answered | None:
    """Return what was answered, unless that has expired."""
    query = select(idempotency_keys).where(
        idempotency_keys.c.scope == scope, idempotency_keys.c.key == key, idempotency_keys.c.expires_at > now
    )
    row = (await tx.execute(query)).first()
    return None if row is None else Answered(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it


async def put(tx: Tx, answered: Answered) -> None:
    """Write what is answered; an expired row of the same key gives way."""
    await upsert(
        tx,
        idempotency_keys,
        [asdict(answered)],
        conflict=("scope", "key"),
        update=("fingerprint", "status", "answer", "expires_at"),
    )


async def sweep(tx: Tx, *, now: datetime, limit: int) -> int:
    """Delete expired rows, oldest first; return how many."""
    primary = (idempotency_keys.c.scope, idempotency_keys.c.key)
    old = (
        select(*primary)
        .where(idempotency_keys.c.expires_at <= now)
        .order_by(idempotency_keys.c.expires_at)
        .limit(limit)
    )
    return (await tx.execute(delete(idempotency_keys).where(tuple_(*primary).in_(old)))).rowcount
