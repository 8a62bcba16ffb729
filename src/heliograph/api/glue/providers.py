"""`/push-notification-providers`: the project's providers, as Spryker shows them."""

import re
from typing import Any
from urllib.parse import parse_qsl

from litestar import Request, Response, delete, get, patch, post
from litestar.params import FromPath

from heliograph.actions import glue_providers as actions
from heliograph.api.glue.access import By
from heliograph.api.glue.answers import answer
from heliograph.api.glue.bodies import read_attributes, text
from heliograph.api.wired import Wired
from heliograph.bootstrap import Heliograph
from heliograph.domain import glue_faults as faults
from heliograph.domain.glue import Right
from heliograph.domain.glue_faults import GlueRefused
from heliograph.kit.ids import from_uuid, to_uuid
from heliograph.storage.providers import Provider

KIND = "push-notification-providers"
_MOST_AT_ONCE = 100
_SORTS = {
    "name": lambda provider: provider.name,
    "uuid": lambda provider: provider.id,
    "createdAt": lambda provider: provider.created_at,
}
_FILTER = re.compile(r"filter\[[^\].]+\.[^\]]+\]")
_NUMBER = re.compile(r"[0-9]{1,9}")
_WRITES = {"right": Right.PROVIDERS}


def _query(request: Request[Any, Any, Any]) -> dict[str, str]:
    raw = request.scope["query_string"].decode("latin-1")
    return dict(parse_qsl(raw, keep_blank_values=True))


def _self(heliograph: Heliograph, request: Request[Any, Any, Any], *path: str) -> str:
    query = request.scope["query_string"].decode("latin-1")
    return "/".join((heliograph.base_url, KIND, *path)) + (f"?{query}" if query else "")


def _resource(heliograph: Heliograph, request: Request[Any, Any, Any], provider: Provider) -> dict[str, Any]:
    uuid = to_uuid(provider.id)
    attributes = {"uuid": uuid, "name": provider.name}
    wanted = _query(request).get(f"fields[{KIND}]")
    if wanted is not None:
        attributes = {name: value for name, value in attributes.items() if name in wanted.split(",")}
    links = {"self": _self(heliograph, request, uuid)}
    return {"type": KIND, "id": uuid, "attributes": attributes, "links": links}


@get(f"/{KIND}")
async def glue_list_providers(request: Request[Any, Any, Any], account: By, heliograph: Wired) -> Response[Any]:
    """Return the project's providers, all of them unless a page was asked for."""
    query = _query(request)
    if any(name.startswith("filter[") and not _FILTER.fullmatch(name) for name in query):
        raise GlueRefused(faults.FILTER_FORMAT)
    async with heliograph.store.read() as tx:
        found = await actions.listing(tx, project_id=account.project_id)
    page = _page(_sorted(found, query.get("sort")), query)
    return answer(
        {
            "data": [_resource(heliograph, request, provider) for provider in page],
            "links": {"self": _self(heliograph, request)},
        },
        200,
    )


def _sorted(found: list[Provider], order: str | None) -> list[Provider]:
    # The last field first: Python's sort keeps the order of what is equal.
    for field in reversed(order.split(",") if order else []):
        name = field.strip()
        key = _SORTS.get(name.removeprefix("-"))
        if key is None:
            raise GlueRefused(faults.WRONG_BODY.because(f"Sort by {', '.join(_SORTS)}; - in front turns the order."))
        found = sorted(found, key=key, reverse=name.startswith("-"))
    return found


def _page(found: list[Provider], query: dict[str, str]) -> list[Provider]:
    start, limit = query.get("page[offset]"), query.get("page[limit]")
    if start is None or limit is None:
        return found
    if not (_NUMBER.fullmatch(start) and _NUMBER.fullmatch(limit)):
        raise GlueRefused(faults.WRONG_BODY.because("page[offset] and page[limit] are whole numbers."))
    return found[int(start) : int(start) + int(limit)]


@get(f"/{KIND}/{{uuid:str}}")
async def glue_get_provider(
    uuid: FromPath[str], request: Request[Any, Any, Any], account: By, heliograph: Wired
) -> Response[Any]:
    """Return one provider."""
    async with heliograph.store.read() as tx:
        found = await actions.get(tx, project_id=account.project_id, provider_id=from_uuid("prv", uuid))
    return answer({"data": _resource(heliograph, request, found)}, 200)


@post(f"/{KIND}", opt=_WRITES)
async def glue_create_provider(request: Request[Any, Any, Any], account: By, heliograph: Wired) -> Response[Any]:
    """Add a provider, or several that come as a list."""
    given = await read_attributes(request)
    if len(given) > _MOST_AT_ONCE:
        raise GlueRefused(faults.WRONG_BODY.because(f"Send at most {_MOST_AT_ONCE} providers at once."))
    names = [text(attributes, "name") for attributes in given]
    async with heliograph.store.begin() as tx:
        made = await actions.create(tx, heliograph.context(), project_id=account.project_id, names=names)
    shown = [_resource(heliograph, request, provider) for provider in made]
    return answer({"data": shown[0] if len(shown) == 1 else shown}, 201)


@patch(f"/{KIND}/{{uuid:str}}", opt=_WRITES)
async def glue_change_provider(
    uuid: FromPath[str], request: Request[Any, Any, Any], account: By, heliograph: Wired
) -> Response[Any]:
    """Rename a provider; the address says which, whatever the body says."""
    attributes, *more = await read_attributes(request)
    if more:
        raise GlueRefused(faults.WRONG_BODY.because("Change one provider at a time."))
    name = text(attributes, "name")
    async with heliograph.store.begin() as tx:
        changed = await actions.rename(
            tx, heliograph.context(), project_id=account.project_id, provider_id=from_uuid("prv", uuid), name=name
        )
    return answer({"data": _resource(heliograph, request, changed)}, 200)


@delete(f"/{KIND}/{{uuid:str}}", status_code=204, opt=_WRITES)
async def glue_delete_provider(uuid: FromPath[str], account: By, heliograph: Wired) -> None:
    """Remove a provider that nothing hangs on."""
    async with heliograph.store.begin() as tx:
        ctx = heliograph.context()
        await actions.remove(tx, ctx, project_id=account.project_id, provider_id=from_uuid("prv", uuid))


ROUTES = (
    glue_list_providers,
    glue_get_provider,
    glue_create_provider,
    glue_change_provider,
    glue_delete_provider,
)
