"""The filters of templates: pure functions from JSON values to JSON values, none of which can be made to grow.

They are Liquid's in name and meaning; what would be longer than `template.MAX_OUTPUT` is a `TemplateError` before it
is made.
"""

import inspect
import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from heliograph.domain.template import MAX_LIST, MAX_OUTPUT, TemplateError

MAX_NUMBER = 10**15
_NUMBER = re.compile(r"\s*[+-]?\d{1,15}(\.\d{1,15})?\s*")
_INSIDE = re.compile(r"<[^<>]*>")
_FORMAT = re.compile(r"%(.)", re.DOTALL)
_LAST_SECOND = 253_402_300_799
_MAX_FORMAT = 100


class Encoded(str):
    """Text that is percent-encoded already."""

    __slots__ = ()


def text(value: object) -> str:
    """Return a JSON value as a person reads it; nothing for what is missing."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(_bounded(value))
        case list() | tuple():
            return _joined([text(one) for one in _members(value)], "")
        case _ if not value:  # nothing, or a name that is not there
            return ""
    raise TemplateError("A whole object cannot be shown: name one of its members.")


def number(value: object) -> int | float:
    """Return a value as a number; 0 for what is none, as Liquid has it."""
    if isinstance(value, bool):
        return 0
    if isinstance(value, int | float):
        return _bounded(value)
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return _bounded(float(value) if "." in value else int(value))
    return 0


def _bounded(value: float) -> int | float:
    if not -MAX_NUMBER <= value <= MAX_NUMBER:  # also what is not a number
        raise TemplateError("A number is too large.")
    return value


def _whole(value: object) -> int:
    return int(number(value))


def _of(length: int) -> None:
    if length > MAX_OUTPUT:
        raise TemplateError(f"A text grows beyond {MAX_OUTPUT:,} characters.")


def _long(value: object) -> str:
    read = text(value)
    _of(len(read))
    return read


def _joined(parts: Sequence[str], glue: str) -> str:
    _of(sum(map(len, parts)) + len(glue) * max(0, len(parts) - 1))
    return glue.join(parts)


def _members(value: object) -> list[Any]:
    if isinstance(value, list | tuple):
        if len(value) > MAX_LIST:
            raise TemplateError(f"A list has more than {MAX_LIST:,} members.")
        return list(value)
    return [] if not value else [value]


def _member(value: object, key: object) -> Any:
    return value.get(key) if isinstance(value, dict) and isinstance(key, str) else None


def _upcase(value: object) -> str:
    return _long(_long(value).upper())


def _downcase(value: object) -> str:
    return _long(_long(value).lower())


def _capitalize(value: object) -> str:
    read = _long(value)
    return _long(read[:1].upper() + read[1:].lower())


def _append(value: object, more: object) -> str:
    return _joined([_long(value), _long(more)], "")


def _prepend(value: object, more: object) -> str:
    return _joined([_long(more), _long(value)], "")


def _replaced(value: object, old: object, new: object, count: int) -> str:
    read, old, new = _long(value), _long(old), _long(new)
    times = read.count(old) if count < 0 else min(count, read.count(old))
    _of(len(read) + times * (len(new) - len(old)))
    return read.replace(old, new, count)


def _replace(value: object, old: object, new: object = "") -> str:
    return _replaced(value, old, new, -1)


def _replace_first(value: object, old: object, new: object = "") -> str:
    return _replaced(value, old, new, 1)


def _strip_html(value: object) -> str:
    return _INSIDE.sub("", _long(value))


def _truncate(value: object, length: object = 50, end: object = "…") -> str:
    read, most, end = _long(value), max(0, _whole(length)), _long(end)
    return read if len(read) <= most else read[: max(0, most - len(end))] + end


def _truncatewords(value: object, count: object = 15, end: object = "…") -> str:
    words, most = _long(value).split(), max(1, _whole(count))
    return " ".join(words) if len(words) <= most else " ".join(words[:most]) + _long(end)


def _slice(value: object, start: object, length: object = 1) -> Any:
    read = _members(value) if isinstance(value, list | tuple) else _long(value)
    begin, most = _whole(start), max(0, _whole(length))
    begin = max(0, len(read) + begin) if begin < 0 else begin
    return read[begin : begin + most]


def _split(value: object, at: object = " ") -> list[str]:
    read, at = _long(value), _long(at)
    parts = read.split(at) if at else list(read)
    if len(parts) > MAX_LIST:
        raise TemplateError(f"A list has more than {MAX_LIST:,} members.")
    return parts


def _join(value: object, glue: object = " ") -> str:
    return _joined([_long(one) for one in _members(value)], _long(glue))


def _first(value: object) -> Any:
    members = _members(value)
    return members[0] if members else None


def _last(value: object) -> Any:
    members = _members(value)
    return members[-1] if members else None


def _map(value: object, key: object) -> list[Any]:
    return [_member(one, key) for one in _members(value)]


def _where(value: object, key: object, wanted: object = None) -> list[Any]:
    return [
        one
        for one in _members(value)
        if (_member(one, key) == wanted if wanted is not None else bool(_member(one, key)))
    ]


def _sum(value: object, key: object = None) -> int | float:
    members = _members(value)
    return _bounded(sum(number(one if key is None else _member(one, key)) for one in members))


def _sort(value: object, key: object = None) -> list[Any]:
    def rank(one: object) -> tuple[bool, float, str]:
        member = one if key is None else _member(one, key)
        is_number = isinstance(member, int | float) and not isinstance(member, bool)
        return (not is_number, number(member) if is_number else 0, "" if is_number else _long(member))

    return sorted(_members(value), key=rank)


def _uniq(value: object) -> list[Any]:
    seen: dict[str, Any] = {}
    for one in _members(value):
        seen.setdefault(repr(one), one)
    return list(seen.values())


def _size(value: object) -> int:
    return len(value) if isinstance(value, str | list | tuple | dict) else 0


def _default(value: object, other: object = "", *, allow_false: object = False) -> Any:
    is_empty = value is None or value == "" or (isinstance(value, list | dict) and not value)
    is_empty = is_empty or (value is False and allow_false is not True) or _is_missing(value)
    return other if is_empty else value


def _is_missing(value: object) -> bool:
    return not isinstance(value, str | int | float | list | tuple | dict)


def _divided_by(value: object, by: object) -> int | float:
    left, right = number(value), number(by)
    if not right:
        raise TemplateError("Something is divided by 0.")
    return left // right if isinstance(left, int) and isinstance(right, int) else _bounded(left / right)


def _modulo(value: object, by: object) -> int | float:
    if not number(by):
        raise TemplateError("Something is divided by 0.")
    return number(value) % number(by)


def _round(value: object, digits: object = 0) -> int | float:
    places = max(0, min(9, _whole(digits)))
    rounded = round(number(value), places)
    return rounded if places else int(rounded)


def _fixed(value: object, digits: object = 2) -> str:
    """Return a number with so many digits behind the point, as prices have them."""
    return f"{number(value):.{max(0, min(9, _whole(digits)))}f}"


def _percent_encoded(value: object) -> Encoded:
    return _encoded(_long(value), "")


def _path(value: object) -> Encoded:
    return _encoded(_long(value), "/")


def _encoded(value: str, safe: str) -> Encoded:
    made = quote(value, safe=safe, errors="replace")
    _of(len(made))
    return Encoded(made)


def _date(value: object, form: object = "%Y-%m-%d") -> str:
    """Return an instant, RFC 3339 text or Unix seconds, in the form that a few of strftime's letters say."""
    at, form = _instant(value), _long(form)
    if at is None:
        return ""
    if len(form) > _MAX_FORMAT:
        raise TemplateError(f"The form of a date has at most {_MAX_FORMAT} characters.")

    def part(found: re.Match[str]) -> str:
        letter = found[1]
        if letter == "%":
            return "%"
        if letter not in _PARTS:
            raise TemplateError(f"A date has no part %{letter}. There are " + " ".join(f"%{one}" for one in _PARTS))
        return _PARTS[letter](at)

    return _FORMAT.sub(part, form)


