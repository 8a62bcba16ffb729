"""The OpenAPI 3.1 document, made from the route table and the types that requests are really decoded with."""

import inspect
import re
from http import HTTPStatus
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from litestar import Litestar, Response

import heliograph
from heliograph.api.auth import PROJECT_HEADER
from heliograph.api.examples import example_id, example_of
from heliograph.api.idempotency import KEY_HEADER, REPLAYED_HEADER, TAKES_KEY
from heliograph.api.problems import PROBLEM_JSON, ProblemDocument, document
from heliograph.api.routes import Operation, Parameter, operations
from heliograph.errors import (
    IdempotencyInProgress,
    IdempotencyKeyReused,
    InternalError,
    InvalidRequest,
    NotAcceptable,
    NotFound,
    OriginRefused,
    Problem,
    ScopeMissing,
    TooLarge,
    TooManyRequests,
    Unauthorized,
    Unavailable,
    UnsupportedMediaType,
)

_REF = "#/components/schemas/{name}"
_PAGE = re.compile(rb"PageView[\[_](\w+?)View[\]_]")
_PUBLIC = "/v1/public"
_CONSTRAINTS = ("ge", "gt", "le", "lt", "min_length", "max_length", "pattern")
_REPLAYED = {
    "description": "`true` when this is the first answer to an earlier call with the same idempotency key.",
    "schema": {"type": "string", "enum": ["true"]},
}
_INTRODUCTION = """\
Heliograph sends push notifications to browsers, from your own machine.

Servers call `/v1` with a secret key, `Authorization: Bearer hsk_…`; pages call `/v1/public` with a publishable key.
Every `POST` of `/v1` that servers call takes an `Idempotency-Key`, and is then safe to send again.
Whatever is refused comes back as a problem document (RFC 9457) with a stable `code` and a sentence that says what to
change.
"""
_TAGS = {
    "Notifications": "Send, watch, cancel.",
    "Deliveries": "What came of each single one.",
    "Subscriptions": "Browsers that said yes.",
    "Profiles": "People, by your own identifiers.",
    "Groups": "Named audiences that subscriptions join.",
    "Events": "What people did, told by servers.",
    "Segments": "Named rules over profiles.",
    "Campaigns": "What is sent by itself, and prompts.",
    "Imports": "Subscriptions from other systems, and everything out again.",
    "Projects": "Tenants of this installation.",
    "Keys": "Secret keys for servers, publishable ones for pages.",
    "VAPID keys": "What signs push messages (RFC 8292).",
    "Providers": "Ways of sending.",
    "Glue": "Settings of the interface that speaks Spryker's language.",
    "Public": "For pages and service workers: publishable key and allowed origin.",
    "Site": "What to put on a customer's site, and whether all is in its place.",
    "Webhooks": "Telling your server of what happens, signed (Standard Webhooks).",
    "Audit": "Who changed what.",
    "Health": "For load balancers.",
}
_SECURITY = {
    "secretKey": {"type": "http", "scheme": "bearer", "description": "A secret key, `hsk_…`, for servers only."},
    "publishableKey": {
        "type": "apiKey",
        "in": "header",
        "name": "Heliograph-Key",
        "description": "A publishable key, `hpk_…`; the page's origin must be on the project's list.",
    },
    "publishableKeyInQuery": {
        "type": "apiKey",
        "in": "query",
        "name": "key",
        "description": "The same, in the address.",
    },
    "subscriptionSecret": {
        "type": "http",
        "scheme": "bearer",
        "description": "What a browser was given when it subscribed, `hss_…`.",
    },
}


def openapi_document(app: Litestar, *, base_url: str) -> dict[str, Any]:
    """Return the document as plain JSON values."""
    table = operations(app)
    kinds = _Kinds([ProblemDocument, *_types(table)])
    paths: dict[str, dict[str, Any]] = {}
    for operation in table:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, kinds)
    used = {tag for operation in table for tag in operation.handler.tags or []}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Heliograph",
            "version": heliograph.__version__,
            "description": _INTRODUCTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": base_url}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items() if name in used],
        "paths": paths,
        "components": {
            "schemas": kinds.components,
            "securitySchemes": _SECURITY,
            "parameters": {"Project": _project_header(), "IdempotencyKey": _idempotency_header()},
        },
    }


