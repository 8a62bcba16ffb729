"""How fast the public API may be called: by one client address, and with one publishable key. RFC 6585 section 4.

The Glue API counts its callers' addresses together with these.

In the memory of each process, since it is there to keep one visitor or one project from using up everything, not to
count exactly. Who calls is the address that uvicorn found, which believes `X-Forwarded-For` from trusted proxies alone.
"""

import ipaddress
from typing import Any

from litestar.connection import ASGIConnection
from litestar.handlers import BaseRouteHandler

from heliograph.api.public.access import PageAccess
from heliograph.bootstrap import Heliograph
from heliograph.errors import TooManyRequests
from heliograph.kit.pace import Pace
from heliograph.names import Metric

_IPV6_NETWORK = 64
_SENTENCES = {
    "address": "This address calls faster than this installation allows.",
    "key": "This key calls faster than this installation allows.",
    "visitor": "More new visitors come from this address than this installation allows.",
}


async def limit_address(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Refuse an address that comes too fast (a guard, before anything is looked up: keys cannot be guessed either)."""
    caller = caller_of(connection)
    if caller is not None:
        heliograph: Heliograph = connection.app.state.heliograph
        _take(heliograph, heliograph.address_pace, caller, "address")


async def limit_key(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse a key that is used too fast (a guard, behind the one that finds out whose key it is)."""
    if handler.opt.get("is_preflight", False) or caller_of(connection) is None:
        return
    heliograph: Heliograph = connection.app.state.heliograph
    page: PageAccess = connection.scope["auth"]
    _take(heliograph, heliograph.key_pace, page.publishable_key, "key")


def admit_visitor(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """Refuse a visitor who was never seen before, from an address that sends too many of them."""
    caller = caller_of(connection)
    if caller is not None:
        heliograph: Heliograph = connection.app.state.heliograph
        _take(heliograph, heliograph.visitor_pace, caller, "visitor")


def caller_of(connection: ASGIConnection[Any, Any, Any, Any]) -> str | None:
    """Return what counts as the caller's address; None if the caller is not limited."""
    client = connection.scope.get("client")
    return None if client is None else network_of(client[0])


def network_of(address: str) -> str | None:
    """Return what counts as one caller: an IPv4 address, or the /64 of IPv6 that one customer of a network has.

    None for this machine itself: simulated browsers, and every visitor behind a proxy that does not say who they are.
    """
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    if found.is_loopback:
        return None
    if found.version == 4:  # noqa: PLR2004 - the Internet Protocol's
        return str(found)
    return str(ipaddress.ip_network((found, _IPV6_NETWORK), strict=False))


def _take(heliograph: Heliograph, pace: Pace, caller: str, limit: str) -> None:
    wait = pace.take(caller, heliograph.clock.now())
    if wait is not None:
        heliograph.meters.add(Metric.RATE_LIMITED, limit=limit)
        raise TooManyRequests(_SENTENCES[limit], retry_after=wait)
