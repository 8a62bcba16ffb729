"""Where the two-step window of the caller's project is: `/v1/site/window`."""

from typing import Annotated

import msgspec
from litestar import delete, get, put
from litestar.params import JSONBody

from heliograph.actions import windows
from heliograph.api.auth import By
from heliograph.api.forms import Form, View
from heliograph.api.operation import operation
from heliograph.api.wired import Wired
from heliograph.domain.origin import MAX_ORIGIN_LENGTH
from heliograph.domain.window import MAX_OPENERS, WindowSettings
from heliograph.errors import Conflict, NotFound
from heliograph.names import Scope

_TAGS = ["Site"]


class SiteWindowForm(Form, frozen=True, kw_only=True):
    """Where the window is, and who may open it."""

    push_host: Annotated[
        str, msgspec.Meta(min_length=1, max_length=253, description="The site's own name for this installation.")
    ]
    openers: Annotated[
        list[Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_ORIGIN_LENGTH)]],
        msgspec.Meta(max_length=MAX_OPENERS, description="Exact origins of pages that may open it, http ones too."),
    ]


class SiteWindowView(View, frozen=True, kw_only=True):
    """Where the window is. `origin` owns the subscriptions that are made in it, and is shown on notifications."""

    push_host: str
    origin: str
    openers: list[str]


_EXAMPLE = {"push_host": "push.shop.example", "openers": ["http://shop.example"]}
_ANSWER = SiteWindowView(
    push_host="push.shop.example", origin="https://push.shop.example", openers=["http://shop.example"]
)


def _view(window: WindowSettings) -> SiteWindowView:
    return SiteWindowView(push_host=window.push_host, origin=window.origin, openers=list(window.openers))


@get(
    "/site/window",
    summary="Get the window's settings",
    tags=_TAGS,
    opt=operation(scope=Scope.READ, answer=_ANSWER, problems=(NotFound,)),
)
async def get_window(caller: By, heliograph: Wired) -> SiteWindowView:
    """Return where the project's two-step window is."""
    async with heliograph.store.read() as tx:
        return _view(await windows.settings(tx, project_id=caller.project()))


@put(
    "/site/window",
    summary="Set up the window",
    tags=_TAGS,
    opt=operation(scope=Scope.MANAGE, example=_EXAMPLE, answer=_ANSWER, problems=(Conflict,)),
)
async def put_window(data: JSONBody[SiteWindowForm], caller: By, heliograph: Wired) -> SiteWindowView:
    """Say on which host of the site the two-step window is, and which pages may open it. Replaces what was said before.

    Subscriptions belong to the host's origin: when it changes, people have to be asked again.
    """
    async with heliograph.store.begin() as tx:
        made = await windows.put(
            tx,
            heliograph.context(),
            project_id=caller.project(),
            push_host=data.push_host,
            openers=data.openers,
        )
    return _view(made)


@delete(
    "/site/window",
    summary="Remove the window",
    tags=_TAGS,
    opt=operation(scope=Scope.MANAGE, problems=(NotFound,)),
)
async def delete_window(caller: By, heliograph: Wired) -> None:
    """Let no page open the window any more. Subscriptions that were made in it stay."""
    async with heliograph.store.begin() as tx:
        await windows.remove(tx, heliograph.context(), project_id=caller.project())


ROUTES = (get_window, put_window, delete_window)
