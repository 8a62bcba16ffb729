"""Messages to Safari's older channel: payload, address and headers."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from heliograph.kit.http import ClientCertificate
from heliograph.protocols import safari_message
from heliograph.protocols.safari_message import MessageError, Place

FORM = "https://shop.example.com/%@"
NOW = datetime(2026, 11, 1, tzinfo=UTC)
TOKEN = "AB" * 32
PLACE = Place("web.com.example.shop", FORM, ClientCertificate(b"chain", b"key"))
ID = "123e4567-e89b-12d3-a456-426614174000"


def test_payload() -> None:
    """Title and body are always there; a click's address is the argument of the package's form."""
    data = safari_message.payload(title="Schön", body=None, url="/o/1042?a=b#c", url_format=FORM, action="View")
    assert json.loads(data) == {
        "aps": {"alert": {"title": "Schön", "body": "", "action": "View"}, "url-args": ["o/1042?a=b#c"]}
    }


@pytest.mark.parametrize(
    ("url", "form", "argument"),
    [
        (None, FORM, ""),
        ("https://shop.example.com/", FORM, ""),
        ("https://shop.example.com/a/b", FORM, "a/b"),
        ("/a", "https://shop.example.com/go/%@?from=push", None),
        ("https://shop.example.com/go/9?from=push", "https://shop.example.com/go/%@?from=push", "9"),
        ("https://shop.example.com/go/?from", "https://shop.example.com/go/%@?from=push", None),
        ("https://other.example.com/", FORM, None),
        ("https://shop.example.com.evil.example/", FORM, None),
        ("javascript:alert(1)", FORM, None),
    ],
)
def test_where_a_click_may_lead(url: str | None, form: str, argument: str | None) -> None:
    """Only addresses that the package promised can be said at all."""
    if argument is not None:
        assert safari_message.url_argument(url, form) == argument
        return
    with pytest.raises(MessageError) as refused:
        safari_message.url_argument(url, form)
    assert refused.value.reason == "url_elsewhere"


def test_sizes_and_broken_text() -> None:
    """4,096 bytes pass and one more does not; half a character is no text."""
    empty = len(safari_message.payload(title="", body="", url=None, url_format=FORM))
    safari_message.payload(title="", body="x" * (4096 - empty), url=None, url_format=FORM)
    for body, reason in (("x" * (4097 - empty), "too_large"), ("\ud83d", "content")):
        with pytest.raises(MessageError) as refused:
            safari_message.payload(title="", body=body, url=None, url_format=FORM)
        assert refused.value.reason == reason


def test_request() -> None:
    """The token is in the address, the Website Push ID is the topic, and the life has a bound."""
    request = safari_message.request(PLACE, TOKEN, b"{}", apns_id=ID, ttl=timedelta(days=90), now=NOW)
    assert request.url == f"https://api.push.apple.com/3/device/{TOKEN.lower()}"
    headers = dict(request.headers)
    assert headers["apns-topic"] == "web.com.example.shop"
    assert headers["apns-expiration"] == str(int((NOW + timedelta(days=30)).timestamp()))
    assert request.certificate == PLACE.certificate
    once = safari_message.request(PLACE, TOKEN, b"{}", apns_id=ID, ttl=timedelta(0), now=NOW)
    assert dict(once.headers)["apns-expiration"] == "0"
    for bad in ("", "ab", TOKEN + "a", "zz" * 32, TOKEN[:-1] + "\n", "../" * 22):
        with pytest.raises(ValueError, match="64 hexadecimal"):
            safari_message.request(PLACE, bad, b"{}", apns_id=ID, ttl=timedelta(0), now=NOW)
