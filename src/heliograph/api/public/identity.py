"""Binding a browser to a signed-in person and, at logout, to nobody: `/v1/public/subscriptions/{id}/identity`."""

from typing import Any

from litestar import Request, delete, post
from litestar.params import FromPath, JSONBody

from heliograph.actions import groups, identity, subscriptions
from heliograph.api.operation import operation
from heliograph.api.public.access import NEEDS_SECRET, Page, secret_of
from heliograph.api.public.forms import IdentifiedView, IdentityForm, proof_of
from heliograph.api.wired import Wired
from heliograph.errors import Conflict, IdentityRefused, NotFound, Unauthorized

_TAGS = ["Public"]
_PATH = "/subscriptions/{subscription_id:str}/identity"
_EXAMPLE = {
    "external_id": "ada",
    "signature": "5b6c0dcb7cb3f1f2ac7ce9de0a5b8dbf6a0ecbf8d1b8f0d4f3e4c8ae7d8a1b21",
}


@post(
    _PATH,
    status_code=200,
    summary="Identify the person",
    tags=_TAGS,
    opt=operation(example=_EXAMPLE, problems=(NotFound, Unauthorized, IdentityRefused, Conflict)) | NEEDS_SECRET,
)
async def identify(
    subscription_id: FromPath[str],
    data: JSONBody[IdentityForm],
    page: Page,
    heliograph: Wired,
    request: Request[Any, Any, Any],
) -> IdentifiedView:
    """Bind the subscription to the person that the site's server vouches for; a person who is new becomes a profile."""
    ctx = heliograph.context()
    external_id = identity.check_proof(proof_of(data), page.project.identity, now=ctx.now)
    async with heliograph.store.begin() as tx:
        found = await subscriptions.authorized(tx, page.project.id, subscription_id, secret_of(request), lock=True)
        groups.check_may_join(found)
        await identity.bind(
            tx, ctx, project_id=page.project.id, subscription_id=subscription_id, external_id=external_id
        )
    return IdentifiedView(identified=True)


@delete(_PATH, summary="Log out", tags=_TAGS, opt=operation(problems=(NotFound, Unauthorized)) | NEEDS_SECRET)
async def log_out(
    subscription_id: FromPath[str], page: Page, heliograph: Wired, request: Request[Any, Any, Any]
) -> None:
    """Unbind the subscription: the next person at this browser must not get the last one's notifications."""
    async with heliograph.store.begin() as tx:
        await subscriptions.authorized(tx, page.project.id, subscription_id, secret_of(request), lock=True)
        await identity.unbind(tx, heliograph.context(), subscription_id=subscription_id)


ROUTES = (identify, log_out)
