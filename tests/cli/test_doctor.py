"""Each fault that the doctor knows is made, found under its stable name, and gone when it is mended."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from tests.architecture.sources import ROOT
from tests.cli.conftest import Run
from tests.support.hostile import answering, serving

from heliograph.cli.doctor import network, place, stored
from heliograph.cli.doctor.command import IDS
from heliograph.cli.exits import Exit
from heliograph.devpush import DevPush, DevPushConfig
from heliograph.domain.site import Severity
from heliograph.kit.curl import CurlSender
from heliograph.settings import Settings
from heliograph.storage.survey import Server

_JOB = (
    "INSERT INTO jobs (id, name, args, priority, run_at, state, attempts, created_at) "
    "VALUES ('job_1', 'n', '{{}}', 5, 0, '{state}', 0, 0)"
)
_WEBHOOK = (
    "INSERT INTO webhooks (id, project_id, url, description, event_types, is_enabled, disabled_reason, secret, "
    "failing_since, created_at, updated_at) "
    "SELECT 'whk_1', id, 'https://a.example/', '', '[]', 1, {reason}, x'00', 0, 0, 0 FROM projects"
)
NOW = datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC)


def examined(run: Run) -> dict[str, dict[str, Any]]:
    """What the doctor finds, by name; the exit status says whether there is an error."""
    ran = run("doctor", "--offline", "--json")
    report = json.loads(ran.out)
    severities = {finding["severity"] for finding in report["findings"]}
    assert ran.status == (Exit.FAILED if "error" in severities else Exit.OK)
    assert report["ok"] is ("error" not in severities)
    assert [finding["id"] for finding in report["findings"]] == list(IDS)
    for finding in report["findings"]:
        assert finding["sentence"].endswith((".", "?"))
        assert bool(finding["hint"]) == (finding["severity"] in ("warning", "error"))
    return {finding["id"]: finding for finding in report["findings"]}


def change(data_dir: Path, statement: str, *values: object) -> None:
    """Make a fault in the database."""
    with sqlite3.connect(data_dir / "heliograph.sqlite3") as database:
        database.execute(statement, values)
    database.close()


def microseconds(offset: timedelta) -> int:
    """An instant as SQLite keeps it, from now on."""
    return int((datetime.now(UTC) + offset).timestamp() * 1_000_000)


@pytest.fixture
def well(run: Run, project: dict[str, Any], data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """An installation that nothing is wrong with: public, with a worker that was seen just now."""
    monkeypatch.setenv("HELIOGRAPH_PUBLIC_URL", "https://push.example.com")
    lease = ("clock", "worker", microseconds(timedelta(minutes=1)))
    change(data_dir, "INSERT INTO leases VALUES (?, ?, ?)", *lease)
    found = examined(run)
    assert {found[name]["severity"] for name in set(IDS) - {"disk", "clock_skew", "public_answer"}} == {"ok"}
    return project


def test_before_the_first_start_nothing_is_made(run: Run, data_dir: Path):
    """A doctor who looks at nothing says so, and leaves nothing behind."""
    found = examined(run)
    assert found["database"]["severity"] == "error"
    assert found["queue_stuck"]["severity"] == "skipped"
    assert not data_dir.exists()


def test_a_database_that_does_not_answer(run: Run, monkeypatch: pytest.MonkeyPatch):
    """The report goes on with what can be seen without it, and holds no password."""
    monkeypatch.setenv("HELIOGRAPH_DATABASE_URL", "postgresql://ada:s3cret@127.0.0.1:9/heliograph")
    monkeypatch.setenv("HELIOGRAPH_MASTER_KEY", "A" * 43)
    found = examined(run)
    assert found["database"]["severity"] == "error"
    assert "s3cret" not in json.dumps(found)


@pytest.mark.parametrize(
    ("name", "severity", "statement", "values"),
    [
        ("schema", "error", "UPDATE alembic_version SET version_num = '0001'", ()),
        ("no_worker", "error", "DELETE FROM leases", ()),
        ("no_worker", "error", "UPDATE leases SET until = 0", ()),
        ("key_paused", "error", "UPDATE vapid_keys SET paused_until = ?, pause_reason = 'refused'", ("in an hour",)),
        ("vapid_subject", "error", "UPDATE projects SET vapid_subject = 'mailto:x@localhost'", ()),
        ("vapid_subject", "warning", "UPDATE projects SET vapid_subject = 'mailto:push@example.com'", ()),
        ("origins", "warning", "UPDATE projects SET origins = '[]'", ()),
        ("origins", "warning", "UPDATE projects SET origins = '[\"http://localhost:8971\"]'", ()),
        ("webhook_failing", "warning", _WEBHOOK.format(reason="NULL"), ()),
        ("webhook_failing", "error", _WEBHOOK.format(reason="'failing'"), ()),
        ("master_key", "error", "UPDATE installation SET value = 'another'", ()),
        (
            "queue_stuck",
            "error",
            _JOB.format(state="ready"),
            (),
        ),
        (
            "dead_jobs",
            "warning",
            _JOB.format(state="dead"),
            (),
        ),
    ],
)
def test_faults_in_the_database_are_found(
    run: Run, well: dict[str, Any], data_dir: Path, name: str, severity: str, statement: str, values: tuple[str, ...]
):
    """Each under its own name, and no other check complains of it."""
    before = {key: finding["severity"] for key, finding in examined(run).items()}
    change(data_dir, statement, *(microseconds(timedelta(hours=1)) for _ in values))
    found = {key: finding["severity"] for key, finding in examined(run).items()}
    assert found[name] == severity
    worse = {key for key in IDS if found[key] in ("warning", "error") and found[key] != before[key]}
    assert worse == {name}
    assert f"{name} " in run("doctor", "--offline").out


def test_an_error_of_one_project_is_not_hidden_by_a_warning_of_another(run: Run, well: dict[str, Any], data_dir: Path):
    """What push services refuse is told before what is merely unwise."""
    change(data_dir, "UPDATE projects SET vapid_subject = 'mailto:push@example.com'")
    run("projects", "create", "Later", "--contact", "mailto:ada@heliograph.example.com")
    change(data_dir, "UPDATE projects SET vapid_subject = 'mailto:x@localhost' WHERE name = 'Later'")
    found = examined(run)["vapid_subject"]
    assert found["severity"] == "error"
    assert "Later" in found["sentence"]


def test_a_damaged_database_is_not_to_be_started(run: Run, well: dict[str, Any], data_dir: Path):
    """The advice is about a file: nothing can be started."""
    (data_dir / "heliograph.sqlite3").write_bytes(b"no database at all" * 999)
    found = examined(run)["database"]
    assert found["severity"] == "error"
    assert "restore" in found["hint"]


async def test_a_certificate_that_nobody_believes_is_an_error(tmp_path: Path):
    """Browsers refuse it as well, wherever they are."""
    async with DevPush(DevPushConfig(host="127.0.0.1", http_port=0, tls_port=0, mcs_port=0)) as devpush:
        finding = await _asked(network.public_answer, f"https://127.0.0.1:{devpush.tls_port}")
    assert finding.severity is Severity.ERROR
    assert "certificate" in finding.sentence


def test_rights_that_are_too_wide_are_found(run: Run, well: dict[str, Any], data_dir: Path):
    """Of the directory, and of the key's file, which is then not read."""
    data_dir.chmod(0o755)
    assert examined(run)["data_directory"]["severity"] == "error"
    data_dir.chmod(0o700)
    (data_dir / "master.key").chmod(0o644)
    found = examined(run)
    assert (found["data_directory"]["severity"], found["master_key"]["severity"]) == ("error", "error")


