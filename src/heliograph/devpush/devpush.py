"""The push service as one object: wires the parts, opens the ports, gives Python what the control API gives HTTP."""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from heliograph.devpush import certs, chromium, firefox, page
from heliograph.devpush.addresses import CERTIFICATE_NAMES, service_of, token_of
from heliograph.devpush.commands import BrowserCommands, browser_commands
from heliograph.devpush.config import DevPushConfig
from heliograph.devpush.control import PREFIX, Control
from heliograph.devpush.events import Events
from heliograph.devpush.faults import ActiveFault, Fault, Faults
from heliograph.devpush.http1 import Upgrade
from heliograph.devpush.ledger import Ledger
from heliograph.devpush.mcs import McsSession
from heliograph.devpush.model import Record, Registration
from heliograph.devpush.push import PushResource
from heliograph.devpush.relay import Relay
from heliograph.devpush.server import Listener, http_server
from heliograph.devpush.standard import StandardResources
from heliograph.devpush.store import FileStore, NoStore
from heliograph.devpush.websocket import Session, TextChannel, WebSocket
from heliograph.devpush.wire import Answer, Request, text_answer
from heliograph.kit.clock import Clock, SystemClock
from heliograph.kit.log import get_logger

_SWEEP_SECONDS = 5.0

_log = get_logger("devpush")


def _reachable(host: str) -> str:
    """Return what to call a listening address by: a wildcard is no destination, and IPv6 needs brackets in a URL."""
    match host:
        case "" | "0.0.0.0" | "::":  # noqa: S104 - compared, not listened on
            return "127.0.0.1"
        case _:
            return f"[{host}]" if ":" in host else host


