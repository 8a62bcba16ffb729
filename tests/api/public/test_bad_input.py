"""What strangers and broken code send to the public API: a problem that says what to change, and nothing stored."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.support.operations import bad_bodies, row_counts, wrong_types
from tests.support.pages import Browser, Site, problem, rows
from tests.unit.test_endpoint import BROKEN_HOSTS, IP_LITERALS, LOOK_ALIKES, URLS

from heliograph.bootstrap import Heliograph
from heliograph.protocols import base64url
from heliograph.storage.tables import subscriptions

_OFF_THE_CURVE = b"\x04" + b"\x01" * 64
_PRIME = 2**256 - 2**224 + 2**192 + 2**96 - 1


async def _with_body(site: Site) -> AsyncIterator[tuple[str, str, str | None, Any]]:
    """Yield calls that take a body: method, path, secret, and a body that would do."""
    made = await site.register(Browser.new("a"))
    yield "POST", "/subscriptions", None, Browser.new("b").body(site, language="de")
    yield "PUT", f"/subscriptions/{made.id}", made.secret, Browser.new("c").body(site, time_zone="Europe/Rome")
    yield "POST", f"/subscriptions/{made.id}/identity", made.secret, {"external_id": "ada", "signature": "0" * 64}
    yield "POST", "/receipts", None, {"receipts": [{"delivery": "dlv_x.y", "event": "displayed"}]}


async def test_bodies_that_nobody_takes(site: Site, heliograph: Heliograph) -> None:
    """No body, no JSON, no UTF-8, too deep, too large, with fields that nobody knows: refused wherever it is sent."""
    async for method, path, secret, example in _with_body(site):
        before = await row_counts(heliograph)
        for name, content, status in bad_bodies(example):
            response = await site.call(method, path, content=content, secret=secret)
            assert response.status_code == status, (method, path, name, response.text)
            problem(response, status, "too_large" if status == 413 else "invalid_request")
            assert response.headers["access-control-allow-origin"] == site.origin
        assert await row_counts(heliograph) == before


async def test_members_of_a_wrong_type(site: Site, heliograph: Heliograph) -> None:
    """A member of a wrong type is named."""
    async for method, path, secret, example in _with_body(site):
        before = await row_counts(heliograph)
        for pointer, body in wrong_types(example):
            document = problem(await site.call(method, path, body, secret=secret), 400, "invalid_request")
            assert document["errors"][0]["pointer"].startswith(pointer)
        for member in example:
            if member not in ("language", "time_zone"):
                body = {name: value for name, value in example.items() if name != member}
                problem(await site.call(method, path, body, secret=secret), 400, "invalid_request")
        assert await row_counts(heliograph) == before


async def test_large_bodies_are_refused_unread(site: Site) -> None:
    """A body over the limit is refused by its announced length, and a chunked one as soon as it is over."""
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1000):
            sent += 1
            yield b" " * 1024

    headers = {"Heliograph-Key": site.key, "Origin": site.origin, "Content-Type": "application/json"}
    response = await site.client.post("/v1/public/subscriptions", content=endless(), headers=headers)
    problem(response, 413, "too_large")
    announced = await site.client.post(
        "/v1/public/subscriptions", content=b"{}", headers=headers | {"Content-Length": "1000000"}
    )
    problem(announced, 413, "too_large")


async def test_other_content_types(site: Site) -> None:
    """Only what is declared as JSON is read as JSON; a form of another page cannot register anything."""
    body = json.dumps(Browser.new("a").body(site)).encode()
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "x", "", None):
        response = await site.call("POST", "/subscriptions", content=body, headers={"Content-Type": kind})
        problem(response, 415, "unsupported_media_type")


async def test_endpoints_that_reach_inside(site: Site, heliograph: Heliograph) -> None:
    """Every endpoint that is no push service's is refused with the reason, not repeated, and nothing is stored."""
    made = await site.register(Browser.new("a"))
    before = await rows(heliograph.store, subscriptions)
    hosts = (f"https://{host}/x" for host in IP_LITERALS + LOOK_ALIKES + BROKEN_HOSTS)
    for endpoint in [*hosts, *(url for url in URLS if len(url) < 50_000)]:
        body = Browser.new("b").body(site) | {"endpoint": endpoint}
        response = await site.call("POST", "/subscriptions", body)
        is_text = len(endpoint) <= 4096 and "\x00" not in endpoint and "\ud800" not in endpoint
        document = problem(response, *((422, "endpoint_refused") if is_text else (400, "invalid_request")))
        assert len(endpoint) < 12 or endpoint not in json.dumps(document)
        if is_text:
            assert document["errors"] == [{"pointer": "/endpoint", "detail": document["detail"]}]
    body = Browser.new("b").body(site) | {"endpoint": "https://127.0.0.1/x"}
    problem(await site.call("PUT", f"/subscriptions/{made.id}", body, secret=made.secret), 422, "endpoint_refused")
    assert await rows(heliograph.store, subscriptions) == before


P256DH = {
    "empty": b"",
    "64 bytes": Browser.new("x").p256dh[:-1],
    "66 bytes": Browser.new("x").p256dh + b"\x00",
    "without 4": b"\x05" + Browser.new("x").p256dh[1:],
    "compressed": b"\x02" + Browser.new("x").p256dh[1:33],
    "hybrid": b"\x06" + Browser.new("x").p256dh[1:],
    "infinity": b"\x00",
    "zero": b"\x04" + bytes(64),
    "off the curve": _OFF_THE_CURVE,
    "off by one": Browser.new("x").p256dh[:-1] + bytes([Browser.new("x").p256dh[-1] ^ 1]),
    "x beyond the prime": b"\x04" + (_PRIME + 1).to_bytes(32, "big") + Browser.new("x").p256dh[33:],
    "all ones": b"\x04" + b"\xff" * 64,
    "private key": Browser.new("x").private_key.private_numbers().private_value.to_bytes(32, "big"),
}


