"""Who may call the public API: publishable key, exact origin, and what a browser needs to read the answer (CORS)."""

from datetime import timedelta

from sqlalchemy import event
from tests.support.pages import ORIGIN, Browser, Site, problem, rows

from heliograph.api.public.access import LIFE
from heliograph.bootstrap import Heliograph
from heliograph.kit.clock import FrozenClock
from heliograph.storage.tables import subscriptions

CALLS = [
    ("GET", "/config"),
    ("POST", "/subscriptions"),
    ("GET", "/subscriptions/sub_x"),
    ("PUT", "/subscriptions/sub_x"),
    ("DELETE", "/subscriptions/sub_x"),
    ("PUT", "/subscriptions/sub_x/groups/news"),
    ("DELETE", "/subscriptions/sub_x/groups/news"),
    ("POST", "/subscriptions/sub_x/identity"),
    ("DELETE", "/subscriptions/sub_x/identity"),
    ("POST", "/receipts"),
]
WRONG_ORIGINS = [
    "null",
    "",
    "https://shop.example/",
    "https://shop.example:443",
    "https://shop.example:8443",
    "http://shop.example",
    "https://SHOP.example",
    "HTTPS://shop.example",
    "https://www.shop.example",
    "https://evilshop.example",
    "https://shop.example.evil.example",
    "https://shop.example@evil.example",
    "https://shop.example https://evil.example",
    "https://shop.example, https://shop.example",
    "https://shop.example.",
    "shop.example",
    "//shop.example",
    "*",
    "https://*",
    "https://sh\u00f6p.example",
]


async def test_config_with_the_key_in_either_place(site: Site) -> None:
    """The publishable key may be in a header or, to spare the preflight, in the address."""
    by_header = await site.call("GET", "/config")
    by_query = await site.call("GET", f"/config?key={site.key}", headers={"Heliograph-Key": None})
    assert by_header.status_code == by_query.status_code == 200
    assert by_header.json() == by_query.json()
    assert len(by_header.json()["application_server_key"]) == 87


async def test_a_stranger_gets_in_nowhere(site: Site) -> None:
    """Without a key, or with one that is no page's, the answer is 401 before anything is read; a page can read it."""
    for method, path in CALLS:
        admin_key = site.project.secret_key.token
        for key in (None, "", "x", "hpk_", "hpk_" + "A" * 43, site.key[:-1], site.key.upper(), admin_key, "hss_x", "'"):
            response = await site.call(method, path, headers={"Heliograph-Key": key}, content=b"{")
            problem(response, 401, "unauthorized")
            assert response.headers["access-control-allow-origin"] == ORIGIN
            if key and len(key) > 8:
                assert key not in response.text


async def test_origins_are_exact(site: Site, other_site: Site) -> None:
    """An origin that is not written exactly like one of the project's is refused, and told nothing it could read."""
    for method, path in CALLS:
        for origin in WRONG_ORIGINS:
            response = await site.call(method, path, headers={"Origin": origin.encode()}, content=b"{")
            problem(response, 403, "origin_refused")
            assert "access-control-allow-origin" not in response.headers
            assert response.headers["vary"] == "Origin"
        # Another project's page is known to the installation and may read that it is wrong here.
        response = await site.call(method, path, headers={"Origin": other_site.origin}, content=b"{")
        problem(response, 403, "origin_refused")


async def test_only_reading_works_without_an_origin(site: Site) -> None:
    """A browser leaves the Origin header out of a GET of its own origin only; everything else needs it."""
    for method, path in CALLS:
        response = await site.call(method, path, headers={"Origin": None}, content=b"{")
        if method == "GET":
            assert response.status_code in (200, 401, 404)
        else:
            problem(response, 403, "origin_refused")
        assert "access-control-allow-origin" not in response.headers


