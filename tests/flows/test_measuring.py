"""What a worker measures of what it does."""

from tests.support.world import World

from heliograph.devpush import Service
from heliograph.names import Metric


async def test_a_worker_counts_attempts_and_deliveries_by_push_service(world: World):
    """Each exchange is counted with its answer and its time, each delivery with what it became."""
    alive = await world.agents(3, Service.MOZILLA)
    other = await world.agents(1, Service.APPLE)
    await world.subscribe([*alive.agents, *other.agents])
    await world.notify()
    await world.work()

    meters = world.heliograph.meters
    assert meters.value(Metric.ATTEMPTS, push_service="mozilla", answer="201") == 3
    assert meters.value(Metric.ATTEMPT_SECONDS, push_service="mozilla") == 3
    assert meters.value(Metric.DELIVERIES, state="accepted", reason="", push_service="mozilla") == 3
    assert meters.value(Metric.DELIVERIES, state="accepted", reason="", push_service="apple") == 1
    assert "heliograph_host_breakers_open 0" in meters.render()
