"""The admin API: a file per resource. A new resource is one file and one line in `ROUTES`."""

from litestar.types import ControllerRouterHandler

from heliograph.api.admin import (
    audit,
    deliveries,
    glue,
    groups,
    keys,
    notifications,
    profiles,
    projects,
    providers,
    site,
    subscriptions,
    vapid_keys,
    why,
)

ROUTES: tuple[ControllerRouterHandler, ...] = (
    *projects.ROUTES,
    *keys.ROUTES,
    *vapid_keys.ROUTES,
    *providers.ROUTES,
    *notifications.ROUTES,
    *deliveries.ROUTES,
    *why.ROUTES,
    *subscriptions.ROUTES,
    *profiles.ROUTES,
    *groups.ROUTES,
    *glue.ROUTES,
    *audit.ROUTES,
    *site.ROUTES,
)
