"""Events: what their properties may be, what they are worth, and when they happened."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from heliograph.domain.event import EventError, about, check_name, check_properties, event_id, milli, when
from heliograph.domain.vocabulary import VOCABULARY
from heliograph.kit.ids import is_id, made_at

NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)


@pytest.mark.parametrize(
    ("told", "thousandths"),
    [
        (12.5, 12_500),
        (0, 0),
        (0.1, 100),
        (19.999, 19_999),
        ("12,50", 12_500),
        ("12.50", 12_500),
        ("1 234,50", 1_234_500),
        ("1\u00a0234,50", 1_234_500),
        ("1.234,50", 1_234_500),
        ("1,234.50", 1_234_500),
        ("1'234.50", 1_234_500),
        ("1234", 1_234_000),
        ("12 €", None),
        ("-1", None),
        (-1, None),
        (True, None),
        (float("nan"), None),
        (1e15, None),
        ("", None),
        ("1e9", None),
        ("9" * 41, None),
        ([1], None),
        (None, None),
    ],
)
def test_prices(told: Any, thousandths: int | None) -> None:
    """A price is a number or a text with a dot or comma; the last of them parts the fraction."""
    assert milli(told) == thousandths


@pytest.mark.parametrize("name", ["a", "page_view", "shop.wish-list_2", "x" * 64])
def test_names(name: str) -> None:
    """Free names are lower case."""
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["", "A", "1a", "_a", "a b", "ä", "x" * 65, "a\n"])
def test_names_that_are_none(name: str) -> None:
    """Nothing else is a name."""
    with pytest.raises(EventError):
        check_name(name)


def test_what_an_event_is_about() -> None:
    """The item and what one of it costs; of an order what was paid; of several items nothing."""
    item = {"id": 5, "price": "3,20"}
    assert about("item_view", {"item": item}) == ("5", 3_200)
    assert about("cart_add", {"items": [item]}) == ("5", 3_200)
    assert about("cart_add", {"items": [item, {"id": "b"}]}) == (None, None)
    assert about("order", {"order": {"id": "1", "price": 9.5}}) == (None, 9_500)
    assert about("a_free_name", {"item": item}) == ("5", 3_200)
    assert about("a_free_name", {"item": "tea"}) == (None, None)
    assert about("page_view", {"url": "/"}) == (None, None)


@pytest.mark.parametrize("name", list(VOCABULARY))
def test_a_known_name_says_what_it_needs(name: str) -> None:
    """Each known name refuses to come without what it needs, and says which."""
    needed = next(each.path for each in VOCABULARY[name].properties if each.is_needed)  # type: ignore[index]
    with pytest.raises(EventError, match=rf"properties\.{needed}"):
        check_properties(name, {})


def test_a_clock_that_is_a_little_off_is_believed() -> None:
    """Less than a minute is what a slow network does too, and must not change the order of events."""
    told = NOW - timedelta(seconds=50)
    assert when(told, sent_at=NOW - timedelta(seconds=40), now=NOW).at == told


@pytest.mark.parametrize("off", [timedelta(minutes=5), timedelta(hours=-7), timedelta(days=9_000)])
def test_a_clock_that_is_wrong_is_put_right(off: timedelta) -> None:
    """What the caller's clock says now tells how wrong it is; the identifier is from the right day all the same."""
    found = when(NOW - timedelta(hours=1) + off, sent_at=NOW + off, now=NOW)
    assert found.at == NOW - timedelta(hours=1)
    assert abs(found.id_at - found.at) <= timedelta(days=1)
    assert abs(made_at(event_id("a", "1", found.id_at)) - found.at) <= timedelta(days=1)


def test_a_second_attempt_has_the_same_identifier() -> None:
    """Who sends again says another time of sending; the event stays the same one."""
    told = NOW + timedelta(hours=2)
    first = when(told, sent_at=told + timedelta(seconds=5), now=NOW)
    second = when(told, sent_at=told + timedelta(seconds=50), now=NOW + timedelta(seconds=48))
    assert first.at != second.at
    assert event_id("a", "1", first.id_at) == event_id("a", "1", second.id_at)
    assert is_id("evt", event_id("a", "1", first.id_at))
    assert event_id("a", "1", NOW) != event_id("b", "1", NOW)


def test_the_future_is_now_and_the_past_is_over() -> None:
    """Nothing happens later than now, and what is a week old is refused."""
    assert when(NOW + timedelta(days=400), sent_at=None, now=NOW).at == NOW
    assert when(NOW - timedelta(days=7), sent_at=None, now=NOW).at == NOW - timedelta(days=7)
    for told in (NOW - timedelta(days=7, seconds=1), datetime.min.replace(tzinfo=UTC)):
        with pytest.raises(EventError, match="days ago"):
            when(told, sent_at=None, now=NOW)
    with pytest.raises(EventError, match="no such day"):
        when(datetime.max.replace(tzinfo=UTC), sent_at=datetime.min.replace(tzinfo=UTC), now=NOW)
