"""Subscribing through the Glue API: what is taken, what is kept, what is renewed, and what is never shown."""

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from tests.api.glue.conftest import PROVIDERS, SUBSCRIPTIONS, Glue, codes, document, make_account, wish
from tests.support.api import Tenant
from tests.support.pages import Browser, rows

from heliograph.actions import accounts, glue_settings
from heliograph.domain.glue import GlueSettings
from heliograph.kit.clock import FrozenClock
from heliograph.kit.ids import from_uuid
from heliograph.protocols import base64url
from heliograph.storage import pruning
from heliograph.storage.tables import subscriptions


async def _row(glue: Glue) -> Any:
    (found,) = await rows(glue.heliograph.store, subscriptions)
    return SimpleNamespace(**found)


async def test_what_is_answered_and_what_is_kept(glue: Glue, clock: FrozenClock) -> None:
    """The answer repeats what came, without the secret; `/v1` shows the subscription in its group."""
    browser = Browser.new("a")
    response = await glue.subscribe(browser)
    assert response.status_code == 201, response.text
    data = response.json()["data"]
    assert data["attributes"] == {
        "providerName": "web-push-php",
        "payload": {"endpoint": browser.endpoint, "publicKey": browser.keys()["p256dh"]},
        "localeName": "en_US",
        "group": {"name": "warehouse", "identifier": "42"},
    }
    assert browser.keys()["auth"] not in response.text
    subscription_id = from_uuid("sub", data["id"])
    listed = await glue.client.get("/v1/subscriptions?group=warehouse&identifier=42", headers=glue.tenant.manage)
    assert [(one["id"], one["state"]) for one in listed.json()["items"]] == [(subscription_id, "active")]
    assert data["links"]["self"].endswith(f"{SUBSCRIPTIONS}/{data['id']}")
    row = await _row(glue)
    assert (row.p256dh, row.auth, row.language) == (browser.p256dh, browser.auth, "en-US")
    assert row.expires_at == clock.now() + timedelta(days=7)


async def test_the_form_that_browsers_give(glue: Glue) -> None:
    """The Fulfillment App sends `PushSubscription.toJSON()` and no locale."""
    browser = Browser.new("a")
    payload = {"endpoint": browser.endpoint, "expirationTime": None, "keys": browser.keys()}
    body = wish(browser) | {"payload": payload, "group": {"name": "warehouse", "identifier": 1234}}
    del body["localeName"]
    response = await glue.call("POST", SUBSCRIPTIONS, document(**body))
    assert response.status_code == 201, response.text
    attributes = response.json()["data"]["attributes"]
    assert attributes["localeName"] is None
    assert attributes["group"] == {"name": "warehouse", "identifier": "1234"}
    assert attributes["payload"] == payload | {"keys": {"p256dh": browser.keys()["p256dh"]}}
    assert (await _row(glue)).auth == browser.auth


async def test_subscribing_again_renews(glue: Glue, clock: FrozenClock) -> None:
    """Spryker's clients are told 5003 and may swallow it: they get their seven days all the same."""
    browser = Browser.new("a")
    first = await glue.subscribe(browser)
    clock.advance(timedelta(days=5))
    assert codes(await glue.subscribe(browser)) == ["5003"]
    assert (await _row(glue)).expires_at == clock.now() + timedelta(days=7)

    both = await glue.subscribe(browser, localeName="nowhere at all")
    assert (both.status_code, codes(both)) == (207, ["5003", "5009"])

    await glue.want(repeat_is_error=False)
    again = await glue.subscribe(browser)
    assert (again.status_code, again.json()["data"]["id"]) == (201, first.json()["data"]["id"])

    await glue.want(subscription_ttl=None)
    assert codes(await glue.subscribe(browser)) == ["5003"]
    assert (await _row(glue)).expires_at is None


async def test_an_error_renews_nothing(glue: Glue, clock: FrozenClock) -> None:
    """Only the error that a repetition is leaves something behind."""
    browser = Browser.new("a")
    await glue.subscribe(browser)
    before = await rows(glue.heliograph.store, subscriptions)
    clock.advance(timedelta(days=1))
    assert codes(await glue.subscribe(browser, localeName="x y")) == ["5003", "5009"]
    assert await rows(glue.heliograph.store, subscriptions) == before


