"""Reading bodies as leniently as Spryker does: types of resources are not checked, and what is unknown is dropped."""

from typing import Any

from litestar import Request

from heliograph.api.reading import decode
from heliograph.domain import glue_faults as faults
from heliograph.domain.glue_faults import GlueRefused
from heliograph.errors import UnsupportedMediaType

JSON_TYPES = ("", "application/json", "application/vnd.api+json")


def media_type(request: Request[Any, Any, Any]) -> str:
    """Return what a body is declared as, without parameters."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def read_json(request: Request[Any, Any, Any]) -> Any:
    """Return the body as plain JSON values, or raise `UnsupportedMediaType` or `InvalidRequest`."""
    if media_type(request) not in JSON_TYPES:
        raise UnsupportedMediaType("Send Content-Type: application/vnd.api+json.")
    return decode(await request.body(), Any)


async def read_attributes(request: Request[Any, Any, Any]) -> list[dict[str, Any]]:
    """Return the attributes of the resource in a body, or of the resources in a list; at least one, none empty."""
    body = await read_json(request)
    data = body.get("data") if isinstance(body, dict) else None
    found = [
        item.get("attributes") if isinstance(item, dict) else None
        for item in (data if isinstance(data, list) else [data])
    ]
    attributes = [item for item in found if isinstance(item, dict) and item]
    if not attributes or len(attributes) < len(found):
        raise GlueRefused(faults.WRONG_BODY.because('Send {"data": {"attributes": {…}}}.'))
    return attributes


def text(attributes: dict[str, Any], name: str, pointer: str = "/data/attributes") -> str:
    """Return a text that must be there and not be empty; like PHP, take "0" for empty."""
    found = attributes.get(name)
    if not isinstance(found, str) or found in {"", "0"}:
        raise GlueRefused(faults.WRONG_BODY.because(f"{pointer}/{name} must be a text and not be empty."))
    return found
