"""The ASGI application with what every request gets, routed or not: an identifier, a place in the meters, a span.

The identifier is in the answer (`X-Request-Id`) and in every line that is logged meanwhile. A caller may bring its own.
"""

import re
import time
from typing import Any

import structlog
from litestar import Litestar
from litestar.types import Message

from heliograph.bootstrap import Heliograph
from heliograph.kit.acting import UNKNOWN, act_as
from heliograph.kit.tracing import TRACEPARENT, Span, SpanKind, under
from heliograph.names import Metric

REQUEST_ID_HEADER = "X-Request-Id"
_GIVEN = re.compile(rb"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_KEY = "heliograph.request_id"
_SPAN = "heliograph.span"
_SERVER_FAULT = 500
_TRACEPARENT = TRACEPARENT.encode()
_WATCHED = frozenset({"/healthz", "/readyz", "/metrics"})
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Application(Litestar):
    """Litestar, and around it what must not depend on a route being found."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await super().__call__(scope, receive, send)
            return
        heliograph: Heliograph = self.state.heliograph
        request_id = _given(scope) or heliograph.ids.new("req")
        scope[_KEY] = request_id
        began = time.perf_counter()

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                header = (REQUEST_ID_HEADER.lower().encode(), request_id.encode())
                message["headers"] = [*message.get("headers", ()), header]
                _measure(heliograph, scope, message["status"], time.perf_counter() - began)
            await send(message)

        act_as(UNKNOWN)
        span = _begun(heliograph, scope)
        scope[_SPAN] = span
        with structlog.contextvars.bound_contextvars(request_id=request_id), under(span):
            await super().__call__(scope, receive, sending)


def request_id_of(scope: Any) -> str:
    """Return the identifier of a request."""
    return str(scope[_KEY])


def _given(scope: Any) -> str | None:
    """Return the identifier that a caller or its proxy brought, if it can be one."""
    found = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    return found.decode() if _GIVEN.fullmatch(found) else None


def _measure(heliograph: Heliograph, scope: Any, status: int, seconds: float) -> None:
    # Only routes of ours become labels: addresses that strangers make up must not fill the memory.
    route = scope.get("path_template") or "other"
    method = _method(scope)
    _name(scope[_SPAN], method, route, status)
    heliograph.meters.add(Metric.HTTP_REQUESTS, method=method, route=route, status=str(status))
    heliograph.meters.observe(Metric.HTTP_SECONDS, seconds, route=route)


def _begun(heliograph: Heliograph, scope: Any) -> Span | None:
    """Begin the request's span. Whoever watches this process asks too often to be of interest."""
    path: str = scope["path"]
    if path in _WATCHED or path.startswith("/health/"):
        return None
    given = next((value.decode("latin-1") for name, value in scope["headers"] if name == _TRACEPARENT), None)
    # Pages and strangers must not write into other people's traces, nor decide what is kept.
    is_trusted = path.startswith("/v1/") and not path.startswith("/v1/public/")
    return heliograph.tracer.begin(_method(scope), SpanKind.SERVER, traceparent=given, is_trusted=is_trusted)


def _name(span: Span | None, method: str, route: str, status: int) -> None:
    if span is None:
        return
    span.rename(f"{method} {route}")
    span.set({"http.request.method": method, "http.route": route, "http.response.status_code": status})
    if status >= _SERVER_FAULT:
        span.fail(str(status))


def _method(scope: Any) -> str:
    return str(scope["method"]) if scope["method"] in _METHODS else "other"
