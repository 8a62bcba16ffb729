"""Which IP addresses lie on the public internet, so that a stranger's URL reaches no other.

IANA's special-purpose address registries, RFC 6890.
"""

import ipaddress

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_IPV4_COMPATIBLE = ipaddress.ip_network("::/96")


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
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and not ip.is_site_local


def _is_public_v4(ip: ipaddress.IPv4Address) -> bool:
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and not ip.is_unspecified


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
