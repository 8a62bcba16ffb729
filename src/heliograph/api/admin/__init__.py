"""The admin API: a file per resource. A new resource is one file and one line in `ROUTES`."""

from litestar.types import ControllerRouterHandler

from heliograph.api.admin import (
    deliveries,
    groups,
    keys,
    notifications,
    profiles,
    projects,
    providers,
    subscriptions,
    vapid_keys,
)

ROUTES: tuple[ControllerRouterHandler, ...] = (
    *projects.ROUTES,
    *keys.ROUTES,
    *vapid_keys.ROUTES,
    *providers.ROUTES,
    *notifications.ROUTES,
    *deliveries.ROUTES,
    *subscriptions.ROUTES,
    *profiles.ROUTES,
    *groups.ROUTES,
)
