"""Errors as problem documents (RFC 9457). The only translator: whatever is raised in an edge becomes an answer here."""

import math
import traceback
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, ValidationException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge
from litestar.types import ExceptionHandlersMap
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from heliograph.api.application import request_id_of
from heliograph.errors import (
    FieldError,
    IdempotencyInProgress,
    InternalError,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    Problem,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    UnsupportedMediaType,
)
from heliograph.kit.log import get_logger
from heliograph.kit.paging import CursorError

PROBLEM_JSON = "application/problem+json"
MAX_BODY = 256 * 1024
"""Bytes of a request's body; what is longer is not read."""
_LAST_FRAMES = 6
_SERVER_FAULT = 500


class FieldErrorDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one place of the request."""

    pointer: str
    """JSON Pointer into the body, or `query/…`, `path/…`, `header/…`."""
    detail: str


class ProblemDocument(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What went wrong, for a program (`code`) and for a person (`detail`). RFC 9457."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: list[FieldErrorDocument] = []
    request_id: str | None = None


def problem_type(code: str) -> str:
    """Return where a problem is explained, relative to the installation."""
    return f"/docs#problem-{code}"


def document(problem: Problem, request_id: str | None = None) -> ProblemDocument:
    """Return the document of a problem."""
    return ProblemDocument(
        type=problem_type(problem.code),
        title=problem.title,
        status=problem.status,
        code=problem.code,
        detail=problem.detail,
        errors=[FieldErrorDocument(pointer=error.pointer, detail=error.detail) for error in problem.errors],
        request_id=request_id,
    )


def answer(problem: Problem, headers: dict[str, str] | None = None, request_id: str | None = None) -> Response[Any]:
    """Return the response for a problem."""
    return Response(
        document(problem, request_id),
        status_code=problem.status,
        media_type=PROBLEM_JSON,
        headers={"Cache-Control": "no-store"} | _own_headers(problem) | (headers or {}),
    )


def _own_headers(problem: Problem) -> dict[str, str]:
    match problem:
        case Unauthorized():
            return {"WWW-Authenticate": 'Bearer realm="heliograph"'}
        case TooManyRequests():
            # Whole seconds, rounded up: who comes early is refused again.
            return {"Retry-After": str(max(1, math.ceil(problem.retry_after.total_seconds())))}
        case Unavailable() | IdempotencyInProgress():
            return {"Retry-After": "1"}
        case _:
            return {}


def _on_problem(_request: Request[Any, Any, Any], error: Problem) -> Response[Any]:
    return answer(error)


def _on_cursor(_request: Request[Any, Any, Any], error: CursorError) -> Response[Any]:
    return answer(InvalidRequest(str(error), (FieldError("query/cursor", str(error)),)))


def _on_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """Translate what Litestar itself refuses."""
    if error.status_code >= _SERVER_FAULT:
        return _on_fault(request, error)
    return answer(_http_problem(request, error), headers=error.headers)


def _http_problem(request: Request[Any, Any, Any], error: HTTPException) -> Problem:
    match error:
        case RequestEntityTooLarge():
            return TooLarge(f"A request has at most {MAX_BODY // 1024} KiB.")
        case MethodNotAllowedException():
            allowed = (error.headers or {}).get("allow", "")
            return MethodNotAllowed(f"{request.method} is not for this address; it takes {allowed}.")
        case ValidationException():
            return _validation_problem(error)
    match error.status_code:
        case 404:
            return NotFound("There is nothing at this address; /docs lists what there is.")
        case 415:
            return UnsupportedMediaType()
        case _:
            return InvalidRequest()


def _validation_problem(error: ValidationException) -> InvalidRequest:
    """Name the parameters that Litestar found wanting."""
    errors = []
    for item in error.extra if isinstance(error.extra, list) else []:
        source, key = str(item.get("source", "query")), str(item.get("key", ""))
        if key == "data":
            return InvalidRequest("A body is needed, as JSON.", (FieldError("", "Send a JSON object."),))
        name = source.removeprefix("ParamType.").lower()
        errors.append(FieldError(f"{name}/{key}", f"{item.get('message', 'It is not of the documented form')}."))
    return InvalidRequest(errors[0].detail if errors else "A parameter is missing or wrong.", tuple(errors))


def _on_database(request: Request[Any, Any, Any], error: DBAPIError) -> Response[Any]:
    """Answer what a database did: gone or busy is a matter of time, anything else is a fault of ours."""
    # SQLite gives a wrong statement the same class as a full disk, but another name.
    is_wrong_statement = getattr(error.orig, "sqlite_errorname", None) == "SQLITE_ERROR"
    if not isinstance(error, OperationalError | InterfaceError) or is_wrong_statement:
        return _on_fault(request, error)
    get_logger("api").warning("database_unavailable", kind=type(error.orig).__name__, frames=_frames(error))
    return answer(Unavailable("The database cannot be reached."))


def _on_fault(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Answer what should not have happened: an identifier for both sides, and nothing that was in the request.

    The log gets the kind of exception and where it was raised. Its message stays out: those of databases quote values.
    """
    request_id = request_id_of(request.scope)
    handler = request.scope.get("route_handler")
    get_logger("api").error(
        "request_failed",
        request_id=request_id,
        method=request.method,
        handler=getattr(handler, "handler_name", None),
        kind=type(error).__name__,
        frames=_frames(error),
    )
    problem = InternalError(f"The log of this installation says more under {request_id}.")
    return answer(problem, request_id=request_id)


def _frames(error: BaseException) -> list[str]:
    cause = error.__cause__ if isinstance(error, HTTPException) and error.__cause__ else error
    frames = traceback.extract_tb(cause.__traceback__)[-_LAST_FRAMES:]
    return [f"{frame.filename.rsplit('/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames]


HANDLERS: ExceptionHandlersMap = {
    Problem: _on_problem,
    CursorError: _on_cursor,
    HTTPException: _on_http,
    DBAPIError: _on_database,
    Exception: _on_fault,
}

__all__ = ["HANDLERS", "MAX_BODY", "PROBLEM_JSON", "ProblemDocument", "answer", "document"]
