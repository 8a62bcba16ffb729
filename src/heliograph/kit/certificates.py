"""What a host shows over TLS: whether it is trusted, and until when (RFC 5280 section 4.1.2.5)."""

import asyncio
import contextlib
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import certifi

from heliograph.kit.addresses import is_public

REFUSED = "refused_address"


@dataclass(frozen=True, slots=True)
class Shown:
    """A certificate's end, or why it is not trusted or was not seen."""

    expires_at: datetime | None = None
    distrust: str | None = None
    fault: str | None = None


async def look(host: str, port: int, *, ca_file: str | None, allow_inside: bool, within: timedelta) -> Shown:
    """Shake hands with a host and hang up. Goes to public addresses only, unless told otherwise."""
    trust = ssl.create_default_context(cafile=ca_file or certifi.where())
    try:
        async with asyncio.timeout(within.total_seconds()):
            addresses = await _addresses(host, port)
            if not allow_inside and not all(map(is_public, addresses)):
                return Shown(fault=REFUSED)
            return await _shake(addresses[0], port, host, trust)
    except ssl.SSLCertVerificationError as error:
        return Shown(distrust=error.verify_message or "not trusted")
    except ssl.SSLError as error:
        return Shown(fault=(error.reason or "tls").lower())
    except (OSError, TimeoutError, UnicodeError):
        return Shown(fault="no_answer")


async def _addresses(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)
    return [str(entry[4][0]) for entry in found]


async def _shake(address: str, port: int, host: str, trust: ssl.SSLContext) -> Shown:
    _, writer = await asyncio.open_connection(address, port, ssl=trust, server_hostname=host)
    try:
        shown = writer.get_extra_info("peercert") or {}
    finally:
        writer.close()
        with contextlib.suppress(OSError, ssl.SSLError):
            await writer.wait_closed()
    return Shown(datetime.fromtimestamp(ssl.cert_time_to_seconds(shown["notAfter"]), UTC))
