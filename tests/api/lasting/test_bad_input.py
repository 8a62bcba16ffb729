"""The issue's list of bad input, tried on every operation of the admin API that the route table knows."""

import json

import pytest
import pytest_asyncio
from tests.support.api import bearer
from tests.support.operations import (
    ADMIN,
    Things,
    bad_bodies,
    body_of,
    campaign_things,
    is_installation_only,
    name_of,
    row_counts,
    scope_of,
    webhook_things,
    wrong_types,
)

from heliograph.names import Scope

WITH_BODY = [operation for operation in ADMIN if operation.body is not None]
ABOUT_ONE = [operation for operation in ADMIN if "{" in operation.path]
OF_PROJECT = [
    operation for operation in ADMIN if not operation.path.startswith(("/v1/projects", "/v1/keys", "/v1/audit"))
]


# Refusals change nothing (which is what these tests prove), so one installation of each kind serves them all.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def things(api, alice):
    """Alice's things, with a notification of hers."""
    return await _things(api, alice)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def his_things(api, bob):
    """Bob's things."""
    return await _things(api, bob)


async def _things(api, tenant):
    body = {"audience": {"kind": "everyone"}, "content": {"title": "x"}}
    made = (await api.post("/v1/notifications", headers=tenant.manage, json=body)).json()
    more = dict.fromkeys(
        ("subscription_id", "profile_id", "group_id", "segment_id", "delivery_id", "external_id", "name"), "x"
    )
    one = (await api.post("/v1/imports", headers=tenant.manage, json={})).json()
    more |= await webhook_things(api, tenant)
    more |= await campaign_things(api, tenant)
    return Things(tenant, more | {"notification_id": made["id"], "import_id": one["id"]})


