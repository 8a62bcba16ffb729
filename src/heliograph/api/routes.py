"""The route table as the application really has it: for the OpenAPI document, the guards, and the tests."""

from dataclasses import dataclass
from typing import Any

from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.params import ParameterKwarg
from litestar.routes import HTTPRoute
from litestar.typing import FieldDefinition

_ORDER = ("POST", "GET", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: where it stands (path, query, header), its name there, its type as Litestar parsed it."""

    name: str
    place: str
    is_required: bool
    field: FieldDefinition

    @property
    def description(self) -> str | None:
        """What it means, if the handler says."""
        kwarg = self.field.kwarg_definition
        return kwarg.description if isinstance(kwarg, ParameterKwarg) else None


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address. `path` is written as OpenAPI writes it: `/v1/keys/{key_id}`."""

    method: str
    path: str
    handler: HTTPRouteHandler
    parameters: tuple[Parameter, ...]

    @property
    def body(self) -> Any | None:
        """The type of the body, or None for an operation that takes none."""
        field = self.handler.parsed_data_field
        return None if field is None else field.annotation

    @property
    def status(self) -> int:
        """The status of an answer that went well."""
        return self.handler.status_code


def operations(app: Litestar) -> list[Operation]:
    """Return every operation that the document shows, by path; Litestar's own order differs from run to run."""
    found = []
    for route in sorted((one for one in app.routes if isinstance(one, HTTPRoute)), key=lambda one: one.path_format):
        for method, (handler, model) in sorted(route.route_handler_map.items(), key=lambda item: _ORDER.index(item[0])):
            if method == "OPTIONS" or handler.resolve_include_in_schema() is False:
                continue
            fields = handler.parsed_fn_signature.parameters
            parameters = [
                Parameter(name, "path", is_required=True, field=fields[name])
                for name in route.path_parameters
                if name in fields
            ]
            parameters += [
                Parameter(item.field_alias, place, item.is_required, fields[item.field_name])
                for place, items in (("query", model.expected_query_params), ("header", model.expected_header_params))
                for item in sorted(items, key=lambda item: list(fields).index(item.field_name))
                if item.field_name in fields
            ]
            found.append(Operation(method, route.path_format, handler, tuple(parameters)))
    return found
