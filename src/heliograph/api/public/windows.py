"""The two-step window, `/v1/public/windows`: opened by the site's page, claimed and finished by ours on the push host.

Taken as text/plain with the key in the query too, so that an http page needs no preflight while its click still counts.
"""

from typing import Annotated, Any

import msgspec
from litestar import Request, get, post
from litestar.params import JSONBody, QueryParameter

from heliograph.actions import windows
from heliograph.api.forms import Form, Moment, View
from heliograph.api.operation import operation
from heliograph.api.public.access import FOR_OPENERS, NEEDS_SECRET, Page, secret_of
from heliograph.api.wired import Wired
from heliograph.errors import NotFound, OriginRefused, Unauthorized

_TAGS = ["Public"]
_TYPES = ("application/json", "text/plain")
_VISITOR = "hvi_AAECAwQFBgcICQoLDA0ODw"
_STATE = "Gk9nS2b0m5s0Ab1cD2eF3gH4iJ5kL6mN7oP8qR9sT0U"
VisitorText = Annotated[str, msgspec.Meta(pattern="^hvi_[A-Za-z0-9_-]{22}$", description="The page's visitor token.")]
StateText = Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9_-]{43}$", description="The window's state.")]


class OpenForm(Form, frozen=True, kw_only=True):
    """Who opens a window. Without a visitor, the page alone remembers what came of it."""

    visitor: VisitorText | None = None


class OpenedView(View, frozen=True, kw_only=True):
    """A window to open: the page at `origin` takes `state` once, until `expires_at`."""

    origin: str
    state: str
    expires_at: Moment


class WindowView(View, frozen=True, kw_only=True):
    """Whether there is a window to open, and whether this visitor is subscribed already."""

    origin: str | None
    subscribed: bool


class StateForm(Form, frozen=True, kw_only=True):
    """A window's state."""

    state: StateText


class ClaimedView(View, frozen=True, kw_only=True):
    """The page that opened the window: the only origin that may hear of the answer."""

    opener: str


class FinishForm(Form, frozen=True, kw_only=True):
    """What came of a window."""

    state: StateText
    subscription: Annotated[str, msgspec.Meta(min_length=1, max_length=40)]


@get(
    "/windows",
    summary="Ask whether to open a window",
    tags=_TAGS,
    opt=operation(answer=WindowView(origin="https://push.shop.example", subscribed=False)) | FOR_OPENERS,
)
async def ask_window(
    page: Page,
    heliograph: Wired,
    visitor: Annotated[
        str | None, QueryParameter(pattern="^hvi_[A-Za-z0-9_-]{22}$", description="The page's visitor token.")
    ] = None,
) -> WindowView:
    """Tell where the project's window is, and whether this visitor is subscribed already and needs none."""
    window = page.project.window
    if window is None or visitor is None:
        return WindowView(origin=None if window is None else window.origin, subscribed=False)
    async with heliograph.store.read() as tx:
        subscribed = await windows.is_subscribed(tx, project_id=page.project.id, visitor=visitor)
    return WindowView(origin=window.origin, subscribed=subscribed)


@post(
    "/windows",
    summary="Open a window",
    tags=_TAGS,
    opt=operation(example={"visitor": _VISITOR}, content_types=_TYPES, problems=(NotFound,)) | FOR_OPENERS,
)
async def open_window(data: JSONBody[OpenForm], page: Page, heliograph: Wired) -> OpenedView:
    """Return a state, good once and for ten minutes, for a window that the page is opening from a click."""
    assert page.origin is not None  # admitted with it, as everything that is no GET
    async with heliograph.store.begin() as tx:
        opened = await windows.open_window(
            tx,
            heliograph.context(),
            project_id=page.project.id,
            window=page.project.window,
            opener=page.origin,
            visitor=data.visitor,
        )
    return OpenedView(origin=opened.origin, state=opened.state, expires_at=opened.expires_at)


@post(
    "/windows/claim",
    status_code=200,
    summary="Take over a window",
    tags=_TAGS,
    opt=operation(
        example={"state": _STATE}, answer=ClaimedView(opener="http://shop.example"), problems=(NotFound, OriginRefused)
    ),
)
async def claim_window(data: JSONBody[StateForm], page: Page, heliograph: Wired) -> ClaimedView:
    """Tell our own page on the push host, once, who opened it."""
    _check_host(page)
    async with heliograph.store.begin() as tx:
        opener = await windows.claim(tx, heliograph.context(), project_id=page.project.id, state=data.state)
    return ClaimedView(opener=opener)


@post(
    "/windows/finish",
    status_code=204,
    summary="Finish a window",
    tags=_TAGS,
    opt=operation(
        example={"state": _STATE, "subscription": "sub_01k2p7wq8e4vz9x3m5n6r7s8t0"},
        problems=(NotFound, Unauthorized, OriginRefused),
    )
    | NEEDS_SECRET,
)
async def finish_window(
    data: JSONBody[FinishForm], page: Page, heliograph: Wired, request: Request[Any, Any, Any]
) -> None:
    """Join the subscription that was made in a window to the visitor who opened it, while that is nobody known."""
    _check_host(page)
    async with heliograph.store.begin() as tx:
        await windows.finish(
            tx,
            heliograph.context(),
            project_id=page.project.id,
            state=data.state,
            subscription_id=data.subscription,
            secret=secret_of(request),
        )


def _check_host(page: Page) -> None:
    if page.project.window is None or page.origin != page.project.window.origin:
        raise OriginRefused("Only the window's own page may do this.")


ROUTES = (ask_window, open_window, claim_window, finish_window)
