"""Every setting, once: variable, form, default and help. Read from the environment at the edge, handed on as values.

`docs/reference/settings.md` and `heliograph settings` are made from this file.
"""
# ruff: noqa: RUF009 - `_setting` only describes a field, and what it returns cannot change

import dataclasses
import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from heliograph.kit import forms
from heliograph.kit.sealing import MASTER_KEY_BYTES
from heliograph.kit.setting import PREFIX, Described, Setting, SettingsError
from heliograph.kit.setting import setting as _setting
from heliograph.protocols import base64url

_FILE = "_FILE"


class LogFormat(StrEnum):
    """How log lines look."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """From which severity on something is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


def _database_url(text: str) -> str | None:
    scheme = urlsplit(text).scheme
    if scheme not in {"sqlite", "postgresql", "postgres"}:
        raise ValueError("must begin with postgresql:// or sqlite:///.")
    return text


def _master_key(text: str) -> bytes | None:
    try:
        key = base64url.decode(text.strip())
    except ValueError:
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        raise ValueError("must be 32 bytes as base64url; `heliograph keys master` makes one.")
    return key


@dataclass(frozen=True, slots=True)
class Settings:
    """Values of all settings. Field names are the variables' names without the prefix, in lower case."""

    data_dir: Path = _setting(
        "DATA_DIR",
        Path("var/heliograph"),
        "path",
        forms.path,
        "Where an embedded installation keeps its database and its master key. Back up the whole directory.",
    )
    database_url: str | None = _setting(
        "DATABASE_URL",
        None,
        "postgresql://user:password@host/name or sqlite:///path",
        _database_url,
        "The store. Without it, a SQLite file in the data directory.",
        secret=True,
    )
    master_key: bytes | None = _setting(
        "MASTER_KEY",
        None,
        "32 bytes as base64url",
        _master_key,
        "Encrypts private keys in the store. An embedded installation makes its own in the data directory; with "
        "PostgreSQL it must be given, the same to every process.",
        secret=True,
    )
    public_url: str | None = _setting(
        "PUBLIC_URL",
        None,
        "https://push.example.com",
        forms.optional_http_origin,
        "The address under which browsers reach this installation. Without it, http://localhost and the port.",
    )
    host: str = _setting("HOST", "127.0.0.1", "address", forms.text, "The address to listen on; 0.0.0.0 for all.")
    port: int = _setting("PORT", 8970, "port", forms.port, "The port to listen on.")
    trusted_proxies: str = _setting(
        "TRUSTED_PROXIES",
        "127.0.0.1",
        "addresses separated by commas",
        forms.text,
        "Reverse proxies whose X-Forwarded-For and X-Forwarded-Proto are believed.",
    )
    log_level: LogLevel = _setting(
        "LOG_LEVEL",
        LogLevel.INFO,
        "debug, info, warning or error",
        forms.one_of(LogLevel),
        "From which severity on to log.",
    )
    log_format: LogFormat = _setting(
        "LOG_FORMAT",
        LogFormat.TEXT,
        "text or json",
        forms.one_of(LogFormat),
        "How log lines look; json for a log collector.",
    )
    push_hosts: frozenset[str] = _setting(
        "PUSH_HOSTS",
        frozenset(),
        "host names separated by commas",
        forms.host_names,
        "Further push services that subscriptions may use, such as a UnifiedPush server, beside those of Mozilla, "
        "Google, Apple and Microsoft.",
    )
    send_timeout_seconds: int = _setting(
        "SEND_TIMEOUT_SECONDS",
        10,
        "seconds",
        forms.integer(1, 120),
        "How long one request to a push service may take in all.",
    )
    shutdown_seconds: int = _setting(
        "SHUTDOWN_SECONDS",
        30,
        "seconds",
        forms.integer(1, 600),
        "How long a stop waits for what is in the air; what it gives up is sent after the next start.",
    )
    metrics_token: str | None = _setting(
        "METRICS_TOKEN",
        None,
        "text",
        forms.optional_text,
        "With it, /metrics answers on the API's port to those who show it: Authorization: Bearer …. Without it, there "
        "is nothing at /metrics.",
        secret=True,
    )
    metrics_bind: tuple[str, int] | None = _setting(
        "METRICS_BIND",
        None,
        "address:port",
        forms.optional_place,
        "Where this process (serve, worker or up) answers /metrics on a port of its own, without a token, such as "
        "127.0.0.1:9464. Keep it away from the internet.",
    )
    rate_limit_address: int = _setting(
        "RATE_LIMIT_ADDRESS",
        1200,
        "requests a minute; 0 for no limit",
        forms.integer(0, 100_000_000),
        "How fast one client address (of IPv6, one /64) may call the public API of one process, and how many requests "
        "it may save up. Callers on this machine are not limited.",
    )
    rate_limit_key: int = _setting(
        "RATE_LIMIT_KEY",
        60_000,
        "requests a minute; 0 for no limit",
        forms.integer(0, 100_000_000),
        "How fast the public API of one process may be called with one publishable key, all visitors together.",
    )
    rate_limit_visitors: int = _setting(
        "RATE_LIMIT_VISITORS",
        600,
        "new visitors a minute; 0 for no limit",
        forms.integer(0, 100_000_000),
        "How many visitors that were never seen before one client address may bring to one process: each becomes a "
        "profile.",
    )
    rate_limit_passwords: int = _setting(
        "RATE_LIMIT_PASSWORDS",
        10,
        "wrong passwords a minute; 0 for no limit",
        forms.integer(0, 1_000_000),
        "How many wrong passwords one client address may try for one name of the Glue API; six times as many for all "
        "names together, and six times as many may come for one name from all addresses where it was never right.",
    )
    keep_deliveries_days: int = _setting(
        "KEEP_DELIVERIES_DAYS",
        90,
        "days; 0 for ever",
        forms.integer(0, 36_500),
        "How long after a notification was finished its single deliveries are kept. Its counts stay.",
    )
    keep_notifications_days: int = _setting(
        "KEEP_NOTIFICATIONS_DAYS",
        730,
        "days; 0 for ever",
        forms.integer(0, 36_500),
        "How long finished notifications are kept with their counts, if their deliveries are gone.",
    )
    keep_audit_days: int = _setting(
        "KEEP_AUDIT_DAYS",
        730,
        "days; 0 for ever",
        forms.integer(0, 36_500),
        "How long the log of administrative acts is kept.",
    )
    keep_webhooks_days: int = _setting(
        "KEEP_WEBHOOKS_DAYS",
        30,
        "days; 0 for ever",
        forms.integer(0, 36_500),
        "How long messages to webhooks are kept after their last attempt, to be looked at and replayed; and events for "
        "webhooks that are switched off.",
    )
    keep_events_days: int = _setting(
        "KEEP_EVENTS_DAYS",
        400,
        "days; 0 for ever",
        forms.integer(0, 36_500),
        "How long events of people are kept. Segments and triggers see none that are older.",
    )
    keep_visitors_days: int = _setting(
        "KEEP_VISITORS_DAYS",
        400,
        "days; 0 for ever",
        forms.integer(0, 36_500),
        "How long browsers are remembered that do not come back, and anonymous people that nothing can be sent to.",
    )
    webhook_timeout_seconds: int = _setting(
        "WEBHOOK_TIMEOUT_SECONDS",
        10,
        "seconds",
        forms.integer(1, 60),
        "How long one call of a webhook's receiver may take in all.",
    )
    webhook_origins: frozenset[str] = _setting(
        "WEBHOOK_ORIGINS",
        frozenset(),
        "addresses without a path, separated by commas",
        forms.http_origins,
        "Receivers of webhooks that may be called without TLS or inside your own network, such as "
        "http://127.0.0.1:9000. All others must be https on the public internet.",
    )
    devpush_url: str | None = _setting(
        "DEVPUSH_URL",
        None,
        "http://127.0.0.1:8972",
        forms.optional_http_origin,
        "Development only: the plain address of the bundled push service, allowed as an endpoint.",
    )
    devpush_tls_port: int | None = _setting(
        "DEVPUSH_TLS_PORT",
        None,
        "port",
        forms.optional_port,
        "Development only: where the bundled push service stands in for the vendors' hosts.",
    )
    devpush_ca_file: Path | None = _setting(
        "DEVPUSH_CA_FILE",
        None,
        "path",
        forms.optional_path,
        "Development only: the bundled push service's own certificate authority.",
    )

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> "Settings":
        """Read the environment, or raise `SettingsError` with everything that is wrong with it."""
        sentences = _strangers(environ)
        values: dict[str, Any] = {}
        for name, setting in fields():
            try:
                text, _origin = _find(setting, environ)
                if text is not None:
                    values[name] = setting.parse(text)
            except ValueError as error:
                sentences.append(f"{setting.variable} {error}")
        if sentences:
            raise SettingsError(sentences)
        settings = cls(**values)
        settings._check()
        return settings

    def _check(self) -> None:
        """Refuse combinations that cannot work."""
        given = (self.devpush_url, self.devpush_tls_port, self.devpush_ca_file)
        if any(item is not None for item in given[1:]) and not all(item is not None for item in given):
            raise SettingsError(["HELIOGRAPH_DEVPUSH_URL, _TLS_PORT and _CA_FILE belong together: give all three."])
        if not self.is_embedded and self.master_key is None:
            raise SettingsError(
                ["HELIOGRAPH_MASTER_KEY is needed with PostgreSQL; `heliograph keys master` makes one."]
            )

    @property
    def is_embedded(self) -> bool:
        """Whether everything lives in the data directory."""
        return self.database_url is None or self.database_url.startswith("sqlite")

    @property
    def store_url(self) -> str:
        """The store's address, the default filled in."""
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'heliograph.sqlite3'}"

    @property
    def base_url(self) -> str:
        """The address under which browsers reach this installation, the default filled in."""
        return self.public_url or f"http://localhost:{self.port}"

    def replace(self, **changes: Any) -> "Settings":
        """Return a copy with other values."""
        return dataclasses.replace(self, **changes)

    def with_options(self, **options: Any) -> "Settings":
        """Return a copy with what the command line says; None is an option that was not given."""
        return self.replace(**{name: value for name, value in options.items() if value is not None})


