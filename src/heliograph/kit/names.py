"""Host names as resolvers all over the world answer for them: the aliases on the way, and the addresses at its end."""

import asyncio
import re
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import ip_address

import dns.asyncresolver
import dns.exception
import dns.rdatatype
import dns.resolver

SYSTEM = "system"
"""The resolver that this machine is set up with."""
_DNS_PORT = 53
_WITH_PORT = re.compile(r"(\[(?P<v6>[0-9a-fA-F:.]+)\]|(?P<v4>[0-9.]+)):(?P<port>[0-9]{1,5})")


@dataclass(frozen=True, slots=True)
class Answer:
    """What one resolver says. `fault`: `no_such_name`, or why it said nothing.

    Attributes:
        aliases: the names that CNAME records lead through, in order, without the dot at the end.
    """

    aliases: tuple[str, ...] = ()
    addresses: frozenset[str] = frozenset()
    fault: str | None = None


def parse_resolver(text: str) -> tuple[str, int]:
    """Read `1.1.1.1`, `127.0.0.1:5353`, `[::1]:53` or `system` (port 0), or raise ValueError with one sentence."""
    if text == SYSTEM:
        return SYSTEM, 0
    written = _WITH_PORT.fullmatch(text)
    host, port = (written["v6"] or written["v4"], int(written["port"])) if written else (text, _DNS_PORT)
    try:
        address = ip_address(host)
    except ValueError:
        address = None
    if address is None or not 0 < port < 65_536:  # noqa: PLR2004 - RFC 768
        raise ValueError(f"{text!r} is not a resolver: write an IP address, or 'system'.")
    return str(address), port


async def ask(host: str, resolver: str, *, within: timedelta) -> Answer:
    """Ask one resolver for the IPv4 and IPv6 addresses of a host. Never raises for an answer."""
    address, port = parse_resolver(resolver)
    try:
        asked = dns.asyncresolver.Resolver(configure=address == SYSTEM)
    except dns.resolver.NoResolverConfiguration:
        return Answer(fault="no_resolver")
    if address != SYSTEM:
        asked.nameservers, asked.port = [address], port
    asked.lifetime = within.total_seconds()
    kinds = (dns.rdatatype.A, dns.rdatatype.AAAA)
    return _together(*await asyncio.gather(*(_one(asked, host, kind) for kind in kinds)))


async def _one(asked: dns.asyncresolver.Resolver, host: str, kind: dns.rdatatype.RdataType) -> Answer:
    try:
        found = await asked.resolve(host, kind, raise_on_no_answer=False, search=False)
    except dns.resolver.NXDOMAIN:
        return Answer(fault="no_such_name")
    except dns.exception.Timeout:
        return Answer(fault="timeout")
    except (dns.exception.DNSException, OSError, UnicodeError):
        return Answer(fault="no_answer")
    # The chain holds the CNAME records that were followed, whether or not there is an address at its end.
    names = [str(record.target) for rrset in found.chaining_result.cnames for record in rrset]
    addresses = frozenset(record.address for record in found.rrset or ())
    return Answer(tuple(name.rstrip(".").lower() for name in names), addresses)


def _together(first: Answer, second: Answer) -> Answer:
    whole = [answer for answer in (first, second) if answer.fault is None]
    if not whole:
        return first
    return Answer(max((answer.aliases for answer in whole), key=len), whole[0].addresses | whole[-1].addresses)