class DevPush:
    """The bundled push service. Use as an asynchronous context manager."""

    def __init__(self, config: DevPushConfig | None = None, clock: Clock | None = None) -> None:
        self.config = config or DevPushConfig()
        self._clock = clock or SystemClock()
        self._stack = contextlib.AsyncExitStack()
        self.http_url = ""
        self.ws_url = ""
        self.tls_port = 0
        self.mcs_port = 0
        self.ca_file = Path()
        self.spki_sha256 = ""

    async def __aenter__(self) -> Self:
        async with contextlib.AsyncExitStack() as stack:
            self._build(stack)
            await self._open(stack)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def _build(self, stack: contextlib.AsyncExitStack) -> None:
        config = self.config
        store = FileStore(config.file) if config.file else NoStore()
        stack.callback(store.close)
        self._faults = Faults(config.seed)
        self._events = Events(self._clock)
        self._ledger = Ledger(self._clock, self._events)
        self._relay = Relay(
            clock=self._clock,
            store=store,
            ledger=self._ledger,
            events=self._events,
            window=config.window,
            resend_after=config.resend_after,
            drops_ack=lambda registration: self._faults.for_ack(registration.token, registration.service),
        )
        self._push = PushResource(
            relay=self._relay,
            injected=self._faults,
            ledger=self._ledger,
            events=self._events,
            clock=self._clock,
            logs_requests=config.logs_requests,
        )
        self._standard = StandardResources(self._relay)
        self._control = Control(
            relay=self._relay,
            faults=self._faults,
            ledger=self._ledger,
            events=self._events,
            page=self._page,
            commands=self.browser_commands,
            host=self._own_host,
        )

    async def _open(self, stack: contextlib.AsyncExitStack) -> None:
        config = self.config
        certificates = certs.ensure(self._cert_dir(stack), CERTIFICATE_NAMES, self._clock.now())
        plain = Listener(http_server(self._handle, self._upgrade, scheme="http", max_streams=config.max_streams))
        tls = Listener(http_server(self._handle, self._upgrade, scheme="https", max_streams=config.max_streams))
        mcs = Listener(self._serve_mcs)
        for listener in (plain, tls, mcs):
            stack.push_async_callback(listener.close)
        port = await plain.open(config.host, config.http_port)
        self.tls_port = await tls.open(config.host, config.tls_port, certificates.context("h2", "http/1.1"))
        self.mcs_port = await mcs.open(config.host, config.mcs_port, certificates.context())
        self.http_url = config.public_url or f"http://{_reachable(config.host)}:{port}"
        self.ws_url = f"{self.http_url.replace('http', 'ws', 1)}/"
        self.ca_file, self.spki_sha256 = certificates.ca_file, certificates.spki_sha256
        sweep = asyncio.create_task(self._sweep())
        stack.callback(sweep.cancel)

    def _cert_dir(self, stack: contextlib.AsyncExitStack) -> Path:
        if self.config.cert_dir is not None:
            return self.config.cert_dir
        if self.config.file is not None:
            return self.config.file.with_name(f"{self.config.file.stem}-certificates")
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="devpush-")))

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            self._relay.expire()

    # what arrives

    async def _handle(self, request: Request) -> Answer:
        try:
            return await self._route(request)
        except Exception:  # noqa: BLE001 - a bug must answer, or the sender waits for its time-out
            _log.exception("request failed")
            return text_answer(500, "devpush has a bug; its log tells more.\n")

    async def _route(self, request: Request) -> Answer:
        path = request.path
        if path.startswith(PREFIX) or path in {"/", PREFIX.rstrip("/")}:
            return self._control.handle(request) if path.startswith(PREFIX) else self._front(request)
        if path == chromium.CHECKIN_PATH and request.method == "POST":
            return chromium.checkin(self._relay, request, os.urandom, self._clock.now())
        if path == chromium.REGISTER_PATH and request.method == "POST":
            return chromium.register(self._relay, request, os.urandom)
        service = service_of(request)
        if service is not None:
            return await self._push.handle(request, service)
        return self._standard.handle(request) or text_answer(404, "There is nothing here; see GET /devpush/.\n")

    def _front(self, request: Request) -> Answer:
        if request.method != "GET":
            return Answer(405, (("allow", "GET"),))
        return Answer(200, (("content-type", "text/html; charset=utf-8"),), self._page().encode())

    def _own_host(self) -> str:
        return urlsplit(self.http_url).hostname or ""

    def _page(self) -> str:
        return page.render(self.browser_commands(), self._control.status())

    def _upgrade(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Upgrade:
        async def upgrade(request: Request, trailing: bytes) -> None:
            form = firefox.form_of(request, self.http_url)
            if form is None:
                writer.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                return
            service, base = form

            def session(_request: Request, socket: TextChannel) -> Session:
                return firefox.FirefoxSession(
                    self._relay, socket, service=service, base=base, random_id=lambda: os.urandom(16).hex()
                )

            await WebSocket(reader, writer, firefox.SUBPROTOCOL).run(request, trailing, session)

        return upgrade

    async def _serve_mcs(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await McsSession(self._relay, reader, writer, clock=self._clock, heartbeat_ms=self.config.heartbeat_ms).run()

    # what Python may ask

    def status(self) -> dict[str, Any]:
        """Return counts of what is there and what has happened; see GET /devpush/status."""
        return self._control.status()

    def add_fault(self, fault: Fault) -> str:
        """Make something go wrong from now on; returns the fault's identifier."""
        return self._faults.add(fault)

    def clear_faults(self) -> int:
        """Lift all faults."""
        return self._faults.clear()

    def faults(self) -> list[ActiveFault]:
        """Return the faults in force and the spent ones."""
        return self._faults.listed()

    def messages(self, endpoint: str | None = None) -> list[Record]:
        """Return what an endpoint (or a bare token) was sent, or the latest of all, oldest first."""
        if endpoint is None:
            return self._ledger.recent(100_000)
        return self._ledger.of_token(token_of(endpoint) or "")

    def registration(self, endpoint: str) -> Registration | None:
        """Return the subscription behind an endpoint."""
        return self._relay.registration(token_of(endpoint) or "")

    def registrations(self) -> list[Registration]:
        """Return every subscription, the gone ones too."""
        return self._relay.registrations()

    def connected(self) -> list[str]:
        """Return the identifiers of the user agents that are connected."""
        return [agent.id for agent in self._relay.connected()]

    def forget(self, user_agents: Iterable[str] | None = None) -> int:
        """Lose user agents (all without an argument) with everything that belongs to them."""
        return self._relay.forget(user_agents)

    def disconnect(self, user_agents: Iterable[str] | None = None) -> int:
        """Close the connections of user agents (all without an argument)."""
        return self._relay.disconnect(user_agents)

    async def watch(self) -> AsyncIterator[dict[str, Any]]:
        """Yield everything that happens from now on."""
        queue = self._events.subscribe()
        try:
            while True:
                yield await queue.get()
        finally:
            self._events.unsubscribe(queue)

    def browser_commands(self, page_url: str = "") -> BrowserCommands:
        """Return what a person types to point a browser at this devpush."""
        return browser_commands(
            http_url=self.http_url,
            ws_url=self.ws_url,
            mcs_port=self.mcs_port,
            spki_sha256=self.spki_sha256,
            page=page_url,
            is_root=os.geteuid() == 0,
        )
