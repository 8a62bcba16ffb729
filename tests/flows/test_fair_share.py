"""Several large sends at a time: each gets its turn, however large the others are."""

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert
from tests.support.world import EVERYONE, World

from heliograph.actions import notifications, projects
from heliograph.actions.notifications import Draft
from heliograph.delivery import fanout
from heliograph.devpush import Service
from heliograph.devpush.agents import Agent
from heliograph.domain.notification import Content
from heliograph.names import JobName
from heliograph.queue.base import Job
from heliograph.storage.sql import chunks
from heliograph.storage.tables import subscriptions
from heliograph.worker.run import perform

_SIZE = 10


@pytest.fixture(autouse=True)
def small_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten receivers make a range here, so that a send of thirty turns is six thousand of them."""
    monkeypatch.setattr(fanout, "RANGE", _SIZE)


async def _audience(world: World, template: dict[str, Any], made: projects.CreatedProject, count: int) -> None:
    own = {"project_id": made.project.id, "provider_id": made.provider.id, "vapid_key_id": made.vapid_key.id}
    rows = []
    for number in range(count):
        endpoint = f"https://updates.push.services.mozilla.com/wpush/v2/{made.project.id}{number}"
        digest = hashlib.sha256(endpoint.encode()).digest()
        sub_id = f"sub_00{number:018}{made.project.id[-6:]}"
        rows.append(template | own | {"id": sub_id, "endpoint": endpoint, "endpoint_hash": digest})
    async with world.store.begin() as tx:
        for part in chunks(rows, columns=len(rows[0])):
            await tx.execute(insert(subscriptions), list(part))


async def _sends(world: World, made: projects.CreatedProject) -> str:
    content = Content(title="Harbour", body="The ferry leaves at nine.", url="https://shop.example/")
    heliograph = world.heliograph
    async with world.store.begin() as tx:
        draft = Draft(content=content, audience=EVERYONE)
        ctx = heliograph.context()
        return (await notifications.create(tx, ctx, heliograph.queue, project_id=made.project.id, draft=draft)).id


async def _ranges_in_order(world: World, count: int) -> list[str]:
    """Run the machine without sending anything; return whose ranges had their turn."""
    order: list[str] = []
    while len(order) < count:
        world.clock.advance(timedelta(milliseconds=5))
        jobs = await world.heliograph.queue.claim(
            worker=world.machine.worker, limit=1, lease=timedelta(minutes=1), now=world.clock.now()
        )
        if not jobs:
            break
        await _do(world, jobs[0], order)
    return order


async def _do(world: World, job: Job, order: list[str]) -> None:
    if job.name != JobName.SEND:
        await perform(world.machine, job)
        return
    order.append(job.args["notification_id"])
    async with world.store.begin() as tx:
        await world.machine.complete(tx, job)


async def test_a_large_send_does_not_starve_a_smaller_one(world: World) -> None:
    """Two projects take turns of twenty ranges, whichever asked first and however much the first still has to do."""
    (agent,) = (await world.agents(1, Service.MOZILLA)).agents
    async with world.store.begin() as tx:
        other = await projects.create(
            tx, world.heliograph.context(), name="Quay", origins=[], vapid_subject="mailto:ops@quay.example.com"
        )
    turn = fanout.RANGES_AT_ONCE
    template = _template(world, agent)
    await _audience(world, template, world.project, 30 * turn * _SIZE)
    await _audience(world, template, other, 2 * turn * _SIZE)
    large = await _sends(world, world.project)
    order = await _ranges_in_order(world, 3 * turn)
    small = await _sends(world, other)

    order = await _ranges_in_order(world, 6 * turn)

    last = max(number for number, one in enumerate(order) if one == small)
    assert order.count(small) == 2 * turn
    assert last < 5 * turn
    assert set(order[last + 1 :]) == {large}


def _template(world: World, agent: Agent) -> dict[str, Any]:
    return world.row("", agent, world.clock.now() - timedelta(days=1), None)
