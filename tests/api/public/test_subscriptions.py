"""Registering, refreshing, replacing and ending a browser's subscription over HTTP."""

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.support.pages import Browser, Site, problem, row, rows

from heliograph.bootstrap import Heliograph
from heliograph.kit.clock import FrozenClock
from heliograph.protocols import base64url
from heliograph.storage.tables import memberships, subscriptions


async def test_registering_gives_an_id_and_a_secret(site: Site, heliograph: Heliograph, clock: FrozenClock) -> None:
    """A browser that registers is told its id, its secret and what is known of it; what it said is kept."""
    browser = Browser.new("a")
    more = {
        "language": "en-GB",
        "time_zone": "Europe/Berlin",
        "expiration_time": 1_800_000_000_000,
        "groups": [{"name": "warehouse", "identifier": "42"}, {"name": "news", "identifier": None}, {"name": "news"}],
    }
    response = await site.call(
        "POST", "/subscriptions", browser.body(site, **more), headers={"User-Agent": "Browser/1 " + "x" * 500}
    )
    assert response.status_code == 201
    answer = response.json()
    assert answer["id"].startswith("sub_")
    assert answer["secret"].startswith("hss_")
    assert answer == {
        "id": answer["id"],
        "secret": answer["secret"],
        "state": "active",
        "vapid_key_id": site.project.vapid_key.id,
        "application_server_key_current": True,
        "groups": [{"name": "news", "identifier": None}, {"name": "warehouse", "identifier": "42"}],
        "identified": False,
    }
    kept = await row(heliograph.store, subscriptions, answer["id"])
    assert kept["endpoint"] == browser.endpoint
    assert (kept["p256dh"], kept["auth"]) == (browser.p256dh, browser.auth)
    assert kept["secret_hash"] == hashlib.sha256(answer["secret"].encode()).digest()
    assert (kept["origin"], kept["push_service"]) == (site.origin, "mozilla")
    assert (kept["language"], kept["time_zone"]) == ("en-GB", "Europe/Berlin")
    assert kept["created_at"] == kept["refreshed_at"] == kept["endpoint_since"] == clock.now()
    assert kept["user_agent"].startswith("Browser/1 x")
    assert len(kept["user_agent"]) == 200


async def test_an_expiry_at_the_end_of_time_is_kept(site: Site, heliograph: Heliograph) -> None:
    """The latest one that is taken can be read again, though the database's zone has a new year by then."""
    kept = await site.register(Browser.new("a"), expiration_time=253_402_214_400_000)
    found = await row(heliograph.store, subscriptions, kept.id)
    assert found["browser_expires_at"] == datetime(9999, 12, 31, tzinfo=UTC)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://wns2-par02p.notify.windows.com/w/?token=BQYAAAD%2bx%2F%3d&x=1",
        "https://FCM.googleapis.com:443/fcm/send/c%3aA:b~c!$'()*+,;=",
        "https://web.push.apple.com/QGuQyavXutnMH__-",
    ],
)
async def test_endpoints_are_kept_byte_for_byte(endpoint: str, site: Site, heliograph: Heliograph) -> None:
    """Nothing of an endpoint is decoded, sorted or lower-cased: push services are particular."""
    browser = Browser.new("a")
    browser.endpoint = endpoint
    made = await site.register(browser)
    assert (await row(heliograph.store, subscriptions, made.id))["endpoint"] == endpoint


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("padded", [True, False])
async def test_keys_in_every_spelling(encode: Any, padded: bool, site: Site, heliograph: Heliograph) -> None:
    """Keys are taken as base64url or base64, with or without padding."""
    browser = Browser.new("a~?>~?>")

    def spelt(raw: bytes) -> str:
        return encode(raw).decode() if padded else encode(raw).decode().rstrip("=")

    body = browser.body(site) | {
        "keys": {"p256dh": spelt(browser.p256dh), "auth": spelt(browser.auth)},
        "application_server_key": spelt(site.project.vapid_key.public_key),
    }
    response = await site.call("POST", "/subscriptions", body)
    assert response.status_code == 201
    kept = await row(heliograph.store, subscriptions, response.json()["id"])
    assert (kept["p256dh"], kept["auth"]) == (browser.p256dh, browser.auth)


