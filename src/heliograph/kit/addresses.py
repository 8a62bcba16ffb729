"""Which IP addresses lie on the public internet, so that a stranger's URL reaches no other.

IANA's special-purpose address registries, RFC 6890.
"""

import ipaddress

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_IPV4_COMPATIBLE = ipaddress.ip_network("::/96")
_MORE_V4 = tuple(map(ipaddress.IPv4Network, ("192.0.0.0/24", "192.88.99.0/24")))
_MORE_V6 = tuple(map(ipaddress.IPv6Network, ("64:ff9b:1::/48", "2001::/23", "3fff::/20", "5f00::/16")))
"""Special ranges that some patch releases of Python's `ipaddress` call global."""


def is_public(address: str) -> bool:
    """Tell whether a literal address is globally reachable.

    False for private, loopback, link-local, unique-local, shared (CGNAT), multicast and reserved ones. An IPv6 address
    that carries an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo) is judged by that one.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return _is_public_v4(ip)
    if ip.scope_id is not None:
        return False
    inner = _inner(ip)
    if inner:
        # Whoever routes such an address decides where it goes in, so both must be public.
        return all(_is_public_v4(each) for each in inner)
    special = ip.is_multicast or ip.is_reserved or ip.is_site_local or any(ip in network for network in _MORE_V6)
    return ip.is_global and not special


def _is_public_v4(ip: ipaddress.IPv4Address) -> bool:
    special = ip.is_multicast or ip.is_reserved or ip.is_unspecified or any(ip in network for network in _MORE_V4)
    return ip.is_global and not special


def _inner(ip: ipaddress.IPv6Address) -> list[ipaddress.IPv4Address]:
    if ip.ipv4_mapped is not None:
        return [ip.ipv4_mapped]
    if ip.sixtofour is not None:
        return [ip.sixtofour]
    if ip.teredo is not None:
        return list(ip.teredo)
    if ip in _NAT64 or ip in _IPV4_COMPATIBLE:
        return [ipaddress.IPv4Address(int(ip) & 0xFFFF_FFFF)]
    return []
