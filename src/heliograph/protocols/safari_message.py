"""A message to Safari's older channel: payload, headers and address for Apple's push service.

Apple, "Configuring Safari Push Notifications", table "Notification payload"; a click can only lead where the push
package's `urlFormatString` does, so an address is taken apart into the argument for its one `%@`.
"""

import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urljoin

from heliograph.kit.http import ClientCertificate, HttpRequest

HOST = "https://api.push.apple.com"
"""Websites have no sandbox."""
MAX_PAYLOAD = 4_096
"""Bytes."""
MAX_EXPIRATION = timedelta(days=30)
DEVICE_TOKEN = re.compile(r"[0-9a-fA-F]{64}")
PLACEHOLDER = "%@"


class MessageError(ValueError):
    """This message cannot go over this channel; `reason` is what is stored, the text what a person reads."""

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Place:
    """Where and as whom to send.

    Attributes:
        host: `https://host`, without a slash at its end.
        url_format: of the push package, with one `%@`.
        connect_to: address and port of a stand-in for Apple.
        ca_file: what to trust there.
    """

    push_id: str
    url_format: str
    certificate: ClientCertificate = field(repr=False)
    host: str = HOST
    connect_to: tuple[str, int] | None = None
    ca_file: str | None = None


def url_argument(url: str | None, url_format: str) -> str:
    """Return what stands in the place of `%@` so that a click leads to `url`, absolute or relative to the site.

    Raises:
        MessageError: `url_elsewhere`: it is not of the form that the package promised.
    """
    before, _, after = url_format.partition(PLACEHOLDER)
    absolute = before if not url else urljoin(before, url)
    argument = absolute[len(before) : len(absolute) - len(after)]
    if len(absolute) < len(before) + len(after) or absolute != f"{before}{argument}{after}":
        raise MessageError("url_elsewhere", f"Safari's older channel only leads to addresses like {url_format}.")
    return argument


def payload(*, title: str, body: str | None, url: str | None, url_format: str, action: str | None = None) -> bytes:
    """Return the JSON that Safari shows, in UTF-8.

    Raises:
        MessageError: `url_elsewhere`, `too_large` or `content`.
    """
    # Safari shows nothing at all without a body.
    alert = {"title": title, "body": body or ""} | ({"action": action} if action else {})
    value = {"aps": {"alert": alert, "url-args": [url_argument(url, url_format)]}}
    try:
        data = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can write and UTF-8 cannot
        raise MessageError("content", "The text holds half a character.") from None
    if len(data) > MAX_PAYLOAD:
        raise MessageError("too_large", f"The message takes {len(data)} bytes, and Apple takes {MAX_PAYLOAD}.")
    return data


def request(
    place: Place, device_token: str, data: bytes, *, apns_id: str, ttl: timedelta, now: datetime
) -> HttpRequest:
    """Return the request for one device.

    Args:
        place: where and as whom.
        device_token: 64 hexadecimal digits.
        data: of `payload`.
        apns_id: a UUID in lower case; a message is known to Apple under it.
        ttl: zero: one attempt, nothing is kept; at most 30 days are asked for.
        now: aware.

    Raises:
        ValueError: the token is none.
    """
    if not DEVICE_TOKEN.fullmatch(device_token):
        raise ValueError("A device token of Safari has 64 hexadecimal digits.")
    kept = min(max(ttl, timedelta(0)), MAX_EXPIRATION)
    headers = (
        ("apns-topic", place.push_id),
        ("apns-push-type", "alert"),
        ("apns-id", apns_id),
        ("apns-expiration", str(int((now + kept).timestamp())) if kept else "0"),
        ("apns-priority", "10"),
        ("Content-Type", "application/json"),
    )
    return HttpRequest(
        "POST",
        f"{place.host}/3/device/{device_token.lower()}",
        headers,
        data,
        connect_to=place.connect_to,
        ca_file=place.ca_file,
        certificate=place.certificate,
    )