async def test_registering_again_refreshes(site: Site, heliograph: Heliograph, clock: FrozenClock) -> None:
    """The same endpoint with the same keys is the same subscription under a new secret; what is not said stays."""
    browser = Browser.new("a")
    first = await site.register(browser, language="de", groups=[{"name": "news"}])
    clock.advance(timedelta(days=3))
    again = await site.register(browser, time_zone="Europe/Vienna")
    assert (again.status, again.id) == (200, first.id)
    assert again.secret != first.secret
    problem(await site.call("GET", f"/subscriptions/{first.id}", secret=first.secret), 401, "unauthorized")
    assert (await site.call("GET", f"/subscriptions/{first.id}", secret=again.secret)).status_code == 200
    kept = await row(heliograph.store, subscriptions, first.id)
    assert (kept["language"], kept["time_zone"]) == ("de", "Europe/Vienna")
    assert kept["refreshed_at"] - kept["endpoint_since"] == timedelta(days=3)
    assert again.body["groups"] == [{"name": "news", "identifier": None}]
    assert len(await rows(heliograph.store, subscriptions)) == 1


@pytest.mark.parametrize("changed", ["p256dh", "auth"])
async def test_an_endpoint_alone_takes_nothing_over(changed: str, site: Site, heliograph: Heliograph) -> None:
    """Whoever knows an endpoint but not its keys gets a conflict, and nothing changes."""
    browser, stranger = Browser.new("a"), Browser.new("b")
    made = await site.register(browser)
    before = await rows(heliograph.store, subscriptions)
    keys = browser.keys() | {changed: stranger.keys()[changed]}
    response = await site.call("POST", "/subscriptions", browser.body(site) | {"keys": keys})
    problem(response, 409, "subscription_conflict")
    assert await rows(heliograph.store, subscriptions) == before
    assert (await site.call("GET", f"/subscriptions/{made.id}", secret=made.secret)).status_code == 200


async def test_projects_do_not_share_endpoints(site: Site, other_site: Site, heliograph: Heliograph) -> None:
    """The same endpoint in two projects is two subscriptions that know nothing of each other."""
    browser = Browser.new("a")
    mine, theirs = await site.register(browser), await other_site.register(browser)
    assert mine.id != theirs.id
    problem(await other_site.call("GET", f"/subscriptions/{mine.id}", secret=mine.secret), 404, "not_found")
    assert len(await rows(heliograph.store, subscriptions)) == 2


async def test_looking(site: Site) -> None:
    """With its secret a browser sees what the server knows; the answer holds neither address nor keys nor secret."""
    browser = Browser.new("a")
    made = await site.register(browser)
    response = await site.call("GET", f"/subscriptions/{made.id}", secret=made.secret)
    assert response.json() == {name: value for name, value in made.body.items() if name != "secret"}
    assert response.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_secrets_are_needed(method: str, site: Site, heliograph: Heliograph) -> None:
    """Without the secret, or with another's, nothing is shown or changed; an unknown id is another answer."""
    browser = Browser.new("a")
    made, other = await site.register(browser), await site.register(Browser.new("b"))
    before = await rows(heliograph.store, subscriptions)
    body = browser.body(site) if method == "PUT" else None
    for secret in (None, other.secret, made.secret + "x", made.secret[:-1], site.key, "\u00e9"):
        headers = {"Authorization": None if secret is None else f"Bearer {secret}".encode()}
        problem(await site.call(method, f"/subscriptions/{made.id}", body, headers=headers), 401, "unauthorized")
    for scheme in ("Basic", "bearer_", ""):
        headers = {"Authorization": f"{scheme} {made.secret}"}
        problem(await site.call(method, f"/subscriptions/{made.id}", body, headers=headers), 401, "unauthorized")
    for unknown in ("sub_" + "0" * 26, "sub_", "x", made.id + "x", made.id.upper(), "'; --", "%00", "é", "a" * 5000):
        answer = await site.call(method, f"/subscriptions/{unknown}", body, secret=made.secret)
        problem(answer, 404, "not_found")
    assert await rows(heliograph.store, subscriptions) == before


