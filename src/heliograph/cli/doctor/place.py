"""What can be seen on this machine: settings, the data directory, the file of the master key."""

import shutil
import stat
from urllib.parse import urlsplit

from heliograph.bootstrap import MASTER_KEY_FILE, BootstrapError, read_master_key
from heliograph.cli.doctor.finding import Finding, error, ok, skipped, warning
from heliograph.kit.sealing import Sealer
from heliograph.settings import Settings

FREE_ERROR, FREE_WARNING = 200 * 1024 * 1024, 2 * 1024 * 1024 * 1024
_FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def is_public(settings: Settings) -> bool:
    """Tell whether the installation is meant for visitors, not for trying things out."""
    return settings.public_url is not None and settings.public_url.startswith("https://")


def public_url(settings: Settings) -> Finding:
    """Pages give push to https alone, except on one's own machine."""
    name = "public_url"
    if settings.public_url is None:
        hint = "Set HELIOGRAPH_PUBLIC_URL to the https address that browsers reach."
        return warning(name, "There is no public address: only browsers on this machine can subscribe.", hint)
    host = urlsplit(settings.public_url).hostname or ""
    if not is_public(settings) and host not in ("localhost", "127.0.0.1", "::1"):
        hint = "Put a reverse proxy with https in front, and write https:// in HELIOGRAPH_PUBLIC_URL."
        return error(name, "The public address is not https: no browser runs a service worker from it.", hint)
    return ok(name, f"The public address is {settings.public_url}.")


def devpush(settings: Settings) -> Finding:
    """Development settings lead messages astray."""
    name = "devpush_settings"
    is_set = settings.devpush_url is not None or settings.devpush_tls_port is not None
    if is_set and is_public(settings):
        hint = "Remove HELIOGRAPH_DEVPUSH_URL, _TLS_PORT and _CA_FILE from the environment."
        return error(name, "A public installation has the bundled push service of developers switched on.", hint)
    return ok(name, "The bundled push service is on, for development." if is_set else "No development setting is on.")


def data_directory(settings: Settings) -> Finding:
    """Who may read the data, and whether there is room."""
    name = "data_directory"
    place = settings.data_dir
    if not settings.is_embedded:
        return skipped(name, "With PostgreSQL there is no data directory.")
    if not place.is_dir():
        return error(
            name, f"There is no data directory {place}.", "Start `heliograph up` once, or set HELIOGRAPH_DATA_DIR."
        )
    loose = [path for path in (place, place / MASTER_KEY_FILE) if path.exists() and path.stat().st_mode & _FOR_OTHERS]
    if loose:
        return error(
            name,
            f"Others on this machine may look into {loose[0]}.",
            f"`chmod -R go= {place}`, and think of whether they did.",
        )
    return ok(name, f"Only its owner may look into {place}.")


def disk(settings: Settings, *, free: int | None = None) -> Finding:
    """Whether there is room; `free` bytes are asked of the operating system unless given."""
    name = "disk"
    if not settings.is_embedded or not settings.data_dir.is_dir():
        return skipped(name, "The data is not on this machine.")
    left = shutil.disk_usage(settings.data_dir).free if free is None else free
    sentence = f"{left // 1024 // 1024} MiB are free where the data is."
    hint = "Make room: without it nothing can be stored, and browsers cannot subscribe."
    if left < FREE_ERROR:
        return error(name, sentence, hint)
    return warning(name, sentence, hint) if left < FREE_WARNING else ok(name, sentence)


def master_key(settings: Settings, noted: str | None) -> Finding:
    """Whether the master key opens this database; `noted` is the fingerprint in the database, if it was opened."""
    name = "master_key"
    path = settings.data_dir / MASTER_KEY_FILE
    try:
        key = settings.master_key or (read_master_key(path) if path.exists() else None)
    except BootstrapError as fault:
        return error(name, str(fault), "Put the right file there, for its owner alone.")
    if key is None:
        if noted is None:
            return skipped(name, "There is no master key yet: the first start makes it.")
        hint = f"Restore {path} from a backup, or give HELIOGRAPH_MASTER_KEY."
        return error(name, "The master key is missing: no private key in the database can be opened.", hint)
    if noted is None:
        return skipped(name, "There is a master key, and no database that knows it.")
    if Sealer(key).fingerprint != noted:
        hint = "Give the master key with which this database was set up; a backup has it."
        return error(name, "The master key is not the one of this database.", hint)
    return ok(name, "The master key is the one of this database.")
