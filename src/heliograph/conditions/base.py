"""What every condition offers, and the small words that several of them share. No condition knows another.

A condition has two faces that must agree: `matches` for one person whom it is given, and `sql` for a whole audience. A
property test compares them on both databases.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Protocol, TypeAlias

import msgspec
from sqlalchemy import ColumnElement, Select

from heliograph.domain.comparison import Comparison, DaysAgo, Operator, Scalar
from heliograph.domain.person import Needs, Person
from heliograph.domain.segment import MAX_LIST, MAX_TEXT

MAX_COUNT = 10_000
"""The most that is counted of anything for one person."""
MAX_SPAN = timedelta(days=3_660)
_MAX_AMOUNT = 1_000_000_000_000

Text: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_TEXT)]
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT)]
ItemId: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
Money: TypeAlias = Annotated[
    float, msgspec.Meta(ge=-_MAX_AMOUNT, le=_MAX_AMOUNT, description="In the shop's currency, such as 49.90.")
]


class Condition(Protocol):
    """One question about a person; a rule is a tree of them."""

    kind: ClassVar[str]
    """How rules call it."""
    example: ClassVar[dict[str, Any]]
    """One, for the reference."""

    @property
    def parts(self) -> "tuple[Condition, ...]":
        """The conditions that it combines; none for most."""
        ...

    @property
    def needs(self) -> Needs:
        """What it must know beyond the profile."""
        ...

    def matches(self, person: Person, now: datetime) -> bool:
        """Tell whether it holds for a person."""
        ...

    def sql(self, now: datetime) -> ColumnElement[bool]:
        """Return the same as an expression over `tables.profiles`; it is never null."""
        ...

    def narrowed(self, project_id: str, now: datetime) -> Select[Any] | None:
        """Return identifiers of profiles that an index finds, everybody meant among them; None if none does."""
        ...

    def seen(self, person: Person, now: datetime) -> Any:
        """Return, as JSON, the values that the answer for a person comes from."""
        ...


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a rule: a member that is not documented is refused."""


class Question(Part, frozen=True, kw_only=True, tag_field="kind"):
    """What conditions have in common.

    They combine none, need the profile alone and are found by no index, unless they say otherwise.
    """

    kind: ClassVar[str]
    example: ClassVar[dict[str, Any]]

    @property
    def parts(self) -> tuple[Condition, ...]:
        """Nothing."""
        return ()

    @property
    def needs(self) -> Needs:
        """Nothing."""
        return Needs()

    def narrowed(self, project_id: str, now: datetime) -> Select[Any] | None:
        """Nothing finds them."""
        return None


class Span(Part, frozen=True, kw_only=True):
    """A length of time, counted back from now: days, hours, or both."""

    days: Annotated[int, msgspec.Meta(ge=0, le=MAX_SPAN.days)] = 0
    hours: Annotated[int, msgspec.Meta(ge=0, le=MAX_SPAN.days * 24)] = 0

    def __post_init__(self) -> None:
        """Refuse no time at all, and more than there is."""
        if not timedelta(0) < timedelta(days=self.days, hours=self.hours) <= MAX_SPAN:
            raise ValueError(f"A length of time is given in days or hours, up to {MAX_SPAN.days} days.")

    def before(self, now: datetime) -> datetime:
        """Return the instant that lies so long before `now`."""
        return now - timedelta(days=self.days, hours=self.hours)


class Between(Part, frozen=True, kw_only=True):
    """A number of things: at least `from`, at most `to`, or both."""

    least: Count | None = msgspec.field(name="from", default=None)
    most: Count | None = msgspec.field(name="to", default=None)

    def __post_init__(self) -> None:
        """Refuse bounds that bound nothing, or leave nothing."""
        _check_bounds(self.least, self.most)

    def has(self, number: int) -> bool:
        """Tell whether a number lies between them."""
        return _lies_between(number, self.least, self.most)

    def sql(self, number: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return the same as an expression."""
        return _sql_between(number, self.least, self.most)


class Amount(Part, frozen=True, kw_only=True):
    """A sum of money: at least `from`, at most `to`, or both."""

    least: Money | None = msgspec.field(name="from", default=None)
    most: Money | None = msgspec.field(name="to", default=None)

    def __post_init__(self) -> None:
        """Refuse bounds that bound nothing, or leave nothing."""
        _check_bounds(self.least, self.most)

    def has(self, milli: int) -> bool:
        """Tell whether a sum, in thousandths, lies between them."""
        return _lies_between(milli, _milli(self.least), _milli(self.most))

    def sql(self, milli: ColumnElement[Any]) -> ColumnElement[bool]:
        """Return the same as an expression."""
        return _sql_between(milli, _milli(self.least), _milli(self.most))


def _check_bounds(least: float | None, most: float | None) -> None:
    if least is None and most is None:
        raise ValueError("Give `from`, `to`, or both.")
    if least is not None and most is not None and least > most:
        raise ValueError("`from` is larger than `to`.")


def _lies_between(number: int, least: int | None, most: int | None) -> bool:
    return (least is None or number >= least) and (most is None or number <= most)


def _sql_between(number: ColumnElement[Any], least: int | None, most: int | None) -> ColumnElement[bool]:
    if least is None:
        return number <= most
    return number >= least if most is None else number.between(least, most)


def _milli(amount: float | None) -> int | None:
    return None if amount is None else int((Decimal(repr(amount)) * 1000).to_integral_value())


class Ago(Part, frozen=True, kw_only=True):
    """A day as a distance from today, in UTC; a negative number is a day to come."""

    days_ago: Annotated[int, msgspec.Meta(ge=-MAX_SPAN.days, le=MAX_SPAN.days)]


Value: TypeAlias = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)] | bool | int | float
Operand: TypeAlias = Value | Annotated[list[Value], msgspec.Meta(min_length=1, max_length=MAX_LIST)] | Ago


def comparison(operator: Operator, value: Operand) -> Comparison:
    """Return the comparison that a rule describes.

    Raises:
        ValueError: operator and value do not fit.
    """
    if isinstance(value, Ago):
        return Comparison(operator, DaysAgo(value.days_ago))
    scalars: Scalar | tuple[Scalar, ...] = tuple(value) if isinstance(value, list) else value
    return Comparison(operator, scalars)
