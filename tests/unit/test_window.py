"""Where a two-step window may be, and who may open it."""

import pytest

from heliograph.domain.window import WindowSettings, canonical_host, canonical_opener


@pytest.mark.parametrize(
    ("text", "host", "origin"),
    [
        ("push.shop.example", "push.shop.example", "https://push.shop.example"),
        ("Push.Shop.Example.", "push.shop.example", "https://push.shop.example"),
        ("xn--mnchen-3ya.example", "xn--mnchen-3ya.example", "https://xn--mnchen-3ya.example"),
        ("localhost:8970", "localhost:8970", "http://localhost:8970"),
        ("push.localhost", "push.localhost", "http://push.localhost"),
    ],
)
def test_a_push_host_makes_an_origin(text: str, host: str, origin: str) -> None:
    """Secure, but for names of this machine."""
    assert canonical_host(text) == host
    assert WindowSettings(host).origin == origin


@pytest.mark.parametrize(
    "text",
    ["", "shop", "https://push.shop.example", "push.shop.example/x", "push.shop.example:8443", "10.0.0.1", "a..example",
     "-a.example", "a.example\n", "ü.example", "*.shop.example", "a" * 64 + ".example", "a." * 130 + "example"],
)  # fmt: skip
def test_what_is_no_host_is_refused(text: str) -> None:
    """A name alone, and no address."""
    with pytest.raises(ValueError, match="Write the host's name alone"):
        canonical_host(text)


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("http://shop.example", "http://shop.example"),
        ("http://Shop.example:80", "http://shop.example"),
        ("http://shop.example:8080", "http://shop.example:8080"),
        ("http://shop.example:443", "http://shop.example:443"),
        ("https://shop.example:443", "https://shop.example"),
    ],
)
def test_an_opener_is_an_exact_origin(text: str, origin: str) -> None:
    """As browsers write it into the Origin header."""
    assert canonical_opener(text) == origin


@pytest.mark.parametrize("text", ["", "*", "http://*.shop.example", "ftp://a.example", "http://a.example/", "null"])
def test_nobody_else_may_be_an_opener(text: str) -> None:
    """No wildcard, no path."""
    with pytest.raises(ValueError, match=r"."):
        canonical_opener(text)