def test_a_lost_master_key_is_found(run: Run, well: dict[str, Any], data_dir: Path):
    """The doctor makes no new one."""
    (data_dir / "master.key").unlink()
    assert "missing" in examined(run)["master_key"]["sentence"]
    assert not (data_dir / "master.key").exists()


@pytest.mark.parametrize(("free", "severity"), [(1, "error"), (10**9, "warning"), (10**12, "ok")])
def test_a_full_disk_is_found(tmp_path: Path, free: int, severity: str):
    """Before it is full."""
    assert place.disk(Settings(data_dir=tmp_path), free=free).severity == severity


@pytest.mark.parametrize(
    ("url", "severity"),
    [
        (None, "warning"),
        ("http://push.example.com", "error"),
        ("http://localhost:8970", "ok"),
        ("https://push.example.com", "ok"),
    ],
)
def test_a_public_address_that_browsers_cannot_use_is_found(url: str | None, severity: str):
    """Service workers need https, except on one's own machine."""
    assert place.public_url(Settings(public_url=url)).severity == severity


def test_development_settings_in_production_are_found():
    """On one's own machine they are what is meant."""
    settings = Settings(devpush_url="http://127.0.0.1:8972")
    assert place.devpush(settings).severity is Severity.OK
    assert place.devpush(settings.replace(public_url="https://push.example.com")).severity is Severity.ERROR