def fields() -> list[tuple[str, Setting]]:
    """Return every setting with its field name, in the order of the reference page."""
    return [(item.name, item.metadata["setting"]) for item in dataclasses.fields(Settings)]


def described(environ: Mapping[str, str]) -> list[Described]:
    """Return every setting as it stands in an environment that `Settings.load` accepts."""
    settings = Settings.load(environ)
    rows = []
    for item in dataclasses.fields(Settings):
        setting: Setting = item.metadata["setting"]
        _text, origin = _find(setting, environ)
        value = getattr(settings, item.name)
        shown = "••••••••" if setting.is_secret and value is not None else as_text(value)
        rows.append(Described(setting, shown, as_text(item.default), origin))
    return rows


def as_text(value: Any) -> str:
    """Return a value as it would be written into the environment; nothing for None."""
    match value:
        case None:
            return ""
        case frozenset():
            return ",".join(sorted(value))
        case (host, port):
            return f"{host}:{port}"
        case _:
            return str(value)


def _find(setting: Setting, environ: Mapping[str, str]) -> tuple[str | None, str]:
    """Return a setting's text and where it came from. An empty variable counts as absent, as compose files write it."""
    direct = environ.get(setting.variable, "").strip()
    file = environ.get(setting.variable + _FILE, "").strip() if setting.is_secret else ""
    if direct and file:
        raise ValueError(f"and {setting.variable}{_FILE} exclude each other: give one.")
    if direct:
        return direct, "environment"
    if not file:
        return None, "default"
    try:
        return forms.path(file).read_text(encoding="utf-8").strip(), f"file {file}"
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ValueError(f"cannot be read from {file}: {reason}.") from None


def _strangers(environ: Mapping[str, str]) -> list[str]:
    """Return a sentence for every variable with our prefix that is none: a misspelt one must not pass in silence."""
    known = {setting.variable for _, setting in fields()}
    known |= {setting.variable + _FILE for _, setting in fields() if setting.is_secret}
    sentences = []
    for name in sorted(set(environ) - known):
        if name.startswith(PREFIX):
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else "`heliograph settings` lists all."
            sentences.append(f"{name} is not a setting; {hint}")
    return sentences
