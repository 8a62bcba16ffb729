"""Requests that Schemathesis makes up from the OpenAPI document, good and bad: never a 5xx, always as documented."""

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)
from tests.support.api import ADDRESS, bare_app

from heliograph.api.openapi import openapi_document

pytestmark = pytest.mark.asyncio(loop_scope="module")

_EXAMPLES = 8
_TOO_LARGE = 413
_CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
_DESTROYS_THE_TENANT = "DELETE /v1/projects/{project_id}"


def _without_headers(document):
    """Leave keys and the project's header to the test: how those fail is tested by name."""
    del document["components"]["securitySchemes"]
    for operations in document["paths"].values():
        for operation in operations.values():
            del operation["security"]
            operation["parameters"] = [item for item in operation["parameters"] if "$ref" not in item]
    return document


SCHEMA = schemathesis.openapi.from_dict(_without_headers(openapi_document(bare_app(), base_url=ADDRESS)))
OPERATIONS = [result.ok() for result in SCHEMA.get_all_operations()]
TRIALS = [(operation, GenerationMode.POSITIVE) for operation in OPERATIONS] + [
    # Where there is neither body nor query, nothing can be wrong but the path, and any text is a path.
    (operation, GenerationMode.NEGATIVE)
    for operation in OPERATIONS
    if operation.body or operation.query
]


@pytest.mark.parametrize(
    ("operation", "mode"), TRIALS, ids=[f"{operation.label} {mode.value}" for operation, mode in TRIALS]
)
@settings(
    max_examples=_EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
async def test_made_up_requests_are_answered_as_documented(api, alice, operator, operation, mode, data):
    """Whatever follows the document, and whatever almost does, gets an answer that the document promises."""
    real = {"project_id": alice.id, "key_id": alice.made.vapid_key.id, "provider_id": alice.made.provider.id}
    named = [parameter.name for parameter in operation.path_parameters]
    known = {name: real[name] for name in named if name in real and operation.label != _DESTROYS_THE_TENANT}
    strategy = operation.as_strategy(generation_mode=mode, path_parameters=known or None)
    case = data.draw(strategy)
    headers = dict(alice.page) if "/public/" in operation.path else {**operator, "Heliograph-Project": alice.id}
    kwargs = case.as_transport_kwargs(base_url=ADDRESS, headers=headers)
    prepared = requests.Request(
        **{name: value for name, value in kwargs.items() if name not in {"allow_redirects", "timeout"}}
    ).prepare()
    request = httpx.Request(
        prepared.method, prepared.url, headers=dict(prepared.headers) | headers, content=prepared.body or b""
    )
    response = await api.send(request)
    is_negative = case.meta is not None and case.meta.generation.mode is GenerationMode.NEGATIVE
    # A body that is too large is refused before it is read; Schemathesis does not count that as a refusal.
    is_negative = is_negative and response.status_code != _TOO_LARGE
    case.validate_response(response, checks=[*_CHECKS, *([negative_data_rejection] if is_negative else [])])