async def test_more_groups_and_other_providers(glue: Glue) -> None:
    """One browser is one subscription in several groups; it moves to the provider that is named last."""
    browser = Browser.new("a")
    first = await glue.subscribe(browser)
    second = await glue.subscribe(browser, group={"name": "warehouse", "identifier": ""})
    assert second.json()["data"]["id"] == first.json()["data"]["id"]
    assert second.json()["data"]["attributes"]["group"]["identifier"] is None
    await glue.provider("other")
    assert (await glue.subscribe(browser, providerName="other")).status_code == 201
    assert codes(await glue.subscribe(browser, providerName="other")) == ["5003"]
    subscription_id = from_uuid("sub", first.json()["data"]["id"])
    shown = await glue.client.get(f"/v1/subscriptions/{subscription_id}", headers=glue.tenant.manage)
    assert shown.json()["groups"] == [
        {"name": "warehouse", "identifier": None},
        {"name": "warehouse", "identifier": "42"},
    ]


async def test_coming_back_after_the_end(glue: Glue, clock: FrozenClock) -> None:
    """What expired is ended by the sweep with its reason, and lives again when the browser comes back."""
    browser = Browser.new("a")
    first = await glue.subscribe(browser)
    clock.advance(timedelta(days=8))
    # Over, though nothing has swept yet: no repetition.
    assert (await glue.subscribe(browser)).status_code == 201
    clock.advance(timedelta(days=8))
    async with glue.heliograph.store.begin() as tx:
        assert await pruning.end_expired(tx, now=clock.now(), limit=100) == 1
        assert await pruning.end_expired(tx, now=clock.now(), limit=100) == 0
    row = await _row(glue)
    assert (row.state, row.state_reason, row.ended_at) == ("gone", "expired", clock.now())
    again = await glue.subscribe(browser)
    assert (again.status_code, again.json()["data"]["id"]) == (201, first.json()["data"]["id"])
    row = await _row(glue)
    assert (row.state, row.ended_at, row.endpoint_since) == ("active", None, clock.now())


async def test_a_browser_that_registered_by_itself(glue: Glue) -> None:
    """What the page's own script registers lives as long as its endpoint; joining through Glue does not shorten it."""
    browser = Browser.new("a")
    await glue.subscribe(browser)
    key = base64url.encode(glue.tenant.made.vapid_key.public_key)
    body = {"endpoint": browser.endpoint, "keys": browser.keys(), "application_server_key": key}
    response = await glue.client.post("/v1/public/subscriptions", json=body, headers=glue.tenant.page)
    assert response.status_code == 200, response.text
    assert (await _row(glue)).expires_at is None
    assert codes(await glue.subscribe(browser)) == ["5003"]
    assert (await _row(glue)).expires_at is None
    secret = {"Authorization": f"Bearer {response.json()['secret']}"}
    shown = await glue.client.get(
        f"/v1/public/subscriptions/{response.json()['id']}", headers=glue.tenant.page | secret
    )
    assert shown.status_code == 200


async def test_keys_and_endpoint_are_checked(glue: Glue) -> None:
    """What could never be sent to, or leads inside, is an invalid payload with the reason; nothing is stored."""
    browser, other = Browser.new("a"), Browser.new("b")
    good = wish(browser)["payload"]
    odd: list[Any] = [
        None,
        [],
        "x",
        {},
        {"endpoint": browser.endpoint},
        {"endpoint": "", "publicKey": "x", "authToken": "y"},
        good | {"endpoint": "https://127.0.0.1/x"},
        good | {"endpoint": "http://fcm.googleapis.com/x"},
        good | {"endpoint": "https://evil.example/x"},
        good | {"endpoint": 1},
        good | {"publicKey": "AAAA"},
        good | {"publicKey": base64url.encode(b"\x04" + b"\x01" * 64)},
        good | {"authToken": "AAAA"},
        good | {"authToken": None},
        good | {"keys": {"p256dh": "x"}},
        good | {"expirationTime": "soon"},
        good | {"expirationTime": True},
        good | {"expirationTime": -1},
        good | {"applicationServerKey": base64url.encode(other.p256dh)},
        good | {"applicationServerKey": {"a": 1}},
    ]
    for payload in odd:
        response = await glue.subscribe(browser, payload=payload)
        assert codes(response) == ["5400"], payload
        assert response.json()["errors"][0]["message"] == "Invalid payload structure."
        assert "detail" in response.json()["errors"][0]
    assert await rows(glue.heliograph.store, subscriptions) == []
    assert (await glue.subscribe(browser)).status_code == 201
    stolen = good | {"publicKey": other.keys()["p256dh"]}
    assert codes(await glue.subscribe(browser, payload=stolen, group={"name": "news"})) == ["5400"]


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"providerName": None}, ["5400"]),
        ({"providerName": ""}, ["5400"]),
        ({"group": None}, ["5400"]),
        ({"group": "warehouse"}, ["5400"]),
        ({"group": {}}, ["5400"]),
        ({"group": {"name": 5}}, ["5400"]),
        ({"group": {"name": "warehouse", "identifier": ["42"]}}, ["5400"]),
        ({"group": {"name": "warehouse", "identifier": True}}, ["5400"]),
        ({"group": {"name": "warehouse", "identifier": 1.5}}, ["5400"]),
        ({"group": {"name": "Warehouse"}}, ["5002"]),
        ({"group": {"name": "w" * 65}}, ["5002"]),
        ({"group": {"name": "warehouse", "identifier": "x" * 129}}, ["5002"]),
        ({"group": {"name": "warehouse", "identifier": "a\nb"}}, ["5002"]),
        ({"localeName": "english"}, ["5009"]),
        ({"localeName": 5}, ["5009"]),
        ({"localeName": ["en_US"]}, ["5009"]),
        ({"providerName": "nobody", "localeName": "english"}, ["5001", "5009"]),
    ],
)
async def test_odd_attributes(attributes: dict[str, Any], expected: list[str], glue: Glue) -> None:
    """What Spryker answers with a crash is an error here, and nothing is stored."""
    response = await glue.subscribe(Browser.new("a"), **attributes)
    assert codes(response) == expected
    assert await rows(glue.heliograph.store, subscriptions) == []