class _Kinds:
    """All types of the document, described together so that each is described once."""

    def __init__(self, types: list[Any]) -> None:
        raw = msgspec.json.encode(msgspec.json.schema_components(types, ref_template=_REF))
        described, self.components = msgspec.json.decode(_PAGE.sub(rb"\1Page", raw))
        self._schemas: dict[str, dict[str, Any]] = {
            str(kind): schema for kind, schema in zip(types, described, strict=True)
        }

    def schema(self, kind: Any) -> dict[str, Any]:
        """Return the schema of one of the types, or a reference to it."""
        return self._schemas[str(kind)]


def _types(table: list[Operation]) -> list[Any]:
    found: dict[str, Any] = {}
    for operation in table:
        others = [type(example) for example in operation.handler.opt.get("also", {}).values()]
        kinds = [
            operation.body,
            answer_type(operation),
            *others,
            *(_parameter_type(item) for item in operation.parameters),
        ]
        found |= {str(kind): kind for kind in kinds if kind is not None}
    return list(found.values())


def answer_type(operation: Operation) -> Any | None:
    """Return the type of the answer's body, or None for an answer without one."""
    kind = operation.handler.parsed_return_field.annotation
    if get_origin(kind) in (Union, UnionType):
        # The others are told by `also`.
        kind = get_args(kind)[0]
    if operation.handler.opt.get("raw_answers"):
        return None
    if get_origin(kind) is Response:
        kind = get_args(kind)[0]
    return None if kind in (None, type(None), Response) else kind


def _parameter_type(parameter: Parameter) -> Any:
    kwarg = parameter.field.kwarg_definition
    limits = {name: getattr(kwarg, name) for name in _CONSTRAINTS if getattr(kwarg, name, None) is not None}
    kind: Any = parameter.field.annotation
    some = [one for one in get_args(kind) if one is not type(None)]
    if parameter.place != "path" and type(None) in get_args(kind) and len(some) == 1:
        # A parameter is left out, never null.
        kind = some[0]
    return Annotated[kind, msgspec.Meta(**limits)] if limits else kind


def _operation(operation: Operation, kinds: _Kinds) -> dict[str, Any]:
    handler = operation.handler
    described: dict[str, Any] = {
        "operationId": ("page_" if operation.path.startswith(_PUBLIC) else "") + handler.handler_name,
        "tags": list(handler.tags or ["Other"]),
        "summary": handler.summary or handler.handler_name.replace("_", " ").capitalize(),
        "description": inspect.getdoc(handler.fn) or "",
        "parameters": [_parameter(item, kinds) for item in operation.parameters],
        "responses": _responses(operation, kinds),
        "security": _security(operation),
    }
    if _is_of_project(operation):
        described["parameters"].append({"$ref": "#/components/parameters/Project"})
    if handler.opt.get(TAKES_KEY):
        described["parameters"].append({"$ref": "#/components/parameters/IdempotencyKey"})
    if "scope" in handler.opt:
        described["x-scope"] = str(handler.opt["scope"])
    if handler.opt.get("is_installation_only"):
        described["x-installation-key"] = True
    if operation.body is not None:
        example = handler.opt.get("example")
        described["requestBody"] = {
            "required": True,
            "content": {
                kind: {
                    "schema": kinds.schema(operation.body),
                    "example": example if example is not None else example_of(operation.body),
                }
                for kind in handler.opt.get("content_types", ("application/json",))
            },
        }
    if (raw := handler.opt.get("raw_body")) is not None:
        described["requestBody"] = {"required": True, "content": {raw[0]: _raw(raw[1])}}
    return described


def _raw(example: str) -> dict[str, Any]:
    return {"schema": {"type": "string"}, "example": example}


def _is_of_project(operation: Operation) -> bool:
    opt = operation.handler.opt
    return "scope" in opt and not opt.get("is_installation_only") and not operation.path.startswith("/v1/projects")


def _project_header() -> dict[str, Any]:
    return {
        "name": PROJECT_HEADER,
        "in": "header",
        "required": False,
        "description": "Which project is meant; needed with a key of the installation.",
        "schema": {"type": "string", "maxLength": 40},
        "example": example_id("project"),
    }


