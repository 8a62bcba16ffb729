"""The story of a shop that moves here: its vendor's subscriptions receive, and their browsers come over."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from tests.support import files
from tests.support.pages import Site
from tests.support.world import World

from heliograph.actions import import_file, imports
from heliograph.actions.imports import Options, SigningKey
from heliograph.api.app import create_app
from heliograph.devpush import Service
from heliograph.domain.notification import Audience, AudienceKind
from heliograph.errors import Conflict
from heliograph.protocols import base64url, vapid
from heliograph.storage.imports import Import


@pytest.fixture
async def site(world: World) -> AsyncIterator[Site]:
    """The pages of the world's project."""
    transport = httpx.ASGITransport(create_app(world.heliograph))
    async with httpx.AsyncClient(transport=transport, base_url="http://push.test") as client:
        yield Site(world.project, client)


async def _blocks(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 1_000):
        yield data[start : start + 1_000]


async def _begin(world: World, *, as_active: bool) -> Import:
    key = SigningKey(private=files.PRIVATE, as_active=as_active)
    async with world.store.begin() as tx:
        project_id = world.project.project.id
        return await imports.create(tx, world.heliograph.context(), project_id=project_id, options=Options(), key=key)


async def _run(world: World, one: Import, data: bytes) -> Import:
    return await import_file.run(world.store, world.heliograph.context, world.heliograph.policy, one, _blocks(data))


def _rows(agents: Any) -> bytes:
    return files.as_csv(
        [
            {
                "endpoint": agent.endpoint,
                "p256dh": base64url.encode(agent.p256dh),
                "auth": base64url.encode(agent.auth),
                "uid": f"person {number}",
                "tags": "news",
            }
            for number, agent in enumerate(agents)
        ]
    )


@pytest.mark.parametrize("as_active", [True, False])
async def test_imported_subscriptions_receive_and_come_over(world: World, site: Site, as_active: bool):
    """Signed with the vendor's key, decrypted by the browser; a visit takes the row over, with group and person."""
    fleet = await world.agents(3, Service.MOZILLA, Service.FCM, Service.WNS, key=vapid.public_bytes(files.VENDOR))
    done = await _run(world, await _begin(world, as_active=as_active), _rows(fleet.agents))
    assert done.counts == {"created": 3}
    notification = await world.notify(Audience(AudienceKind.GROUP, group="news"))
    await world.work()
    await fleet.wait_until(lambda counts: counts.decrypted == 3)
    assert await world.counts(notification) == {"accepted": 3}

    agent = fleet.agents[0]
    answer = await site.call(
        "POST",
        "/subscriptions",
        {
            "endpoint": agent.endpoint,
            "keys": {"p256dh": base64url.encode(agent.p256dh), "auth": base64url.encode(agent.auth)},
            "application_server_key": files.PUBLIC,
        },
    )
    assert answer.status_code == 200
    own = await world.subscription(answer.json()["id"])
    assert (own.external_id, answer.json()["groups"]) == ("person 0", [{"name": "news", "identifier": None}])


async def test_two_at_one_import_do_nothing_twice(world: World, monkeypatch: pytest.MonkeyPatch):
    """Who comes second is told so; what is kept was written once."""
    monkeypatch.setattr(import_file, "PORTION", 20)
    one = await _begin(world, as_active=True)
    data = files.as_csv([files.plain(number) for number in range(100)])
    first = await _run(world, one, data[: len(data) // 2])
    assert first.state == "finished"
    with pytest.raises(Conflict):
        await _run(world, one, data)
