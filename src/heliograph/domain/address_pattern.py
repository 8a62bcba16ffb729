"""Regular expressions that pages may be given: a part of JavaScript's language in which none can take long.

Browsers backtrack (ECMA-262 section 22.2), so a careless expression can freeze a page. What is taken here needs, for an
address of `n` characters, at most a number of steps in the order of `n` squared, and pages look at 2,000 characters.

Counted is how many ways there are to try. A repetition that cannot end where the next part begins (`[^/]+/`) has one
way; any other (`.*x`) has as many as there are characters, and so has an expression that may begin anywhere.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

MAX_PATTERN = 200
_MAX_DEGREE = 2
"""The power of the address's length."""
_MAX_WAYS = 64
"""Product of all choices that do not depend on the length, such as alternatives that begin alike."""
_LONG = 16
"""A repetition that may go on for longer is treated as one without end."""
_MAX_DEPTH = 10
_OTHER = 128
"""Stands for every character beyond ASCII."""
Characters: TypeAlias = frozenset[int]
_ALL: Characters = frozenset(range(_OTHER + 1))
_DIGITS: Characters = frozenset(range(ord("0"), ord("9") + 1))
_LETTERS: Characters = frozenset(range(ord("a"), ord("z") + 1)) | frozenset(range(ord("A"), ord("Z") + 1))
_WORD: Characters = _DIGITS | _LETTERS | {ord("_")}
_SPACE: Characters = frozenset(b" \t\n\r\f\v") | {_OTHER}
_CLASSES: dict[str, Characters] = {
    "d": _DIGITS,
    "D": _ALL - _DIGITS,
    "w": _WORD,
    "W": _ALL - _WORD,
    "s": _SPACE,
    "S": (_ALL - _SPACE) | {_OTHER},
    "t": frozenset(b"\t"),
    "n": frozenset(b"\n"),
    "r": frozenset(b"\r"),
}
_COUNT = re.compile(r"\{(\d{1,4})(,(\d{0,4}))?\}")
_DOT: Characters = _ALL - frozenset(b"\r\n")


class PatternError(ValueError):
    """An expression that pages are not given; one sentence says what to change."""


@dataclass(frozen=True, slots=True)
class _Part:
    """What an expression, or a part of it, can be.

    Attributes:
        first: characters that it can begin with.
        is_empty: whether it can match nothing.
        is_plain: without repetition, and with one way to match at most: what may be repeated.
        is_anchored: only matches at the beginning of the address.
        degree, ways: how many ways there are to try, as a power of the length and as a factor.
        has_run: whether it has a repetition that can end in one way only, which still has to be walked along.
        is_sure: whether it always matches: nothing is tried again before it.
    """

    first: Characters = frozenset()
    is_empty: bool = True
    is_plain: bool = True
    is_anchored: bool = False
    degree: int = 0
    ways: int = 1
    has_run: bool = False
    is_sure: bool = False


_SIMPLE = {"^": _Part(is_anchored=True), "$": _Part(), ".": _Part(_DOT, is_empty=False)}


@dataclass(frozen=True, slots=True)
class _Repeated:
    """One step of a sequence: what is matched, and how often."""

    part: _Part
    least: int = 1
    most: float = 1


def check_pattern(pattern: str) -> None:
    """Refuse an expression that might take long, or that browsers might read in another way.

    Raises:
        PatternError: what is wrong with it.
    """
    if not 0 < len(pattern) <= MAX_PATTERN:
        raise PatternError(f"An expression has 1 to {MAX_PATTERN} characters.")
    reader = _Reader(pattern)
    part = reader.alternatives(0)
    if not reader.is_at_end:
        raise PatternError(f"There is a ) without its ( at character {reader.at + 1}.")
    degree = part.degree + part.has_run + (not part.is_anchored)
    if degree > _MAX_DEGREE:
        raise PatternError(
            "This expression can take long: use fewer of * and +, let it begin with ^, or write [^/]+ instead of .+ ."
        )
    if part.ways > _MAX_WAYS:
        raise PatternError("This expression can be tried in too many ways: use fewer of ? and |.")


