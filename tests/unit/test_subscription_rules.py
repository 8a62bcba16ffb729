"""What may be said about a subscription: groups, language, time zone, expiry, user agent."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.domain.subscription import (
    MAX_USER_AGENT,
    Group,
    browser_expiry,
    check_group,
    check_language,
    check_time_zone,
    short_user_agent,
)


@pytest.mark.parametrize("name", ["a", "0", "warehouse", "back-in_stock", "a" * 64, "0-_"])
def test_group_names_of_the_documented_form(name: str) -> None:
    """Lower-case letters, digits, dashes and underscores make a group's name."""
    assert check_group(name, None) == Group(name, None)


@pytest.mark.parametrize(
    "name", ["", "A", "Warehouse", "a b", "-a", "_a", "a" * 65, "ä", "a\n", "a/b", "a.b", "\u0661", "a\x00"]
)
def test_other_group_names_are_refused(name: str) -> None:
    """Anything else is refused, upper case too: names are compared exactly and not folded."""
    with pytest.raises(ValueError, match="lower-case"):
        check_group(name, None)


@pytest.mark.parametrize("identifier", ["42", "SKU 4711/b", "a" * 128, "größe-ß", "🦊"])
def test_group_identifiers(identifier: str) -> None:
    """An identifier is any printable text of up to 128 characters, kept as it is."""
    assert check_group("warehouse", identifier).identifier == identifier


@pytest.mark.parametrize("identifier", ["", "a" * 129, "a\x00", "a\nb", "\u202e", "\ud800", "\u200b"])
def test_other_identifiers_are_refused(identifier: str) -> None:
    """An empty, long or unprintable identifier is refused: none is said by leaving it out."""
    with pytest.raises(ValueError, match="printable"):
        check_group("warehouse", identifier)


@pytest.mark.parametrize("tag", ["en", "en-GB", "zh-Hant-TW", "de-CH-1901", "sr-Latn-RS", "es-419", "fil"])
def test_language_tags(tag: str) -> None:
    """Tags of the shape of BCP 47 are kept as the browser writes them."""
    assert check_language(tag) == tag


@pytest.mark.parametrize(("said", "kept"), [("en-US@posix", "en-US"), ("de-DE.UTF-8", "de-DE")])
def test_posix_endings_are_dropped(said: str, kept: str) -> None:
    """A browser on a Linux machine without a proper locale says what POSIX calls it; the tag in front is used."""
    assert check_language(said) == kept


@pytest.mark.parametrize(
    "tag", ["", "e", "en_GB", "en-", "-en", "en--GB", "englishlang", "e1", "en GB", "en-\u0661", "a" * 36]
)
def test_other_languages_are_refused(tag: str) -> None:
    """Anything else is refused with an example."""
    with pytest.raises(ValueError, match="BCP 47"):
        check_language(tag)


@pytest.mark.parametrize(
    "name", ["UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires", "Asia/Calcutta", "Etc/GMT+5"]
)
def test_time_zones(name: str) -> None:
    """Names of the IANA database are taken, old names too."""
    assert check_time_zone(name) == name


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "europe/berlin", "localtime", "../../etc/passwd", "/etc/localtime", "UTC+1", "\x00"]
)
def test_other_time_zones_are_refused(name: str) -> None:
    """A name that the database does not have is refused, and never opened as a file."""
    with pytest.raises(ValueError, match="IANA"):
        check_time_zone(name)


def test_expiration_times() -> None:
    """A browser's expirationTime is milliseconds since 1970, with or without a fraction."""
    assert browser_expiry(1_700_000_000_000) == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert browser_expiry(1_700_000_000_000.7) == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


@pytest.mark.parametrize("number", [-1, 1e18, float("inf"), float("nan"), 253_402_300_799_000, 10**400])
def test_other_expiration_times_are_refused(number: float) -> None:
    """What no calendar has is refused."""
    with pytest.raises(ValueError, match="milliseconds"):
        browser_expiry(number)


@given(st.none() | st.text())
def test_user_agents_are_short_and_printable(text: str | None) -> None:
    """Of a User-Agent only a printable beginning is kept."""
    kept = short_user_agent(text)
    assert kept is None or (kept.isprintable() and 0 < len(kept) <= MAX_USER_AGENT)
