"""Endpoints of strangers: which address may be kept and sent to, and whose push service it is.

An endpoint is the only address that a visitor can make this server talk to, so it must be on an allow-list of parsed
hosts, when it is registered and again before every send. The hosts are from the vendors' documents
(`docs/reference/push-services.md`).
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

MAX_ENDPOINT_LENGTH = 2048
_HTTPS_PORT = 443
_LAST_SEGMENT_OF_DEVPUSH = "devpush-"
_HOST = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")
_MAX_HOST = 253
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_DOT_SEGMENT = re.compile(r"/(\.|%2e){1,2}(/|$)", re.IGNORECASE)


class PushService(StrEnum):
    """Whose server an endpoint belongs to; decides quirks and how an answer is read."""

    FCM = "fcm"
    MOZILLA = "mozilla"
    APPLE = "apple"
    WNS = "wns"
    OTHER = "other"


_EXACT = {
    "fcm.googleapis.com": PushService.FCM,
    # Chromium without Google's API keys: distributions and test builds.
    "jmt17.google.com": PushService.FCM,
    "web.push.apple.com": PushService.APPLE,
}
_BELOW = {
    ".push.services.mozilla.com": PushService.MOZILLA,
    ".notify.windows.com": PushService.WNS,
    ".push.apple.com": PushService.APPLE,
}
_NEVER = frozenset({"android.googleapis.com", "api.push.apple.com"})


class EndpointError(ValueError):
    """This endpoint may not be kept or sent to; the sentence says why, without the address."""


@dataclass(frozen=True, slots=True)
class Route:
    """How to reach an allowed endpoint."""

    service: PushService
    host: str
    port: int
    origin: str
    """`scheme://host[:port]`, the audience of a VAPID token."""
    is_devpush: bool = False
    """Whether the bundled push service stands in for the host."""
    is_operator_host: bool = False
    """Whether the operator added the host, so that its address must be resolved, checked and pinned."""


@dataclass(frozen=True, slots=True)
class DevpushRoute:
    """Where devpush stands in for a vendor's host: on loopback, with certificates of its own authority."""

    tls_port: int
    ca_file: str


@dataclass(frozen=True, slots=True)
class EndpointPolicy:
    """What the operator allows beyond the five public push services.

    Attributes:
        extra_hosts: further exact host names, such as a UnifiedPush server.
        devpush_origin: `http://127.0.0.1:8972` while developing; nothing else may be plain http, a port or an address.
    """

    extra_hosts: frozenset[str] = frozenset()
    devpush_origin: str | None = None

    def route(self, endpoint: str) -> Route:
        """Find out how to reach an endpoint, or raise `EndpointError`."""
        if len(endpoint) > MAX_ENDPOINT_LENGTH:
            raise EndpointError(f"An endpoint has at most {MAX_ENDPOINT_LENGTH} characters.")
        # urlsplit drops tabs and line breaks that an HTTP client might keep, so they must not get that far.
        if not _PRINTABLE.fullmatch(endpoint) or "\\" in endpoint:
            raise EndpointError("An endpoint is printable ASCII without spaces or backslashes.")
        try:
            parts = urlsplit(endpoint)
        except ValueError as error:
            raise EndpointError("The endpoint is not a URL.") from error
        if "@" in parts.netloc:
            raise EndpointError("An endpoint must not hold a user name.")
        if "#" in endpoint:
            raise EndpointError("An endpoint must not hold a fragment.")
        # Some HTTP clients resolve these themselves and would then ask for another path than was looked at.
        if _DOT_SEGMENT.search(parts.path):
            raise EndpointError("An endpoint's path must not hold dot segments.")
        if self.devpush_origin is not None and f"{parts.scheme}://{parts.netloc}" == self.devpush_origin:
            return _devpush_route(parts.path, self.devpush_origin)
        if parts.scheme != "https":
            raise EndpointError("An endpoint must begin with https://.")
        return self._https_route(parts.netloc.lower(), parts.path)

    def _https_route(self, netloc: str, path: str) -> Route:
        # Not `parts.hostname`: it takes the inside of brackets out of `evil[fcm.googleapis.com]`, and clients do not.
        host, colon, port = netloc.partition(":")
        if not _HOST.fullmatch(host) or len(host) > _MAX_HOST:
            raise EndpointError("The endpoint's host is not a plain domain name.")
        if colon and port != str(_HTTPS_PORT):
            raise EndpointError("An endpoint must use port 443.")
        known = _service_of(host)
        if known is None and host not in self.extra_hosts:
            raise EndpointError("The endpoint's host is not a push service that this installation knows.")
        is_devpush = self.devpush_origin is not None and path.rsplit("/", 1)[-1].startswith(_LAST_SEGMENT_OF_DEVPUSH)
        return Route(
            service=known or PushService.OTHER,
            host=host,
            port=_HTTPS_PORT,
            origin=f"https://{host}",  # without `:443`: the audience is the origin as RFC 6454 section 6.1 writes it
            is_devpush=is_devpush,
            is_operator_host=known is None,
        )


def _service_of(host: str) -> PushService | None:
    if host in _NEVER or (host.startswith("api.") and host.endswith(".push.apple.com")):
        return None
    if host in _EXACT:
        return _EXACT[host]
    return next((service for suffix, service in _BELOW.items() if host.endswith(suffix)), None)


def _devpush_route(path: str, origin: str) -> Route:
    """Take the vendor to be imitated from devpush's prefix, `/p/{service}/…`."""
    parts = urlsplit(origin)
    _, first, second, *_ = [*path.split("/"), "", "", ""]
    if first != "p":  # everything else there steers devpush, and no page may do that
        raise EndpointError("This is not an endpoint of the bundled push service.")
    service = PushService(second) if second in set(PushService) else PushService.OTHER
    return Route(service=service, host=parts.hostname or "", port=parts.port or 80, origin=origin, is_devpush=True)
