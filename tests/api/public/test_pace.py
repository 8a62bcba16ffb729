"""Callers of the public API that come too fast."""

from datetime import timedelta

import httpx
import pytest
from litestar import Litestar
from tests.support.pages import Site, problem
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from heliograph.bootstrap import Heliograph
from heliograph.kit.clock import FrozenClock
from heliograph.kit.pace import Pace
from heliograph.names import Metric

HOME, OFFICE = "203.0.113.7", "198.51.100.9"


@pytest.fixture
def slow(heliograph: Heliograph, app: Litestar) -> Heliograph:
    """The installation with limits that a test can reach: two a minute for an address, five for a key."""
    values = {name: getattr(heliograph, name) for name in Heliograph.__dataclass_fields__}
    limited = Heliograph(**values | {"address_pace": Pace(2), "key_pace": Pace(5)})
    app.state["heliograph"] = limited
    return limited


def _from(app: Litestar, address: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, client=(address, 1)), base_url="http://push.test")


async def _statuses(client: httpx.AsyncClient, times: int, **headers: str) -> list[int]:
    return [(await client.get("/v1/public/config", headers=headers)).status_code for _ in range(times)]


async def test_an_address_that_comes_too_fast_has_to_wait(
    site: Site, slow: Heliograph, app: Litestar, clock: FrozenClock
):
    """It is told how long; others go on; the page may read the answer; it is counted."""
    key = {"Heliograph-Key": site.key, "Origin": site.origin}
    async with _from(app, HOME) as home, _from(app, OFFICE) as office:
        assert await _statuses(home, 2, **key) == [200, 200]
        refused = await home.get("/v1/public/config", headers=key)
        problem(refused, 429, "too_many_requests")
        assert refused.headers["retry-after"] == "30"
        assert refused.headers["access-control-allow-origin"] == site.origin
        assert await _statuses(office, 1, **key) == [200]
        clock.advance(timedelta(seconds=30))
        assert await _statuses(home, 1, **key) == [200]
    assert slow.meters.value(Metric.RATE_LIMITED, limit="address") == 1


async def test_guessing_keys_is_limited_too(site: Site, slow: Heliograph, app: Litestar):
    """The address counts before the key is looked up, and a wrong key takes nothing from a right one."""
    async with _from(app, HOME) as client:
        guessed = [await _statuses(client, 1, **{"Heliograph-Key": f"hpk_{number}"}) for number in range(4)]
    assert guessed == [[401], [401], [429], [429]]


async def test_a_key_that_is_used_too_fast_has_to_wait(site: Site, other_site: Site, slow: Heliograph, app: Litestar):
    """From however many addresses; other projects' keys go on."""
    statuses = []
    for number in range(6):
        async with _from(app, f"192.0.2.{number}") as client:
            statuses += await _statuses(client, 1, **{"Heliograph-Key": site.key})
    async with _from(app, OFFICE) as client:
        other = await _statuses(client, 1, **{"Heliograph-Key": other_site.key})
    assert (statuses, other) == ([200] * 5 + [429], [200])


async def test_only_a_trusted_proxy_says_who_calls(site: Site, slow: Heliograph, app: Litestar):
    """Behind one the visitor counts, as uvicorn reads X-Forwarded-For; a stranger's header changes nothing."""
    proxied = ProxyHeadersMiddleware(app, trusted_hosts="127.0.0.1")
    key = {"Heliograph-Key": site.key}
    async with _from(proxied, "127.0.0.1") as proxy, _from(proxied, HOME) as stranger:
        assert await _statuses(proxy, 3, **key, **{"X-Forwarded-For": HOME}) == [200, 200, 429]
        assert await _statuses(proxy, 1, **key, **{"X-Forwarded-For": OFFICE}) == [200]
        assert await _statuses(stranger, 1, **key, **{"X-Forwarded-For": "192.0.2.200"}) == [429]


async def test_the_admin_api_and_this_machine_are_not_limited(site: Site, slow: Heliograph, app: Litestar):
    """Simulated browsers and one's own servers may come as fast as they can."""
    async with _from(app, "127.0.0.1") as local:
        preflight = {"Origin": site.origin, "Access-Control-Request-Method": "POST"}
        assert {(await local.options("/v1/public/config", headers=preflight)).status_code for _ in range(20)} == {204}
    async with _from(app, HOME) as client:
        assert {(await client.get("/v1/keys", headers=site.admin)).status_code for _ in range(9)} == {200}


async def test_a_flood_of_new_visitors_is_held_up(
    site: Site, heliograph: Heliograph, app: Litestar, clock: FrozenClock
):
    """One address brings so many visitors a minute and no more; those that are known go on, and so do others."""
    values = {name: getattr(heliograph, name) for name in Heliograph.__dataclass_fields__}
    app.state["heliograph"] = Heliograph(**values | {"visitor_pace": Pace(2)})
    headers = {"Heliograph-Key": site.key, "Origin": site.origin}

    async def tell(client: httpx.AsyncClient, number: int) -> httpx.Response:
        event = {"id": "1", "name": "a", "at": clock.now().isoformat()}
        body = {"visitor": f"hvi_{number:022}", "events": [event]}
        return await client.post("/v1/public/events", json=body, headers=headers)

    async with _from(app, HOME) as home, _from(app, OFFICE) as office:
        assert [(await tell(home, number)).status_code for number in range(2)] == [202, 202]
        problem(await tell(home, 2), 429, "too_many_requests")
        assert (await tell(home, 0)).status_code == 202
        assert (await tell(office, 3)).status_code == 202
        clock.advance(timedelta(seconds=30))
        assert (await tell(home, 2)).status_code == 202
