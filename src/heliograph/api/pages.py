"""What the reference page shows, worked out of the OpenAPI document: sections, operations, fields, commands."""

import shlex
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from heliograph.api.openapi import anchor
from heliograph.errors import Problem

_REF = "#/components/schemas/"
_DEPTH = 4
_TYPES = {"string": "text", "date-time": "instant", "None": "any JSON"}
_LIMITS = {
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minItems": "at least {}",
    "maxItems": "at most {} of them",
    "maxProperties": "at most {} of them",
    "pattern": "matches {}",
}


@dataclass(frozen=True, slots=True)
class Field:
    """One member of a body, or one parameter."""

    name: str
    type: str
    is_required: bool
    description: str
    limits: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    default: str | None = None
    place: str = ""
    children: tuple["Field", ...] = ()


@dataclass(frozen=True, slots=True)
class OperationView:
    """One operation as a reader wants it."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    access: str
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    command: str
    status: str
    answer: Any
    problems: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """The operations of one resource."""

    id: str
    title: str
    description: str
    operations: list[OperationView] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ProblemView:
    """One problem that a caller can be told of."""

    code: str
    status: int
    title: str
    description: str


@dataclass(frozen=True, slots=True)
class ReferencePage:
    """Everything on the page."""

    version: str
    base_url: str
    sections: list[Section]
    problems: list[ProblemView]


def reference_page(document: dict[str, Any]) -> ReferencePage:
    """Work the page out of the document."""
    reader = _Reader(document)
    sections = {
        tag["name"]: Section(anchor(tag["name"]), tag["name"], tag.get("description", "")) for tag in document["tags"]
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tag = operation["tags"][0]
            sections.setdefault(tag, Section(anchor(tag), tag, ""))
            sections[tag].operations.append(reader.operation(method.upper(), path, operation))
    return ReferencePage(
        version=document["info"]["version"],
        base_url=document["servers"][0]["url"],
        sections=list(sections.values()),
        problems=all_problems(),
    )


def all_problems() -> list[ProblemView]:
    """Return every problem that a caller can be told of, by status."""
    found: list[type[Problem]] = []
    waiting = Problem.__subclasses__()
    while waiting:
        kind = waiting.pop()
        found.append(kind)
        waiting += kind.__subclasses__()
    views = [ProblemView(kind.code, kind.status, kind.title, kind.__doc__ or "") for kind in found]
    return sorted(views, key=lambda view: (view.status, view.code))


class _Reader:
    def __init__(self, document: dict[str, Any]) -> None:
        self._components = document["components"]
        self._base_url = document["servers"][0]["url"]

    def operation(self, method: str, path: str, given: dict[str, Any]) -> OperationView:
        # The header that names a project is explained once, on top.
        parameters = [parameter for parameter in given["parameters"] if "$ref" not in parameter]
        status, answer = self._answer(given["responses"])
        content = given.get("requestBody", {}).get("content", {})
        body = next(iter(content.values()), None)
        return OperationView(
            id=given["operationId"].replace("_", "-"),
            method=method,
            path=path,
            summary=given["summary"],
            description=given["description"],
            access=_access(given),
            parameters=tuple(self._parameter(parameter) for parameter in parameters),
            body=() if body is None else self.fields(body["schema"]),
            command=self._command(method, path, given, parameters, body),
            status=status,
            answer=answer,
            problems=tuple(
                (code, int(number))
                for number, response in given["responses"].items()
                for media in response.get("content", {}).values()
                for code in media.get("examples", {})
            ),
        )

    def _answer(self, responses: dict[str, Any]) -> tuple[str, Any]:
        status, response = next(item for item in responses.items() if item[0].startswith("2"))
        return status, next((media.get("example") for media in response.get("content", {}).values()), None)

    def _parameter(self, given: dict[str, Any]) -> Field:
        made = self._field(given["name"], given["schema"], given["required"], depth=_DEPTH)
        return replace(made, place=given["in"], description=given.get("description", "") or made.description)

    def fields(self, schema: dict[str, Any], depth: int = 0) -> tuple[Field, ...]:
        """Return the members of an object, of the objects of a list, or of each kind of a choice."""
        schema = self._target(schema)
        if "items" in schema:
            return self.fields(schema["items"], depth)
        if isinstance(schema.get("additionalProperties"), dict):
            return self.fields(schema["additionalProperties"], depth)
        options = [option for option in schema.get("anyOf", ()) if option.get("type") != "null"]
        if len(options) == 1:
            return self.fields(options[0], depth)
        if options and all("$ref" in option for option in options):
            return tuple(self._option(option, depth) for option in options)
        needed = schema.get("required", ())
        return tuple(
            self._field(name, member, name in needed, depth=depth)
            for name, member in schema.get("properties", {}).items()
        )

    def _option(self, option: dict[str, Any], depth: int) -> Field:
        schema = self._target(option)
        tag, value = next(
            (name, member["enum"][0]) for name, member in schema["properties"].items() if "enum" in member
        )
        members = tuple(member for member in self.fields(option, depth + 1) if member.name != tag)
        return Field(
            name=f"{tag}: {value}",
            type="",
            is_required=False,
            description=schema.get("description", ""),
            children=members,
        )

    def _field(self, name: str, given: dict[str, Any], is_required: bool, *, depth: int) -> Field:
        schema = self._target(given)
        options = [option for option in schema.get("anyOf", ()) if option.get("type") != "null"]
        inner = self._target(options[0]) if len(options) == 1 else schema
        return Field(
            name=name,
            type=self._type(given),
            is_required=is_required,
            description=given.get("description") or inner.get("description", ""),
            limits=_limits(inner),
            choices=tuple(str(choice) for choice in inner.get("enum", ())),
            default=None
            if given.get("default") in (None, "", [], {})
            else msgspec.json.encode(given["default"]).decode(),
            children=() if depth >= _DEPTH else self.fields(given, depth + 1),
        )

    def _type(self, given: dict[str, Any]) -> str:
        schema = self._target(given)
        if "anyOf" in schema:
            names = dict.fromkeys(self._type(option) for option in schema["anyOf"])
            return " or ".join(names)
        if schema.get("type") == "array":
            return f"list of {self._type(schema['items'])}"
        if "enum" in schema:
            return "one of"
        kind = schema.get("format") or schema.get("type")
        return _TYPES.get(str(kind), str(kind))

    def _target(self, schema: dict[str, Any]) -> dict[str, Any]:
        if "$ref" not in schema:
            return schema
        found: dict[str, Any] = self._components["schemas"][schema["$ref"].removeprefix(_REF)]
        return found

    def _command(
        self,
        method: str,
        path: str,
        given: dict[str, Any],
        parameters: list[dict[str, Any]],
        body: dict[str, Any] | None,
    ) -> str:
        """Return a curl command that does it."""
        query = []
        for parameter in parameters:
            example = str(parameter.get("example", parameter["name"]))
            if parameter["in"] == "path":
                path = path.replace(f"{{{parameter['name']}}}", example)
            elif parameter["in"] == "query" and parameter["required"]:
                query.append(f"{parameter['name']}={example}")
        address = self._base_url + path + ("?" + "&".join(query) if query else "")
        lines = ["curl" + (f" -X {method}" if method not in ("GET", "POST") or (method == "POST" and not body) else "")]
        lines[0] += f" {shlex.quote(address) if query else address}"
        lines += [f'-H "{header}"' for header in _headers(given)]
        if body is not None and isinstance(body["example"], str):
            lines[0] = lines[0].replace("curl -X PUT", "curl -T subscriptions.csv", 1)
        elif body is not None:
            text = msgspec.json.format(msgspec.json.encode(body["example"]), indent=2).decode().replace("'", "'\\''")
            lines += ['-H "Content-Type: application/json"', f"-d '{text}'"]
        return " \\\n  ".join(lines)


def _limits(schema: dict[str, Any]) -> tuple[str, ...]:
    if schema.get("minLength") == 1 or schema.get("minItems") == 1:
        schema = {name: value for name, value in schema.items() if name not in {"minLength", "minItems"}}
        return ("not empty", *_limits(schema))
    return tuple(text.format(schema[limit]) for limit, text in _LIMITS.items() if limit in schema)


def _headers(given: dict[str, Any]) -> list[str]:
    schemes = given["security"][0] if given["security"] else {}
    headers = []
    if "publishableKey" in schemes:
        headers += ["Heliograph-Key: $HELIOGRAPH_PUBLISHABLE_KEY", "Origin: https://shop.example"]
    if "subscriptionSecret" in schemes:
        headers.append("Authorization: Bearer $SUBSCRIPTION_SECRET")
    if "secretKey" in schemes:
        headers.append("Authorization: Bearer $HELIOGRAPH_KEY")
    return headers


def _access(given: dict[str, Any]) -> str:
    schemes = given["security"][0] if given["security"] else {}
    if given.get("x-installation-key"):
        return "the installation's key"
    if "x-scope" in given:
        return f"scope {given['x-scope']}"
    if "subscriptionSecret" in schemes:
        return "publishable key and subscription secret"
    return "publishable key" if schemes else "everybody"