async def test_preflights(site: Site) -> None:
    """A browser that asks first is told what it may send, if its origin is some project's; never with credentials."""
    for method, path in CALLS:
        asked = {
            "Origin": ORIGIN,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization,content-type,heliograph-key",
        }
        response = await site.client.options(f"/v1/public{path}", headers=asked)
        assert (response.status_code, response.content) == (204, b"")
        assert response.headers["access-control-allow-origin"] == ORIGIN
        assert method in response.headers["access-control-allow-methods"].split(", ")
        allowed = response.headers["access-control-allow-headers"].split(", ")
        assert {"authorization", "content-type", "heliograph-key"} <= set(allowed)
        assert response.headers["access-control-max-age"] == "7200"
        assert response.headers["vary"] == "Origin"
        assert "access-control-allow-credentials" not in response.headers
        for origin in [*WRONG_ORIGINS, None]:
            headers = {name: value for name, value in asked.items() if name != "Origin"}
            if origin is not None:
                headers["Origin"] = origin.encode()
            refused = await site.client.options(f"/v1/public{path}", headers=headers)
            problem(refused, 403, "origin_refused")
            assert "access-control-allow-origin" not in refused.headers


async def test_every_answer_can_be_read_by_its_page(site: Site) -> None:
    """Answers and problems, also of addresses and methods that do not exist, carry the page's origin."""
    answers = [
        (await site.call("GET", "/config"), 200),
        (await site.call("POST", "/subscriptions", {}), 400),
        (await site.call("POST", "/subscriptions", content=b"x" * 300_000), 413),
        (await site.call("POST", "/subscriptions", content=b"{}", headers={"Content-Type": "text/html"}), 415),
        (await site.call("GET", "/nothing"), 404),
        (await site.call("PATCH", "/config"), 405),
        (await site.call("GET", "/config?colour=red"), 400),
        (await site.call("GET", "/subscriptions/sub_x", secret="x"), 404),
    ]
    for response, status in answers:
        assert response.status_code == status, response.text
        assert response.headers["access-control-allow-origin"] == ORIGIN
        assert response.headers["vary"] == "Origin"
        assert response.headers["cache-control"] in ("no-store", "no-cache")
        assert "access-control-allow-credentials" not in response.headers


async def test_answers_to_servers_are_not_for_pages(site: Site) -> None:
    """The admin API never lets a page read anything."""
    response = await site.client.get("/v1/subscriptions", headers=site.admin | {"Origin": ORIGIN})
    assert response.status_code == 200
    assert "access-control-allow-origin" not in response.headers


