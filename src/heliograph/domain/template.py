"""Texts with variables in them: the part of Liquid that a notification may use, and its bounds.

Pure: values in, text out. No clock, no files, no includes. Whatever is wrong, with the template or with the values of
one person, is a `TemplateError` and nothing else. The engine is loaded when the first template is met.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from heliograph.domain.liquid import Compiled

MAX_TEMPLATE = 4096
"""Characters of one field's template."""
MAX_OUTPUT = 8192
"""Characters of what one field, or one filter, may come to."""
MAX_ITERATIONS = 100
"""Of all loops that are within each other, multiplied."""
MAX_STEPS = 2000
"""Look-ups, filters and pieces of output of one field: some milliseconds at the very most."""
MAX_NESTING = 8
"""Blocks within each other."""
MAX_LIST = 200
"""Members of a list that a filter takes."""
PERSONAL = frozenset({"profile", "external_id", "time_zone"})
"""Names that are read from the receiver's profile."""
NAMES = PERSONAL | {"language", "campaign", "event", "item", "cart", "best_cart_item", "variables"}
"""What a template may ask for; anything else is a spelling mistake."""
ADDRESS_ONLY = "external_id"
"""Identifiers of people are often customer numbers or addresses: they are no text for a screen that others see."""
MAX_MARK = 1000
"""Characters between {{ and }}, or {% and %}."""
MAX_SPACES = 32
"""In a row, between those: patterns of the engine go back over them again and again."""
_MARKS = re.compile(r"\{[{%]")
_SPACES = re.compile(rf"\s{{{MAX_SPACES + 1}}}")
_TAG = re.compile(r"-?\s*\w")


class TemplateError(Exception):
    """A template that cannot be kept, or that comes to nothing good for one person.

    Attributes:
        detail: one sentence that says what is wrong. It never holds a value.
        line: where, counting from 1; 0 where no place can be named.
        column: the same within the line.
    """

    def __init__(self, detail: str, *, line: int = 0, column: int = 0) -> None:
        super().__init__(detail)
        self.detail = detail
        self.line = line
        self.column = column

    @property
    def sentence(self) -> str:
        """What is wrong, and where."""
        return f"Line {self.line}, column {self.column}: {self.detail}" if self.line else self.detail


@dataclass(frozen=True, slots=True)
class Found:
    """What was found in a template: the outer names that it asks for."""

    names: frozenset[str]


def has_marks(text: str) -> bool:
    """Tell whether there is anything of a template in a text."""
    return _MARKS.search(text) is not None


def check(source: str, *, is_address: bool = False) -> Found:
    """Read a template through, or raise `TemplateError` with the place of the mistake."""
    if len(source) > MAX_TEMPLATE:
        raise TemplateError(f"A template has at most {MAX_TEMPLATE:,} characters.")
    found = _compiled(source).names
    for name, place in found.items():
        if name not in NAMES:
            known = ", ".join(sorted(NAMES))
            raise TemplateError(f"There is no variable {name}. There are {known}.", line=place[0], column=place[1])
        if name == ADDRESS_ONLY and not is_address:
            sentence = "external_id is for addresses and data, not for what is shown."
            raise TemplateError(sentence, line=place[0], column=place[1])
    return Found(frozenset(found))


def render(source: str, values: Mapping[str, Any], *, is_address: bool = False) -> str:
    """Fill in a template, or raise `TemplateError`.

    Args:
        source: a template that `check` let pass.
        values: JSON values by the names of `NAMES`; what is missing is empty.
        is_address: whether what is filled in is percent-encoded, except at the very beginning of an address.
    """
    if not has_marks(source):
        return source
    return _compiled(source).render(values, is_address=is_address)


@lru_cache(maxsize=2048)
def _compiled(source: str) -> "Compiled":
    _look_through(source)
    from heliograph.domain.liquid import compiled  # noqa: PLC0415 - a tenth of a second, only where there are templates

    return compiled(source)


def _look_through(source: str) -> None:
    """Refuse, in one pass, what would keep the engine's own reading busy: marks that do not end, or hold others."""
    found = _MARKS.search(source)
    while found is not None:
        start, opening = found.start(), found[0]
        closing = "}}" if opening == "{{" else "%}"
        end = source.find(closing, start + 2)
        fault = f"{opening} needs {closing}." if end < 0 else _fault(opening, source[start + 2 : end])
        if fault is not None:
            line, column = place(source, start)
            raise TemplateError(fault, line=line, column=column)
        found = _MARKS.search(source, end + 2)


def _fault(opening: str, inside: str) -> str | None:
    if len(inside) > MAX_MARK:
        return f"Between marks there are at most {MAX_MARK:,} characters."
    if has_marks(inside):
        return "A mark begins before the last one has ended."
    if _SPACES.search(inside):
        return f"Between marks there are at most {MAX_SPACES} spaces in a row."
    if opening == "{%" and not _TAG.match(inside):
        return "A tag needs a name, such as if or for."
    return None


def place(source: str, index: int) -> tuple[int, int]:
    """Return line and column, counting from 1."""
    before = source[: max(0, index)]
    return before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
