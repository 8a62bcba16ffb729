"""Callers of the Glue API that come too fast, and strangers who guess passwords."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import httpx
import pytest
from litestar import Litestar
from tests.api.glue.conftest import JSON_API, PROVIDERS, Glue
from tests.support.api import bearer

from heliograph.bootstrap import Heliograph
from heliograph.kit.clock import FrozenClock
from heliograph.kit.guesses import Guesses
from heliograph.kit.pace import Pace
from heliograph.names import Metric

SHOP, STRANGER = "203.0.113.7", "198.51.100.9"


@pytest.fixture
def limited(heliograph: Heliograph, app: Litestar) -> Heliograph:
    """The installation with limits that a test can reach: twelve calls and two wrong passwords a minute."""
    values = {name: getattr(heliograph, name) for name in Heliograph.__dataclass_fields__}
    made = Heliograph(**values | {"address_pace": Pace(12), "guesses": Guesses(1)})
    app.state["heliograph"] = made
    return made


@asynccontextmanager
async def _from(app: Litestar, address: str) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://push.test") as client:
        yield client


async def _token(glue: Glue, client: httpx.AsyncClient, password: str = "") -> httpx.Response:
    name = glue.made.account.name
    form = {"grant_type": "password", "username": name, "password": password or glue.made.password}
    return await client.post("/token", data=form)


def _refused(response: httpx.Response, seconds: int) -> None:
    assert response.status_code == 429, response.text
    assert response.headers["content-type"].startswith(JSON_API)
    (error,) = response.json()["errors"]
    assert (error["code"], error["status"]) == ("too_many_requests", 429)
    assert error["message"]
    assert response.headers["retry-after"] == str(seconds)


async def test_an_address_that_comes_too_fast_has_to_wait(
    glue: Glue, limited: Heliograph, app: Litestar, clock: FrozenClock
) -> None:
    """At every address of the Glue API, with a token or without, and in its own form; others go on."""
    async with _from(app, STRANGER) as stranger, _from(app, SHOP) as shop:
        for _ in range(4):
            assert (await stranger.get(PROVIDERS)).status_code == 401
            assert (await stranger.get(PROVIDERS, headers=bearer(glue.token))).status_code == 200
            assert (await stranger.post("/token", data={})).status_code == 400
        for path in (PROVIDERS, f"{PROVIDERS}/x"):
            _refused(await stranger.get(path, headers=bearer(glue.token)), 5)
        _refused(await stranger.post("/token", data={}), 5)
        assert (await shop.get(PROVIDERS, headers=bearer(glue.token))).status_code == 200
        clock.advance(timedelta(seconds=5))
        assert (await stranger.get(PROVIDERS, headers=bearer(glue.token))).status_code == 200
    assert limited.meters.value(Metric.RATE_LIMITED, limit="address") == 3


async def test_guessing_a_password_is_slowed(
    glue: Glue, limited: Heliograph, app: Litestar, clock: FrozenClock
) -> None:
    """One wrong password a minute: the next try has to wait, even a right one; a minute later it is let through."""
    async with _from(app, STRANGER) as stranger:
        assert (await _token(glue, stranger, "wrong")).status_code == 400
        _refused(await _token(glue, stranger, "wrong"), 60)
        _refused(await _token(glue, stranger), 60)
        clock.advance(timedelta(minutes=1))
        assert [(await _token(glue, stranger)).status_code for _ in range(3)] == [200] * 3
    assert limited.meters.value(Metric.RATE_LIMITED, limit="password") == 2


async def test_a_name_that_does_not_exist_is_slowed_alike(glue: Glue, limited: Heliograph, app: Litestar) -> None:
    """A limit that came sooner or later would tell which names there are."""
    async with _from(app, STRANGER) as stranger:
        form = {"grant_type": "password", "username": "nobody", "password": "wrong"}
        assert (await stranger.post("/token", data=form)).status_code == 400
        _refused(await stranger.post("/token", data=form), 60)


@pytest.mark.parametrize("known_by", ["password", "token"])
async def test_strangers_do_not_lock_a_shop_out(glue: Glue, limited: Heliograph, app: Litestar, known_by: str) -> None:
    """However many addresses guess its password: where the shop logged in or used its token, it logs in again."""
    async with _from(app, SHOP) as shop:
        if known_by == "password":
            assert (await _token(glue, shop)).status_code == 200
        else:
            assert (await shop.get(PROVIDERS, headers=bearer(glue.token))).status_code == 200
        statuses = []
        for number in range(8):
            async with _from(app, f"192.0.2.{number}") as stranger:
                statuses.append((await _token(glue, stranger, "wrong")).status_code)
        assert statuses == [400] * 6 + [429] * 2
        assert (await _token(glue, shop)).status_code == 200
