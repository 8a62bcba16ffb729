"""`heliograph backup`."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

import heliograph
from heliograph.bootstrap import MASTER_KEY_FILE
from heliograph.cli import opening, screen
from heliograph.cli.choosing import JsonOption
from heliograph.cli.exits import CommandError, Exit
from heliograph.kit import archive
from heliograph.settings import Settings
from heliograph.storage import snapshot
from heliograph.storage.engines import DatabaseUrl

FORMAT = "heliograph-backup/1"
DATABASE = "heliograph.sqlite3"
_STALE = timedelta(days=1)


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write; it must not exist yet.")],
    *,
    without_master_key: Annotated[
        bool,
        typer.Option(
            "--without-master-key",
            help="Leave the master key out: then the backup opens nothing by itself, and you keep the key elsewhere.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write everything that an embedded installation is into one file, while it runs.

    Holds the database as it is at one instant, the master key, and a checksum of each. Who has the file can send to all
    your subscribers: it is made readable for you alone, so keep it as you keep keys. With PostgreSQL use pg_dump.

    Example: heliograph backup /var/backups/heliograph-monday.tar

    Exit status: 0 written; 1 failed, and there is no file.
    """
    made = _backup(opening.load(), file, with_key=not without_master_key)
    if as_json:
        screen.write_json(made)
        return
    typer.echo(f"Written: {file} ({made['bytes']} bytes).")
    if made["holds_master_key"]:
        typer.echo("It holds the master key: keep it as you keep keys.")
    elif without_master_key:
        typer.echo("It does not hold the master key, as you wished: restoring needs it beside the backup.")
    else:
        typer.echo("It does not hold the master key, which HELIOGRAPH_MASTER_KEY gives: restoring needs that one.")


def embedded_database(settings: Settings) -> Path:
    """Return the file of an embedded installation's database, or refuse an installation that is not embedded."""
    if not settings.is_embedded:
        raise CommandError("This is for SQLite. With PostgreSQL use pg_dump and pg_restore.", Exit.USAGE)
    return DatabaseUrl.parse(settings.store_url).path


@contextmanager
def workplace(parent: Path, what: str) -> Iterator[Path]:
    """Make a directory for what is half done, its owner's alone. What a kill left long ago is cleared away."""
    prefix = f".heliograph-{what}-"
    old = datetime.now(UTC) - _STALE
    for left in parent.glob(f"{prefix}*"):
        if left.is_dir() and not left.is_symlink() and datetime.fromtimestamp(left.stat().st_mtime, UTC) < old:
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix=prefix) as folder:  # mode 0700
        yield Path(folder)


def _backup(settings: Settings, file: Path, *, with_key: bool) -> dict[str, Any]:
    database = embedded_database(settings)
    key = settings.data_dir / MASTER_KEY_FILE
    has_key = with_key and settings.master_key is None and key.exists()
    if file.exists():
        raise CommandError(f"{file} exists: choose another name.")
    with workplace(file.parent, "backup") as folder:
        copy = folder / DATABASE
        snapshot.take(database, copy)
        insight = snapshot.look(copy)
        about = {
            "version": heliograph.__version__,
            "made_at": datetime.now(UTC).isoformat(),
            "revision": insight.revision,
            "master_key_fingerprint": insight.fingerprint,
            "holds_master_key": has_key,
        }
        files = {DATABASE: copy} | ({MASTER_KEY_FILE: key} if has_key else {})
        size = archive.write(file, files, form=FORMAT, about=about, within=folder)
    return {"file": str(file), "bytes": size} | about
