"""The only module that builds things: settings in, a wired Heliograph out. Also keeper of the master key's file."""

import os
import stat
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from importlib import import_module
from pathlib import Path

from heliograph.delivery.receivers import Receivers
from heliograph.domain.endpoint import DevpushRoute, EndpointPolicy
from heliograph.domain.retention import Retention
from heliograph.kit import tracing_wishes
from heliograph.kit.acting import current_actor
from heliograph.kit.clock import Clock, SystemClock
from heliograph.kit.context import Context
from heliograph.kit.curl import CurlSender
from heliograph.kit.guesses import Guesses
from heliograph.kit.http import HttpSender
from heliograph.kit.ids import Ids
from heliograph.kit.metrics import Meters
from heliograph.kit.pace import Pace
from heliograph.kit.sealing import MASTER_KEY_BYTES, Sealer
from heliograph.kit.setting import SettingsError
from heliograph.kit.tracing import NoTracer, TracedSender, Tracer
from heliograph.names import METRICS
from heliograph.protocols import base64url
from heliograph.queue.base import Queue
from heliograph.queue.embedded import EmbeddedQueue
from heliograph.settings import Settings
from heliograph.storage import installation
from heliograph.storage.store import Store

MASTER_KEY_FILE = "master.key"
FINGERPRINT = "master_key_fingerprint"
_FOR_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class BootstrapError(Exception):
    """This installation cannot start; the sentence says what to change."""


@dataclass(frozen=True, slots=True)
class Heliograph:
    """Everything that an edge needs: it opens transactions of `store` and hands the rest to verbs as arguments.

    Attributes:
        devpush: how to reach the bundled push service, while developing.
        base_url: `https://push.example.com`, where browsers reach this installation.
        send_timeout: for one exchange with a push service.
        shutdown_grace: how long a stop waits for what is in the air.
        meters: what this process counts.
        metrics_token: who shows it may read the meters on the API's port; nobody for None.
        address_pace: how fast one client address may call the public API.
        key_pace: how fast one publishable key may be used.
        visitor_pace: how many new visitors one client address may bring.
        guesses: how often passwords of the Glue API may be guessed.
        tracer: begins the traces of what this process does.
        retention: how long history is kept.
        receivers: which addresses of customers may be called.
    """

    store: Store
    queue: Queue
    clock: Clock
    ids: Ids
    sealer: Sealer
    sender: HttpSender
    policy: EndpointPolicy
    devpush: DevpushRoute | None
    random_bytes: Callable[[int], bytes]
    base_url: str
    send_timeout: timedelta
    shutdown_grace: timedelta
    meters: Meters = field(default_factory=lambda: Meters(METRICS))
    metrics_token: str | None = field(default=None, repr=False)
    address_pace: Pace = field(default_factory=Pace)
    key_pace: Pace = field(default_factory=Pace)
    visitor_pace: Pace = field(default_factory=Pace)
    guesses: Guesses = field(default_factory=Guesses)
    tracer: Tracer = field(default_factory=NoTracer)
    retention: Retention = field(default_factory=Retention)
    receivers: Receivers = field(default_factory=Receivers)

    def context(self) -> Context:
        """Return the surroundings of one operation that begins now."""
        return Context(
            now=self.clock.now(),
            ids=self.ids,
            sealer=self.sealer,
            random_bytes=self.random_bytes,
            actor=current_actor(),
        )

    async def close(self) -> None:
        """Finish what is in the air and release connections and files."""
        await self.sender.close()
        await self.store.close()
        await self.tracer.close()


async def build(
    settings: Settings,
    *,
    clock: Clock | None = None,
    entropy: Callable[[int], bytes] = os.urandom,
    sender: HttpSender | None = None,
    tracer: Tracer | None = None,
) -> Heliograph:
    """Wire an installation whose database is already migrated.

    Args:
        settings: what the operator wants.
        clock: another clock, for tests and simulations.
        entropy: another source of randomness.
        sender: another way to do HTTP.
        tracer: who is told what this process does; closed with it.

    Raises:
        BootstrapError: the master key is unusable, readable by others, or not the one of this database.
    """
    clock = clock or SystemClock()
    ids = Ids(clock, entropy)
    store = await Store.open(settings.store_url)
    try:
        sealer = await _sealer(store, settings, entropy)
    except BaseException:
        await store.close()
        raise
    return Heliograph(
        store=store,
        queue=EmbeddedQueue(store, ids),
        clock=clock,
        ids=ids,
        sealer=sealer,
        sender=_sender(sender or CurlSender(), tracer),
        policy=EndpointPolicy(extra_hosts=settings.push_hosts, devpush_origin=settings.devpush_url),
        devpush=_devpush_route(settings),
        random_bytes=entropy,
        base_url=settings.base_url,
        send_timeout=timedelta(seconds=settings.send_timeout_seconds),
        shutdown_grace=timedelta(seconds=settings.shutdown_seconds),
        metrics_token=settings.metrics_token,
        address_pace=Pace(settings.rate_limit_address),
        key_pace=Pace(settings.rate_limit_key),
        visitor_pace=Pace(settings.rate_limit_visitors),
        tracer=tracer or NoTracer(),
        guesses=Guesses(settings.rate_limit_passwords),
        retention=Retention.of_days(
            deliveries=settings.keep_deliveries_days,
            notifications=settings.keep_notifications_days,
            audit=settings.keep_audit_days,
            webhooks=settings.keep_webhooks_days,
            events=settings.keep_events_days,
            visitors=settings.keep_visitors_days,
        ),
        receivers=Receivers(settings.webhook_origins, timedelta(seconds=settings.webhook_timeout_seconds)),
    )


