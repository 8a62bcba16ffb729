"""Looking into JSON columns the same way on both databases: the other face of `domain/comparison.py`.

On SQLite members are found by `json_each`: paths of `json_extract` miss keys that are quoted or not ASCII. No
expression that is made by `compared` is ever null, so that `NOT` turns every one of them round.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Dialect,
    Float,
    Numeric,
    Text,
    TypeDecorator,
    false,
    func,
    literal,
    not_,
    or_,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from heliograph.domain.comparison import ORDERS, Comparison, Operator, is_number


class Number(TypeDecorator[Any]):
    """A number of JSON: exact on both databases within the numbers that rules may name."""

    impl = Float
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the column's type."""
        return dialect.type_descriptor(Numeric() if dialect.name == "postgresql" else Float())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Write a fraction as its shortest decimal, which is how JSON has it."""
        return Decimal(repr(value)) if dialect.name == "postgresql" and value is not None else value


class _Member(FunctionElement[Any]):
    """A member of a JSON object by its name, if it is of the wanted type; null otherwise."""

    inherit_cache = True
    sqlite_types = ""
    postgresql_type = ""
    postgresql_cast = ""


class text_member(_Member):  # noqa: N801 - used like a function of SQL
    """A text."""

    inherit_cache = True
    type = Text()
    sqlite_types, postgresql_type, postgresql_cast = "'text'", "string", ' COLLATE "C"'


class number_member(_Member):  # noqa: N801 - used like a function of SQL
    """A number."""

    inherit_cache = True
    type = Number()
    sqlite_types, postgresql_type, postgresql_cast = "'integer', 'real'", "number", "::numeric"


class truth_member(_Member):  # noqa: N801 - used like a function of SQL
    """A truth value."""

    inherit_cache = True
    type = Boolean()
    sqlite_types, postgresql_type, postgresql_cast = "'true', 'false'", "boolean", "::boolean"


class has_member(FunctionElement[bool]):  # noqa: N801 - used like a function of SQL
    """Whether a JSON object has a member of this name that is not null."""

    inherit_cache = True
    type = Boolean()


class _HasElement(FunctionElement[bool]):
    """Whether a member of a JSON object is a list that holds a value."""

    inherit_cache = True
    type = Boolean()
    sqlite_types = ""
    postgresql_type = ""
    postgresql_cast = ""


class has_text(_HasElement):  # noqa: N801 - used like a function of SQL
    """A text."""

    inherit_cache = True
    sqlite_types, postgresql_type, postgresql_cast = "'text'", "string", ""


class has_number(_HasElement):  # noqa: N801 - used like a function of SQL
    """A number."""

    inherit_cache = True
    sqlite_types, postgresql_type, postgresql_cast = "'integer', 'real'", "number", "::numeric"


class has_truth(_HasElement):  # noqa: N801 - used like a function of SQL
    """A truth value."""

    inherit_cache = True
    sqlite_types, postgresql_type, postgresql_cast = "'true', 'false'", "boolean", "::boolean"


class has_object(FunctionElement[bool]):  # noqa: N801 - used like a function of SQL
    """Whether a JSON list of objects has one whose member of this name is this text."""

    inherit_cache = True
    type = Boolean()


class text_within(FunctionElement[bool]):  # noqa: N801 - used like a function of SQL
    """Whether a text holds another, letter by letter."""

    inherit_cache = True
    type = Boolean()


class day_within(FunctionElement[str]):  # noqa: N801 - used like a function of SQL
    """The day at the beginning of a text that is a date; null for others."""

    inherit_cache = True
    type = Text()


@compiles(_Member, "sqlite")
def _(element: _Member, compiler: Any, **kw: Any) -> str:
    column, name = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(SELECT j.value FROM json_each({column}) AS j WHERE j.key = {name} AND j.type IN ({element.sqlite_types}))"


@compiles(_Member, "postgresql")
def _(element: _Member, compiler: Any, **kw: Any) -> str:
    column, name = (compiler.process(clause, **kw) for clause in element.clauses)
    is_wanted = f"jsonb_typeof({column} -> {name}) = '{element.postgresql_type}'"
    return f"(CASE WHEN {is_wanted} THEN ({column} ->> {name}){element.postgresql_cast} END)"


@compiles(has_member, "sqlite")
def _(element: has_member, compiler: Any, **kw: Any) -> str:
    column, name = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(EXISTS (SELECT 1 FROM json_each({column}) AS j WHERE j.key = {name} AND j.type <> 'null'))"


@compiles(has_member, "postgresql")
def _(element: has_member, compiler: Any, **kw: Any) -> str:
    column, name = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(coalesce(jsonb_typeof({column} -> {name}), 'null') <> 'null')"


@compiles(_HasElement, "sqlite")
def _(element: _HasElement, compiler: Any, **kw: Any) -> str:
    column, name, value = (compiler.process(clause, **kw) for clause in element.clauses)
    items = "json_each(CASE j.type WHEN 'array' THEN j.value ELSE '[]' END) AS e"
    is_wanted = f"j.key = {name} AND e.type IN ({element.sqlite_types}) AND e.value = {value}"
    return f"(EXISTS (SELECT 1 FROM json_each({column}) AS j, {items} WHERE {is_wanted}))"


@compiles(_HasElement, "postgresql")
def _(element: _HasElement, compiler: Any, **kw: Any) -> str:
    column, name, value = (compiler.process(clause, **kw) for clause in element.clauses)
    member = f"({column} -> {name})"
    items = f"jsonb_array_elements(CASE WHEN jsonb_typeof({member}) = 'array' THEN {member} ELSE '[]'::jsonb END)"
    own = f"(CASE WHEN jsonb_typeof(e.item) = '{element.postgresql_type}' THEN (e.item #>> '{{}}')"
    return f"(EXISTS (SELECT 1 FROM {items} AS e(item) WHERE {own}{element.postgresql_cast} END) = {value}))"


@compiles(has_object, "sqlite")
def _(element: has_object, compiler: Any, **kw: Any) -> str:
    column, name, value = (compiler.process(clause, **kw) for clause in element.clauses)
    inside = f"json_each({column}) AS e, json_each(CASE e.type WHEN 'object' THEN e.value ELSE '{{}}' END) AS j"
    return f"(EXISTS (SELECT 1 FROM {inside} WHERE j.key = {name} AND j.type = 'text' AND j.value = {value}))"


@compiles(has_object, "postgresql")
def _(element: has_object, compiler: Any, **kw: Any) -> str:
    column, name, value = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"({column} @> jsonb_build_array(jsonb_build_object({name}::text, {value}::text)))"


@compiles(text_within, "sqlite")
def _(element: text_within, compiler: Any, **kw: Any) -> str:
    whole, part = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(instr({whole}, {part}) > 0)"


@compiles(text_within, "postgresql")
def _(element: text_within, compiler: Any, **kw: Any) -> str:
    whole, part = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(strpos({whole}, {part}) > 0)"


@compiles(day_within, "sqlite")
def _(element: day_within, compiler: Any, **kw: Any) -> str:
    (text,) = (compiler.process(clause, **kw) for clause in element.clauses)
    shape = "-".join("[0-9]" * length for length in (4, 2, 2))
    is_day = f"substr({text}, 1, 10) GLOB '{shape}' AND substr({text}, 11, 1) IN ('', 'T')"
    return f"(CASE WHEN {is_day} THEN substr({text}, 1, 10) END)"


@compiles(day_within, "postgresql")
def _(element: day_within, compiler: Any, **kw: Any) -> str:
    (text,) = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(substring({text} from '^([0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}})(?:$|T)'))"


def compared(column: ColumnElement[Any], name: str, comparison: Comparison, now: datetime) -> ColumnElement[bool]:
    """Return whether a comparison holds for the member `name` of a JSON object. It is never null."""
    operand = comparison.operand
    match comparison.operator:
        case Operator.EQ:
            return _is_same(column, name, operand)
        case Operator.NE:
            return not_(_is_same(column, name, operand))
        case Operator.IN:
            return _is_one_of(column, name, operand if isinstance(operand, tuple) else (operand,))
        case Operator.EXISTS:
            return has_member(column, name) if operand else not_(has_member(column, name))
        case Operator.CONTAINS:
            return _contains(column, name, operand)
        case Operator.GT | Operator.GTE | Operator.LT | Operator.LTE:
            return _is_ordered(column, name, comparison, now)


def _surely(expression: ColumnElement[Any]) -> ColumnElement[bool]:
    return func.coalesce(expression, false())


def _is_same(column: ColumnElement[Any], name: str, value: Any) -> ColumnElement[bool]:
    if isinstance(value, bool):
        return _surely(truth_member(column, name) == literal(value, Boolean()))
    if is_number(value):
        return _surely(number_member(column, name) == literal(value, Number()))
    return _surely(text_member(column, name) == literal(value, Text()))


def _is_one_of(column: ColumnElement[Any], name: str, values: tuple[Any, ...]) -> ColumnElement[bool]:
    # By type, so that the member is looked for three times at most, and not a hundred.
    truths = [one for one in values if isinstance(one, bool)]
    numbers = [one for one in values if is_number(one)]
    texts = [one for one in values if isinstance(one, str)]
    kinds = ((truth_member, truths), (number_member, numbers), (text_member, texts))
    return or_(*(_surely(member(column, name).in_(some)) for member, some in kinds if some))


def _contains(column: ColumnElement[Any], name: str, value: Any) -> ColumnElement[bool]:
    if isinstance(value, bool):
        return has_truth(column, name, literal(value, Boolean()))
    if is_number(value):
        return has_number(column, name, literal(value, Number()))
    wanted = literal(value, Text())
    return or_(_surely(text_within(text_member(column, name), wanted)), has_text(column, name, wanted))


def _is_ordered(column: ColumnElement[Any], name: str, comparison: Comparison, now: datetime) -> ColumnElement[bool]:
    compare = ORDERS[comparison.operator]
    day = comparison.day(now)
    if day is None:
        return _surely(compare(number_member(column, name), literal(comparison.operand, Number())))
    return _surely(compare(day_within(text_member(column, name)), literal(day, Text())))
