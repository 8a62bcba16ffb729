"""The shop's own check of who may join what: asked, signed, believed, and never waited for long."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook as Foreign
from tests.api.glue.conftest import codes
from tests.support.pages import Browser, rows
from tests.support.receiver import receiver

from heliograph.delivery.receivers import Receivers
from heliograph.storage.tables import subscriptions

_SETTINGS = "/v1/glue-settings"


@pytest.fixture
async def check(glue, app):
    """A receiver that the operator allows, and that the project asks."""
    async with receiver() as made:
        glue.heliograph = replace(glue.heliograph, receivers=Receivers(frozenset({made.origin})))
        app.state.heliograph = glue.heliograph
        yield made


async def _asked(glue, check):
    made = await glue.client.post(f"{_SETTINGS}/check-secret", headers=glue.tenant.manage)
    body = {"check_url": check.url}
    assert (await glue.client.put(_SETTINGS, headers=glue.tenant.manage, json=body)).status_code == 200
    return made.json()["check_secret"]


async def test_who_is_allowed_joins(glue, check):
    """The question is signed, names account, group and the shop's own members, and holds no address and no key."""
    secret = await _asked(glue, check)
    check.answer = lambda _call: (200, {}, b'{"allowed": true}')
    browser = Browser.new("a")
    payload = {"endpoint": browser.endpoint, "keys": browser.keys(), "userId": 7}
    response = await glue.subscribe(browser, payload=payload)
    assert response.status_code == 201, response.text
    (call,) = check.calls
    asked = json.loads(call.body)
    assert asked["type"] == "glue.subscription_check"
    assert asked["data"]["group"] == {"name": "warehouse", "identifier": "42"}
    assert asked["data"]["payload"] == {"userId": 7}
    assert asked["data"]["account_id"].startswith("acc_")
    at = datetime.fromtimestamp(int(call.headers["webhook-timestamp"]), UTC)
    signature = Foreign(secret).sign(call.headers["webhook-id"], at, call.body.decode())
    assert call.headers["webhook-signature"] == signature
    for hidden in (browser.endpoint, *browser.keys().values()):
        assert hidden not in call.body.decode()


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        ((200, {}, b'{"allowed": false}'), "The shop does not allow it."),
        ((200, {}, b'{"allowed": false, "reason": "Not your warehouse."}'), "Not your warehouse."),
        ((200, {}, b"yes"), "must answer"),
        ((200, {}, b'{"allowed": "true"}'), "must answer"),
        ((200, {}, b""), "must answer"),
        ((500, {}, b""), "status 500: try again"),
        ((302, {"location": "http://127.0.0.1/"}, b""), "status 302: try again"),
    ],
)
async def test_everybody_else_joins_nothing(glue, check, answer, detail):
    """A refusal, a fault and nonsense are told as Spryker tells of an unknown warehouse; nothing is stored."""
    await _asked(glue, check)
    check.answer = lambda _call: answer
    response = await glue.subscribe(Browser.new("a"))
    assert (response.status_code, codes(response)) == (400, ["5400"])
    (error,) = response.json()["errors"]
    assert detail in json.dumps(error)
    assert await rows(glue.heliograph.store, subscriptions) == []


async def test_204_allows(glue, check):
    """A check that says nothing against it need not write JSON."""
    await _asked(glue, check)
    assert (await glue.subscribe(Browser.new("a"))).status_code == 201


async def test_a_check_that_never_answers_is_not_waited_for(glue, check, monkeypatch):
    """After some seconds the browser is told to try again."""
    monkeypatch.setattr("heliograph.delivery.glue_check.TIMEOUT", timedelta(seconds=0.3))
    await _asked(glue, check)
    check.hold = asyncio.Event()
    response = await asyncio.wait_for(glue.subscribe(Browser.new("a")), 10)
    assert codes(response) == ["5400"]
    assert "try again" in response.text


async def test_an_endless_answer_is_refused(glue, check):
    """Gigabytes are read no further than some kilobytes, and are no permission."""
    await _asked(glue, check)
    check.flood = True
    assert codes(await glue.subscribe(Browser.new("a"))) == ["5400"]
    assert check.sent < 50_000_000


async def test_an_address_needs_a_secret_and_must_lie_outside(glue, check):
    """Nobody is asked without a signature, and nobody inside is asked at all."""
    headers = glue.tenant.manage
    without = await glue.client.put(_SETTINGS, headers=headers, json={"check_url": check.url})
    assert without.status_code == 409
    inside = await glue.client.put(_SETTINGS, headers=headers, json={"check_url": "https://10.0.0.1/"})
    assert (inside.status_code, inside.json()["code"]) == (422, "receiver_refused")
