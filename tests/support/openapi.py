"""Holding answers of the API to its own OpenAPI document."""

import re
from typing import Any

import httpx
import jsonschema

PROBLEM_JSON = "application/problem+json"
_PROBLEM = {"$ref": "#/components/schemas/ProblemDocument"}


class Unlike(AssertionError):  # noqa: N818 - the fault is the answer's
    """An answer that the document does not foresee."""


class Contract:
    """The document, asked of each answer: is its status, type and body one that is promised?"""

    def __init__(self, document: dict[str, Any]) -> None:
        self._components = _closed(document["components"])
        self._paths = [
            (re.compile(re.sub(r"\\\{[^}]+\\\}", "[^/]+", re.escape(path))), operations)
            for path, operations in sorted(document["paths"].items(), key=lambda item: item[0].count("{"))
        ]
        self._validators: dict[str, jsonschema.Draft202012Validator] = {}

    def check(self, response: httpx.Response) -> None:
        """Raise `Unlike` for an answer that is not as documented."""
        method, path = response.request.method, response.request.url.raw_path.decode().partition("?")[0]
        if method == "OPTIONS" or path == "/" or path.startswith(("/sdk/", "/docs", "/openapi.json", "/metrics")):
            return
        operation = self._operation(method, path)
        if operation is None:
            self._check_unknown(response)
            return
        promised = operation["responses"].get(str(response.status_code))
        where = f"{method} {path} → {response.status_code}"
        if promised is None:
            raise Unlike(f"{where} is not documented: {response.text[:500]}")
        contents = promised.get("content", {})
        if not contents:
            if response.content:
                raise Unlike(f"{where} should have no body.")
            return
        kind = response.headers.get("content-type", "").partition(";")[0]
        if kind not in contents:
            raise Unlike(f"{where} is {kind} and should be {', '.join(contents)}.")
        if kind.endswith(("/json", "+json")):
            self._validate(where, contents[kind]["schema"], response)

    def _operation(self, method: str, path: str) -> dict[str, Any] | None:
        for pattern, operations in self._paths:
            # A path without parameters goes before those with some, whatever methods it takes (OpenAPI, 4.8.8.2).
            if pattern.fullmatch(path) and (method.lower() in operations or pattern.pattern == re.escape(path)):
                found: dict[str, Any] | None = operations.get(method.lower())
                return found
        return None

    def _check_unknown(self, response: httpx.Response) -> None:
        where = f"{response.request.method} {response.request.url.path} → {response.status_code}"
        if response.status_code not in (400, 401, 404, 405) or not response.headers["content-type"].startswith(
            PROBLEM_JSON
        ):
            raise Unlike(f"{where} is an operation that is not documented.")
        self._validate(where, _PROBLEM, response)

    def _validate(self, where: str, schema: dict[str, Any], response: httpx.Response) -> None:
        key = str(schema)
        if key not in self._validators:
            whole = {**schema, "components": self._components}
            self._validators[key] = jsonschema.Draft202012Validator(
                whole, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
            )
        for error in self._validators[key].iter_errors(response.json()):
            raise Unlike(f"{where}: {error.json_path}: {error.message}")


def _closed(schema: Any) -> Any:
    """Refuse members that are not documented: that is how a secret would leak."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(member) for name, member in schema.items()}
    if schema.get("type") == "object" and "properties" in schema:
        closed.setdefault("additionalProperties", False)
    return closed
