"""The ASGI application: every route, the guards in front of them, and the translation of errors."""

from litestar import Router
from litestar.datastructures import State
from litestar.di import Provide

from heliograph.api import admin, glue, health, public, push_host, static
from heliograph.api.application import Application
from heliograph.api.auth import authenticate, provide_caller
from heliograph.api.limits import refuse_nul, refuse_other_media, refuse_the_word_null, refuse_unknown_parameters
from heliograph.api.metrics import metrics
from heliograph.api.problems import HANDLERS, MAX_BODY
from heliograph.api.reading import StrictRequest
from heliograph.api.reference import openapi_json, reference, start
from heliograph.api.wired import provide_heliograph
from heliograph.bootstrap import Heliograph


def create_app(heliograph: Heliograph) -> Application:
    """Return the ASGI application of a wired installation, which the caller closes afterwards."""
    admin_router = Router(
        "/v1",
        route_handlers=list(admin.ROUTES),
        guards=[authenticate, refuse_other_media, refuse_unknown_parameters, refuse_the_word_null],
        dependencies={"caller": Provide(provide_caller, sync_to_thread=False)},
        # Answers hold new keys and people's data.
        response_headers={"Cache-Control": "no-store"},
    )
    return Application(
        [
            admin_router,
            *public.ROUTES,
            *glue.ROUTES,
            *health.ROUTES,
            metrics,
            openapi_json,
            reference,
            start,
            *static.ROUTES,
            *push_host.ROUTES,
        ],
        state=State({"heliograph": heliograph}),
        dependencies={"heliograph": Provide(provide_heliograph, sync_to_thread=False)},
        guards=[refuse_nul],
        before_send=[public.on_answer, glue.on_answer],
        exception_handlers=glue.in_spryker_words(HANDLERS),
        request_class=StrictRequest,
        request_max_body_size=MAX_BODY,
        openapi_config=None,
        logging_config=None,
        signature_types=[Heliograph],
    )
