"""Reading a body strictly, straight into the type that the handler declares, or a problem that says where."""

import re
from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import State

from heliograph.errors import FieldError, InvalidRequest, UnsupportedMediaType

MAX_DEPTH = 32
"""Levels of JSON: what is deeper would exhaust some library further inside."""
MAX_ECHO = 200
"""Characters of a request that an answer quotes at most."""
JSON_TYPES = ("application/json",)
_UTF8 = ("utf-8", "utf8")
# The closing quote may be missing: to look for one from every quote anew would take minutes for a body without any.
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_AT = " - at `"
_STEP = re.compile(r"\.(?P<name>[^.\[]+)|\[(?P<index>\d+)\]")
_MEMBER = re.compile(r"^Object (?:contains unknown|missing required) field `(?P<name>.*)`$", re.DOTALL)


class StrictRequest(Request[Any, Any, State]):
    """A request whose JSON is decoded into the handler's own type, without any coercion."""

    async def json(self) -> Any:
        """Return the body as the type of the handler's `data`.

        Raises:
            UnsupportedMediaType: it is not declared as JSON.
            InvalidRequest: it is not JSON in UTF-8, or not of the documented form.
        """
        _check_type(self.headers.get("content-type"), self.route_handler.opt.get("content_types", JSON_TYPES))
        field = getattr(self.route_handler, "parsed_data_field", None)
        return decode(await self.body(), Any if field is None else field.annotation)


def _check_type(given: str | None, taken: tuple[str, ...]) -> None:
    kind, _, parameters = (given or "").partition(";")
    charset = dict(part.strip().lower().partition("=")[::2] for part in parameters.split(";")).get("charset", "utf-8")
    if kind.strip().lower() not in taken or charset.strip('"') not in _UTF8:
        raise UnsupportedMediaType(f"Send Content-Type: {taken[0]}, in UTF-8.")


def decode(body: bytes, kind: Any) -> Any:
    """Read JSON into a type, or raise `InvalidRequest` with the place and what to change."""
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"The body is not UTF-8 (byte {error.start}).") from None
    if depth(body) > MAX_DEPTH:
        raise InvalidRequest(f"The JSON is nested too deeply: {MAX_DEPTH} levels are the most.")
    if _NUL.search(body):
        # PostgreSQL cannot store it, and no text needs it.
        raise InvalidRequest("The character U+0000 must not be in a text.")
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        found = field_error(str(error))
        raise InvalidRequest(f"{found.pointer or 'The body'}: {found.detail}", (found,)) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"The body is not JSON: {error}.") from None
    except RecursionError:
        raise InvalidRequest("The JSON is nested too deeply.") from None


def depth(body: bytes) -> int:
    """Return how deeply JSON is nested, without parsing it."""
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return 0
    deepest = level = 0
    for byte in _STRINGS.sub(b"", body):
        if byte in b"[{":
            level += 1
            deepest = max(deepest, level)
        elif byte in b"]}":
            level -= 1
    return deepest


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
    return FieldError(_brief(pointer), f"{_brief(sentence)}.")


def _brief(text: str) -> str:
    return text if len(text) <= MAX_ECHO else f"{text[:MAX_ECHO]}…"


def _pointer(path: str) -> str:
    # msgspec does not say which of a mapping's members it means ("[...]"), nor does it point at keys ("key in $").
    path = path.removeprefix("key` in `").partition("[...]")[0]
    return "".join("/" + _escaped(step["name"] or step["index"]) for step in _STEP.finditer(path))


def _escaped(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")
