"""User-Agent headers, as browsers of today send them."""

import pytest

from heliograph.domain.user_agent import Device, device_of

_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
_ANDROID = "Mozilla/5.0 (Linux; Android 10; K)"
_CHROMEBOOK = "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0)"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("header", "browser", "system", "is_mobile"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:136.0) Gecko/20100101 Firefox/136.0", "firefox", "linux", False),
        ("Mozilla/5.0 (Android 15; Mobile; rv:136.0) Gecko/136.0 Firefox/136.0", "firefox", "android", True),
        (f"{_WINDOWS} {_WEBKIT} Chrome/134.0.0.0 Safari/537.36", "chrome", "windows", False),
        (f"{_WINDOWS} {_WEBKIT} Chrome/134.0.0.0 Safari/537.36 Edg/134.0.0.0", "edge", "windows", False),
        (f"{_WINDOWS} {_WEBKIT} Chrome/132.0.0.0 Safari/537.36 OPR/117.0.0.0", "opera", "windows", False),
        (f"{_WINDOWS} {_WEBKIT} Chrome/132.0.0.0 YaBrowser/25.2.0.0 Safari/537.36", "yandex", "windows", False),
        (
            f"{_ANDROID} {_WEBKIT} SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36",
            "samsung",
            "android",
            True,
        ),
        (
            f"{_ANDROID} {_WEBKIT} Chrome/134.0.0.0 Mobile Safari/537.36",
            "chrome",
            "android",
            True,
        ),
        (
            f"{_CHROMEBOOK} {_WEBKIT} Chrome/134.0.0.0 Safari/537.36",
            "chrome",
            "chromeos",
            False,
        ),
        (
            f"{_MAC} AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.3 Safari/605.1.15",
            "safari",
            "macos",
            False,
        ),
        (f"{_IPHONE} Version/18.3 Mobile/15E148 Safari/604.1", "safari", "ios", True),
        (f"{_IPHONE} Mobile/15E148", "safari", "ios", True),
        (f"{_IPHONE} CriOS/134.0.6998.33 Mobile/15E148 Safari/604.1", "chrome", "ios", True),
        (f"{_IPHONE} FxiOS/136.0 Mobile/15E148 Safari/605.1.15", "firefox", "ios", True),
        ("curl/8.5.0", None, None, False),
        ("", None, None, False),
        (None, None, None, False),
        ("Firefox" * 100_000, None, None, False),
    ],
)
def test_browsers(header: str | None, browser: str | None, system: str | None, is_mobile: bool) -> None:
    """The browser that it is, not those that it says it is like; what is not known is not guessed."""
    assert device_of(header) == Device(browser, system, is_mobile)
