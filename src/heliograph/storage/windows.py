"""Rows of the two-step window."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from heliograph.domain.window import WindowSettings
from heliograph.storage.sql import constant, upsert
from heliograph.storage.store import Tx
from heliograph.storage.tables import projects, subscriptions, visitors, window_states, windows


@dataclass(frozen=True, slots=True)
class WindowState:
    """A window that was opened.

    Attributes:
        state_hash: 32 bytes.
        opener: the origin of the page that opened it.
        visitor_hash: 32 bytes; None for a page that keeps nothing.
    """

    state_hash: bytes
    project_id: str
    opener: str
    visitor_hash: bytes | None
    expires_at: datetime


async def read(tx: Tx, project_id: str) -> WindowSettings | None:
    """Return where a project's window is; None if it has none."""
    query = select(windows.c.push_host, windows.c.openers).where(windows.c.project_id == project_id)
    row = (await tx.execute(query)).first()
    return None if row is None else WindowSettings(row.push_host, tuple(row.openers))


async def write(tx: Tx, project_id: str, settings: WindowSettings, *, now: datetime) -> None:
    """Say where a project's window is. Raises IntegrityError if the host is another project's."""
    row = {
        "project_id": project_id,
        "push_host": settings.push_host,
        "openers": list(settings.openers),
        "updated_at": now,
    }
    await upsert(tx, windows, [row], conflict=("project_id",), update=("push_host", "openers", "updated_at"))


async def remove(tx: Tx, project_id: str) -> bool:
    """Let a project have no window; False if it has none."""
    return (await tx.execute(delete(windows).where(windows.c.project_id == project_id))).rowcount > 0


async def name_of_host(tx: Tx, push_host: str) -> str | None:
    """Return the name of the project whose host this is."""
    query = (
        select(projects.c.name)
        .join(windows, windows.c.project_id == projects.c.id)
        .where(windows.c.push_host == push_host, projects.c.deleted_at.is_(None))
    )
    return (await tx.execute(query)).scalar_one_or_none()


async def all_settings(tx: Tx, *, after: str | None, limit: int) -> list[tuple[str, WindowSettings]]:
    """Return projects with a window, by identifier."""
    query = select(windows.c.project_id, windows.c.push_host, windows.c.openers).order_by(windows.c.project_id)
    if after is not None:
        query = query.where(windows.c.project_id > after)
    rows = await tx.execute(query.limit(limit))
    return [(row.project_id, WindowSettings(row.push_host, tuple(row.openers))) for row in rows]


async def add_state(tx: Tx, state: WindowState) -> None:
    """Note a window that is being opened."""
    await tx.execute(
        insert(window_states).values(
            state_hash=state.state_hash,
            project_id=state.project_id,
            opener=state.opener,
            visitor_hash=state.visitor_hash,
            expires_at=state.expires_at,
        )
    )


async def claim(tx: Tx, project_id: str, state_hash: bytes, *, now: datetime) -> WindowState | None:
    """Take a window's state, once; None if it is unknown, too old or taken."""
    return await _take(tx, project_id, state_hash, "claimed_at", now)


async def finish(tx: Tx, project_id: str, state_hash: bytes, *, now: datetime) -> WindowState | None:
    """End a claimed window's state, once; None if it is unknown, too old, not claimed or ended."""
    return await _take(tx, project_id, state_hash, "finished_at", now)


async def _take(tx: Tx, project_id: str, state_hash: bytes, column: str, now: datetime) -> WindowState | None:
    is_claimed = window_states.c.claimed_at.is_not(None)
    statement = (
        update(window_states)
        .where(
            window_states.c.state_hash == state_hash,
            window_states.c.project_id == project_id,
            window_states.c.expires_at > now,
            window_states.c[column].is_(None),
            is_claimed if column == "finished_at" else ~is_claimed,
        )
        .values({column: now})
        .returning(
            window_states.c.state_hash,
            window_states.c.project_id,
            window_states.c.opener,
            window_states.c.visitor_hash,
            window_states.c.expires_at,
        )
    )
    row = (await tx.execute(statement)).first()
    return None if row is None else WindowState(*row)


async def is_subscribed(tx: Tx, project_id: str, visitor_hash: bytes) -> bool:
    """Tell whether a visitor's person has an active subscription."""
    query = (
        select(subscriptions.c.id)
        .join(visitors, visitors.c.profile_id == subscriptions.c.profile_id)
        .where(
            visitors.c.project_id == project_id,
            visitors.c.token_hash == visitor_hash,
            subscriptions.c.state == constant("active"),
        )
        .limit(1)
    )
    return (await tx.execute(query)).first() is not None


async def sweep(tx: Tx, *, now: datetime, limit: int) -> int:
    """Delete states that are too old; return how many."""
    old = (
        select(window_states.c.state_hash)
        .where(window_states.c.expires_at < now)
        .order_by(window_states.c.expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    hashes = list((await tx.execute(old)).scalars())
    return (await tx.execute(delete(window_states).where(window_states.c.state_hash.in_(hashes)))).rowcount
