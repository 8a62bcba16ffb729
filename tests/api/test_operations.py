"""What an operator's tools ask: metrics, readiness, and the identifier of every request."""

import re
from datetime import timedelta

import httpx
import pytest
import structlog
from litestar import Litestar
from sqlalchemy import text
from tests.support.api import Tenant, bearer

from heliograph.api.app import create_app
from heliograph.api.metrics import metrics_app
from heliograph.bootstrap import Heliograph
from heliograph.kit.clock import FrozenClock
from heliograph.names import CLOCK_LEASE, JobName, Metric
from heliograph.queue.base import NewJob
from heliograph.storage import leases, vapid_keys

_LINE = re.compile(r'[a-z_]+(\{([a-z_]+="([^"\\\n]|\\.)*",?)+\})? ([0-9.e+-]+|\+Inf)')


def _client(app: Litestar) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://push.test")


def _with(heliograph: Heliograph, **values: object) -> Heliograph:
    given = {name: getattr(heliograph, name) for name in Heliograph.__dataclass_fields__}
    return Heliograph(**given | values)


async def test_metrics_are_closed_unless_a_token_is_set(heliograph: Heliograph, alice: Tenant):
    """A stranger does not even learn that they exist; API keys do not open them."""
    async with _client(create_app(heliograph)) as client:
        assert (await client.get("/metrics")).status_code == 404
        assert (await client.get("/metrics", headers=alice.manage)).status_code == 404
    async with _client(create_app(_with(heliograph, metrics_token="tell-me"))) as client:
        assert (await client.get("/metrics")).status_code == 401
        assert (await client.get("/metrics", headers=alice.manage)).status_code == 401
        assert (await client.get("/metrics", headers={"Authorization": b"Bearer \xe9"})).status_code == 401
        assert (await client.get("/metrics", headers=bearer("tell-me"))).status_code == 200


async def test_a_port_of_its_own_needs_no_token_and_has_nothing_else(heliograph: Heliograph):
    """Who opens the port says who may reach it."""
    async with _client(metrics_app(heliograph)) as client:
        answer = await client.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
        assert (await client.get("/v1/projects")).status_code == 404


async def test_metrics_say_how_the_installation_is_doing(heliograph: Heliograph, alice: Tenant, clock: FrozenClock):
    """Jobs by state, the age of the oldest, paused keys and whether a worker lives; every line can be parsed."""
    now = clock.now()
    async with heliograph.store.begin() as tx:
        jobs = [
            NewJob(JobName.SWEEP, {}, run_at=now - timedelta(seconds=90)),
            NewJob(JobName.SWEEP, {}, run_at=now - timedelta(seconds=30)),
            NewJob(JobName.SWEEP, {}, run_at=now + timedelta(seconds=30)),
        ]
        await heliograph.queue.add(tx, jobs, now=now)
        await vapid_keys.pause(tx, alice.made.vapid_key.id, until=now + timedelta(minutes=1), reason="refused")
    (job,) = await heliograph.queue.claim(worker="w", limit=1, lease=timedelta(minutes=1), now=now)
    async with heliograph.store.begin() as tx:
        await heliograph.queue.bury(tx, job, worker="w", error="No.")

    async with _client(metrics_app(heliograph)) as client:
        first = (await client.get("/metrics")).text
        async with heliograph.store.begin() as tx:
            await leases.acquire(tx, CLOCK_LEASE, holder="w", until=now + timedelta(minutes=1), now=now)
        second = (await client.get("/metrics")).text

    assert {
        'heliograph_jobs{state="due"} 1',
        'heliograph_jobs{state="running"} 0',
        'heliograph_jobs{state="dead"} 1',
        "heliograph_oldest_job_seconds 30",
        "heliograph_vapid_keys_paused 1",
        "heliograph_worker_alive 0",
    } <= set(first.splitlines())
    assert "heliograph_worker_alive 1" in second.splitlines()
    assert [line for line in second.splitlines() if not line.startswith("#") and not _LINE.fullmatch(line)] == []


async def test_requests_are_counted_by_route_and_not_by_address(api: httpx.AsyncClient, heliograph: Heliograph, alice):
    """What strangers make up is one series, so that they cannot fill the memory."""
    for name in ("a", "b", "c"):
        await api.get(f"/v1/nothing/{name}")
        await api.get(f"/v1/keys/key_{name}", headers=alice.manage)

    meters = heliograph.meters
    assert meters.value(Metric.HTTP_REQUESTS, method="GET", route="other", status="404") == 3
    assert meters.value(Metric.HTTP_REQUESTS, method="GET", route="/v1/keys/{key_id}", status="404") == 3
    assert meters.value(Metric.HTTP_SECONDS, route="/v1/keys/{key_id}") == 3
    assert "key_a" not in meters.render()


async def test_ready_says_when_the_schema_is_old(api: httpx.AsyncClient, heliograph: Heliograph):
    """A process that is newer than its database must get no requests."""
    for path in ("/health/ready", "/readyz"):
        assert (await api.get(path)).json() == {"status": "ready", "queue": "moving"}
    async with heliograph.store.begin() as tx:
        await tx.execute(text("UPDATE alembic_version SET version_num = '0001'"))

    for path in ("/health/ready", "/readyz"):
        answer = await api.get(path)
        assert answer.status_code == 503
        assert "heliograph migrate" in answer.json()["detail"]
    assert (await api.get("/healthz")).json() == (await api.get("/health/live")).json() == {"status": "alive"}


async def test_ready_tells_a_stuck_queue_and_stays_ready(
    api: httpx.AsyncClient, heliograph: Heliograph, clock: FrozenClock
):
    """Work that nobody does is told; work that somebody does may take its time."""
    now = clock.now()
    async with heliograph.store.begin() as tx:
        late = [NewJob(JobName.SWEEP, {}, run_at=now - timedelta(minutes=6)) for _ in range(2)]
        await heliograph.queue.add(tx, late, now=now)
    assert (await api.get("/readyz")).json() == {"status": "ready", "queue": "stuck"}

    await heliograph.queue.claim(worker="w", limit=1, lease=timedelta(minutes=1), now=now)
    assert (await api.get("/readyz")).json() == {"status": "ready", "queue": "moving"}


@pytest.mark.parametrize("path", ["/v1/nothing", "/health/live", "/v1/keys", "/v1/public/config"])
async def test_every_answer_has_the_identifier_of_its_request(api: httpx.AsyncClient, path: str):
    """Whether the address exists or not, and another one each time; a proxy's own is kept if it can be one."""
    first, second = [(await api.get(path)).headers["x-request-id"] for _ in range(2)]
    assert first.startswith("req_")
    assert first != second
    assert (await api.get(path, headers={"X-Request-Id": "proxy-17.a"})).headers["x-request-id"] == "proxy-17.a"
    for bad in ("", "a b", "x" * 65, "<script>", "\u00e9".encode()):
        assert (await api.get(path, headers={"X-Request-Id": bad})).headers["x-request-id"].startswith("req_")


async def test_log_lines_of_a_request_have_its_identifier(api: httpx.AsyncClient, app: Litestar):
    """Whatever is logged while a request is answered can be found by what the caller was told."""
    told: dict[str, object] = {}

    async def note(_message: object, _scope: object) -> None:
        told.update(structlog.contextvars.get_contextvars())

    app.before_send.append(note)
    try:
        answer = await api.get("/health/live")
    finally:
        app.before_send.remove(note)
    assert told == {"request_id": answer.headers["x-request-id"]}
    assert structlog.contextvars.get_contextvars() == {}
