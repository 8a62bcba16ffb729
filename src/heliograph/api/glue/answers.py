"""Answers as Spryker writes JSON:API: `code` is a string, `status` a number, the text is in `message`."""

from collections.abc import Mapping
from typing import Any

from litestar import Request, Response
from litestar.types import ExceptionHandlersMap

from heliograph.api.problems import ProblemDocument
from heliograph.domain import glue_faults as faults
from heliograph.domain.glue_faults import Fault, GlueRefused
from heliograph.errors import InvalidRequest, MethodNotAllowed, NotFound

JSON_API = "application/vnd.api+json"
TOKEN_PATH = "/token"  # noqa: S105 - an address
_PREFIXES = ("/push-notification-providers", "/push-notification-subscriptions")
_MULTI_STATUS = 207
_NO_STORE = {"Cache-Control": "no-store"}
_CHALLENGE = {"WWW-Authenticate": "Bearer"}
_UNAUTHORIZED = 401


def is_glue(path: str) -> bool:
    """Tell whether an address belongs to the Glue API, routed or not."""
    return path.rstrip("/") == TOKEN_PATH or any(path == one or path.startswith(f"{one}/") for one in _PREFIXES)


def answer(document: Mapping[str, Any], status: int) -> Response[Any]:
    """Return a JSON:API answer."""
    return Response(document, status_code=status, media_type=JSON_API, headers=_NO_STORE)


def refusal(*found: Fault, headers: Mapping[str, str] | None = None) -> Response[Any]:
    """Return an error's answer: with its own status, or 207 for several."""
    status = found[0].status if len(found) == 1 else _MULTI_STATUS
    document: dict[str, Any] = {"errors": [_written(fault) for fault in found]}
    if found[0].code in {faults.INVALID_GRANT.code, faults.UNSUPPORTED_GRANT.code, faults.INVALID_TOKEN_REQUEST.code}:
        # As RFC 6749 section 5.2 wants it, for clients that know OAuth and not Spryker.
        document |= {"error": found[0].code, "error_description": found[0].detail or found[0].message}
    more = _CHALLENGE if status == _UNAUTHORIZED else {}
    return Response(document, status_code=status, media_type=JSON_API, headers={**(headers or {}), **more, **_NO_STORE})


def _written(fault: Fault) -> dict[str, Any]:
    members = {"code": fault.code, "status": fault.status, "message": fault.message, "detail": fault.detail}
    return {name: value for name, value in members.items() if value is not None}


def in_spryker_words(handlers: ExceptionHandlersMap) -> ExceptionHandlersMap:
    """Return handlers of exceptions that answer in Spryker's form where an address of the Glue API was asked."""

    def adapted(handler: Any) -> Any:
        def handle(request: Request[Any, Any, Any], error: Any) -> Response[Any]:
            response: Response[Any] = handler(request, error)
            if not is_glue(request.scope["path"]):
                return response
            return refusal(_fault(request.scope["path"], response.content), headers=response.headers)

        return handle

    return {GlueRefused: _on_refused, **{kind: adapted(handler) for kind, handler in handlers.items()}}


def _on_refused(_request: Request[Any, Any, Any], error: GlueRefused) -> Response[Any]:
    return refusal(*error.faults)


def _fault(path: str, problem: ProblemDocument) -> Fault:
    match problem.code:
        case NotFound.code:
            fault = faults.NOT_FOUND
        case MethodNotAllowed.code:
            return faults.NO_METHOD
        case InvalidRequest.code:
            fault = faults.INVALID_TOKEN_REQUEST if path.rstrip("/") == TOKEN_PATH else faults.WRONG_BODY
        case _:
            fault = Fault(problem.code, problem.status, problem.title)
    return fault.because(problem.detail)