async def test_claims_open_groups(glue: Glue, clock: FrozenClock) -> None:
    """Who may join a claimed group is said by the shop's server: a JWT with the group, its end, and our secret."""
    async with glue.heliograph.store.begin() as tx:
        ctx = glue.heliograph.context()
        secret = await glue_settings.rotate_claim_secret(tx, ctx, project_id=glue.tenant.id)
        settings = GlueSettings(claimed_groups=("warehouse",))
        await glue_settings.put(tx, ctx, project_id=glue.tenant.id, settings=settings)
    browser, now = Browser.new("a"), int(clock.now().timestamp())

    def claim(key: str = secret, **claims: Any) -> str:
        return jwt.encode({"groups": ["warehouse/42"], "exp": now + 600} | claims, key, algorithm="HS256")

    refused = [
        None,
        "",
        "x.y.z",
        5,
        "é",
        "x" * 9000,
        claim("another secret of thirty-two bytes"),
        claim(exp=now - 61),
        claim(exp=now + 90_000),
        claim(exp="soon"),
        claim(exp=1e300),
        claim(groups=["warehouse"]),
        claim(groups=["warehouse/4"]),
        claim(groups="warehouse/42"),
        claim(groups=[5, None]),
        jwt.encode({"groups": ["warehouse/42"], "exp": now + 600}, None, algorithm="none"),
    ]
    for given in refused:
        response = await glue.subscribe(browser, claim=given)
        assert codes(response) == ["5400"], given
        assert response.json()["errors"][0]["message"] == "Warehouse not found."
    assert (await glue.subscribe(browser, group={"name": "news"})).status_code == 201
    assert (await glue.subscribe(browser, claim=claim())).status_code == 201
    payload = wish(Browser.new("b"))["payload"] | {"claim": claim()}
    answered = await glue.subscribe(Browser.new("b"), payload=payload)
    assert (answered.status_code, "claim" in answered.json()["data"]["attributes"]["payload"]) == (201, False)


async def test_one_project_never_touches_another(glue: Glue, bob: Tenant) -> None:
    """The same endpoint in two projects is two subscriptions; the token decides which."""
    stranger = await make_account(glue.heliograph, bob, "bob", "subscribe")
    token = accounts.issue_token(glue.heliograph.context(), stranger.account)
    body = document(**wish(Browser.new("a")))
    ids = {
        (await glue.call("POST", SUBSCRIPTIONS, body, token=one)).json()["data"]["id"] for one in (glue.token, token)
    }
    assert len(ids) == 2
    assert codes(await glue.call("POST", PROVIDERS, document(name="x"), token=token)) == [None]


async def test_nothing_secret_is_shown_in_errors(glue: Glue) -> None:
    """No error repeats the endpoint or a key."""
    browser = Browser.new("somebody")
    for attributes in ({"localeName": "x y"}, {"group": {"name": "A"}}, {"payload": {"endpoint": browser.endpoint}}):
        response = await glue.subscribe(browser, **attributes)
        for text in (browser.endpoint, *browser.keys().values()):
            assert text not in json.dumps(response.json())
