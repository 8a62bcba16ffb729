"""Endpoints: how they are formed, and how an address is read back to a service and a token."""

from collections.abc import Callable
from urllib.parse import urlsplit

from heliograph.devpush.model import Service
from heliograph.devpush.relay import TOKEN_PREFIX
from heliograph.devpush.wire import Request

VENDOR_HOSTS = {
    Service.FCM: "fcm.googleapis.com",
    Service.MOZILLA: "updates.push.services.mozilla.com",
    Service.APPLE: "web.push.apple.com",
    Service.WNS: "wns2-dev.notify.windows.com",
}

CERTIFICATE_NAMES = (
    "localhost",
    "fcm.googleapis.com",
    "jmt17.google.com",
    "mtalk.google.com",
    "android.clients.google.com",
    "updates.push.services.mozilla.com",
    "web.push.apple.com",
    "wns2-dev.notify.windows.com",
)
"""Hosts that the TLS port can speak for, next to 127.0.0.1."""

_SUFFIXES = (
    (".googleapis.com", Service.FCM),
    (".google.com", Service.FCM),
    (".push.services.mozilla.com", Service.MOZILLA),
    (".push.apple.com", Service.APPLE),
    (".notify.windows.com", Service.WNS),
)

_PATHS = (
    ("/fcm/send/", Service.FCM),
    ("/wp/", Service.FCM),
    ("/preprod/wp/", Service.FCM),
    ("/wpush/", Service.MOZILLA),
)

_TOKEN_SHOWN_BY_WNS = 12


def endpoint_maker(service: Service, base: str | None) -> Callable[[str], str]:
    """Return a function from a token to an endpoint.

    Args:
        service: whose form it has.
        base: our own origin, for endpoints under `/p/…`; None for an endpoint on the vendor's own host.
    """
    if base is None and service in VENDOR_HOSTS:
        root = f"https://{VENDOR_HOSTS[service]}"
        path = {Service.FCM: "/fcm/send/", Service.MOZILLA: "/wpush/v2/", Service.WNS: "/w/"}.get(service, "/")
    else:
        root = f"{base or ''}/p/{service.value}"
        path = {Service.FCM: "/send/", Service.MOZILLA: "/wpush/v2/", Service.WNS: "/w/"}.get(service, "/")
    if service is Service.WNS:
        return lambda token: f"{root}{path}{token}?token={token[-_TOKEN_SHOWN_BY_WNS:]}"
    return lambda token: f"{root}{path}{token}"


def token_of(address: str) -> str | None:
    """Return the token in an endpoint, a path, or a bare token."""
    last = urlsplit(address).path.rsplit("/", 1)[-1]
    return last if last.startswith(TOKEN_PREFIX) else None


def service_of(request: Request) -> Service | None:
    """Return whose endpoint a request is for, by `/p/{service}/`, by the vendor's host, or by the vendor's path."""
    path = request.path
    if path.startswith("/p/"):
        name = path.split("/", 3)[2]
        return Service(name) if name in set(Service) else None
    for suffix, service in _SUFFIXES:
        if request.host.endswith(suffix):
            return service
    return next((service for start, service in _PATHS if path.startswith(start)), None)
