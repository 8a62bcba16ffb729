"""`Idempotency-Key` over HTTP: `post` is Litestar's, for handlers that create or send (actions/idempotency).

With the header, all that a handler writes is one transaction together with its answer; without it nothing is different.
"""

import inspect
import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import wraps
from http import HTTPStatus
from typing import Any

import litestar
import msgspec
from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler

from heliograph.actions.idempotency import INSTALLATION, MAX_KEY, Answer, Call, fingerprint, is_key, once
from heliograph.api.auth import Caller
from heliograph.bootstrap import Heliograph
from heliograph.errors import FieldError, IdempotencyInProgress, InvalidRequest

KEY_HEADER = "Idempotency-Key"
REPLAYED_HEADER = "Idempotency-Replayed"
TAKES_KEY = "takes_idempotency_key"
"""The member of a route's `opt` that says that it takes the header."""
_RUNNING = "idempotent_calls"
_QUOTED = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_BARE = re.compile(r"[!#-\[\]-~]+")

_Request = Request[Any, Caller, Any]
_Handler = Callable[..., Awaitable[Any]]
_Before = Callable[[Heliograph, Any], Awaitable[None]]


def post(
    path: str, *, opt: dict[str, Any], before: _Before | None = None, **given: Any
) -> Callable[[_Handler], HTTPRouteHandler]:
    """Return Litestar's `post` for a handler that may be told to do a thing once. It asks for `heliograph: Wired`.

    `before` checks the body (`data`) in ways that take time, before any transaction is opened.
    """

    def decorate(handler: _Handler) -> HTTPRouteHandler:
        return litestar.post(path, opt=opt | {TAKES_KEY: True}, **given)(_once(handler, before))

    return decorate


def key_of(lines: list[str]) -> str | None:
    """Return the key in a request's headers of the name, None if there is none.

    The draft writes it as a string of RFC 8941, in quotes; most callers leave those out.

    Raises:
        InvalidRequest: it is empty, too long, of other characters, or there are several.
    """
    if not lines:
        return None
    text = lines[0].strip()
    quoted = _QUOTED.fullmatch(text)
    key = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else text
    if len(lines) > 1 or not (quoted or _BARE.fullmatch(text)) or not is_key(key):
        sentence = f"Send one key of 1 to {MAX_KEY} printable ASCII characters, best in double quotes."
        raise InvalidRequest(sentence, (FieldError(f"header/{KEY_HEADER}", sentence),))
    return key


def _once(handler: _Handler, before: _Before | None) -> _Handler:
    signature = inspect.signature(handler)
    assert "heliograph" in signature.parameters, "A handler that is done once writes by way of `heliograph`."
    wants_request = "request" in signature.parameters

    @wraps(handler)
    async def wrapped(**given: Any) -> Any:
        request: _Request = given["request"] if wants_request else given.pop("request")
        key = key_of(request.headers.getall(KEY_HEADER, []))
        if before is not None:
            await before(given["heliograph"], given["data"])
        # A dry run has no effect to have once, and the transaction would keep SQLite's only writer waiting for it.
        if key is None or getattr(given.get("data"), "dry_run", False):
            return await handler(**given)
        return await _answered(request, key, handler, given)

    if not wants_request:
        asked = inspect.Parameter("request", inspect.Parameter.KEYWORD_ONLY, annotation=_Request)
        parameters = [*signature.parameters.values(), asked]
        # What `inspect` reads, and Litestar with it.
        wrapped.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        wrapped.__annotations__ = {**handler.__annotations__, "request": _Request}
    return wrapped


async def _answered(request: _Request, key: str, handler: _Handler, given: dict[str, Any]) -> Response[bytes | None]:
    heliograph: Heliograph = given["heliograph"]
    call = Call(
        scope=request.auth.project_id or INSTALLATION,
        key=key,
        fingerprint=fingerprint(f"{request.method} {request.url.path}?{request.url.query}", given.get("data")),
    )
    running: set[tuple[str, str]] = request.app.state.setdefault(_RUNNING, set())
    place = (call.scope, call.key)
    if place in running:
        raise IdempotencyInProgress
    running.add(place)
    try:
        async with heliograph.store.begin() as tx:
            inside = replace(heliograph, store=heliograph.store.within(tx))

            async def work() -> Answer:
                return _answer(await handler(**given | {"heliograph": inside}), request.route_handler.status_code)

            answer = await once(tx, heliograph.context(), call, work)
    finally:
        running.discard(place)
    return _response(answer)


def _answer(result: Any, status: int) -> Answer:
    if isinstance(result, Response):
        result, status = result.content, result.status_code
    return Answer(status, b"" if result is None else msgspec.json.encode(result))


def _response(answer: Answer) -> Response[bytes | None]:
    return Response(
        None if answer.status == HTTPStatus.NO_CONTENT else answer.body,
        status_code=answer.status,
        media_type="application/json",
        headers={REPLAYED_HEADER: "true"} if answer.is_replayed else None,
    )
