"""The public API: what pages, service workers and simulated agents call. A file per resource."""

from litestar.types import ControllerRouterHandler

ROUTES: tuple[ControllerRouterHandler, ...] = ()
