"""Whether this process lives, and whether it can serve: for load balancers and orchestrators."""

import msgspec
from litestar import get

from heliograph.api.wired import Wired


class Health(msgspec.Struct, frozen=True):
    """The state of this process."""

    status: str


@get("/health/live", summary="Is the process alive", tags=["Health"], opt={"answer": Health("alive")})
async def live() -> Health:
    """Answer as long as the process runs; asks nothing of the database."""
    return Health("alive")


@get("/health/ready", summary="Can the process serve", tags=["Health"], opt={"answer": Health("ready")})
async def ready(heliograph: Wired) -> Health:
    """Answer 200 when the database answers, and 503 while it does not."""
    await heliograph.store.check()
    return Health("ready")
