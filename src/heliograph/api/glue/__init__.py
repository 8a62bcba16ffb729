"""The Glue API: Spryker's push notification interface (JSON:API), at Spryker's addresses. A file per resource.

It is documented in `docs/reference/glue.md` and not in the OpenAPI document: its types are Spryker's, not ours.
"""

from litestar import Router
from litestar.di import Provide
from litestar.types import ControllerRouterHandler

from heliograph.api.glue import providers, subscriptions, token
from heliograph.api.glue.access import authenticate, provide_account
from heliograph.api.glue.answers import in_spryker_words
from heliograph.api.glue.cors import on_answer, preflights
from heliograph.api.public.pace import limit_address

_HANDLERS = (token.create_token, *providers.ROUTES, *subscriptions.ROUTES)

ROUTES: tuple[ControllerRouterHandler, ...] = (
    Router(
        "/",
        # Preflights first: to a path that comes without OPTIONS Litestar adds a handler of its own, which stays.
        route_handlers=[preflights(_HANDLERS), *_HANDLERS],
        guards=[limit_address, authenticate],
        dependencies={"account": Provide(provide_account, sync_to_thread=False)},
        include_in_schema=False,
    ),
)

__all__ = ["ROUTES", "in_spryker_words", "on_answer"]
