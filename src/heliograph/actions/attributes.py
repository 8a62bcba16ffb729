"""What customers and pages say of a person: names with values of any JSON, within bounds."""

import json
from typing import Any

from heliograph.errors import FieldError, InvalidRequest

MAX_ATTRIBUTES = 100
MAX_ATTRIBUTE_NAME = 64
MAX_ATTRIBUTES_BYTES = 16_384
_INTEGERS = range(-(2**63), 2**63)
_LARGEST_FRACTION = 1e18
"""PostgreSQL gives 1e30 back as a whole number of thirty-one digits, which few readers of JSON can take."""


def merged_attributes(old: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """Return attributes after a change, or raise `InvalidRequest` for what cannot be kept."""
    for name, value in given.items():
        if not (0 < len(name) <= MAX_ATTRIBUTE_NAME and name.isprintable()):
            raise _refused(f"An attribute's name is 1 to {MAX_ATTRIBUTE_NAME} printable characters.")
        _check_value(value)
    merged = {name: value for name, value in (old | given).items() if value is not None}
    if len(merged) > MAX_ATTRIBUTES:
        raise _refused(f"A profile has at most {MAX_ATTRIBUTES} attributes.")
    if _size(merged) > MAX_ATTRIBUTES_BYTES:
        raise _refused(f"The attributes of a profile have at most {MAX_ATTRIBUTES_BYTES} bytes as JSON.")
    return merged


def fitting_attributes(own: dict[str, Any], others: dict[str, Any]) -> dict[str, Any]:
    """Return a person's own attributes with as many of another profile's as there is room for; the own ones hold."""
    merged = dict(own)
    for name, value in others.items():
        if name not in own and len(merged) < MAX_ATTRIBUTES and _size(merged | {name: value}) <= MAX_ATTRIBUTES_BYTES:
            merged[name] = value
    return merged


def _size(attributes: dict[str, Any]) -> int:
    return len(json.dumps(attributes, ensure_ascii=False).encode())


def _check_value(value: Any) -> None:
    """Refuse what one of the databases cannot keep exactly."""
    match value:
        case bool() | str() | None:
            return
        case int() if value in _INTEGERS:
            return
        case float() if abs(value) < _LARGEST_FRACTION:
            return
        case list():
            for item in value:
                _check_value(item)
        case dict():
            for item in value.values():
                _check_value(item)
        case _:
            raise _refused("A number of an attribute is too large: write it as a text.")


def _refused(sentence: str) -> InvalidRequest:
    return InvalidRequest(sentence, (FieldError("/attributes", sentence),))
