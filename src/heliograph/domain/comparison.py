"""Comparing a value of unknown type with what a rule says: types are honest, so a text is never a number.

The other face of these rules is `storage/json_members.py`; a property test holds them together.

* Numbers are compared as numbers, whole or not; `true` is no number.
* A date is a text that begins with `YYYY-MM-DD` and either ends there or goes on with a time. Dates are compared by
  that day, as written.
* A missing value and null are the same: they equal nothing, and so they are *not equal* to everything.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from operator import ge, gt, le, lt
from typing import Any

MAX_NUMBER = 2**53
"""RFC 7493 section 2.2: beyond it readers of JSON disagree about numbers."""
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_DAY_LENGTH = 10

Scalar = str | bool | int | float


class Operator(StrEnum):
    """How a value is compared."""

    EQ = "eq"
    NE = "ne"
    IN = "in"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    CONTAINS = "contains"
    EXISTS = "exists"


ORDERS: Mapping[Operator, Callable[[Any, Any], Any]] = {
    Operator.GT: gt,
    Operator.GTE: ge,
    Operator.LT: lt,
    Operator.LTE: le,
}
"""The operators that need an order; they take two numbers or two days, or two expressions of a database."""


@dataclass(frozen=True, slots=True)
class DaysAgo:
    """A day as a distance from today, in UTC; a negative one is still to come."""

    days: int

    def day(self, now: datetime) -> str:
        """Return it as `YYYY-MM-DD`."""
        return f"{now - timedelta(days=self.days):%Y-%m-%d}"


Operand = Scalar | tuple[Scalar, ...] | DaysAgo


def is_number(value: Any) -> bool:
    """Tell whether a JSON value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True)
class Comparison:
    """An operator and what it compares with.

    Raises:
        ValueError: the two do not fit.
    """

    operator: Operator
    operand: Operand

    def __post_init__(self) -> None:
        scalars = self.operand if isinstance(self.operand, tuple) else (self.operand,)
        if any(is_number(one) and not -MAX_NUMBER <= one <= MAX_NUMBER for one in scalars):  # type: ignore[operator]
            raise ValueError("Numbers are within plus or minus 2 to the power of 53: write larger ones as texts.")
        sentence = self._objection()
        if sentence is not None:
            raise ValueError(sentence)

    def _objection(self) -> str | None:
        operand = self.operand
        match self.operator:
            case Operator.IN:
                return None if isinstance(operand, tuple) and operand else "`in` takes a list of values."
            case Operator.EXISTS:
                return None if isinstance(operand, bool) else "`exists` takes true or false."
            case Operator.GT | Operator.GTE | Operator.LT | Operator.LTE:
                is_day = isinstance(operand, str) and DAY.fullmatch(operand)
                if is_day or is_number(operand) or isinstance(operand, DaysAgo):
                    return None
                return f"`{self.operator}` takes a number, a day such as 2026-03-14, or days_ago."
            case Operator.CONTAINS if operand == "":
                return "Every text contains the empty one: name another."
            case Operator.EQ | Operator.NE | Operator.CONTAINS:
                is_scalar = isinstance(operand, str | int | float)
                return None if is_scalar else f"`{self.operator}` takes one text, number or truth value."

    def day(self, now: datetime) -> str | None:
        """Return the day that it compares with, if it is one."""
        match self.operand:
            case DaysAgo():
                return self.operand.day(now)
            case str():
                return self.operand
            case _:
                return None

    def holds(self, value: Any, now: datetime) -> bool:
        """Tell whether it holds for a JSON value; None stands for a missing one."""
        operand = self.operand
        match self.operator:
            case Operator.EQ:
                return is_same(value, operand)
            case Operator.NE:
                return not is_same(value, operand)
            case Operator.IN:
                return isinstance(operand, tuple) and any(is_same(value, one) for one in operand)
            case Operator.EXISTS:
                return (value is not None) is operand
            case Operator.CONTAINS:
                return _contains(value, operand)
            case Operator.GT | Operator.GTE | Operator.LT | Operator.LTE:
                return self._is_ordered(value, now)

    def _is_ordered(self, value: Any, now: datetime) -> bool:
        compare = ORDERS[self.operator]
        day = self.day(now)
        if day is None:
            return is_number(value) and bool(compare(value, self.operand))
        own = day_of(value)
        return own is not None and bool(compare(own, day))


def day_of(value: Any) -> str | None:
    """Return the day that a value begins with, if it is a date."""
    if not isinstance(value, str) or DAY.match(value) is None or value[_DAY_LENGTH : _DAY_LENGTH + 1] not in ("", "T"):
        return None
    return value[:_DAY_LENGTH]


def is_same(value: Any, other: Any) -> bool:
    """Tell whether two JSON values are one and the same text, number or truth value."""
    if is_number(value) and is_number(other):
        return bool(value == other)
    return type(value) is type(other) and isinstance(value, str | bool) and value == other


def _contains(value: Any, operand: Any) -> bool:
    if isinstance(value, list):
        return any(is_same(one, operand) for one in value)
    return isinstance(value, str) and isinstance(operand, str) and operand in value