async def test_replacing_keeps_everything_but_the_address(
    site: Site, heliograph: Heliograph, clock: FrozenClock
) -> None:
    """A browser that got another endpoint keeps its id, secret, groups and history."""
    made = await site.register(Browser.new("a"), groups=[{"name": "news"}], language="de")
    clock.advance(timedelta(hours=2))
    new = Browser.new("b")
    response = await site.call("PUT", f"/subscriptions/{made.id}", new.body(site), secret=made.secret)
    assert response.status_code == 200
    assert response.json() == {name: value for name, value in made.body.items() if name != "secret"}
    kept = await row(heliograph.store, subscriptions, made.id)
    assert (kept["endpoint"], kept["p256dh"], kept["auth"]) == (new.endpoint, new.p256dh, new.auth)
    assert kept["endpoint_hash"] == hashlib.sha256(new.endpoint.encode()).digest()
    assert kept["endpoint_since"] == clock.now()
    assert kept["created_at"] == clock.now() - timedelta(hours=2)
    assert kept["language"] == "de"


async def test_refreshing_keeps_the_age_of_the_endpoint(site: Site, heliograph: Heliograph, clock: FrozenClock) -> None:
    """Saying that an endpoint is still there does not make it young."""
    browser = Browser.new("a")
    made = await site.register(browser)
    clock.advance(timedelta(hours=2))
    body = browser.body(site, groups=[{"name": "news"}])
    assert (await site.call("PUT", f"/subscriptions/{made.id}", body, secret=made.secret)).status_code == 200
    kept = await row(heliograph.store, subscriptions, made.id)
    assert (kept["refreshed_at"], kept["endpoint_since"]) == (clock.now(), clock.now() - timedelta(hours=2))


async def test_replacing_onto_a_known_endpoint_ends_the_other_row(site: Site, heliograph: Heliograph) -> None:
    """A browser that shows the keys of an endpoint which another of its rows has, takes it over; that row ends."""
    kept = await site.register(Browser.new("a"), groups=[{"name": "news"}])
    twin = Browser.new("b")
    ended = await site.register(twin, groups=[{"name": "warehouse"}])
    response = await site.call("PUT", f"/subscriptions/{kept.id}", twin.body(site), secret=kept.secret)
    assert response.json()["groups"] == [{"name": "news", "identifier": None}]
    old = await row(heliograph.store, subscriptions, ended.id)
    assert (old["state"], old["state_reason"], old["endpoint"]) == ("gone", "replaced", "")
    assert old["ended_at"] is not None
    assert [one["subscription_id"] for one in await rows(heliograph.store, memberships)] == [kept.id]
    look = await site.call("GET", f"/subscriptions/{ended.id}", secret=ended.secret)
    assert look.json()["state"] == "gone"
    # And it goes on from there: the endpoint is the survivor's.
    again = await site.register(twin)
    assert (again.id, again.status) == (kept.id, 200)


async def test_replaced_row_can_take_its_endpoint_back(site: Site, heliograph: Heliograph) -> None:
    """Two tabs that each hold a row of one browser may go on replacing; there is always one active row."""
    browser = Browser.new("a")
    one, two = await site.register(browser), await site.register(Browser.new("b"))
    for made in (two, one, two, two, one):
        response = await site.call("PUT", f"/subscriptions/{made.id}", browser.body(site), secret=made.secret)
        assert response.status_code == 200
        active = [kept for kept in await rows(heliograph.store, subscriptions) if kept["endpoint"] == browser.endpoint]
        assert [(kept["id"], kept["state"]) for kept in active] == [(made.id, "active")]


async def test_replacing_onto_a_strangers_endpoint_is_a_conflict(site: Site, heliograph: Heliograph) -> None:
    """Naming somebody else's endpoint with own keys changes neither row."""
    mine, theirs = Browser.new("a"), Browser.new("b")
    made, _ = await site.register(mine), await site.register(theirs)
    before = await rows(heliograph.store, subscriptions)
    body = mine.body(site) | {"endpoint": theirs.endpoint}
    response = await site.call("PUT", f"/subscriptions/{made.id}", body, secret=made.secret)
    problem(response, 409, "subscription_conflict")
    assert await rows(heliograph.store, subscriptions) == before


