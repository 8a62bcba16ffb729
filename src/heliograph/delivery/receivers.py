"""Calling an address that a customer named: guarded like endpoints, and never for long.

The name is resolved here, every address of it must be public, and the connection goes to the address that was looked
at: a name that leads elsewhere a moment later leads nowhere. Redirects are answers like others. An answer is read no
further than `kit.http.MAX_ANSWER_BYTES`.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from heliograph.delivery.address import Resolver, resolve
from heliograph.domain.webhook import Receiver, ReceiverError, read_receiver
from heliograph.kit.addresses import is_public
from heliograph.kit.http import FaultKind, HttpRequest, HttpResponse, HttpSender, TransportFault

INSIDE = "This address leads to a network that is not the public internet."


@dataclass(frozen=True, slots=True)
class Receivers:
    """Which receivers may be called, and how they are reached.

    Attributes:
        allowed: origins such as `http://127.0.0.1:9000` that may be plain and lie inside.
        timeout: for one call of a webhook's receiver, the look-up of its name included.
    """

    allowed: frozenset[str] = frozenset()
    timeout: timedelta = timedelta(seconds=10)
    resolver: Resolver = resolve

    def read(self, url: str) -> Receiver:
        """Check the text of an address, or raise `ReceiverError`."""
        return read_receiver(url, self.allowed)

    async def check(self, url: str) -> None:
        """Check an address and where its name leads now. A name that leads nowhere yet is let pass.

        Raises:
            ReceiverError: it may not be called.
        """
        receiver = self.read(url)
        if not receiver.is_allowed and not all(is_public(address) for address in await self._addresses(receiver)):
            raise ReceiverError(INSIDE)

    async def post(
        self,
        sender: HttpSender,
        url: str,
        headers: list[tuple[str, str]],
        body: bytes,
        *,
        within: timedelta | None = None,
    ) -> HttpResponse | TransportFault:
        """Call a receiver with a JSON body; `within` is for other time-outs than those of webhooks."""
        timeout = within or self.timeout
        try:
            async with asyncio.timeout(timeout.total_seconds()):
                receiver = self.read(url)
                way = await self._way(receiver)
                if isinstance(way, TransportFault):
                    return way
                request = HttpRequest(
                    method="POST",
                    url=url,
                    headers=(("content-type", "application/json"), ("accept", "application/json"), *headers),
                    body=body,
                    connect_to=way,
                    allow_plain=receiver.is_allowed,
                    timeout=timeout,
                )
                return await sender.send(request)
        except ReceiverError:
            return TransportFault(FaultKind.REFUSED_ADDRESS, "The operator does not allow this address any more.")
        except TimeoutError:
            return TransportFault(FaultKind.TIMEOUT, "There was no answer in time.")

    async def _way(self, receiver: Receiver) -> tuple[str, int] | TransportFault | None:
        if receiver.is_allowed:
            return None
        addresses = await self._addresses(receiver)
        if not addresses:
            return TransportFault(FaultKind.RESOLVE, "The name does not lead anywhere.")
        if not all(is_public(address) for address in addresses):
            return TransportFault(FaultKind.REFUSED_ADDRESS, INSIDE)
        return addresses[0], receiver.port

    async def _addresses(self, receiver: Receiver) -> list[str]:
        if is_public(receiver.host):
            return [receiver.host]
        try:
            return await self.resolver(receiver.host, receiver.port)
        except (OSError, TimeoutError, UnicodeError):
            return []
