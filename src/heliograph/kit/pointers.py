"""Where in a JSON value something is wrong: msgspec's sentences as JSON Pointers (RFC 6901)."""

import re

from heliograph.errors import FieldError

MAX_ECHO = 200
"""Characters of a request that an answer quotes at most."""
_AT = " - at `"
_STEP = re.compile(r"\.(?P<name>[^.\[]+)|\[(?P<index>\d+)\]")
_MEMBER = re.compile(r"^Object (?:contains unknown|missing required) field `(?P<name>.*)`$", re.DOTALL)


def field_error(message: str) -> FieldError:
    """Turn msgspec's sentence into a pointer (RFC 6901) and a sentence; what it quotes of the request is shortened."""
    sentence, at, path = message.rpartition(_AT)
    sentence, path = (sentence, path[:-1]) if at and path.endswith("`") else (message, "$")
    pointer = _pointer(path)
    if member := _MEMBER.match(sentence):
        name = _brief(member["name"])
        pointer += "/" + _escaped(name)
        is_unknown = "unknown" in sentence
        sentence = f"There is no field {name} here: leave it out" if is_unknown else f"The field {name} is needed"
    return FieldError(_brief(pointer), f"{_brief(sentence.removesuffix('.'))}.")


def _brief(text: str) -> str:
    return text if len(text) <= MAX_ECHO else f"{text[:MAX_ECHO]}…"


def _pointer(path: str) -> str:
    # msgspec does not say which of a mapping's members it means ("[...]"), nor does it point at keys ("key in $").
    path = path.removeprefix("key` in `").partition("[...]")[0]
    return "".join("/" + _escaped(step["name"] or step["index"]) for step in _STEP.finditer(path))


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
