"""Traces of real processes: handed to a collector, to one that is away, and to nobody."""

import asyncio
import re
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from tests.cli.test_running import START_SECONDS, free_port, started
from tests.support.collector import Collector
from tests.support.environment import clean_environment

from heliograph.cli.exits import Exit
from heliograph.devpush import DevPush, DevPushConfig
from heliograph.devpush.agents import AgentFleet, HeliographSite
from heliograph.kit.opentelemetry import LAST_SECONDS
from heliograph.names import JobName

pytestmark = pytest.mark.timeout(180)
ORIGIN = "https://shop.example"
FIRST = ("--contact", "mailto:ada@example.com", "--origin", ORIGIN)
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
HIDDEN = """
import sys
sys.modules["opentelemetry"] = None
sys.argv = ["heliograph", "worker"]
from heliograph.cli import main
main()
"""


async def eventually(probe: Callable[[], object]) -> None:
    async with asyncio.timeout(START_SECONDS):
        while True:
            if probe():
                return
            await asyncio.sleep(0.02)


async def test_a_trace_crosses_processes(tmp_path: Path):
    """From a call of one process through the queue to the push service, by another one; logs name the trace."""
    port = free_port()
    with Collector() as collector:
        async with DevPush(DevPushConfig(host="127.0.0.1", http_port=0, tls_port=0, mcs_port=0)) as devpush:
            settings = {
                "HELIOGRAPH_DEVPUSH_URL": devpush.http_url,
                "HELIOGRAPH_DEVPUSH_TLS_PORT": str(devpush.tls_port),
                "HELIOGRAPH_DEVPUSH_CA_FILE": str(devpush.ca_file),
                "HELIOGRAPH_LOG_FORMAT": "json",
                "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
                "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
                "OTEL_BSP_SCHEDULE_DELAY": "100",
            }
            async with started(tmp_path, "up", "--port", str(port), *FIRST) as first:
                await first.until("Heliograph runs")
                key = (await first.until(r"Secret key +(hsk_[\w-]{43})"))[1]
                publishable = (await first.until(r"(hpk_[\w-]{43})"))[1]
                await first.stop()
            url = f"http://127.0.0.1:{port}"
            async with (
                started(tmp_path, "serve", "--port", str(port), **settings, OTEL_SERVICE_NAME="api") as api,
                started(tmp_path, "worker", **settings, OTEL_RESOURCE_ATTRIBUTES="service.name=worker") as worker,
                httpx.AsyncClient(base_url=url, trust_env=False) as client,
                HeliographSite(url, publishable, ORIGIN) as site,
                AgentFleet(devpush.ws_url, 1) as fleet,
            ):
                await api.until("answers at")
                await worker.until("worker is running")
                await fleet.subscribe(site)
                body = {"audience": {"kind": "everyone"}, "content": {"title": "Ferry"}}
                headers = {"Authorization": f"Bearer {key}", "traceparent": TRACEPARENT}
                made = await client.post("/v1/notifications", json=body, headers=headers)
                assert made.status_code == 201, made.text
                await fleet.wait_until(lambda counts: counts.shown == 1)
                await eventually(lambda: collector.named(JobName.SEND))
                assert await worker.stop() == Exit.OK
                assert await api.stop() == Exit.OK
    (send,) = collector.named(JobName.SEND)
    assert (send.trace_id, send.service) == (TRACEPARENT[3:35], "worker")
    assert "POST /v1/notifications" in collector.ancestors(send)
    assert {span.service for span in collector.named("POST /v1/notifications")} == {"api"}
    assert send.attributes["heliograph.deliveries.accepted"] == 1
    assert "Traceback" not in api.said + worker.said


@pytest.mark.parametrize("is_listening", [False, True], ids=["refuses", "is silent"])
async def test_a_collector_that_is_away_stops_nothing(tmp_path: Path, is_listening: bool):
    """Answers come as ever, a line tells of it, and a stop waits a few seconds at most."""
    port = free_port()
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        if is_listening:
            silent.listen()
        settings = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{silent.getsockname()[1]}",
            "OTEL_BSP_SCHEDULE_DELAY": "50",
        }
        async with started(tmp_path, "up", "--port", str(port), *FIRST, **settings) as up:
            await up.until("Heliograph runs")
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
                took = []
                for _ in range(50):
                    began = time.monotonic()
                    assert (await client.get("/v1/keys")).status_code == 401
                    took.append(time.monotonic() - began)
            if not is_listening:
                await up.until("traces_not_handed_over")
                assert "/v1/traces" not in up.said
            began = time.monotonic()
            assert await up.stop() == Exit.OK
            assert time.monotonic() - began < LAST_SECONDS + 10
    assert sorted(took)[25] < 1
    assert "Traceback" not in up.said
    assert up.said.count("traces_not_handed_over") <= 1


async def test_what_cannot_be_served_is_wrong_usage(tmp_path: Path):
    """One sentence names the variable, before anything runs."""
    settings = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    async with started(tmp_path, "worker", **settings) as worker:
        assert await worker.ended() == Exit.USAGE
    assert "OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf" in worker.said
    assert len(worker.said.strip().splitlines()) == 1


@pytest.mark.parametrize("is_off", [False, True], ids=["wanted", "switched off"])
async def test_missing_packages_are_one_sentence(tmp_path: Path, is_off: bool):
    """Whoever asks for traces without the extra is told its name, and whoever switches them off needs none of it."""
    environment = clean_environment(
        HELIOGRAPH_DATA_DIR=str(tmp_path), OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9", PYTHONUNBUFFERED="1"
    ) | ({"OTEL_SDK_DISABLED": "true"} if is_off else {})
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HIDDEN, stderr=asyncio.subprocess.PIPE, env=environment
    )
    assert process.stderr is not None
    async with asyncio.timeout(START_SECONDS):
        if is_off:
            while not re.search(b"The worker is running", await process.stderr.readline()):
                assert process.returncode is None
            process.terminate()
        _, said = await process.communicate()
    if is_off:
        assert process.returncode == Exit.OK
    else:
        assert process.returncode == Exit.USAGE
        assert "pip install 'heliograph[otel]'" in said.decode()
        assert len(said.decode().strip().splitlines()) == 1
