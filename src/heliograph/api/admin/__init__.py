"""The admin API: a file per resource. A new resource is one file and one line in `ROUTES`."""

from litestar.types import ControllerRouterHandler

from heliograph.api.admin import (
    audit,
    deliveries,
    events,
    exports,
    glue,
    groups,
    imports,
    keys,
    notifications,
    profiles,
    projects,
    providers,
    segments,
    site,
    site_window,
    subscriptions,
    vapid_keys,
    webhook_messages,
    webhooks,
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
    *events.ROUTES,
    *groups.ROUTES,
    *segments.ROUTES,
    *imports.ROUTES,
    *exports.ROUTES,
    *webhooks.ROUTES,
    *webhook_messages.ROUTES,
    *glue.ROUTES,
    *audit.ROUTES,
    *site.ROUTES,
    *site_window.ROUTES,
)
