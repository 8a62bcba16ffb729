"""`/metrics` for Prometheus: what this process counted, and how the installation is doing, asked when it is scraped.

On the API's port it needs a token of its own, and without the setting there is nothing. On a port of its own
(`metrics_app`) whoever reaches the port may read.
"""

import hmac
from typing import Any

from litestar import Litestar, Request, Response, get
from litestar.datastructures import State

from heliograph.actions import condition
from heliograph.api.wired import Wired
from heliograph.bootstrap import Heliograph
from heliograph.errors import NotFound, Unauthorized, Unavailable
from heliograph.kit.metrics import CONTENT_TYPE
from heliograph.names import Metric


@get("/metrics", include_in_schema=False)
async def metrics(request: Request[Any, Any, State], heliograph: Wired) -> Response[bytes]:
    """Show the meters to who has the token."""
    if heliograph.metrics_token is None:
        raise NotFound("There is nothing at this address; /docs lists what there is.")
    scheme, _, token = request.headers.get("authorization", "").strip().partition(" ")
    shown, wanted = token.strip().encode(), heliograph.metrics_token.encode()
    if scheme.lower() != "bearer" or not hmac.compare_digest(shown, wanted):
        raise Unauthorized("Show the token of HELIOGRAPH_METRICS_TOKEN: Authorization: Bearer ….")
    return await _answer(heliograph)


@get("/metrics", include_in_schema=False)
async def open_metrics(request: Request[Any, Any, State]) -> Response[bytes]:
    """Show the meters."""
    return await _answer(request.app.state.heliograph)


def metrics_app(heliograph: Heliograph) -> Litestar:
    """Return the application of the port that has nothing but `/metrics`."""
    return Litestar([open_metrics], state=State({"heliograph": heliograph}), openapi_config=None, logging_config=None)


async def _answer(heliograph: Heliograph) -> Response[bytes]:
    await measure_installation(heliograph)
    headers = {"Content-Type": CONTENT_TYPE, "Cache-Control": "no-store"}
    return Response(heliograph.meters.render().encode(), headers=headers)


async def measure_installation(heliograph: Heliograph) -> None:
    """Ask the database; while it does not answer, the gauges keep what they had and the process's own numbers count."""
    now = heliograph.clock.now()
    try:
        async with heliograph.store.read() as tx:
            found = await condition.look(tx, now=now)
    except Unavailable:
        return
    meters = heliograph.meters
    for state, count in (("due", found.due), ("running", found.running), ("dead", found.dead)):
        meters.set(Metric.JOBS, count, state=state)
    meters.set(Metric.OLDEST_JOB_SECONDS, round(found.waited.total_seconds(), 3))
    meters.set(Metric.KEY_BREAKERS_OPEN, len(found.paused_keys))
    meters.set(Metric.WEBHOOKS_FAILING, len(found.failing_webhooks))
    meters.set(Metric.WORKER_ALIVE, found.has_worker)
