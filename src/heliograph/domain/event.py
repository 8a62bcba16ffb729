"""Events, checked: their properties, when they happened, which item they are about and what it is worth.

Names that are not in the `VOCABULARY` are the customer's own, with whatever properties they like.
"""

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Any

from heliograph.domain.vocabulary import CART_EVENTS, MAX_ITEM_ID, MAX_LINES, VOCABULARY, EventName, Kind, Known
from heliograph.kit.ids import of_hash

MAX_NAME = 64
MAX_OWN_ID = 64
MAX_PROPERTIES = 16_384
"""Characters of an event's properties as JSON: what the page script cuts them to, and a little more."""
MAX_DEPTH = 5
MAX_AGE = timedelta(days=7)
"""What is told later than this is refused: campaigns and segments have long looked."""
CLOCK_TOLERANCE = timedelta(minutes=1)
"""A clock may be this wrong: less is what a slow network does too, and must not change the order of events."""
_DAY = timedelta(days=1)
_NAME = re.compile(r"[a-z][a-z0-9_.-]{0,63}")
_INTEGERS = range(-(2**63), 2**63)
_LARGEST_FRACTION = 1e18
_LARGEST_PRICE = Decimal(10) ** 12
_MILLI = Decimal(1000)
_NOT_DIGITS = re.compile(r"[\s']")
_PRICE = re.compile(r"\d{1,3}(?:([.,])\d{3})*(?:[.,]\d+)?|\d+(?:[.,]\d+)?")


class Source(StrEnum):
    """Who told of an event."""

    PAGE = "page"
    SERVER = "server"


class EventFault(StrEnum):
    """Why one event of a call was not taken."""

    MALFORMED = "event_malformed"
    """It is not of the documented form; the detail says where."""
    TOO_LARGE = "event_too_large"
    """Its properties are too long, or nested too deeply."""
    TOO_OLD = "event_too_old"
    """It happened more than seven days ago."""
    NOT_ALLOWED = "event_not_allowed"
    """A page cannot tell this, or it needs a person and names none."""


class EventError(ValueError):
    """An event that cannot be taken: why, and one sentence that says what to change."""

    def __init__(self, fault: EventFault, sentence: str) -> None:
        super().__init__(sentence)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened.

    Attributes:
        profile_id: who did it; None for what happened to an item.
        item_id: of the one item that it is about.
        amount_milli: thousandths of the shop's currency: of an order what was paid, else the price of one item.
        at: when it happened, never later than `received_at`.
        properties: as they were told.
    """

    id: str
    project_id: str
    profile_id: str | None
    name: str
    item_id: str | None
    amount_milli: int | None
    at: datetime
    received_at: datetime
    source: Source
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """So many of an item. `count` is not negative; it may be a fraction for what is sold by weight."""

    id: str
    count: int | float
    price_milli: int | None
    about: Mapping[str, str]
    """title, image, url."""


_ABOUT = ("title", "image", "url")


def check_name(name: str) -> str:
    """Return an event's name, or raise `EventError`."""
    if not _NAME.fullmatch(name):
        raise _malformed(f"name: 1 to {MAX_NAME} of a-z, 0-9, _, . and -, with a letter first.")
    return name


def check_properties(name: str, properties: Mapping[str, Any]) -> None:
    """Refuse properties that cannot be kept, or that a known name cannot have.

    Raises:
        EventError: why, and what to change.
    """
    _check_value(properties, 0)
    try:
        known = VOCABULARY[EventName(name)]
    except ValueError:
        return
    for each in known.properties:
        value, is_there = _at(properties, each.path)
        if is_there and value is not None:
            _check_kind(each.path, each.kind, value)
        elif each.is_needed and not (each.path.startswith("item.") and "items" in properties and _takes_items(known)):
            raise _malformed(f"properties.{each.path} is needed.")


def _takes_items(known: Known) -> bool:
    return any(each.path == "items" for each in known.properties)


def _at(properties: Mapping[str, Any], path: str) -> tuple[Any, bool]:
    found: Any = properties
    names = path.split(".")
    for index, name in enumerate(names):
        if not isinstance(found, Mapping):
            raise _malformed(f"properties.{'.'.join(names[:index])} is an object.")
        if name not in found:
            return None, False
        found = found[name]
        if found is None:
            return None, False
    return found, True


def _check_kind(path: str, kind: Kind, value: Any) -> None:
    match kind:
        case Kind.TEXT:
            is_right = isinstance(value, str)
        case Kind.ID:
            is_right = id_of(value) is not None
        case Kind.PRICE:
            is_right = milli(value) is not None
        case Kind.COUNT:
            is_right = _count(value) is not None
        case Kind.FLAG:
            is_right = isinstance(value, bool)
        case Kind.ITEMS:
            is_right = isinstance(value, list) and len(value) <= MAX_LINES
            for index, item in enumerate(value if is_right else ()):
                _check_item(f"{path}.{index}", item)
    if not is_right:
        raise _malformed(f"properties.{path}: {kind}.")