def _refused(answer, status, code=None):
    """Check that an answer is a problem that says what to change."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    told = answer.json()
    assert told["status"] == status
    assert told["detail"].endswith((".", "…"))
    assert "Traceback" not in answer.text
    if code is not None:
        assert told["code"] == code


def _headers(operation, tenant, operator):
    """Headers that may do the operation."""
    return operator if is_installation_only(operation) else tenant.only(scope_of(operation))


@pytest.mark.parametrize("operation", ADMIN, ids=name_of)
async def test_a_stranger_gets_in_nowhere(api, heliograph, alice, things, operation):
    """Without a key, with an unknown one, with a page's or a damaged one the answer is 401, whatever the body."""
    before = await row_counts(heliograph)
    good = alice.tokens[Scope.MANAGE]
    strangers = [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": good},
        {"Authorization": f"Basic {good}"},
        bearer("hsk_" + "A" * 43),
        bearer(good[:-1]),
        bearer(good + "x"),
        bearer(good.upper()),
        bearer(good.replace("hsk_", "hss_")),
        bearer(alice.made.publishable_key.token),
        bearer("' OR 1=1 --"),
        bearer("\u00ff".encode("latin-1").decode("latin-1")),
        bearer("x" * 20_000),
        {"Heliograph-Key": alice.made.publishable_key.token},
    ]
    for headers in strangers:
        raw = {name: value.encode("latin-1") for name, value in headers.items()}
        answer = await api.request(operation.method, things.path(operation), headers=raw, content=b"{")
        _refused(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert await row_counts(heliograph) == before


@pytest.mark.parametrize("operation", ADMIN, ids=name_of)
async def test_a_key_without_the_scope_is_refused(api, heliograph, alice, things, operation):
    """A key that may do other things alone gets 403 before its body is looked at."""
    before = await row_counts(heliograph)
    lacking = {Scope.READ, Scope.SEND} - {scope_of(operation)}
    if is_installation_only(operation):
        lacking = set(Scope)
    for scope in lacking:
        answer = await api.request(operation.method, things.path(operation), headers=alice.only(scope), content=b"{")
        _refused(answer, 403, "scope_missing")
    assert await row_counts(heliograph) == before


@pytest.mark.parametrize("operation", WITH_BODY, ids=name_of)
async def test_a_bad_body_is_refused(api, heliograph, alice, operator, things, operation):
    """Whatever is not the documented JSON is a 4xx that says so; nothing is stored."""
    before = await row_counts(heliograph)
    headers = _headers(operation, alice, operator) | {"Content-Type": "application/json"}
    for name, content, status in bad_bodies(body_of(operation)):
        answer = await api.request(operation.method, things.path(operation), headers=headers, content=content)
        _refused(answer, status)
        assert len(answer.content) < 2000, name
    assert await row_counts(heliograph) == before


@pytest.mark.parametrize("operation", WITH_BODY, ids=name_of)
async def test_a_wrong_type_is_pointed_at(api, heliograph, alice, operator, things, operation):
    """A member of a wrong type is a 400 whose pointer names it."""
    before = await row_counts(heliograph)
    headers = _headers(operation, alice, operator)
    for pointer, body in wrong_types(body_of(operation)):
        answer = await api.request(operation.method, things.path(operation), headers=headers, json=body)
        _refused(answer, 400, "invalid_request")
        assert answer.json()["errors"][0]["pointer"].startswith(pointer)
    assert await row_counts(heliograph) == before


@pytest.mark.parametrize("operation", WITH_BODY, ids=name_of)
async def test_an_unknown_field_is_pointed_at(api, alice, operator, things, operation):
    """A field that is not documented is a 400 whose pointer names it, so that a misspelt option is not ignored."""
    body = {**body_of(operation), "misspelt~/field": 1}
    headers = _headers(operation, alice, operator)
    answer = await api.request(operation.method, things.path(operation), headers=headers, json=body)
    _refused(answer, 400, "invalid_request")
    assert answer.json()["errors"][0]["pointer"] == "/misspelt~0~1field"


@pytest.mark.parametrize("operation", WITH_BODY, ids=name_of)
async def test_a_body_of_another_type_is_refused(api, heliograph, alice, operator, things, operation):
    """JSON that is not declared as JSON in UTF-8 is a 415."""
    before = await row_counts(heliograph)
    content = json.dumps(body_of(operation)).encode()
    for kind in (None, "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                 "application/json; charset=utf-16", "application/msgpack", "x", ";;=;"):  # fmt: skip
        headers = _headers(operation, alice, operator) | ({} if kind is None else {"Content-Type": kind})
        answer = await api.request(operation.method, things.path(operation), headers=headers, content=content)
        _refused(answer, 415, "unsupported_media_type")
    assert await row_counts(heliograph) == before


@pytest.mark.parametrize("operation", WITH_BODY, ids=name_of)
async def test_an_oversized_body_is_refused_unread(api, alice, operator, things, operation):
    """A body over the limit is a 413: by its announced length unread, and in chunks as soon as it is over."""
    headers = _headers(operation, alice, operator) | {"Content-Type": "application/json"}
    sent = 0

    async def endless():
        nonlocal sent
        while sent < 10_000_000:
            sent += 65_536
            yield b" " * 65_536

    answer = await api.request(operation.method, things.path(operation), headers=headers, content=endless())
    _refused(answer, 413, "too_large")
    assert sent < 400_000
    sent = 0
    announced = headers | {"Content-Length": "10000000"}
    answer = await api.request(operation.method, things.path(operation), headers=announced, content=endless())
    _refused(answer, 413, "too_large")
    assert sent <= 65_536


@pytest.mark.parametrize("operation", ADMIN, ids=name_of)
async def test_a_parameter_that_nobody_reads_is_refused(api, heliograph, alice, operator, things, operation):
    """A misspelt or doubled-up query parameter is a 400 that names it."""
    before = await row_counts(heliograph)
    headers = _headers(operation, alice, operator)
    for name in ("limt", "Limit", "", "a[b]", "x" * 5000, "\u00fc", "key"):
        answer = await api.request(
            operation.method, things.path(operation), headers=headers, params={name: "1"}, json=body_of(operation)
        )
        _refused(answer, 400, "invalid_request")
    answer = await api.request(operation.method, things.path(operation) + "?a=%00&%ff=%fe", headers=headers)
    _refused(answer, 400, "invalid_request")
    assert await row_counts(heliograph) == before


@pytest.mark.parametrize(
    "path", ["/v1/notifications?state=null", "/v1/subscriptions?state=NULL", "/v1/keys?limit=null"]
)
async def test_the_word_null_is_no_value(api, alice, path):
    """A filter that says null is refused, and not taken for no filter."""
    answer = await api.get(path, headers=alice.manage)

    _refused(answer, 400, "invalid_request")


PAGED = [operation for operation in ADMIN if any(parameter.name == "cursor" for parameter in operation.parameters)]


@pytest.mark.parametrize("operation", PAGED, ids=name_of)
async def test_paging_parameters_are_checked(api, alice, operator, things, operation):
    """A limit outside 1 to 200 and a cursor that this listing did not make are 400."""
    headers = _headers(operation, alice, operator)
    for name, values in {
        "limit": ["0", "-1", "201", "x", "", "1.5", "9" * 400, "NaN", "٣"],
        "cursor": ["", "x", "====", "ü", "A" * 300, "A" * 5000, "AAAAAAAAAAAAAAAA"],
    }.items():
        for value in values:
            query = things.query(operation) | {name: value}
            answer = await api.get(things.path(operation), headers=headers, params=query)
            _refused(answer, 400, "invalid_request")
            assert answer.json()["errors"][0]["pointer"] == f"query/{name}"


@pytest.mark.parametrize("operation", ABOUT_ONE, ids=name_of)
async def test_odd_identifiers_are_not_found(api, heliograph, alice, operator, things, operation):
    """An identifier of another form is a 404 like any that does not exist."""
    before = await row_counts(heliograph)
    headers = _headers(operation, alice, operator)
    for odd in ("x", "%00", "%00x", "..%2f", "%ff", "prj_" + "z" * 26, "x" * 3000, "'%20OR%201=1", "%F0%9F%98%80"):
        path = operation.path
        for parameter in operation.parameters:
            path = path.replace(f"{{{parameter.name}}}", odd)
        query = things.query(operation)
        answer = await api.request(operation.method, path, headers=headers, params=query, json=body_of(operation))
        if answer.status_code == 400:
            # A name that a caller chooses has rules of its own.
            assert "{name}" in operation.path
            continue
        if answer.is_success:
            # Deleting what is not there may be as good as having deleted it.
            assert operation.method == "DELETE"
            continue
        _refused(answer, 404, "not_found")
    assert await row_counts(heliograph) == before


@pytest.mark.parametrize("operation", ABOUT_ONE, ids=name_of)
async def test_another_projects_things_are_not_found(api, heliograph, alice, his_things, operation):
    """With Bob's identifiers and Alice's key everything is a 404, as if Bob had nothing; and nothing of his changes."""
    before = await row_counts(heliograph)
    if is_installation_only(operation):
        return
    answer = await api.request(
        operation.method,
        his_things.path(operation),
        headers=alice.manage,
        json=body_of(operation),
        params=his_things.query(operation),
    )
    _refused(answer, 404, "not_found")
    assert await row_counts(heliograph) == before


@pytest.mark.parametrize("operation", OF_PROJECT, ids=name_of)
async def test_the_project_header_names_no_other_project(api, alice, bob, operator, things, operation):
    """A project's key cannot name another project, and the installation's key must name one that exists."""
    path, query, body = things.path(operation), things.query(operation), body_of(operation)
    for headers in (
        alice.manage | {"Heliograph-Project": bob.id},
        alice.manage | {"Heliograph-Project": ""},
        operator | {"Heliograph-Project": "prj_" + "0" * 26},
        operator | {"Heliograph-Project": "x" * 5000},
    ):
        answer = await api.request(operation.method, path, headers=headers, json=body, params=query)
        _refused(answer, 404, "not_found")
    answer = await api.request(operation.method, path, headers=operator, json=body, params=query)
    _refused(answer, 400, "invalid_request")
    assert answer.json()["errors"][0]["pointer"] == "header/Heliograph-Project"


@pytest.mark.parametrize("operation", ADMIN, ids=name_of)
async def test_what_cannot_be_answered_in_json_is_refused(api, alice, operator, things, operation):
    """A caller who takes no JSON gets 406."""
    for accept in ("text/html", "application/xml, text/*", "application/json;q=0", "image/png;q=1,"):
        headers = _headers(operation, alice, operator) | {"Accept": accept}
        answer = await api.request(operation.method, things.path(operation), headers=headers, json=body_of(operation))
        _refused(answer, 406, "not_acceptable")


@pytest.mark.parametrize("path", sorted({operation.path for operation in ADMIN}))
async def test_other_methods_are_refused(api, alice, things, path):
    """A method that an address does not take is a 405 that says which it takes."""
    known = {operation.method for operation in ADMIN if operation.path == path}
    some = next(operation for operation in ADMIN if operation.path == path)
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - known:
        answer = await api.request(method, things.path(some), headers=alice.manage)
        _refused(answer, 405, "method_not_allowed")
        assert known <= {item.strip() for item in answer.headers["allow"].split(",")}


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v2/projects", "/v1/nothing", "/v1/keys/a/b", "/%00"])
async def test_an_unknown_address_is_a_problem_document(api, alice, path):
    """There is nothing at an address that is not documented, and that is said like everything else."""
    _refused(await api.get(path, headers=alice.manage), 404, "not_found")
