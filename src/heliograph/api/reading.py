"""Reading a body strictly, straight into the type that the handler declares, or a problem that says where."""

import re
from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import State

from heliograph.errors import InvalidRequest, UnsupportedMediaType
from heliograph.kit.pointers import field_error

MAX_DEPTH = 32
"""Levels of JSON: what is deeper would exhaust some library further inside."""
JSON_TYPES = ("application/json",)
_UTF8 = ("utf-8", "utf8")
# The closing quote may be missing: to look for one from every quote anew would take minutes for a body without any.
_STRINGS = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


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
