"""Push packages of Safari's older channel: a zip of icons, `website.json`, a manifest of hashes, and its signature.

Apple, "Configuring Safari Push Notifications" (Notification Programming Guide for Websites). Safari 7 to 15 on macOS
ask for one before they ask the person, and are silent about faults: they go to the web service's `log`.
"""

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from urllib.parse import urlsplit

from heliograph.protocols.pkcs7 import sign_detached
from heliograph.protocols.website_certificate import PUSH_ID, WebsiteCertificate

MIN_TOKEN = 16
"""Characters of an authentication token."""
PLACEHOLDER = "%@"
_WHEN = (1980, 1, 1, 0, 0, 0)
"""The oldest time that a zip can hold: the same content gives the same bytes."""


class Version(StrEnum):
    """Which manifest: Safari says it in the address that it asks."""

    V1 = "v1"
    V2 = "v2"


@dataclass(frozen=True, slots=True)
class Website:
    """What a package says of a site.

    Attributes:
        origins: `https://host[:port]` of the pages that may ask.
        url_format: where a click leads; each `%@` is one of the message's arguments.
        service_url: of the web service, https, without a slash at the end; the same that the page gives.
    """

    name: str
    push_id: str
    origins: tuple[str, ...]
    url_format: str
    service_url: str

    def check(self) -> None:
        """Raise ValueError, one sentence, for what Safari would refuse without saying why."""
        if not self.name.strip():
            raise ValueError("The site's name is missing: Safari shows it when it asks.")
        if not PUSH_ID.fullmatch(self.push_id):
            raise ValueError("A Website Push ID looks like web.com.example.shop.")
        if not self.origins:
            raise ValueError("Name at least one origin whose pages may ask.")
        hosts = {_parts(origin, "An origin", bare=True) for origin in self.origins}
        if self.url_format.count(PLACEHOLDER) != 1:
            raise ValueError("The address of a click holds %@ once, such as https://shop.example.com/%@.")
        if _parts(self.url_format.replace(PLACEHOLDER, ""), "The address of a click") not in hosts:
            raise ValueError("The address of a click must be on the host of one of the origins.")
        _parts(self.service_url, "The web service's address", secure=True)
        if self.service_url.endswith("/"):
            raise ValueError("The web service's address has no slash at its end.")


def build(
    website: Website,
    icons: Mapping[str, bytes],
    *,
    authentication_token: str,
    certificate: WebsiteCertificate,
    version: Version = Version.V2,
) -> bytes:
    """Return a signed package, a zip, for one visitor: `authentication_token` comes back with the registration.

    Raises:
        ValueError: one sentence.
    """
    website.check()
    if website.push_id != certificate.push_id:
        raise ValueError(f"The certificate is of {certificate.push_id}, not of the site's Website Push ID.")
    if len(authentication_token) < MIN_TOKEN:
        raise ValueError(f"An authentication token has at least {MIN_TOKEN} characters.")
    files = dict(icons) | {"website.json": website_json(website, authentication_token)}
    files["manifest.json"] = manifest(files, version)
    files["signature"] = sign_detached(
        files["manifest.json"],
        certificate=certificate.certificate,
        key=certificate.key,
        intermediates=(certificate.intermediate,),
    )
    return _zipped(files)


def website_json(website: Website, authentication_token: str) -> bytes:
    """Return `website.json`."""
    return _json(
        {
            "websiteName": website.name,
            "websitePushID": website.push_id,
            "allowedDomains": list(website.origins),
            "urlFormatString": website.url_format,
            "authenticationToken": authentication_token,
            "webServiceURL": website.service_url,
        }
    )


def manifest(files: Mapping[str, bytes], version: Version) -> bytes:
    """Return `manifest.json` over all files: hexadecimal, SHA-1 in its first version, SHA-512 in its second."""
    match version:
        case Version.V1:
            # What Safari 7 to 9 can check; the signature around it is SHA-256.
            return _json({name: hashlib.sha1(data).hexdigest() for name, data in files.items()})  # noqa: S324
        case Version.V2:
            return _json(
                {
                    name: {"hashType": "sha512", "hashValue": hashlib.sha512(data).hexdigest()}
                    for name, data in files.items()
                }
            )


def _zipped(files: Mapping[str, bytes]) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            entry = zipfile.ZipInfo(name, _WHEN)
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, data)
    return out.getvalue()


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def _parts(url: str, what: str, *, bare: bool = False, secure: bool = False) -> str:
    """Return an address' host in lower case, or raise ValueError."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in (("https",) if secure else ("http", "https")) or "@" in parts.netloc:
        raise ValueError(f"{what} begins with https:// and a host.")
    if bare and (parts.path or parts.query or parts.fragment):
        raise ValueError(f"{what} is a scheme and a host, without a path or a slash at its end.")
    return host.lower()
