"""The public API: what pages, service workers and simulated agents call. A file per resource, a line in `_HANDLERS`."""

from litestar import Router
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from heliograph.api.public import campaigns, config, events, groups, identity, receipts, subscriptions, windows
from heliograph.api.public.access import admit, provide_page, refuse_unknown_parameters
from heliograph.api.public.cors import on_answer, preflights
from heliograph.api.public.pace import limit_address, limit_key

_HANDLERS = (
    *config.ROUTES,
    *subscriptions.ROUTES,
    *groups.ROUTES,
    *identity.ROUTES,
    *receipts.ROUTES,
    *events.ROUTES,
    *campaigns.ROUTES,
    *windows.ROUTES,
)

ROUTES: tuple[ControllerRouterHandler, ...] = (
    Router(
        "/v1/public",
        # Preflights first: to a path that comes without OPTIONS Litestar adds a handler of its own, which stays.
        route_handlers=[preflights(_HANDLERS), *_HANDLERS],
        guards=[limit_address, admit, limit_key, refuse_unknown_parameters],
        dependencies={"page": Provide(provide_page, sync_to_thread=False)},
    ),
)

__all__ = ["ROUTES", "on_answer"]
