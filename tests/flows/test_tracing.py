"""What a trace tells of a send, from the call that asked for it to the exchanges with push services."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

import httpx
import pytest
import structlog
from tests.support.collector import Collector
from tests.support.pages import Site
from tests.support.world import World

from heliograph.api.app import create_app
from heliograph.bootstrap import Heliograph
from heliograph.kit import log
from heliograph.kit.opentelemetry import OpenTelemetryTracer
from heliograph.kit.tracing import MOST_EXCHANGES, MOST_STEPS, NoTracer, SpanKind, TracedSender, step, under
from heliograph.names import JobName
from heliograph.queue.base import NewJob
from heliograph.worker.once import work_once

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GIVEN = {"traceparent": f"00-{TRACE}-{PARENT}-01"}


@dataclass
class Traced:
    """An installation that is traced, and the collector that it tells."""

    world: World
    heliograph: Heliograph
    tracer: OpenTelemetryTracer
    collector: Collector

    async def call(self, method: str, path: str, **more: object) -> httpx.Response:
        """Call the admin API."""
        transport = httpx.ASGITransport(create_app(self.heliograph))
        async with httpx.AsyncClient(transport=transport, base_url="http://push.test") as client:
            headers = Site(self.world.project, client).admin | more.pop("headers", {})
            return await client.request(method, path, headers=headers, **more)


@pytest.fixture
def traced(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Traced]:
    with Collector() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        monkeypatch.setenv("OTEL_SERVICE_NAME", "push of the shop")
        tracer = OpenTelemetryTracer("0")
        sender = TracedSender(world.machine.sender)
        world.machine = replace(world.machine, tracer=tracer, sender=sender)
        yield Traced(world, replace(world.heliograph, tracer=tracer), tracer, collector)


def _everything(collector: Collector) -> str:
    return repr([(span.name, span.attributes) for span in collector.spans])


async def test_a_send_is_one_trace_from_the_call_to_the_push_service(traced: Traced) -> None:
    """The caller's trace goes on through the queue; 40 exchanges are 40 in a sum and only a few spans."""
    world, collector = traced.world, traced.collector
    fleet = await world.agents(40)
    subscriptions = await world.subscribe(fleet.agents)
    body = {"audience": {"kind": "everyone"}, "content": {"title": "Ferry"}}
    made = await traced.call("POST", "/v1/notifications", json=body, headers=GIVEN)
    assert made.status_code == 201, made.text
    await world.work()
    await traced.tracer.close()

    (call,) = collector.named("POST /v1/notifications")
    assert (call.trace_id, call.parent_id, call.service) == (TRACE, PARENT, "push of the shop")
    assert call.attributes["http.response.status_code"] == 201
    (send,) = collector.named(JobName.SEND)
    assert (send.trace_id, send.attributes["heliograph.notification_id"]) == (TRACE, made.json()["id"])
    jobs = [name for name in collector.ancestors(send) if not name.startswith("database.")]
    assert jobs == [JobName.FANOUT, JobName.PLAN, "POST /v1/notifications"]
    assert send.attributes["heliograph.deliveries.accepted"] == send.attributes["heliograph.exchanges"] == 40
    shown = [span for span in collector.spans if span.name == "POST 127.0.0.1"]
    assert [span.attributes["http.response.status_code"] for span in shown] == [201] * MOST_EXCHANGES
    (others,) = collector.named("exchanges with 127.0.0.1")
    assert others.attributes["heliograph.answers"] == [f"201: {40 - MOST_EXCHANGES}"]
    assert others.parent_id == send.span_id
    assert send.began_ns <= others.began_ns <= others.ended_ns <= send.ended_ns
    assert collector.paths == {"/v1/traces"}
    told = _everything(collector)
    secret = [*(agent.endpoint for agent in fleet.agents), *subscriptions, "devpush-", "hsk_", "/p/"]
    assert [word for word in secret if word in told] == []


async def test_a_page_does_not_write_into_other_peoples_traces(traced: Traced) -> None:
    """What comes from a page begins a trace of its own, with a link; nonsense is no trace at all."""
    for given in (GIVEN["traceparent"], "00-zz-zz-01", "", "x" * 5000):
        await traced.call("GET", "/v1/public/config", headers={"traceparent": given})
    for path in ("/healthz", "/readyz", "/health/live", "/metrics"):
        await traced.call("GET", path)
    await traced.tracer.close()
    spans = [span for span in traced.collector.spans if span.name == "GET /v1/public/config"]
    assert {span.parent_id for span in spans} == {""}
    assert TRACE not in {span.trace_id for span in spans}
    assert sorted(span.links for span in spans) == [[], [], [], [TRACE]]
    assert len([span for span in traced.collector.spans if span.name.startswith("GET ")]) == 4


async def test_a_fault_is_marked_and_not_quoted(traced: Traced) -> None:
    """A job that fails is a failed span with the kind of error; its message may hold anything and stays out."""
    world = traced.world
    async with world.store.begin() as tx:
        now = world.clock.now()
        await world.heliograph.queue.add(tx, [NewJob(JobName.SEND, {"secret": "hsk_1"}, run_at=now)], now=now)
    with pytest.raises(KeyError):
        await world.work()
    await traced.tracer.close()
    (span,) = traced.collector.named(JobName.SEND)
    assert (span.is_error, span.attributes["error.type"], span.parent_id) == (True, "KeyError", "")
    assert "hsk_1" not in _everything(traced.collector)


async def test_a_long_job_has_a_bounded_number_of_spans(traced: Traced) -> None:
    """Ten thousand steps fill no collector."""
    with under(traced.tracer.begin("long", SpanKind.CONSUMER)):
        for _ in range(10_000):
            with step("again"):
                pass
    await traced.tracer.close()
    assert len(traced.collector.named("again")) == MOST_STEPS


async def test_without_a_tracer_nothing_is_carried(world: World) -> None:
    """A job's row has what its maker gave, and no trace."""
    assert isinstance(world.heliograph.tracer, NoTracer)
    await world.notify()
    jobs = await world.heliograph.queue.claim(
        worker="w", limit=9, lease=world.heliograph.send_timeout, now=world.clock.now()
    )
    assert [set(job.args) for job in jobs] == [{"notification_id"}]


async def test_log_lines_name_the_trace(traced: Traced, capsys: pytest.CaptureFixture[str]) -> None:
    """What is logged meanwhile has the trace's identifier next to the request's, and what is logged later has not."""
    log.configure(json=True)
    span = traced.tracer.begin("work", SpanKind.SERVER)
    assert span is not None
    with structlog.contextvars.bound_contextvars(request_id="req_1"):
        with under(span), step("part"):
            log.get_logger("test").info("inside")
        log.get_logger("test").info("outside")
    inside, outside = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert (inside["trace_id"], inside["request_id"]) == (span.trace_id, "req_1")
    assert "trace_id" not in outside


async def test_the_line_about_a_failed_job_names_its_trace(traced: Traced, capsys: pytest.CaptureFixture[str]) -> None:
    """It is written by the worker, after the job's span has ended."""
    log.configure(json=True)
    async with traced.world.store.begin() as tx:
        now = traced.world.clock.now()
        await traced.world.heliograph.queue.add(tx, [NewJob(JobName.SEND, {}, run_at=now)], now=now)
    await work_once(traced.heliograph)
    await traced.tracer.close()
    (line,) = [line for line in capsys.readouterr().err.splitlines() if '"job_failed"' in line]
    assert json.loads(line)["trace_id"] == traced.collector.named(JobName.SEND)[0].trace_id
