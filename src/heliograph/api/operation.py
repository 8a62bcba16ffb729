"""What a route says of itself beyond its signature: who may call it, an example, and what can go wrong."""

from typing import Any

import msgspec

from heliograph.errors import Problem
from heliograph.names import Scope


def operation(
    *,
    scope: Scope | None = None,
    installation_only: bool = False,
    example: Any = None,
    answer: Any = None,
    problems: tuple[type[Problem], ...] = (),
    content_types: tuple[str, ...] | None = None,
    also: dict[int, msgspec.Struct] | None = None,
    raw_body: tuple[str, str] | None = None,
    raw_answers: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Return the `opt` of a Litestar handler.

    `scope` is what the caller's key needs; `example` a body as a caller would write it (plain JSON values); `answer` an
    answer (a struct of the handler's return type, or plain JSON values); `problems` what can go wrong beyond what can
    go wrong everywhere; `content_types` what a body may be declared as; `also` examples of answers
    of other types that go well, by status; `raw_body` media type and example of a body that is streamed and no JSON;
    `raw_answers` examples of answers that are no JSON, by media type.
    """
    opt: dict[str, Any] = {
        "is_installation_only": installation_only,
        "example": example,
        "answer": answer,
        "problems": problems,
    }
    if also is not None:
        opt["also"] = also
    if raw_body is not None:
        opt["raw_body"] = raw_body
    if raw_answers is not None:
        opt["raw_answers"] = raw_answers
    if scope is not None:
        opt["scope"] = scope
    if content_types is not None:
        opt["content_types"] = content_types
    return opt
