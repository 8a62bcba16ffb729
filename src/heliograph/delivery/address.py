"""The guard at the moment of sending: whether an endpoint may be talked to, and at which address.

The endpoint is judged again by its host, because the operator's list may have changed since it was registered. A host
that the operator added is resolved here, every address of it must be public, and the connection goes to the address
that was looked at. The five public services are connected to by name; the engine looks at the address that it connects
to and refuses one that is not public, so a poisoned resolver leads nowhere either.
"""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from heliograph.domain.endpoint import DevpushRoute, EndpointError, EndpointPolicy, Route
from heliograph.domain.outcome import Outcome, Rejected, TryLater
from heliograph.kit.addresses import is_public

_KEPT_FOR = timedelta(seconds=60)
_FAILURE_KEPT_FOR = timedelta(seconds=10)
"""A name that does not resolve takes seconds to say so: a range full of them must not ask for each."""
_MOST_KEPT = 1_024
_RESOLVE_SECONDS = 5.0

Resolver = Callable[[str, int], Awaitable[list[str]]]
"""Host and port to literal addresses; raises OSError."""


@dataclass(frozen=True, slots=True)
class Passage:
    """An endpoint that may be talked to, and how."""

    host: str
    origin: str
    connect_to: tuple[str, int] | None = None
    ca_file: str | None = None
    allow_plain: bool = False


@dataclass(frozen=True, slots=True)
class _Known:
    addresses: tuple[str, ...] | None
    since: datetime

    def holds(self, now: datetime) -> bool:
        kept_for = _FAILURE_KEPT_FOR if self.addresses is None else _KEPT_FOR
        return timedelta(0) <= now - self.since < kept_for


async def resolve(host: str, port: int) -> list[str]:
    """Ask the system's resolver."""
    found = asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in await asyncio.wait_for(found, _RESOLVE_SECONDS)))


class Guard:
    """Lets endpoints pass or not. Remembers addresses for a minute."""

    def __init__(
        self, policy: EndpointPolicy, devpush: DevpushRoute | None = None, resolver: Resolver = resolve
    ) -> None:
        self._policy = policy
        self._devpush = devpush
        self._resolver = resolver
        self._known: dict[str, _Known] = {}

    async def passage(self, endpoint: str, *, now: datetime) -> Passage | Outcome:
        """Return how to talk to an endpoint, or the outcome of not being allowed to."""
        try:
            route = self._policy.route(endpoint)
        except EndpointError:
            return Rejected("endpoint_refused")
        if route.is_devpush:
            return self._to_devpush(route)
        if not route.is_operator_host:
            return Passage(route.host, route.origin)
        addresses = await self._addresses(route.host, route.port, now)
        if addresses is None:
            return TryLater("network_resolve")
        if not addresses or not all(is_public(address) for address in addresses):
            return TryLater("network_refused_address")
        return Passage(route.host, route.origin, connect_to=(addresses[0], route.port))

    def _to_devpush(self, route: Route) -> Passage | Outcome:
        if route.origin.startswith("http://"):
            return Passage(route.host, route.origin, allow_plain=True)
        if self._devpush is None:
            return Rejected("endpoint_refused")
        return Passage(
            route.host,
            route.origin,
            connect_to=("127.0.0.1", self._devpush.tls_port),
            ca_file=self._devpush.ca_file,
        )

    async def _addresses(self, host: str, port: int, now: datetime) -> tuple[str, ...] | None:
        """Return a host's addresses; None if its name does not resolve."""
        known = self._known.get(host)
        if known is not None and known.holds(now):
            return known.addresses
        addresses: tuple[str, ...] | None = None
        with contextlib.suppress(OSError, TimeoutError, UnicodeError):
            addresses = tuple(await self._resolver(host, port))
        if len(self._known) >= _MOST_KEPT:
            self._known.clear()
        self._known[host] = _Known(addresses, now)
        return addresses