_PARTS: dict[str, Callable[[datetime], str]] = {
    "Y": lambda at: f"{at.year:04}",
    "y": lambda at: f"{at.year % 100:02}",
    "m": lambda at: f"{at.month:02}",
    "d": lambda at: f"{at.day:02}",
    "e": lambda at: f"{at.day}",
    "H": lambda at: f"{at.hour:02}",
    "I": lambda at: f"{(at.hour + 11) % 12 + 1:02}",
    "M": lambda at: f"{at.minute:02}",
    "S": lambda at: f"{at.second:02}",
    "p": lambda at: "AM" if at.hour < 12 else "PM",  # noqa: PLR2004 - noon
    "j": lambda at: f"{at.timetuple().tm_yday:03}",
    "u": lambda at: f"{at.isoweekday()}",
}


def _instant(value: object) -> datetime | None:
    if isinstance(value, bool) or _is_missing(value) or value == "":
        return None
    try:
        if isinstance(value, int | float):
            return datetime.fromtimestamp(min(max(value, 0), _LAST_SECOND), UTC)
        if isinstance(value, str) and len(value) <= _MAX_FORMAT:
            return datetime.fromisoformat(value)
    except (ValueError, OverflowError):
        pass
    raise TemplateError("This is no date: write it as 2026-03-14 or 2026-03-14T09:26:53Z.")


