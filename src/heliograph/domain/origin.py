"""Origins of pages (RFC 6454), exactly as browsers write them into the Origin header: so equality is comparison."""

import ipaddress
import re
from urllib.parse import urlsplit

MAX_ORIGIN_LENGTH = 300
_DEFAULT_PORTS = {"https": 443, "http": 80}
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")


def canonical_origin(text: str, *, allow_http: bool = False) -> str:
    """Return an origin in the form in which browsers send it: lower-case, without the scheme's default port.

    Raises:
        ValueError: one sentence that says what to change.
    """
    if len(text) > MAX_ORIGIN_LENGTH or not re.fullmatch(r"[\x21-\x7e]+", text):
        raise ValueError("Write the origin in ASCII without spaces; a domain in other letters in its xn-- form.")
    try:
        parts = urlsplit(text)
        port, host = parts.port, (parts.hostname or "").lower()
    except ValueError as error:
        raise ValueError("Write the origin as https://host or https://host:port.") from error
    if parts.scheme not in _DEFAULT_PORTS or not host:
        raise ValueError("Write the origin as https://host or https://host:port.")
    if "@" in parts.netloc or parts.path or "?" in text or "#" in text or "\\" in text or text.endswith(":"):
        raise ValueError("Write the origin without user name, path, query or a slash at the end.")
    if "*" in host:
        raise ValueError("Name each host by itself: there are no wildcards.")
    if parts.scheme == "http" and not allow_http and not _is_loopback(host):
        raise ValueError("Browsers give push to https pages only; http is allowed for localhost alone.")
    if not _is_address(host) and not all(_LABEL.fullmatch(label) for label in host.split(".")):
        raise ValueError("The origin's host is not a domain name.")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + ("" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}")


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_loopback(host: str) -> bool:
    if _is_address(host):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")