class _Reader:
    """Reads an expression from left to right. Recursion is bounded by `_MAX_DEPTH`."""

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self.at = 0

    @property
    def is_at_end(self) -> bool:
        return self.at >= len(self._pattern)

    def _peek(self) -> str:
        return self._pattern[self.at : self.at + 1]

    def _take(self) -> str:
        taken = self._peek()
        if not taken:
            raise PatternError("The expression ends too early.")
        self.at += 1
        return taken

    def alternatives(self, depth: int) -> _Part:
        """Read up to a closing parenthesis or the end."""
        if depth > _MAX_DEPTH:
            raise PatternError(f"Parentheses are nested more than {_MAX_DEPTH} deep.")
        found = [self._sequence(depth)]
        while self._peek() == "|":
            self.at += 1
            found.append(self._sequence(depth))
        return found[0] if len(found) == 1 else _either(found)

    def _sequence(self, depth: int) -> _Part:
        steps: list[_Repeated] = []
        while self._peek() not in ("", "|", ")"):
            steps.append(self._repeated(self._atom(depth)))
        return _joined(steps, is_end=depth == 0)

    def _atom(self, depth: int) -> _Part:
        character = self._take()
        if character in _SIMPLE:
            return _SIMPLE[character]
        match character:
            case "(":
                return self._group(depth)
            case "[":
                return _Part(self._class(), is_empty=False)
            case "\\":
                return self._escaped()
            case "*" | "+" | "?":
                raise PatternError(f"There is nothing before {character} to repeat.")
            case "{" | "}" | "]":
                raise PatternError(f"Write \\{character} for the character {character}.")
            case _:
                return _Part(_code(character), is_empty=False)

    def _group(self, depth: int) -> _Part:
        if self._peek() == "?":
            if self._pattern[self.at : self.at + 2] != "?:":
                raise PatternError("Of the groups that begin with (? only (?: is taken.")
            self.at += 2
        found = self.alternatives(depth + 1)
        if self._peek() != ")":
            raise PatternError("There is a ( without its ).")
        self.at += 1
        return found

    def _escaped(self) -> _Part:
        if self._peek() in ("b", "B"):
            self.at += 1
            return _Part()
        return _Part(self._escape(), is_empty=False)

    def _escape(self) -> Characters:
        character = self._take()
        if character in _CLASSES:
            return _CLASSES[character]
        if character.isdigit():
            raise PatternError("References to groups (\\1) are not taken: they can take long.")
        if character.isalpha() or not character.isprintable():
            raise PatternError(f"\\{character} is not taken.")
        return _code(character)

    def _class(self) -> Characters:
        is_negated = self._peek() == "^"
        self.at += is_negated
        if self._peek() == "]":
            raise PatternError("There is nothing between [ and ].")
        found: Characters = frozenset()
        while self._peek() != "]":
            one = self._member()
            if self._peek() == "-" and self._pattern[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                found |= _range(one, self._member())
            else:
                found |= one
        self.at += 1
        # One of what is beyond ASCII is not all of it.
        return ((_ALL - found) | {_OTHER}) if is_negated else found

    def _member(self) -> Characters:
        character = self._take()
        return self._escape() if character == "\\" else _code(character)

    def _repeated(self, part: _Part) -> _Repeated:
        least, most = self._count()
        if (least, most) == (1, 1):
            return _Repeated(part)
        if self._peek() == "?":
            self.at += 1
        if self._peek() in ("*", "+", "?"):
            raise PatternError("A repetition cannot be repeated.")
        if not part.first:
            raise PatternError("There is nothing to repeat.")
        if most > 1 and not (part.is_plain and not part.is_empty):
            raise PatternError("What is repeated must not hold repetitions, or alternatives that begin alike.")
        return _Repeated(part, least, most)

    def _count(self) -> tuple[int, float]:
        simple = {"*": (0, float("inf")), "+": (1, float("inf")), "?": (0, 1.0)}.get(self._peek())
        if simple is not None:
            self.at += 1
            return simple
        found = _COUNT.match(self._pattern, self.at)
        if found is None:
            return 1, 1
        self.at = found.end()
        least = int(found[1])
        most = float(least) if found[2] is None else float(found[3] or "inf")
        if most < least or most == 0:
            raise PatternError(f"{found[0]} is no number of times.")
        return least, most


def _code(character: str) -> Characters:
    return frozenset({min(ord(character), _OTHER)})


def _range(low: Characters, high: Characters) -> Characters:
    if len(low) != 1 or len(high) != 1:
        raise PatternError("A range in [ ] goes from one character to another.")
    (first,), (last,) = low, high
    if first > last:
        raise PatternError("A range in [ ] goes upwards.")
    return frozenset(range(first, last + 1))


def _either(parts: Sequence[_Part]) -> _Part:
    first: Characters = frozenset()
    is_distinct = True
    for part in parts:
        is_distinct = is_distinct and not part.is_empty and not first & part.first
        first |= part.first
    return _Part(
        first,
        is_empty=any(part.is_empty for part in parts),
        is_plain=is_distinct and all(part.is_plain for part in parts),
        is_anchored=all(part.is_anchored for part in parts),
        degree=max(part.degree for part in parts),
        ways=max(part.ways for part in parts) if is_distinct else sum(part.ways for part in parts),
        has_run=any(part.has_run for part in parts),
    )


def _joined(steps: Sequence[_Repeated], *, is_end: bool) -> _Part:
    """Put a sequence together from its end: what follows decides in how many ways a step can end.

    What follows a group is not known here; `is_end` says that nothing follows.
    """
    after = _Part(is_sure=is_end)
    for step in reversed(steps):
        after = _before(step, after)
    return after


def _before(step: _Repeated, after: _Part) -> _Part:
    part = step.part
    is_optional = step.least == 0 or part.is_empty
    is_varied = step.least != step.most
    is_clear = after.is_sure or (not after.is_empty and not part.first & after.first)
    degree, ways, has_run = part.degree + after.degree, part.ways * after.ways, part.has_run or after.has_run
    if is_varied and step.most > _LONG:
        degree, has_run = (degree, True) if is_clear else (degree + 1, has_run)
    elif is_varied and not is_clear:
        ways *= int(step.most) - step.least + 1
    return _Part(
        part.first | after.first if is_optional else part.first,
        is_empty=is_optional and after.is_empty,
        is_plain=part.is_plain and after.is_plain and not is_varied,
        is_anchored=(part.is_anchored and step.least > 0) or (part.is_empty and not part.first and after.is_anchored),
        degree=degree,
        ways=ways,
        has_run=has_run,
        is_sure=after.is_sure and step.least == 0,
    )