def _idempotency_header() -> dict[str, Any]:
    return {
        "name": KEY_HEADER,
        "in": "header",
        "required": False,
        "description": "Makes it safe to send the call again: for 24 hours the same key with the same call gives the "
        "first answer and has no second effect. 1 to 255 printable ASCII characters, best a UUID in double quotes.",
        "schema": {"type": "string", "maxLength": 512},
        "example": '"8e03978e-40d5-43e8-bc93-6894a57f9324"',
    }


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    if "scope" in operation.handler.opt:
        return [{"secretKey": []}]
    if not operation.path.startswith(_PUBLIC):
        return []
    secret: dict[str, list[str]] = {"subscriptionSecret": []} if operation.handler.opt.get("needs_secret") else {}
    return [{"publishableKey": []} | secret, {"publishableKeyInQuery": []} | secret]


def _parameter(parameter: Parameter, kinds: _Kinds) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.is_required,
        "schema": dict(kinds.schema(_parameter_type(parameter))),
    }
    if parameter.description:
        described["description"] = parameter.description
    if not parameter.is_required and parameter.field.default not in (None, inspect.Parameter.empty):
        described["schema"]["default"] = parameter.field.default
    if parameter.name.endswith("_id"):
        described["example"] = example_id(parameter.name)
    return described


def _responses(operation: Operation, kinds: _Kinds) -> dict[str, Any]:
    kind = answer_type(operation)
    answers: dict[int, str] = operation.handler.opt.get("statuses") or {
        operation.status: HTTPStatus(operation.status).phrase
    }
    responses: dict[str, Any] = {}
    for status, description in answers.items():
        responses[str(status)] = {"description": description}
        if operation.handler.opt.get(TAKES_KEY):
            responses[str(status)]["headers"] = {REPLAYED_HEADER: _REPLAYED}
        if kind is not None and status != HTTPStatus.NO_CONTENT:
            given = operation.handler.opt.get("answer")
            example = msgspec.to_builtins(given) if given is not None else example_of(kind)
            responses[str(status)]["content"] = {"application/json": {"schema": kinds.schema(kind), "example": example}}
        if raw := operation.handler.opt.get("raw_answers"):
            responses[str(status)]["content"] = {media: _raw(example) for media, example in raw.items()}
    for status, other in operation.handler.opt.get("also", {}).items():
        content = {"schema": kinds.schema(type(other)), "example": msgspec.to_builtins(other)}
        responses[str(status)] = {
            "description": HTTPStatus(status).phrase,
            "content": {"application/json": content},
        }
    for status, problems in sorted(_problems(operation).items()):
        responses[str(status)] = {
            "description": "; ".join(f"`{problem.code}`: {problem.title}" for problem in problems),
            "content": {
                PROBLEM_JSON: {
                    "schema": kinds.schema(ProblemDocument),
                    "examples": {
                        problem.code: {"summary": problem.title, "value": msgspec.to_builtins(document(problem()))}
                        for problem in problems
                    },
                }
            },
        }
    return responses


def _problems(operation: Operation) -> dict[int, list[type[Problem]]]:
    """Return what can go wrong, by status."""
    opt = operation.handler.opt
    found: list[type[Problem]] = []
    if operation.path.startswith("/v1/"):
        found += [InvalidRequest, InternalError, Unavailable, Unauthorized]
        found += [ScopeMissing, NotAcceptable] if "scope" in opt else [OriginRefused, TooManyRequests]
    elif operation.path not in ("/health/live", "/healthz"):
        found += [Unavailable]
    if operation.body is not None:
        found += [TooLarge, UnsupportedMediaType]
    if _is_of_project(operation) or any(item.place == "path" for item in operation.parameters):
        found.append(NotFound)
    if opt.get(TAKES_KEY):
        found += [IdempotencyInProgress, IdempotencyKeyReused]
    found += [problem for problem in opt.get("problems", ()) if problem not in found]
    by_status: dict[int, list[type[Problem]]] = {}
    for problem in found:
        by_status.setdefault(problem.status, []).append(problem)
    return by_status


def anchor(text: str) -> str:
    """Return a text as part of an address: lower-case words with dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