def _sender(sender: HttpSender, tracer: Tracer | None) -> HttpSender:
    return sender if tracer is None else TracedSender(sender)


def tracer_of(environ: Mapping[str, str], version: str) -> Tracer | None:
    """Return the tracer that OpenTelemetry's own variables ask for; None if they ask for none.

    Raises:
        SettingsError: they ask for what cannot be had; the sentence says what to change.
    """
    try:
        if not tracing_wishes.is_wanted(environ):
            return None
        # Loaded here alone: it takes a quarter of a second, and packages that nobody else needs.
        made = import_module("heliograph.kit.opentelemetry").OpenTelemetryTracer(version)
    except ImportError as error:
        sentence = (
            "Traces are asked for (OTEL_EXPORTER_OTLP_ENDPOINT), but OpenTelemetry's packages are not installed: "
            "`pip install 'heliograph[otel]'`, or set OTEL_SDK_DISABLED=true."
        )
        raise SettingsError([sentence]) from error
    except ValueError as error:
        raise SettingsError([f"Traces cannot be set up: {error}"]) from error
    tracer: Tracer = made
    return tracer


def _devpush_route(settings: Settings) -> DevpushRoute | None:
    if settings.devpush_tls_port is None or settings.devpush_ca_file is None:
        return None
    return DevpushRoute(tls_port=settings.devpush_tls_port, ca_file=str(settings.devpush_ca_file))


def prepare_data_dir(settings: Settings) -> None:
    """Make an embedded installation's directory, for its owner only."""
    if settings.is_embedded:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)


async def _sealer(store: Store, settings: Settings, entropy: Callable[[int], bytes]) -> Sealer:
    """Make the sealer, and refuse a master key that is not this database's before it does harm."""
    async with store.begin() as tx:
        known = await installation.get(tx, FINGERPRINT)
        sealer = Sealer(_master_key(settings, entropy, is_first_start=known is None), entropy)
        known = known or await installation.settle(tx, FINGERPRINT, sealer.fingerprint)
    if known != sealer.fingerprint:
        raise BootstrapError(
            "This database was set up with another master key: give that one (HELIOGRAPH_MASTER_KEY, or master.key in "
            "the data directory); without it the private keys in the database cannot be opened."
        )
    return sealer


def _master_key(settings: Settings, entropy: Callable[[int], bytes], *, is_first_start: bool) -> bytes:
    """Return the 32 bytes of the master key; an embedded installation makes them on its first start."""
    if settings.master_key is not None:
        return settings.master_key
    prepare_data_dir(settings)
    path = settings.data_dir / MASTER_KEY_FILE
    try:
        if path.exists():
            return read_master_key(path)
        if not is_first_start:
            raise BootstrapError(f"{path} is missing: restore it from a backup, or give HELIOGRAPH_MASTER_KEY.")
        return _make_master_key(path, entropy)
    except OSError as error:
        raise BootstrapError(f"The master key's file {path} cannot be used: {error.strerror}.") from None


def _make_master_key(path: Path, entropy: Callable[[int], bytes]) -> bytes:
    """Write a new key file in one step: of two processes that start together one wins, and none sees half a file."""
    key = entropy(MASTER_KEY_BYTES)
    descriptor, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(base64url.encode(key) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        return read_master_key(path)
    finally:
        Path(draft).unlink()
    return key


def read_master_key(path: Path) -> bytes:
    """Read the key file; like ssh, refuse one that others may read."""
    if path.stat().st_mode & _FOR_OTHERS:
        raise BootstrapError(
            f"Others on this machine may read {path}: `chmod 600 {path}`, and think of whether they did."
        )
    try:
        key = base64url.decode(path.read_text(encoding="ascii").strip())
    except ValueError:
        key = b""
    if len(key) != MASTER_KEY_BYTES:
        raise BootstrapError(f"{path} does not hold a master key: restore it from a backup.")
    return key
