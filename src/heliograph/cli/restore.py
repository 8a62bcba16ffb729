"""`heliograph restore`."""

import os
import tempfile
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from heliograph.bootstrap import MASTER_KEY_FILE, BootstrapError, prepare_data_dir, read_master_key
from heliograph.cli import opening, screen
from heliograph.cli.backup import DATABASE, FORMAT, embedded_database, workplace
from heliograph.cli.choosing import JsonOption
from heliograph.cli.exits import CommandError
from heliograph.kit import archive
from heliograph.kit.sealing import Sealer
from heliograph.settings import Settings
from heliograph.storage import migrate, snapshot


class About(msgspec.Struct, frozen=True):
    """What is told of a backup's maker."""

    made_at: datetime
    version: str


def restore(
    file: Annotated[Path, typer.Argument(help="What `heliograph backup` wrote.")],
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the installation that is there; its files are kept beside.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Only check the backup; change nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make the installation that a backup holds, in the data directory.

    The whole backup is checked before anything is changed: a damaged one, one of a newer version, or one whose master
    key is not the database's, is refused. An installation that is there is replaced with --force only, never while it
    runs, and its files are kept. Work that was waiting when the backup was made goes on with the next start.

    Example: HELIOGRAPH_DATA_DIR=/var/lib/heliograph heliograph restore /var/backups/heliograph-monday.tar

    Exit status: 0 restored, or with --check: it can be; 1 refused, and nothing was changed.
    """
    done = _restore(opening.load(), file, force=force, only_check=check)
    if as_json:
        screen.write_json(done)
    elif check:
        typer.echo(f"The backup of {done['made_at']} is whole and can be restored.")
    else:
        typer.echo(f"Restored the installation of {done['made_at']}. Start it with `heliograph up`.")
        for kept in done["kept"]:
            typer.echo(f"What was there is now {kept}; delete it when all is well.")


def _restore(settings: Settings, file: Path, *, force: bool, only_check: bool) -> dict[str, Any]:
    database = embedded_database(settings)
    if not file.is_file():
        raise CommandError(f"There is no file {file}.")
    # On the same file system as its place, so that a rename is enough at the end.
    at = database.parent if database.parent.is_dir() and not only_check else Path(tempfile.gettempdir())
    if not only_check:
        prepare_data_dir(settings)
        at = database.parent
    with workplace(at, "restore") as folder:
        about, revision = _checked(settings, file, folder)
        kept = [] if only_check else _placed(settings, database, folder, force=force)
    return {"made_at": about.made_at.isoformat(), "version": about.version, "revision": revision, "kept": kept}


def _checked(settings: Settings, file: Path, folder: Path) -> tuple[About, str | None]:
    """Unpack a backup and make sure that it would work; return what it says of itself, and its revision."""
    try:
        manifest = archive.unpack(file, folder, form=FORMAT)
        about = msgspec.convert(manifest.about, About)
    except archive.ArchiveError as error:
        raise CommandError(str(error)) from None
    except msgspec.ValidationError:
        raise CommandError("The backup does not say when and by which version it was made.") from None
    if DATABASE not in manifest.files or set(manifest.files) - {DATABASE, MASTER_KEY_FILE}:
        raise CommandError("The backup does not hold what a backup of Heliograph holds.")
    insight = snapshot.look(folder / DATABASE)
    if insight.revision is not None and insight.revision not in migrate.revisions():
        raise CommandError("The backup was made by a newer version of Heliograph: install that one first.")
    own = _fingerprint(settings, folder / MASTER_KEY_FILE)
    if insight.fingerprint is not None and own is None:
        raise CommandError(
            "The backup does not hold the master key: give it with HELIOGRAPH_MASTER_KEY, or put master.key into the "
            "data directory, readable for its owner alone."
        )
    if insight.fingerprint not in (None, own):
        raise CommandError("The master key is not the one of this backup: its private keys could not be opened.")
    return about, insight.revision


def _fingerprint(settings: Settings, from_backup: Path) -> str | None:
    """Return the fingerprint of the key that the restored installation would use."""
    if settings.master_key is not None:
        return Sealer(settings.master_key).fingerprint
    own = settings.data_dir / MASTER_KEY_FILE
    path = from_backup if from_backup.exists() else own
    try:
        return Sealer(read_master_key(path)).fingerprint if path.exists() else None
    except BootstrapError as error:
        raise CommandError(str(error)) from None


def _placed(settings: Settings, database: Path, folder: Path, *, force: bool) -> list[str]:
    """Put the files into their places; return what was kept of those that were there."""
    key, new_key = settings.data_dir / MASTER_KEY_FILE, folder / MASTER_KEY_FILE
    replaces_key = new_key.exists() and key.exists() and new_key.read_bytes() != key.read_bytes()
    if (database.exists() or replaces_key) and not force:
        raise CommandError(f"There is an installation in {database.parent}: --force replaces it and keeps its files.")
    if database.exists():
        snapshot.seize(database)
    aside, key_aside = _unused(database), _unused(key)
    kept = [str(aside)] if database.exists() else []
    # The key first: a database without its key looks like an accident, a key without a database like a fresh start.
    if replaces_key:
        key.rename(key_aside)
        kept.append(str(key_aside))
    if new_key.exists():
        _put_key(new_key, key)
    snapshot.put(folder / DATABASE, database, aside=aside)
    return kept


def _unused(path: Path) -> Path:
    """Return a name beside a file that nothing has, so that nothing that was kept is replaced."""
    mark = f"before-{datetime.now(UTC):%Y%m%dT%H%M%S}"
    names = (path.with_name(f"{path.name}.{mark}{more}") for more in chain([""], (f"-{number}" for number in count(2))))
    return next(name for name in names if not name.exists())


def _put_key(new: Path, place: Path) -> None:
    """Put a key's file into its place, which may be on another file system than the database."""
    with workplace(place.parent, "restore") as folder:
        draft = folder / place.name
        draft.touch(0o600)
        with draft.open("wb") as file:
            file.write(new.read_bytes())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(place)
    archive.sync_directory(place.parent)
