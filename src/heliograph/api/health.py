"""Whether this process lives, and whether it can serve: for load balancers and orchestrators."""

import msgspec
from litestar import get

from heliograph.actions import condition
from heliograph.api.wired import Wired
from heliograph.bootstrap import Heliograph
from heliograph.errors import Unavailable
from heliograph.storage import migrate


class Health(msgspec.Struct, frozen=True):
    """The state of this process."""

    status: str


class Readiness(msgspec.Struct, frozen=True):
    """That this process can serve. `queue` is `moving`, or `stuck` when work is due and no worker does it."""

    status: str
    queue: str


_READY = Readiness("ready", "moving")


@get("/health/live", summary="Is the process alive", tags=["Health"], opt={"answer": Health("alive")})
async def live() -> Health:
    """Answer as long as the process runs; asks nothing of the database."""
    return Health("alive")


@get("/healthz", summary="Is the process alive, by its other name", tags=["Health"], opt={"answer": Health("alive")})
async def healthz() -> Health:
    """Answer as `/health/live` does."""
    return Health("alive")


@get("/health/ready", summary="Can the process serve", tags=["Health"], opt={"answer": _READY})
async def ready(heliograph: Wired) -> Readiness:
    """Answer 200 when the database answers and has this version's schema, 503 while it does not.

    A queue that is stuck is told and does not make the process unready: browsers can subscribe all the same.
    """
    return await _readiness(heliograph)


@get("/readyz", summary="Can the process serve, by its other name", tags=["Health"], opt={"answer": _READY})
async def readyz(heliograph: Wired) -> Readiness:
    """Answer as `/health/ready` does."""
    return await _readiness(heliograph)


async def _readiness(heliograph: Heliograph) -> Readiness:
    async with heliograph.store.read() as tx:
        missing = await migrate.missing(tx)
        if missing:
            raise Unavailable(f"The database lacks the revisions {', '.join(missing)}: run `heliograph migrate`.")
        found = await condition.look(tx, now=heliograph.clock.now())
    return Readiness("ready", "stuck" if found.is_stuck else "moving")


ROUTES = (live, healthz, ready, readyz)
