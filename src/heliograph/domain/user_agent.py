"""Which browser and system a User-Agent header names: enough for segments, and never believed for anything else.

Browsers say that they are others; so the ones that are built on another are looked for before it. RFC 9110 section
10.1.5 gives the header's form.
"""

import re
from dataclasses import dataclass

_MOST = 400
"""Characters that are looked at."""
_BROWSERS = (
    ("edge", re.compile(r"\bEdg(?:e|A|iOS)?/")),
    ("opera", re.compile(r"\b(?:OPR|Opera|OPT|OPX|OPiOS)/")),
    ("yandex", re.compile(r"\bYa(?:Browser|SearchBrowser|App)/")),
    ("samsung", re.compile(r"\bSamsungBrowser/")),
    ("huawei", re.compile(r"\bHuaweiBrowser/")),
    ("uc", re.compile(r"\bU(?:C|CBrowser|CWEB)(?:Browser)?/")),
    ("vivaldi", re.compile(r"\bVivaldi/")),
    ("firefox", re.compile(r"\b(?:Firefox|FxiOS)/")),
    ("chrome", re.compile(r"\b(?:Chrome|Chromium|CriOS|HeadlessChrome)/")),
    ("safari", re.compile(r"\bVersion/[\d.]+ (?:Mobile/\w+ )?Safari/|\b(?:iPhone|iPad|iPod)\b.*AppleWebKit/")),
)
_SYSTEMS = (
    ("ios", re.compile(r"\b(?:iPhone|iPad|iPod)\b")),
    ("android", re.compile(r"\bAndroid\b")),
    ("huawei", re.compile(r"\b(?:OpenHarmony|HarmonyOS)\b")),
    ("windows", re.compile(r"\bWindows\b")),
    ("macos", re.compile(r"\bMac(?:intosh| OS X)\b")),
    ("chromeos", re.compile(r"\bCrOS\b")),
    ("linux", re.compile(r"\b(?:Linux|X11)\b")),
)
_MOBILE = re.compile(r"\b(?:Mobi|Mobile|iPhone|iPad|iPod|Android)\b")
BROWSERS = tuple(name for name, _ in _BROWSERS)
SYSTEMS = tuple(name for name, _ in _SYSTEMS)


@dataclass(frozen=True, slots=True)
class Device:
    """What a header says. None where it names nothing that is known."""

    browser: str | None
    os: str | None
    is_mobile: bool


def device_of(user_agent: str | None) -> Device:
    """Return what a User-Agent header says; of a missing one nothing, on no mobile device."""
    text = (user_agent or "")[:_MOST]
    return Device(_first(_BROWSERS, text), _first(_SYSTEMS, text), bool(_MOBILE.search(text)))


def _first(kinds: tuple[tuple[str, re.Pattern[str]], ...], text: str) -> str | None:
    return next((name for name, pattern in kinds if pattern.search(text)), None)
