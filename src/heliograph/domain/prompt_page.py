"""Prompt campaigns as a page sees them: whether one is for it, in which language, and what it is told of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from heliograph.domain.page_trigger import may_hold
from heliograph.domain.prompt import Frequency, Permission, Prompt

_RIGHT_TO_LEFT = frozenset({"ar", "arc", "ckb", "dv", "fa", "he", "iw", "ks", "ku-arab", "ps", "sd", "ug", "ur", "yi"})


@dataclass(frozen=True, slots=True)
class Browser:
    """What is the same on all pages that a browser views: most visitors of a site are of a few dozen kinds."""

    is_https: bool
    browser: str | None
    system: str | None
    is_mobile: bool
    permission: Permission


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known of a page view: the browser, and the page's address and language, if it says."""

    browser: Browser
    url: str | None
    language: str | None


def language_of(wanted: str | None, given: Mapping[str, Any], default: str) -> str:
    """Return the language of `given` that fits best: the longest prefix of `wanted` (RFC 4647 section 3.4)."""
    tags = {tag.lower(): tag for tag in given}
    asked = (wanted or "").lower()
    while asked:
        if asked in tags:
            return tags[asked]
        asked = asked.rpartition("-")[0]
    return default


def is_meant(prompt: Prompt, browser: Browser) -> bool:
    """Tell whether a prompt is for a kind of browser, wherever it is."""
    needs = prompt.requirements
    return (
        (needs.browsers is None or browser.browser in needs.browsers)
        and (needs.systems is None or browser.system in needs.systems)
        and needs.mobile in (None, browser.is_mobile)
        and needs.https in (None, browser.is_https)
        and (needs.permissions is None or browser.permission in needs.permissions)
        and may_hold(prompt.triggers, url=None, is_mobile=browser.is_mobile)
    )


def is_here(prompt: Prompt, page: Circumstances) -> bool:
    """Tell whether a prompt that is for the browser can be for this page."""
    return may_hold(prompt.triggers, url=page.url, is_mobile=page.browser.is_mobile)


def is_in_time(starts_at: datetime | None, ends_at: datetime | None, now: datetime) -> bool:
    """Tell whether a campaign's time has come and is not over."""
    return (starts_at is None or starts_at <= now) and (ends_at is None or now < ends_at)


def is_right_to_left(language: str) -> bool:
    """Tell whether a language is written from right to left."""
    tag = language.lower()
    return tag in _RIGHT_TO_LEFT or tag.partition("-")[0] in _RIGHT_TO_LEFT


def page_view(prompt: Prompt, language: str) -> dict[str, Any]:
    """Return what a page is told of a prompt in one of its languages, as plain JSON values.

    Which person, browser and segment it is for is nobody's business there.
    """
    default = prompt.default_language

    def said(words: dict[str, str]) -> str:
        return words[language_of(language, words, default)]

    view: dict[str, Any] = {
        "prompt": str(prompt.prompt),
        "frequency": {name: getattr(prompt.frequency, name) for name in Frequency.__struct_fields__},
        "triggers": msgspec.to_builtins(prompt.triggers),
        "texts": msgspec.to_builtins(prompt.texts[language]),
        "language": language,
        "direction": "rtl" if is_right_to_left(language) else "ltr",
        "look": {"theme": prompt.look.theme} | msgspec.to_builtins(prompt.look),
        "spot": prompt.spot,
        "groups": prompt.groups,
    }
    if prompt.categories is not None:
        view["categories"] = [
            {
                "group": one.group,
                "attribute": one.attribute,
                "title": said(one.title),
                "description": None if one.description is None else said(one.description),
                "checked": one.checked,
            }
            for one in prompt.categories
        ]
    if prompt.html is not None:
        view["html"] = said(prompt.html)
    if prompt.size is not None:
        view["size"] = msgspec.to_builtins(prompt.size)
    return view