FILTERS: dict[str, Callable[..., Any]] = {
    "abs": lambda value: abs(number(value)),
    "append": _append,
    "at_least": lambda value, least: max(number(value), number(least)),
    "at_most": lambda value, most: min(number(value), number(most)),
    "capitalize": _capitalize,
    "ceil": lambda value: math.ceil(number(value)),
    "compact": lambda value: [one for one in _members(value) if one is not None],
    "date": _date,
    "default": _default,
    "divided_by": _divided_by,
    "downcase": _downcase,
    "first": _first,
    "fixed": _fixed,
    "floor": lambda value: math.floor(number(value)),
    "join": _join,
    "last": _last,
    "lstrip": lambda value: _long(value).lstrip(),
    "map": _map,
    "minus": lambda value, other: _bounded(number(value) - number(other)),
    "modulo": _modulo,
    "path": _path,
    "plus": lambda value, other: _bounded(number(value) + number(other)),
    "prepend": _prepend,
    "remove": lambda value, what: _replaced(value, what, "", -1),
    "remove_first": lambda value, what: _replaced(value, what, "", 1),
    "replace": _replace,
    "replace_first": _replace_first,
    "reverse": lambda value: _members(value)[::-1],
    "round": _round,
    "rstrip": lambda value: _long(value).rstrip(),
    "size": _size,
    "slice": _slice,
    "sort": _sort,
    "split": _split,
    "squish": lambda value: " ".join(_long(value).split()),
    "strip": lambda value: _long(value).strip(),
    "strip_html": _strip_html,
    "strip_newlines": lambda value: _long(value).replace("\r", "").replace("\n", ""),
    "sum": _sum,
    "times": lambda value, other: _bounded(number(value) * number(other)),
    "truncate": _truncate,
    "truncatewords": _truncatewords,
    "uniq": _uniq,
    "upcase": _upcase,
    "url_encode": _percent_encoded,
    "where": _where,
}


def arity(name: str) -> tuple[int, int]:
    """Return how many values a filter takes at least and at most beside the one before it."""
    given = list(inspect.signature(FILTERS[name]).parameters.values())[1:]
    positional = [one for one in given if one.kind is not inspect.Parameter.KEYWORD_ONLY]
    return sum(one.default is inspect.Parameter.empty for one in positional), len(positional)