@pytest.mark.parametrize(
    ("server", "severity"),
    [
        (Server("postgresql", (9, 6), "UTF8"), "error"),
        (Server("postgresql", (16, 4), "LATIN1"), "error"),
        (Server("postgresql", (16, 4), "UTF8"), "ok"),
        (Server("sqlite", (3, 34, 1), "UTF-8"), "error"),
        (Server("sqlite", (3, 45, 1), "UTF-8"), "ok"),
    ],
)
def test_a_database_that_is_too_old_or_of_another_encoding_is_found(server: Server, severity: str):
    """RETURNING needs a newer SQLite, names of people need UTF-8."""
    assert stored.database(server).severity == severity


@pytest.mark.parametrize(
    ("ahead", "severity"), [(0, "ok"), (29, "ok"), (31, "warning"), (-31, "warning"), (301, "error"), (-9999, "error")]
)
async def test_a_clock_that_is_wrong_is_found(ahead: int, severity: str):
    """A push service's own Date tells."""
    date = format_datetime(NOW - timedelta(seconds=ahead), usegmt=True).encode()
    answer = b"HTTP/1.1 404 Not Found\r\nDate: " + date + b"\r\nContent-Length: 0\r\n\r\n"
    async with serving(answering(answer)) as port:
        finding = await _asked(network.clock_skew, f"http://127.0.0.1:{port}/", now=lambda: NOW)
    assert finding.severity == severity


async def test_a_clock_that_cannot_be_compared_is_no_fault():
    """No network, or an answer without a date."""
    unreached = await _asked(network.clock_skew, "http://127.0.0.1:9/", now=lambda: NOW)
    async with serving(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as port:
        dateless = await _asked(network.clock_skew, f"http://127.0.0.1:{port}/", now=lambda: NOW)
    assert {unreached.severity, dateless.severity} == {Severity.SKIPPED}


@pytest.mark.parametrize(
    ("body", "severity"), [(b'{"status":"alive"}', "ok"), (b"It works!", "error"), (b'{"status":"ok"}', "error")]
)
async def test_somebody_else_at_the_public_address_is_found(body: bytes, severity: str):
    """A proxy that leads elsewhere answers, but not as we do."""
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    async with serving(answering(head + body)) as port:
        finding = await _asked(network.public_answer, f"http://127.0.0.1:{port}")
    assert finding.severity == severity


async def test_a_public_address_that_cannot_be_reached_is_a_warning():
    """From this machine; it may be reached from outside all the same."""
    assert (await _asked(network.public_answer, "http://127.0.0.1:9")).severity is Severity.WARNING


async def _asked(check: Any, *args: Any, **more: Any) -> Any:
    sender = CurlSender()
    try:
        return await check(sender, *args, **more)
    finally:
        await sender.close()


def test_every_check_is_explained():
    """The page for operators has a line for each name."""
    page = (ROOT / "docs" / "howto" / "operate.md").read_text()
    assert [name for name in IDS if f"`{name}`" not in page] == []
