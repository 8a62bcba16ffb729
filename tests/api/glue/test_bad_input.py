"""What strangers and broken code send to the Glue API: an error in Spryker's form, and nothing stored."""

import json

import pytest
from tests.api.glue.conftest import JSON_API, PROVIDERS, SUBSCRIPTIONS, Glue, codes, document, wish
from tests.support.api import bearer
from tests.support.operations import bad_bodies, row_counts
from tests.support.pages import Browser

ORIGIN = "https://alice.example"


@pytest.mark.parametrize(("method", "path"), [("POST", PROVIDERS), ("PATCH", ""), ("POST", SUBSCRIPTIONS)])
async def test_bodies_that_nobody_takes(method: str, path: str, glue: Glue) -> None:
    """No body, no JSON, no UTF-8, too deep or too large is 5400 or 413; unknown attributes are dropped."""
    uuid = await glue.provider("x")
    path = path or f"{PROVIDERS}/{uuid}"
    example = document(**wish(Browser.new("a"))) if path == SUBSCRIPTIONS else document(name="y")
    before = await row_counts(glue.heliograph)
    for name, content, status in bad_bodies(example):
        if name == "an unknown field":
            continue
        response = await glue.call(method, path, content=content)
        assert response.status_code == status, (name, response.text)
        assert codes(response) == ["too_large" if status == 413 else "5400"]
    for data in (None, [], {}, "x", 1, [None], [{}], [{"attributes": None}], {"attributes": []}, [example["data"], 1]):
        assert codes(await glue.call(method, path, {"data": data})) == ["5400"]
    assert await row_counts(glue.heliograph) == before
    example["data"]["attributes"]["isTest"] = example["more"] = True
    assert (await glue.call(method, path, example)).status_code in (200, 201)


async def test_types_of_bodies_and_answers(glue: Glue) -> None:
    """Both JSON types are read, with parameters and without any; whatever is accepted, the answer is JSON:API."""
    body = json.dumps(document(**wish(Browser.new("a"))))
    await glue.want(repeat_is_error=False)
    for kind in (JSON_API, "application/json", f"{JSON_API}; version=1.1", "application/json; charset=utf-8", None):
        headers = bearer(glue.token) | ({} if kind is None else {"Content-Type": kind})
        response = await glue.client.post(SUBSCRIPTIONS, content=body, headers=headers)
        assert response.status_code == 201, kind
        assert response.headers["content-type"] == JSON_API
    for accept in ("application/json", "application/vnd.api+json", "*/*", "", "text/html"):
        response = await glue.call("GET", PROVIDERS, headers={"Accept": accept, "Accept-Language": "de-DE"})
        assert response.status_code == 200
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        response = await glue.client.post(
            SUBSCRIPTIONS, content=body, headers=bearer(glue.token) | {"Content-Type": kind}
        )
        assert (response.status_code, codes(response)) == (415, ["unsupported_media_type"])


async def test_odd_addresses_and_methods(glue: Glue) -> None:
    """What is not there is 007 or 008, in Spryker's form, with a token and without."""
    for method, path, code in (
        ("PUT", PROVIDERS, "008"),
        ("DELETE", PROVIDERS, "008"),
        ("GET", SUBSCRIPTIONS, "008"),
        ("DELETE", f"{SUBSCRIPTIONS}/x", "007"),
        ("POST", f"{PROVIDERS}/x", "008"),
        ("GET", f"{PROVIDERS}/x/y", "007"),
    ):
        assert codes(await glue.call(method, path)) == [code], (method, path)
        assert codes(await glue.client.request(method, path)) == [code]
    for query in ("%00=1", "sort=%00", "fields[x]=%ff", "page[offset]=%00&page[limit]=1", "=&&=", "a" * 3000):
        response = await glue.call("GET", f"{PROVIDERS}?{query}")
        assert response.status_code in (200, 400), query
        assert response.status_code == 200 or codes(response) == ["5400"]
    assert (await glue.client.get("/push-notification-providersx")).headers[
        "content-type"
    ] == "application/problem+json"


async def test_pages_of_the_project_may_call(glue: Glue) -> None:
    """The Fulfillment App runs in a browser at another origin: preflights need no token, strangers get no mark."""
    for path in (PROVIDERS, SUBSCRIPTIONS, "/token", f"{PROVIDERS}/x"):
        asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
        response = await glue.client.options(path, headers=asked)
        assert response.status_code == 204
        assert response.headers["access-control-allow-origin"] == ORIGIN
        assert "authorization" in response.headers["access-control-allow-headers"]
        assert (await glue.client.options(path, headers=asked | {"Origin": "https://evil.example"})).status_code == 403
    for headers, expected in (({"Origin": ORIGIN}, ORIGIN), ({"Origin": "https://evil.example"}, None), ({}, None)):
        response = await glue.call("GET", PROVIDERS, headers=headers)
        assert response.headers.get("access-control-allow-origin") == expected
    refused = await glue.client.get(PROVIDERS, headers={"Origin": ORIGIN})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, ORIGIN)