async def test_unsubscribing(site: Site, heliograph: Heliograph, clock: FrozenClock) -> None:
    """A person who leaves is in no group any more; leaving twice is fine, and the browser can still ask."""
    made = await site.register(Browser.new("a"), groups=[{"name": "news"}])
    for _ in range(2):
        response = await site.call("DELETE", f"/subscriptions/{made.id}", secret=made.secret)
        assert (response.status_code, response.content) == (204, b"")
    kept = await row(heliograph.store, subscriptions, made.id)
    assert (kept["state"], kept["state_reason"], kept["ended_at"]) == ("unsubscribed", "by_person", clock.now())
    look = (await site.call("GET", f"/subscriptions/{made.id}", secret=made.secret)).json()
    assert (look["state"], look["groups"]) == ("unsubscribed", [])


@pytest.mark.parametrize("ended", ["gone", "unsubscribed"])
@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_reviving(ended: str, method: str, site: Site, heliograph: Heliograph, clock: FrozenClock) -> None:
    """A browser that comes back with its endpoint is active again under its old id; the endpoint counts as young."""
    browser = Browser.new("a")
    made = await site.register(browser)
    async with heliograph.store.begin() as tx:
        values = {"state": ended, "state_reason": "http_410", "ended_at": clock.now()}
        await tx.execute(subscriptions.update().values(values))
    clock.advance(timedelta(days=1))
    path = "/subscriptions" if method == "POST" else f"/subscriptions/{made.id}"
    response = await site.call(method, path, browser.body(site), secret=made.secret if method == "PUT" else None)
    assert (response.status_code, response.json()["id"], response.json()["state"]) == (200, made.id, "active")
    kept = await row(heliograph.store, subscriptions, made.id)
    assert (kept["state"], kept["state_reason"], kept["ended_at"]) == ("active", None, None)
    assert kept["endpoint_since"] == clock.now()


async def test_a_subscription_remembers_its_server_key(site: Site, heliograph: Heliograph) -> None:
    """A subscription made with the key before the current one is taken and told that there is a newer one."""
    old_key = base64url.encode(site.project.vapid_key.public_key)
    rotated = await site.client.post("/v1/vapid-keys", json={}, headers=site.admin)
    assert rotated.status_code == 201
    config = (await site.call("GET", "/config")).json()
    assert config == {
        "project": site.project.project.id,
        "application_server_key": rotated.json()["public_key"],
        "vapid_key_id": rotated.json()["id"],
    }
    browser = Browser.new("a")
    made = await site.register(browser)
    assert made.body["vapid_key_id"] == site.project.vapid_key.id
    assert made.body["application_server_key_current"] is False
    assert browser.body(site)["application_server_key"] == old_key
    body = browser.body(site) | {"application_server_key": config["application_server_key"]}
    response = await site.call("PUT", f"/subscriptions/{made.id}", body, secret=made.secret)
    assert response.json()["vapid_key_id"] == rotated.json()["id"]
    assert response.json()["application_server_key_current"] is True


async def test_a_foreign_server_key_is_refused(site: Site, other_site: Site, heliograph: Heliograph) -> None:
    """A subscription that the project cannot sign for is not taken: nothing could ever be sent to it."""
    for key in (
        base64url.encode(other_site.project.vapid_key.public_key),
        base64url.encode(Browser.new("x").p256dh),
        "",
        "!",
        "BA",
    ):
        response = await site.call(
            "POST", "/subscriptions", Browser.new("a").body(site) | {"application_server_key": key}
        )
        problem(response, 422, "application_server_key_unknown")
    assert await rows(heliograph.store, subscriptions) == []


async def test_a_retired_server_key_is_refused(site: Site, heliograph: Heliograph) -> None:
    """A key that signs no longer is no key of the project's."""
    async with heliograph.store.begin() as tx:
        await tx.exec_driver_sql("UPDATE vapid_keys SET state = 'retired'")
    await site.client.post("/v1/vapid-keys", json={}, headers=site.admin)
    response = await site.call("POST", "/subscriptions", Browser.new("a").body(site))
    problem(response, 422, "application_server_key_unknown")
