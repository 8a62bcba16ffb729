"""What a page needs before it subscribes: `/v1/public/config`."""

from litestar import Response, get

from heliograph.api.operation import operation
from heliograph.api.public.access import FOR_OPENERS, Page
from heliograph.api.public.forms import ConfigView
from heliograph.protocols import base64url


@get("/config", summary="Get the configuration of a page", tags=["Public"], opt=operation() | FOR_OPENERS)
async def get_config(page: Page) -> Response[ConfigView]:
    """Return the application server key to subscribe with. Asked on page views, and answered without the database."""
    project = page.project
    view = ConfigView(
        project=project.id,
        application_server_key=base64url.encode(project.active_key.public_key),
        vapid_key_id=project.active_key.id,
    )
    # A page that subscribes with an old key would have to do it again.
    return Response(view, headers={"Cache-Control": "no-cache"})


ROUTES = (get_config,)