async def test_page_views_cost_no_query(site: Site, heliograph: Heliograph) -> None:
    """After the first one, asking for the configuration does not touch the database."""
    await site.call("GET", "/config")
    statements: list[str] = []

    def note(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    engines = [heliograph.store._reader.sync_engine, heliograph.store._writer.sync_engine]
    for engine in set(engines):
        event.listen(engine, "before_cursor_execute", note)
    for _ in range(3):
        assert (await site.call("GET", "/config")).status_code == 200
    assert statements == []
    await site.call("GET", "/subscriptions/sub_x", secret="x")
    assert sum("FROM subscriptions" in statement for statement in statements) == 1
    assert not any("projects" in statement or "api_keys" in statement for statement in statements)


async def test_changes_here_count_at_once(site: Site) -> None:
    """What an operator changes through this process is seen by the next request of a page."""
    project = site.project.project.id
    assert (await site.call("GET", "/config")).status_code == 200
    url = f"/v1/projects/{project}"
    changed = await site.client.patch(url, json={"origins": ["https://new.example"]}, headers=site.admin)
    assert changed.status_code == 200, changed.text
    problem(await site.call("GET", "/config"), 403, "origin_refused")
    assert (await site.call("GET", "/config", headers={"Origin": "https://new.example"})).status_code == 200
    key_id = site.project.publishable_key.key.id
    assert (await site.client.delete(f"/v1/keys/{key_id}", headers=site.admin)).status_code == 204
    problem(await site.call("GET", "/config", headers={"Origin": "https://new.example"}), 401, "unauthorized")


async def test_strangers_do_not_have_everything_looked_up_again(site: Site, heliograph: Heliograph) -> None:
    """A call of the admin API that is refused changes nothing, so what is known of projects stays known."""
    assert (await site.call("GET", "/config")).status_code == 200
    async with heliograph.store.begin() as tx:
        await tx.exec_driver_sql("UPDATE projects SET origins = '[\"https://new.example\"]'")
    assert (await site.client.post("/v1/keys", json={})).status_code == 401
    assert (await site.client.post("/v1/keys", json={}, headers=site.admin)).status_code == 400
    assert (await site.call("GET", "/config")).status_code == 200


async def test_an_answer_is_not_longer_than_its_question(site: Site) -> None:
    """However many parameters nobody knows, some of them are named."""
    query = "&".join(f"p{number}" for number in range(2000))
    for path in (f"/v1/public/config?{query}&key={site.key}", f"/v1/notifications?{query}"):
        refused = await site.client.get(path, headers=site.admin)
        problem(refused, 400, "invalid_request")
        assert len(refused.content) < 2000


async def test_changes_elsewhere_count_in_seconds(site: Site, heliograph: Heliograph, clock: FrozenClock) -> None:
    """What another process changes is seen when this one looks again, five seconds later at most."""
    assert (await site.call("GET", "/config")).status_code == 200
    async with heliograph.store.begin() as tx:
        await tx.exec_driver_sql("UPDATE projects SET origins = '[\"https://new.example\"]'")
    clock.advance(LIFE - timedelta(milliseconds=1))
    assert (await site.call("GET", "/config")).status_code == 200
    clock.advance(timedelta(milliseconds=1))
    refused = await site.call("GET", "/config")
    problem(refused, 403, "origin_refused")
    assert "access-control-allow-origin" not in refused.headers


async def test_a_key_that_ends_ends_in_the_cache_too(site: Site, clock: FrozenClock) -> None:
    """A rotated key works until its end and not a moment longer, however fresh the cache is."""
    key_id = site.project.publishable_key.key.id
    rotated = await site.client.post(f"/v1/keys/{key_id}/rotate", json={"overlap_seconds": 60}, headers=site.admin)
    new_key = rotated.json()["token"]
    clock.advance(timedelta(seconds=59))
    assert (await site.call("GET", "/config")).status_code == 200
    clock.advance(timedelta(seconds=1))
    problem(await site.call("GET", "/config"), 401, "unauthorized")
    assert (await site.call("GET", "/config", headers={"Heliograph-Key": new_key})).status_code == 200


async def test_a_key_made_elsewhere_is_found_at_once(site: Site, other_site: Site, heliograph: Heliograph) -> None:
    """A page that already subscribed with a key which another process just made is not refused for a stale cache."""
    await site.call("GET", "/config")
    new = other_site.project.vapid_key
    async with heliograph.store.begin() as tx:
        await tx.exec_driver_sql(f"UPDATE vapid_keys SET state = 'retiring', project_id = '{site.project.project.id}'")
    body = Browser.new("a").body(other_site)
    response = await site.call("POST", "/subscriptions", body)
    # No key of the project is active now, which is worth a problem of its own; with one it is simply taken.
    problem(response, 409, "conflict")
    async with heliograph.store.begin() as tx:
        await tx.exec_driver_sql(f"UPDATE vapid_keys SET state = 'active' WHERE id = '{new.id}'")
    assert (await site.call("POST", "/subscriptions", body)).status_code == 201


async def test_a_deleted_project_is_closed(site: Site, operator: dict[str, str], heliograph: Heliograph) -> None:
    """The pages of a deleted project are strangers."""
    await site.call("GET", "/config")
    deleted = await site.client.delete(f"/v1/projects/{site.project.project.id}", headers=operator)
    assert deleted.status_code == 204
    problem(await site.call("POST", "/subscriptions", Browser.new("a").body(site)), 401, "unauthorized")
    assert await rows(heliograph.store, subscriptions) == []
