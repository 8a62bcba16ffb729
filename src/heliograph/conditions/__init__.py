"""Questions that segments ask about people: one file per question. A new one is one file, one line here, one test."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Select

from heliograph.conditions.attribute import Attribute
from heliograph.conditions.base import Condition, Question
from heliograph.conditions.cart import InCart
from heliograph.conditions.combine import Combine, Match
from heliograph.conditions.device import OnDevice
from heliograph.conditions.engagement import Engaged
from heliograph.conditions.event_count import EventCount
from heliograph.conditions.first_seen import FirstSeen
from heliograph.conditions.group import InGroup
from heliograph.conditions.language import Language
from heliograph.conditions.last_seen import LastSeen
from heliograph.conditions.order import Orders
from heliograph.conditions.subscription import Subscribed
from heliograph.conditions.time_zone import TimeZone
from heliograph.domain.notification import Audience
from heliograph.domain.segment import MAX_DEPTH, MAX_NODES, MAX_VALUES
from heliograph.errors import FieldError, InvalidRequest
from heliograph.kit.pointers import field_error

CONDITIONS: tuple[type[Question], ...] = (
    Combine,
    Attribute,
    EventCount,
    Orders,
    InCart,
    LastSeen,
    FirstSeen,
    OnDevice,
    Language,
    TimeZone,
    Subscribed,
    InGroup,
    Engaged,
)
"""In the order of the reference."""

__all__ = ["CONDITIONS", "Condition", "meant", "narrowed", "parse", "schema"]

_BY_KIND = {member.kind: member for member in CONDITIONS}


def parse(rule: Any, at: str = "/rule") -> Condition:
    """Read a rule, a tree of conditions, from JSON.

    Args:
        rule: what the JSON was decoded to.
        at: the JSON Pointer of the place where it stood, for problems.

    Raises:
        InvalidRequest: it is no rule; its first error says where and what to change.
    """
    return _Reader().read(rule, at, 1)


def meant(audience: Audience, now: datetime) -> ColumnElement[bool] | None:
    """Return which profiles an audience's rule means, as an expression; None if the audience has no rule."""
    return None if audience.rule is None else parse(audience.rule).sql(now)


def narrowed(condition: Condition, project_id: str, now: datetime) -> Iterator[Select[Any]]:
    """Yield queries of profiles, found by an index, that hold everybody whom a rule means, and others besides."""
    own = condition.narrowed(project_id, now)
    if own is not None:
        yield own
    if isinstance(condition, Combine) and condition.match is Match.ALL:
        for part in condition.parts:
            yield from narrowed(part, project_id, now)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of rules (draft 2020-12), made from the conditions themselves."""
    names = [member.__name__ for member in CONDITIONS]
    schemas, components = msgspec.json.schema_components(CONDITIONS, ref_template="#/$defs/{name}")
    components[Combine.__name__]["properties"]["of"]["items"] = {"$ref": "#/$defs/Condition"}
    mapping = {
        str(member.__struct_config__.tag): f"#/$defs/{name}" for member, name in zip(CONDITIONS, names, strict=True)
    }
    condition = {"anyOf": list(schemas), "discriminator": {"propertyName": "kind", "mapping": mapping}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Rule of a segment",
        "description": f"A tree of conditions, at most {MAX_DEPTH} levels deep and of at most {MAX_NODES} conditions.",
        "$ref": "#/$defs/Condition",
        "$defs": {"Condition": condition, **components},
    }


class _Reader:
    """Reads one rule and counts its conditions."""

    def __init__(self) -> None:
        self._nodes = self._values = 0

    def read(self, rule: Any, at: str, depth: int) -> Condition:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise _refused(at, f"A rule has at most {MAX_NODES} conditions.")
        if depth > MAX_DEPTH:
            raise _refused(at, f"A rule is at most {MAX_DEPTH} levels deep.")
        if not isinstance(rule, dict):
            raise _refused(at, "A condition is an object with a `kind`.")
        kind = rule.get("kind")
        member = _BY_KIND.get(kind) if isinstance(kind, str) else None
        if member is None:
            raise _refused(f"{at}/kind", f"The kind is one of {', '.join(_BY_KIND)}.")
        condition: Condition = _converted(rule, member, at)
        if isinstance(condition, Combine):
            parts = tuple(self.read(part, f"{at}/of/{number}", depth + 1) for number, part in enumerate(condition.of))
            return msgspec.structs.replace(condition, of=parts)
        self._values += _values(rule)
        if self._values > MAX_VALUES:
            raise _refused(at, f"The lists of a rule have at most {MAX_VALUES:,} values together.")
        return condition


def _converted(rule: dict[Any, Any], member: type[Question], at: str) -> Any:
    _check_texts({name: value for name, value in rule.items() if member is not Combine or name != "of"}, at)
    try:
        return msgspec.convert(rule, member)
    except msgspec.ValidationError as error:
        found = field_error(str(error))
        raise _refused(at + found.pointer, found.detail) from None


def _values(value: Any) -> int:
    """Count the members of all lists in a condition."""
    match value:
        case dict():
            return sum(_values(member) for member in value.values())
        case list():
            return len(value)
        case _:
            return 0


def _check_texts(value: Any, at: str) -> None:
    """Refuse texts that no database keeps. The value is nested no deeper than its decoder allowed."""
    match value:
        case str():
            if "\0" in value or (not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value)):
                raise _refused(at, "A text has neither U+0000 nor half a surrogate pair.")
        case dict():
            for name, member in value.items():
                _check_texts(name, at)
                _check_texts(member, f"{at}/{name}")
        case list():
            for member in value:
                _check_texts(member, at)


def _refused(pointer: str, sentence: str) -> InvalidRequest:
    return InvalidRequest(f"{pointer}: {sentence}", (FieldError(pointer, sentence),))
