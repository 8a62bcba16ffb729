"""The public API: what pages, service workers and simulated agents call. A file per resource, a line in `_HANDLERS`."""

from litestar import Router
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from heliograph.api.public import config, groups, identity, receipts, subscriptions
from heliograph.api.public.access import admit, provide_page, refuse_unknown_parameters
from heliograph.api.public.cors import on_answer, preflights

MAX_BODY = 64 * 1024
"""Bytes of a body: what browsers allow for a beacon (Fetch standard, keepalive), and far more than a registration."""

_HANDLERS = (
    *config.ROUTES,
    *subscriptions.ROUTES,
    *groups.ROUTES,
    *identity.ROUTES,
    *receipts.ROUTES,
)

ROUTES: tuple[ControllerRouterHandler, ...] = (
    Router(
        "/v1/public",
        # Preflights first: for a path that is registered without OPTIONS, Litestar adds a handler of its own that stays.
        route_handlers=[preflights(_HANDLERS), *_HANDLERS],
        guards=[admit, refuse_unknown_parameters],
        dependencies={"page": Provide(provide_page, sync_to_thread=False)},
        request_max_body_size=MAX_BODY,
    ),
)

__all__ = ["ROUTES", "on_answer"]
