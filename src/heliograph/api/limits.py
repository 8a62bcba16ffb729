"""What is refused before a handler runs: characters no database keeps, parameters nobody knows, types nobody serves.

Guards are coroutines though they wait for nothing: others Litestar hands to a thread, which costs more than they do.
"""

from typing import Any
from urllib.parse import parse_qsl

from litestar.connection import ASGIConnection
from litestar.enums import ParamType
from litestar.handlers import BaseRouteHandler
from litestar.params import ParameterKwarg
from litestar.typing import FieldDefinition

from heliograph.errors import FieldError, InvalidRequest, NotAcceptable, NotFound

MAX_TOLD = 10
"""Parameters that nobody knows and an answer names: it must not be longer than the question."""
_ANSWERS = ("application/json", "application/problem+json")


async def refuse_nul(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Refuse U+0000 in the address: PostgreSQL cannot even compare it."""
    if "\0" in connection.scope["path"]:
        raise NotFound("There is nothing at this address.")
    for name, value in parse_qsl(connection.scope["query_string"].decode("latin-1"), keep_blank_values=True):
        if "\0" in name or "\0" in value:
            raise InvalidRequest("The character U+0000 must not be in a parameter.", (_error(name),))


async def refuse_unknown_parameters(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse a query parameter that the handler does not read: a misspelt filter must not look like an answer."""
    known = query_parameters(handler)
    unknown = [name for name in dict.fromkeys(connection.query_params) if name not in known]
    if unknown:
        choice = ", ".join(sorted(known)) or "none"
        raise InvalidRequest(
            f"There is no parameter {unknown[0][:100]} here; there is {choice}.",
            tuple(_error(name) for name in unknown[:MAX_TOLD]),
        )


async def refuse_the_word_null(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse `state=null`: it would be read as no filter at all, and look like an answer to a question."""
    for name, field in _query_fields(handler).items():
        if str not in (field.annotation, *field.args) and connection.query_params.get(name, "").lower() == "null":
            sentence = "Leave this parameter out to mean none."
            raise InvalidRequest(f"The parameter {name} is not null.", (FieldError(f"query/{name}", sentence),))


def query_parameters(handler: BaseRouteHandler) -> frozenset[str]:
    """Return the names of the query parameters that a handler reads."""
    return frozenset(_query_fields(handler))


def _query_fields(handler: BaseRouteHandler) -> dict[str, FieldDefinition]:
    return {
        field.kwarg_definition.name or name: field
        for name, field in handler.parsed_fn_signature.parameters.items()
        if isinstance(field.kwarg_definition, ParameterKwarg) and field.kwarg_definition.param_type is ParamType.QUERY
    }


async def refuse_other_media(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Refuse a caller who takes neither JSON, or what else a route answers, nor anything (RFC 9110 section 12.5.1)."""
    answers = (*_ANSWERS, *handler.opt.get("raw_answers", ()))
    accept = connection.headers.get("accept", "").strip()
    if not accept:
        return
    for item in accept.split(","):
        kind, *parameters = [part.strip().lower() for part in item.split(";")]
        is_refused = any(part.replace(" ", "") in {"q=0", "q=0.0", "q=0.00", "q=0.000"} for part in parameters)
        if not is_refused and kind in {"*/*", "application/*", *answers}:
            return
    raise NotAcceptable("Accept application/json.")


def _error(name: str) -> FieldError:
    return FieldError(f"query/{name[:100]}", "Leave this parameter out.")
