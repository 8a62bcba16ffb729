"""A SQLite database as one file: taken while it is used, looked at, and put in another one's place.

https://www.sqlite.org/backup.html: the copy is the database at one instant, whatever is written meanwhile.
"""

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from heliograph.kit.archive import sync_directory
from heliograph.storage.engines import StoreError

_PAGES = 4_096
_MAGIC = b"SQLite format 3\0"
"""https://www.sqlite.org/fileformat.html section 1.2."""
_BESIDE = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Insight:
    """What a database file says of itself. `revision` is None for one that was never migrated."""

    revision: str | None
    fingerprint: str | None


def take(source: Path, to: Path) -> None:
    """Copy a database that may be in use. Writers go on meanwhile; what they write may or may not be in the copy.

    Raises:
        StoreError: there is no database, it cannot be read, or there is no room for the copy.
    """
    if not source.exists():
        raise StoreError(f"There is no database at {source}.")
    try:
        with _opened(source, "ro") as old, _opened(to, "rwc") as new:
            # Within one transaction: otherwise the copy begins anew whenever somebody writes, and is never finished.
            old.execute("BEGIN")
            old.execute("SELECT count(*) FROM sqlite_master").fetchone()
            old.backup(new, pages=_PAGES)
            # One file without a log beside it: that is what is archived.
            new.execute("PRAGMA journal_mode = DELETE")
    except sqlite3.DatabaseError as error:
        raise StoreError(f"The database cannot be copied: {error}.") from None
    to.chmod(0o600)


def look(path: Path) -> Insight:
    """Check that a file is a whole database of Heliograph, and say which.

    Raises:
        StoreError: it is damaged, or something else.
    """
    try:
        with _opened(path, "ro") as connection:
            (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
            if verdict != "ok":
                raise StoreError(f"The database is damaged: {verdict}.")
            revision = connection.execute("SELECT version_num FROM alembic_version").fetchone()
            fact = "SELECT value FROM installation WHERE name = 'master_key_fingerprint'"
            fingerprint = connection.execute(fact).fetchone()
    except sqlite3.DatabaseError as error:
        raise StoreError(f"The file is no database of Heliograph: {error}.") from None
    return Insight(revision and revision[0], fingerprint and fingerprint[0])


def seize(path: Path) -> None:
    """Make sure that nobody uses a database, and bring everything that was written into its one file.

    Raises:
        StoreError: somebody uses it, or it cannot be written.
    """
    with path.open("rb") as file:
        if file.read(len(_MAGIC)) not in (_MAGIC, b""):
            return  # nobody can use it, and SQLite would throw away the log beside it
    try:
        with _opened(path, "rw", timeout=0.2) as connection:
            # Leaving the log behind needs the file for oneself: that is the question.
            (mode,) = connection.execute("PRAGMA journal_mode = DELETE").fetchone()
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            return  # whoever opens it meets the same
        if "locked" in str(error):
            raise StoreError("The database is in use: stop Heliograph first.") from None
        raise StoreError(f"The database that is there cannot be brought to rest: {error}.") from None
    if mode != "delete":
        raise StoreError("The database is in use: stop Heliograph first.")


def put(new: Path, place: Path, *, aside: Path) -> None:
    """Put a database file into its place; what was there is kept at `aside`, with the log of a damaged one."""
    if place.exists():
        place.rename(aside)
    for suffix in _BESIDE:
        with contextlib.suppress(FileNotFoundError):
            place.with_name(place.name + suffix).rename(aside.with_name(aside.name + suffix))
    new.rename(place)
    sync_directory(place.parent)


def _opened(path: Path, mode: str, *, timeout: float = 30.0) -> contextlib.closing[sqlite3.Connection]:
    address = f"{path.absolute().as_uri()}?mode={mode}"
    return contextlib.closing(sqlite3.connect(address, uri=True, timeout=timeout, isolation_level=None))