def _check_item(path: str, item: Any) -> None:
    if not isinstance(item, Mapping) or id_of(item.get("id")) is None:
        raise _malformed(f"properties.{path}: an item has an id, {Kind.ID}.")
    for name, kind in (("price", Kind.PRICE), ("count", Kind.COUNT), *((each, Kind.TEXT) for each in _ABOUT)):
        if item.get(name) is not None:
            _check_kind(f"{path}.{name}", kind, item[name])


def _check_value(value: Any, level: int) -> None:
    """Refuse what is nested too deeply, and what one of the databases cannot keep exactly."""
    match value:
        case bool() | str() | None:
            return
        case int() if value in _INTEGERS:
            return
        case float() if abs(value) < _LARGEST_FRACTION:
            return
        case dict() | list() if value and level >= MAX_DEPTH:
            raise EventError(EventFault.TOO_LARGE, f"properties: {MAX_DEPTH} levels at most.")
        case dict():
            for item in value.values():
                _check_value(item, level + 1)
        case list():
            for item in value:
                _check_value(item, level + 1)
        case _:
            raise _malformed("properties: a number is too large: write it as a text.")


def id_of(value: Any) -> str | None:
    """Return a shop's id as a text; None for what is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    is_id = isinstance(value, str) and 0 < len(value) <= MAX_ITEM_ID and value.isprintable()
    return value if is_id else None


def milli(value: Any) -> int | None:
    """Return a price in thousandths: of 12.5, "12,50", "1 234,50" or "1.234,50"; None for what is no price.

    In a text the last dot or comma parts the fraction.
    """
    match value:
        case bool():
            return None
        case int():
            price = Decimal(value)
        case float() if math.isfinite(value):
            price = Decimal(str(value))
        case str():
            digits = _NOT_DIGITS.sub("", value[:40])
            if len(value) > 40 or not _PRICE.fullmatch(digits):  # noqa: PLR2004 - more digits than any price has
                return None
            whole, _, fraction = digits.replace(",", ".").rpartition(".")
            price = Decimal(f"{whole.replace('.', '') or fraction}.{fraction if whole else '0'}")
        case _:
            return None
    return int((price * _MILLI).quantize(Decimal(1), ROUND_HALF_UP)) if 0 <= price < _LARGEST_PRICE else None


def _count(value: Any) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1_000_000:  # noqa: PLR2004
        return None
    rounded = round(value, 3)
    return int(rounded) if rounded == int(rounded) else rounded


def lines(properties: Mapping[str, Any]) -> tuple[Line, ...]:
    """Return the items of a checked event of the cart, each once, in the order in which they were named."""
    given = properties.get("items")
    found: dict[str, Line] = {}
    for item in given if given is not None else [properties["item"]]:
        one = _line(item)
        before = found.get(one.id)
        count = one.count if before is None else _count(min(one.count + before.count, 999_999)) or 0
        found[one.id] = Line(one.id, count, one.price_milli, one.about)
    return tuple(found.values())


def _line(item: Mapping[str, Any]) -> Line:
    count = _count(item["count"]) if item.get("count") is not None else 1
    about = {name: item[name] for name in _ABOUT if item.get(name)}
    return Line(id_of(item["id"]) or "", count or 0, milli(item.get("price")), about)


def about(name: str, properties: Mapping[str, Any]) -> tuple[str | None, int | None]:
    """Return which item a checked event is about, if one, and its amount in thousandths."""
    if name == EventName.ORDER:
        order = properties["order"]
        return None, milli(order.get("price"))
    items = properties.get("items")
    match properties.get("item"):
        case {"id": own, **rest} if items is None:
            return id_of(own), milli(rest.get("price"))
    match items:
        case [{"id": own, **rest}] if name in CART_EVENTS:
            return id_of(own), milli(rest.get("price"))
    return None, None


@dataclass(frozen=True, slots=True)
class When:
    """An event's instant, and the one that its identifier is made of."""

    at: datetime
    id_at: datetime


def when(told: datetime, *, sent_at: datetime | None, now: datetime) -> When:
    """Return when something happened by our clock.

    `sent_at` is what the caller's clock said when it sent: how wrong that is, so wrong is what it told. Nothing happens
    later than now. The identifier keeps the caller's own instant, for a second attempt comes with another `sent_at`,
    unless that is a day or more wrong: identifiers have to sort by time.

    Raises:
        EventError: it is too long ago.
    """
    skew = timedelta() if sent_at is None else now - sent_at
    try:
        at = min(told if abs(skew) <= CLOCK_TOLERANCE else told + skew, now)
    except OverflowError:
        raise _malformed("at: there is no such day.") from None
    if at < now - MAX_AGE:
        raise EventError(EventFault.TOO_OLD, f"at: more than {MAX_AGE.days} days ago.")
    if abs(told - at) <= _DAY:
        return When(at, told)
    return When(at, datetime.combine(at.date(), time(), UTC))


def event_id(owner: str, own_id: str, at: datetime) -> str:
    """Return the identifier of what `owner` calls `own_id`, so that the same event sent twice is the same."""
    return of_hash("evt", at, hashlib.sha256(f"{owner}\0{own_id}".encode()).digest())


def _malformed(sentence: str) -> EventError:
    return EventError(EventFault.MALFORMED, sentence)
