"""A file that survives kill -9: registrations, device identities and undelivered messages, in SQLite with a WAL.

The relay works in memory and writes every change through before it answers: a 201 means that it is in the file.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from heliograph.devpush.model import Kind, Message, Registration, Service, Urgency, UserAgent

_SCHEMA = """
CREATE TABLE IF NOT EXISTS user_agent (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, secret TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS registration (
    token TEXT PRIMARY KEY, user_agent TEXT NOT NULL, channel TEXT NOT NULL, service TEXT NOT NULL,
    endpoint TEXT NOT NULL,    created_at REAL NOT NULL, key BLOB, app TEXT NOT NULL, sender TEXT NOT NULL, gone_at REAL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS message (
    id TEXT PRIMARY KEY, token TEXT NOT NULL, user_agent TEXT NOT NULL, body BLOB, ttl_seconds INTEGER NOT NULL,
    urgency TEXT NOT NULL, topic TEXT, accepted_at REAL NOT NULL, expires_at REAL NOT NULL
) STRICT;
"""


_LOCK_SECONDS = 1.0


class FileInUseError(OSError):
    """Another process has the file."""


class Store(Protocol):
    """Where the relay writes its changes through."""

    def user_agents(self) -> list[UserAgent]:
        """Return what was known when the last process ended."""
        ...

    def registrations(self) -> list[Registration]:
        """Return every registration, the gone ones too."""
        ...

    def messages(self) -> list[Message]:
        """Return undelivered messages in the order of their arrival."""
        ...

    def put_user_agent(self, user_agent: UserAgent) -> None:
        """Add a user agent."""
        ...

    def put_registration(self, registration: Registration) -> None:
        """Add or replace a registration."""
        ...

    def put_message(self, message: Message) -> None:
        """Add an undelivered message."""
        ...

    def drop_messages(self, ids: Iterable[str]) -> None:
        """Remove messages that are acked, expired or replaced."""
        ...

    def drop_user_agent(self, user_agent: str) -> None:
        """Remove a user agent with its registrations and messages."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


class NoStore:
    """Keeps nothing: the relay's memory is all there is."""

    def user_agents(self) -> list[UserAgent]:
        """Return nothing."""
        return []

    def registrations(self) -> list[Registration]:
        """Return nothing."""
        return []

    def messages(self) -> list[Message]:
        """Return nothing."""
        return []

    def put_user_agent(self, user_agent: UserAgent) -> None:
        """Forget it."""

    def put_registration(self, registration: Registration) -> None:
        """Forget it."""

    def put_message(self, message: Message) -> None:
        """Forget it."""

    def drop_messages(self, ids: Iterable[str]) -> None:
        """Have nothing to drop."""

    def drop_user_agent(self, user_agent: str) -> None:
        """Have nothing to drop."""

    def close(self) -> None:
        """Have nothing to close."""


class FileStore:
    """One SQLite file, one statement per change, each its own transaction.

    `synchronous=NORMAL` in WAL mode keeps every finished transaction over the death of the process; only a power cut
    may lose the last ones, which a test service can bear.
    """

    def __init__(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):  # before SQLite makes it: its journal gets the same rights
            os.close(os.open(file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        self._db = sqlite3.connect(file, isolation_level=None, timeout=_LOCK_SECONDS)
        try:
            self._prepare()
        except sqlite3.OperationalError as error:
            self._db.close()
            raise FileInUseError(f"{file.name} cannot be opened: {error}. Does another devpush use it?") from error
        file.chmod(0o600)

    def _prepare(self) -> None:
        # What is in memory is the truth, so a second process on the same file would lose messages.
        self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)

    def user_agents(self) -> list[UserAgent]:
        """Return every user agent."""
        rows = self._db.execute("SELECT id, kind, secret FROM user_agent")
        return [UserAgent(id_, Kind(kind), secret) for id_, kind, secret in rows]

    def registrations(self) -> list[Registration]:
        """Return every registration, the gone ones too."""
        rows = self._db.execute(
            "SELECT token, user_agent, channel, service, endpoint, created_at, key, app, sender, gone_at"
            " FROM registration"
        )
        return [
            Registration(
                token,
                agent,
                channel,
                Service(service),
                endpoint,
                _at(created),
                key,
                app,
                sender,
                _at(gone) if gone else None,
            )
            for token, agent, channel, service, endpoint, created, key, app, sender, gone in rows
        ]

    def messages(self) -> list[Message]:
        """Return undelivered messages in the order of their arrival."""
        rows = self._db.execute(
            "SELECT id, token, user_agent, body, ttl_seconds, urgency, topic, accepted_at, expires_at"
            " FROM message ORDER BY rowid"
        )
        return [
            Message(id_, token, agent, body, ttl, Urgency(urgency), topic, _at(accepted), _at(expires))
            for id_, token, agent, body, ttl, urgency, topic, accepted, expires in rows
        ]

    def put_user_agent(self, user_agent: UserAgent) -> None:
        """Add a user agent."""
        self._db.execute(
            "INSERT OR REPLACE INTO user_agent VALUES (?, ?, ?)", (user_agent.id, user_agent.kind, user_agent.secret)
        )

    def put_registration(self, registration: Registration) -> None:
        """Add or replace a registration."""
        r = registration
        gone = r.gone_at.timestamp() if r.gone_at else None
        created = r.created_at.timestamp()
        values = (r.token, r.user_agent, r.channel, r.service, r.endpoint, created, r.key, r.app, r.sender, gone)
        self._db.execute("INSERT OR REPLACE INTO registration VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values)

    def put_message(self, message: Message) -> None:
        """Add an undelivered message."""
        m = message
        times = (m.accepted_at.timestamp(), m.expires_at.timestamp())
        values = (m.id, m.token, m.user_agent, m.body, m.ttl_seconds, m.urgency, m.topic, *times)
        self._db.execute("INSERT OR REPLACE INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", values)

    def drop_messages(self, ids: Iterable[str]) -> None:
        """Remove messages that are acked, expired or replaced."""
        self._db.executemany("DELETE FROM message WHERE id = ?", ((id_,) for id_ in ids))

    def drop_user_agent(self, user_agent: str) -> None:
        """Remove a user agent with its registrations and messages, all or nothing."""
        with self._transaction() as db:
            db.execute("DELETE FROM message WHERE user_agent = ?", (user_agent,))
            db.execute("DELETE FROM registration WHERE user_agent = ?", (user_agent,))
            db.execute("DELETE FROM user_agent WHERE id = ?", (user_agent,))

    def _transaction(self) -> sqlite3.Connection:
        self._db.execute("BEGIN IMMEDIATE")
        return self._db

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
