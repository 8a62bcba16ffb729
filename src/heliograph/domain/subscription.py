"""A subscription: one address on one channel, what may be said about it, and the groups that it joins."""

import re
import zoneinfo
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache

MAX_GROUPS = 50
"""Groups in one call, and groups that one subscription is in."""
MAX_IDENTIFIER = 128
MAX_LANGUAGE = 35
"""RFC 5646 section 4.4.1 asks implementations for room for at least 35 characters."""
MAX_USER_AGENT = 200
_GROUP_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MILLISECOND = 253_402_214_400_000
"""The end of the year 9999, where calendars of computers end, less a day for those that are ahead of UTC."""


class SubscriptionState(StrEnum):
    """Whether something can be sent to it."""

    ACTIVE = "active"
    GONE = "gone"
    """The push service said so, or another row took its endpoint over."""
    UNSUBSCRIBED = "unsubscribed"
    """The person, or the operator on their behalf, ended it."""


class EndReason(StrEnum):
    """Why a subscription ended, where a push service's answer was not the reason."""

    REPLACED = "replaced"
    """The browser moved this endpoint under another of its subscriptions."""
    BY_PERSON = "by_person"
    BY_OPERATOR = "by_operator"
    KEY_RETIRED = "key_retired"
    """Its application server key was retired by force; the browser gets another one on its next visit."""
    EXPIRED = "expired"
    """It came through the Glue API and was not renewed in time."""


@dataclass(frozen=True, slots=True, order=True)
class Group:
    """A named audience, or the part of it with one identifier (`warehouse` / `42`)."""

    name: str
    identifier: str | None = None


def check_group(name: str, identifier: str | None) -> Group:
    """Return the group of this name and identifier.

    Names are compared byte for byte, so upper case is refused and not folded: `VIP` and `vip` would else be two
    spellings of one group here and two groups in a sender's own books.

    Raises:
        ValueError: one sentence that says what to change.
    """
    if not _GROUP_NAME.fullmatch(name):
        raise ValueError(
            "A group's name is 1 to 64 lower-case letters, digits, _ and -, and begins with a letter or digit."
        )
    if identifier is not None and not (0 < len(identifier) <= MAX_IDENTIFIER and identifier.isprintable()):
        raise ValueError(f"A group's identifier is 1 to {MAX_IDENTIFIER} printable characters; leave it out for none.")
    return Group(name, identifier)


def check_language(tag: str) -> str:
    """Return a language tag of the shape of BCP 47, without the POSIX ending that Chromium appends (`en-US@posix`).

    Raises:
        ValueError: one sentence that says what to change.
    """
    bare = re.split("[@.]", tag, maxsplit=1)[0]
    if len(bare) > MAX_LANGUAGE or not _LANGUAGE.fullmatch(bare):
        raise ValueError("Write the language as a BCP 47 tag, such as en-GB.")
    return bare


def check_time_zone(name: str) -> str:
    """Return a time zone's name if the IANA database has it.

    Raises:
        ValueError: one sentence that says what to change.
    """
    if name not in _time_zones():
        raise ValueError("Write the time zone by its IANA name, such as Europe/Berlin.")
    return name


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones()) - {"localtime", "posixrules", "Factory"}


def browser_expiry(milliseconds: float) -> datetime:
    """Return the instant of the browser's `expirationTime`, milliseconds since 1970.

    Raises:
        ValueError: one sentence that says what to change.
    """
    if not 0 <= milliseconds <= _LAST_MILLISECOND:
        raise ValueError("Write the expiration time in milliseconds since 1970, or null.")
    return _EPOCH + timedelta(milliseconds=int(milliseconds))


def short_user_agent(text: str | None) -> str | None:
    """Return what is kept of a User-Agent header: its printable beginning."""
    kept = "".join(character for character in (text or "")[: 2 * MAX_USER_AGENT] if character.isprintable())
    return kept[:MAX_USER_AGENT].strip() or None