async def test_receiver_keys_that_are_none(site: Site, heliograph: Heliograph) -> None:
    """Points off the curve, compressed or short, and secrets of another length are refused: none could be sent to."""
    browser = Browser.new("b")
    good = browser.keys()
    odd = [("p256dh", base64url.encode(raw)) for raw in P256DH.values()]
    odd += [("auth", base64url.encode(bytes(length))) for length in (0, 1, 15, 17, 32)]
    odd += [(name, text) for name in good for text in ("!", "é", "AAAAA", good[name] + "\n", " " + good[name], "=")]
    for name, text in odd:
        body = browser.body(site) | {"keys": good | {name: text}}
        document = problem(await site.call("POST", "/subscriptions", body), 422, "receiver_keys_refused")
        assert document["errors"][0]["pointer"] == f"/keys/{name}"
    for keys in ({}, {"p256dh": good["p256dh"]}, {"auth": good["auth"]}, good | {"extra": "x"}, [], None):
        problem(await site.call("POST", "/subscriptions", browser.body(site) | {"keys": keys}), 400, "invalid_request")
    for name in good:
        body = browser.body(site) | {"keys": good | {name: "A" * 201}}
        problem(await site.call("POST", "/subscriptions", body), 400, "invalid_request")
    assert await rows(heliograph.store, subscriptions) == []


@pytest.mark.parametrize(
    ("member", "values"),
    [
        ("language", ["", "e", "en_GB", "x" * 101, "1", 1, [], "en\u0000"]),
        ("time_zone", ["", "Mars/Olympus", "../../etc/passwd", "x" * 101, 1, {}]),
        ("expiration_time", [-1, 1e300, "tomorrow", [], True, 253_402_300_799_000]),
        ("groups", [[{}], [{"name": ""}], [{"name": "A"}], [{"name": "a", "x": 1}], [["a"]], ["a"], {}, "a", [None]]),
    ],
)
async def test_odd_particulars(member: str, values: list[Any], site: Site, heliograph: Heliograph) -> None:
    """What a browser says of itself is checked member by member, and the one that is odd is named."""
    for value in values:
        response = await site.call("POST", "/subscriptions", Browser.new("a").body(site) | {member: value})
        document = problem(response, 400, "invalid_request")
        if "\\u0000" not in json.dumps(value):
            assert document["errors"][0]["pointer"].startswith(f"/{member}")
    assert await rows(heliograph.store, subscriptions) == []


async def test_numbers_beyond_all_bounds(site: Site) -> None:
    """Numbers that no machine word holds are refused like others."""
    body = json.dumps(Browser.new("a").body(site) | {"expiration_time": 0})
    for number in ("1e400", "-1e400", "9" * 400, "1" + "0" * 5000, "NaN", "Infinity", "01", "0x10"):
        content = body.replace('"expiration_time": 0', f'"expiration_time": {number}').encode()
        problem(await site.call("POST", "/subscriptions", content=content), 400, "invalid_request")


async def test_null_is_the_same_as_nothing_where_it_may_be(site: Site) -> None:
    """Browsers say null for what they do not know."""
    more = {"expiration_time": None, "language": None, "time_zone": None, "identity": None}
    assert (await site.register(Browser.new("a"), **more)).status == 201


async def test_odd_methods_and_addresses(site: Site) -> None:
    """Addresses and methods that do not exist are problems, too."""
    for path in ("", "/", "/subscription", "/subscriptions/a/b", "/config/x", "/%2e%2e/admin"):
        response = await site.call("GET", path)
        problem(response, response.status_code, "not_found" if response.status_code == 404 else "method_not_allowed")
    for method, path in (
        ("DELETE", "/config"),
        ("GET", "/receipts"),
        ("PATCH", "/subscriptions/x"),
        ("PUT", "/config"),
    ):
        problem(await site.call(method, path), 405, "method_not_allowed")
    for query in ("x=1", "key=a&colour=red", "%00=1", "key=%00"):
        response = await site.call("GET", f"/config?{query}")
        problem(response, 400, "invalid_request")


async def test_other_projects_ids_and_secrets(site: Site, other_site: Site, heliograph: Heliograph) -> None:
    """Ids, secrets and keys of one project open nothing of another."""
    mine = await site.register(Browser.new("a"), groups=[{"name": "news"}])
    theirs = await other_site.register(Browser.new("b"))
    before = await row_counts(heliograph), await rows(heliograph.store, subscriptions)
    for secret in (mine.secret, theirs.secret):
        for method, path, body in (
            ("GET", "", None),
            ("PUT", "", Browser.new("a").body(other_site)),
            ("DELETE", "", None),
            ("PUT", "/groups/news", None),
            ("DELETE", "/groups/news", None),
            ("DELETE", "/identity", None),
        ):
            response = await other_site.call(method, f"/subscriptions/{mine.id}{path}", body, secret=secret)
            problem(response, 404, "not_found")
    # Their page with my key, or my page with theirs.
    crossed = await site.call("GET", "/config", headers={"Heliograph-Key": other_site.key})
    problem(crossed, 403, "origin_refused")
    assert (await row_counts(heliograph), await rows(heliograph.store, subscriptions)) == before
