"""What is nobody's mistake: a fault of ours, a database that is away; and the small answers around the API."""

import asyncio
import contextlib
import json

import httpx
import pytest
import structlog
from litestar import Litestar, get
from sqlalchemy.exc import OperationalError
from tests.support.api import bearer, make_tenant

from heliograph.api.app import create_app
from heliograph.api.application import Application
from heliograph.api.problems import HANDLERS
from heliograph.api.reading import StrictRequest
from heliograph.bootstrap import Heliograph
from heliograph.errors import Unavailable
from heliograph.names import Scope

_SECRET = "hsk_this-must-not-be-told"


class _Faulty:
    """A store whose database fails in its own words, which quote what it was given."""

    def __init__(self, fault: Exception) -> None:
        self._fault = fault

    @contextlib.asynccontextmanager
    async def read(self):
        raise self._fault
        yield

    begin = read

    async def check(self):
        raise self._fault


def _client(app: Litestar) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://push.test")


def _broken(heliograph: Heliograph, fault: Exception) -> Litestar:
    values = {name: getattr(heliograph, name) for name in Heliograph.__dataclass_fields__}
    return create_app(Heliograph(**values | {"store": _Faulty(fault)}))


async def test_a_fault_of_ours_is_a_number_and_one_log_line(heliograph):
    """The answer has a code and a request id; the log has that id and where it happened; neither has the message."""
    app = _broken(heliograph, RuntimeError(f"no such row: {_SECRET}"))
    with structlog.testing.capture_logs() as lines:
        async with _client(app) as client:
            answer = await client.get("/v1/keys", headers=bearer(_SECRET))
    assert answer.status_code == 500
    told = answer.json()
    assert told["code"] == "internal_error"
    assert told["request_id"] in told["detail"]
    (line,) = lines
    assert line["request_id"] == told["request_id"]
    assert line["kind"] == "RuntimeError"
    assert any("test_faults.py" in frame for frame in line["frames"])
    assert _SECRET not in answer.text + json.dumps(lines, default=str)
    assert "Traceback" not in answer.text


async def test_a_database_that_is_away_is_a_503(heliograph):
    """The answer says to come back; readiness says no while liveness says yes."""
    async with _client(_broken(heliograph, Unavailable("The database is busy."))) as client:
        answer = await client.get("/v1/keys", headers=bearer(_SECRET))
        assert answer.status_code == 503
        assert answer.json()["code"] == "unavailable"
        assert answer.headers["retry-after"] == "1"
        assert (await client.get("/health/ready")).status_code == 503
        assert (await client.get("/health/live")).status_code == 200


async def test_a_database_that_breaks_off_is_a_503_and_tells_nothing(heliograph):
    """A lost connection is a matter of time; the failed statement and its values stay out of answer and log."""
    fault = OperationalError("SELECT :token", {"token": _SECRET}, ConnectionError(_SECRET))
    with structlog.testing.capture_logs() as lines:
        async with _client(_broken(heliograph, fault)) as client:
            answer = await client.get("/v1/keys", headers=bearer(_SECRET))
    assert answer.status_code == 503
    assert [line["event"] for line in lines] == ["database_unavailable"]
    assert _SECRET not in answer.text + json.dumps(lines, default=str)


async def test_a_recursion_in_our_own_code_is_a_fault_and_no_bad_request(heliograph: Heliograph):
    """Only what a request did is put down to the request."""

    @get("/deep")
    async def deep() -> None:
        def down(level: int) -> int:
            return down(level + 1)

        down(0)

    app = Application([deep], exception_handlers=HANDLERS, request_class=StrictRequest, openapi_config=None)
    app.state["heliograph"] = heliograph
    async with _client(app) as client:
        assert (await client.get("/deep")).status_code == 500


async def test_health(api):
    """Both answers of a process that is well."""
    assert (await api.get("/health/live")).json() == {"status": "alive"}
    assert (await api.get("/health/ready")).json() == {"status": "ready", "queue": "moving"}


@pytest.mark.parametrize("name", ["..%2Fapp.py", "heliograph.ts", "", "x.js", "%00.js", ".js"])
async def test_only_built_files_are_served(api, name):
    """Nothing but the files of the folder can be fetched from it."""
    assert (await api.get(f"/sdk/v1/{name}")).status_code == 404


async def test_two_at_once_cannot_both_make_the_active_key(heliograph: Heliograph, app):
    """Of VAPID keys made at the same time one is active in the end, and none is lost."""
    alice = await make_tenant(heliograph, "alice")
    async with _client(app) as client:
        answers = await asyncio.gather(
            *(client.post("/v1/vapid-keys", headers=alice.manage, json={}) for _ in range(6))
        )
        assert [answer.status_code for answer in answers] == [201] * 6
        listed = (await client.get("/v1/vapid-keys", headers=alice.manage)).json()["items"]
    assert sorted(key["state"] for key in listed) == ["active"] + ["retiring"] * 6


async def test_a_key_rotated_twice_at_once_has_one_successor(heliograph: Heliograph, app):
    """Of rotations at the same time one makes the successor, and the others are told."""
    alice = await make_tenant(heliograph, "alice")
    async with _client(app) as client:
        key_id = alice.key_ids[Scope.READ]
        before = len((await client.get("/v1/keys", headers=alice.manage)).json()["items"])
        answers = await asyncio.gather(
            *(client.post(f"/v1/keys/{key_id}/rotate", headers=alice.manage, json={}) for _ in range(5))
        )
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
        assert len((await client.get("/v1/keys", headers=alice.manage)).json()["items"]) == before + 1


async def test_two_at_once_cannot_both_take_a_name(heliograph: Heliograph, app):
    """Of providers made with one name at the same time one is made, and the others are told."""
    alice = await make_tenant(heliograph, "alice")
    async with _client(app) as client:
        answers = await asyncio.gather(
            *(client.post("/v1/providers", headers=alice.manage, json={"name": "x"}) for _ in range(5))
        )
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
