"""Long-running parts: ports, the HTTP server, the worker, and a stop that finishes what is in the air."""

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import uvicorn

from heliograph.api.app import create_app
from heliograph.api.metrics import metrics_app
from heliograph.bootstrap import Heliograph, prepare_data_dir
from heliograph.cli.connection import Connection
from heliograph.cli.exits import CommandError
from heliograph.devpush import DevPush, DevPushConfig
from heliograph.kit.log import get_logger
from heliograph.settings import Settings
from heliograph.worker.run import Worker

_log = get_logger(__name__)
_BACKLOG = 2048


@dataclass(frozen=True)
class DevpushPorts:
    """Where the bundled push service listens; 0 takes any free port."""

    http: int = 8972
    tls: int = 8973
    mcs: int = 8974


def listen(host: str, port: int) -> socket.socket:
    """Take a port for the HTTP server, or say in one sentence why not."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
        taken.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        taken.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise CommandError(f"Port {port} is taken by another program: choose one with --port.") from None
        reason = error.strerror if isinstance(error, OSError) else error
        raise CommandError(f"Cannot listen on {host} port {port}: {reason}.") from None
    taken.setblocking(False)
    return taken


@asynccontextmanager
async def stopping() -> AsyncIterator[asyncio.Event]:
    """Give an event that SIGTERM and SIGINT set; a second signal gives up what is in the air, to be sent later."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    assert task is not None

    def on_signal(number: signal.Signals) -> None:
        if stop.is_set():
            task.cancel()
            return
        stop.set()
        _log.info("stopping: finishing what is in the air", signal=number.name)

    numbers = (signal.SIGTERM, signal.SIGINT)
    for number in numbers:
        loop.add_signal_handler(number, on_signal, number)
    try:
        yield stop
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)


class _Server(uvicorn.Server):
    """Uvicorn without signal handlers of its own: one place decides when to stop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def api_server(heliograph: Heliograph, settings: Settings) -> uvicorn.Config:
    """Return how the API is served."""
    return uvicorn.Config(
        create_app(heliograph),
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=settings.shutdown_seconds,
        **SERVER,
    )


SERVER: dict[str, Any] = {
    "loop": "none",
    "http": Connection,
    "ws": "none",
    # An access log would hold publishable keys and page addresses; the reverse proxy is the place for one.
    "access_log": False,
    "log_config": None,
    "server_header": False,
}


async def serve(config: uvicorn.Config, on: socket.socket, stop: asyncio.Event) -> None:
    """Answer HTTP until `stop`, then finish the requests that are open."""
    server = _Server(config)

    async def watch() -> None:
        await stop.wait()
        server.should_exit = True

    watching = asyncio.create_task(watch())
    try:
        await server.serve(sockets=[on])
    finally:
        watching.cancel()


def metrics_port(heliograph: Heliograph, settings: Settings, stop: asyncio.Event) -> list[asyncio.Task[None]]:
    """Answer `/metrics` on a port of its own, if the settings name one; return the tasks that do so."""
    if settings.metrics_bind is None:
        return []
    config = uvicorn.Config(metrics_app(heliograph), **SERVER)
    return [asyncio.create_task(serve(config, listen(*settings.metrics_bind), stop))]


async def work(heliograph: Heliograph, stop: asyncio.Event) -> None:
    """Run jobs until `stop`, then finish those that have begun."""
    await Worker(heliograph).run(stop)


async def together(stop: asyncio.Event, *parts: asyncio.Task[None]) -> None:
    """Wait for all parts; when one ends by itself or fails, stop the others, and raise what it raised."""
    try:
        await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
    finally:
        stop.set()
        ended = await asyncio.gather(*parts, return_exceptions=True)
    for outcome in ended:
        if isinstance(outcome, BaseException):
            raise outcome


@asynccontextmanager
async def started(config: DevPushConfig) -> AsyncIterator[DevPush]:
    """Run a bundled push service, or say in one sentence why that cannot be."""
    async with contextlib.AsyncExitStack() as stack:
        try:
            devpush = await stack.enter_async_context(DevPush(config))
        except OSError as error:
            raise CommandError(f"The bundled push service cannot start: {error.strerror or error}.") from None
        yield devpush


@asynccontextmanager
async def bundled_devpush(settings: Settings, ports: DevpushPorts) -> AsyncIterator[tuple[Settings, DevPush]]:
    """Run devpush in this process, with its state in the data directory, and give settings that lead to it."""
    prepare_data_dir(settings)
    config = DevPushConfig(
        http_port=ports.http, tls_port=ports.tls, mcs_port=ports.mcs, file=settings.data_dir / "devpush.sqlite3"
    )
    async with started(config) as devpush:
        yield pointed_at(settings, devpush), devpush


def pointed_at(settings: Settings, devpush: DevPush) -> Settings:
    """Return settings that lead to a bundled push service."""
    return settings.replace(
        devpush_url=devpush.http_url, devpush_tls_port=devpush.tls_port, devpush_ca_file=devpush.ca_file
    )
