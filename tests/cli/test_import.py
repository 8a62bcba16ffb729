"""`heliograph import` and `heliograph export`: reports, refusals, and a process that is killed in the middle."""

import json
import sqlite3
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.cli.conftest import Run
from tests.support import files
from tests.support.environment import clean_environment
from tests.support.files import as_csv, onesignal, plain

from heliograph.cli.exits import Exit
from heliograph.protocols import base64url


@pytest.fixture
def key(tmp_path: Path) -> str:
    """The vendor's private key, in a file."""
    path = tmp_path / "vapid.pem"
    path.write_bytes(files.VENDOR.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return str(path)


def ask(data_dir: Path, query: str) -> list[Any]:
    with sqlite3.connect(data_dir / "heliograph.sqlite3") as database:
        found = database.execute(query).fetchall()
    database.close()
    return found


def test_a_file_comes_in_and_out_again(run: Run, project: dict[str, Any], data_dir: Path, tmp_path: Path, key: str):
    """With counts for a person and for a script; the export is the owner's alone, and there is no half one."""
    file = tmp_path / "users.csv"
    file.write_bytes(as_csv([onesignal(number, external_user_id=f"p{number}") for number in range(30)], delimiter=";"))
    done = run("import", str(file), "--vapid-private-key", key, "--vapid-public-key", files.PUBLIC, "--json")
    assert done.status == Exit.OK, done.err
    assert done.json()["counts"] == {"created": 30}
    assert done.json()["vapid_key"]["state"] == "active"
    again = run("import", str(file), "--vapid-private-key", key)
    assert "Unchanged" in again.out
    assert not any(secret in again.out + again.err for secret in (files.endpoint(1), files.auth(1), files.point(1)))

    out = tmp_path / "out.jsonl.gz"
    assert run("export", str(out), "--json").json()["rows"] == 30
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert run("export", str(out)).status == Exit.FAILED
    assert len(run("export", "-").out.splitlines()) == 31
    assert sorted(tmp_path.iterdir()) == sorted([file, out, data_dir, tmp_path / "vapid.pem"])
    run("projects", "create", "Other", "--contact", "mailto:ada@heliograph.example.com")
    back = run("import", str(out), "--project", "Other", "--vapid-private-key", key, "--json")
    assert back.json()["counts"] == {"created": 30}
    acts = [entry["act"] for entry in run("audit", "--json").json()]
    assert {"import_started", "import_finished", "subscriptions_exported", "vapid_key_made"} <= set(acts)


def test_refused_rows_are_told_in_a_file(run: Run, project: dict[str, Any], tmp_path: Path, key: str):
    """Line and reason, nothing of what they hold; when nothing is refused any more the file goes."""
    file = tmp_path / "rows.csv"
    file.write_bytes(as_csv([plain(0), plain(1, endpoint="https://evil.example/x"), plain(2, auth="x")]) + b"\xff,,\n")
    done = run("import", str(file), "--vapid-private-key", key)
    assert done.status == Exit.FAILED
    told = (tmp_path / "rows.csv.refused.csv").read_text().splitlines()
    assert [line.split(",")[:2] for line in told] == [
        ["line", "reason"], ["3", "endpoint_refused"], ["4", "receiver_keys_refused"], ["5", "not_utf8"],
    ]  # fmt: skip
    assert "evil" not in "".join(told) + done.out + done.err
    file.write_bytes(as_csv([plain(0)]))
    assert run("import", str(file), "--vapid-private-key", key).status == Exit.OK
    assert not (tmp_path / "rows.csv.refused.csv").exists()


def test_without_the_vendors_key_the_import_says_what_would_happen(
    run: Run, project: dict[str, Any], data_dir: Path, tmp_path: Path
):
    """Such subscriptions would be answered 403; told that the project's own key made them, it goes."""
    file = tmp_path / "rows.csv"
    file.write_bytes(as_csv([plain(0)]))
    refused = run("import", str(file))
    assert refused.status == Exit.FAILED
    assert "403" in refused.err
    assert ask(data_dir, "SELECT count(*) FROM subscriptions") == [(0,)]
    assert run("import", str(file), "--own-key").status == Exit.OK
    assert run("import", str(tmp_path / "nothing.csv")).status == Exit.FAILED
    empty = tmp_path / "empty.csv"
    empty.touch()
    assert "empty" in run("import", str(empty), "--own-key").err


@pytest.mark.parametrize("form", ["raw", "pem", "sec1", "der", "jwk", "pair"])
def test_the_vendors_key_may_be_kept_in_any_form(run: Run, project: dict[str, Any], tmp_path: Path, form: str):
    """What web-push prints, OpenSSL writes, or a JWK: all are the same key."""
    private, kinds = files.VENDOR, (Encoding.PEM, Encoding.DER)
    text = {
        "raw": files.PRIVATE,
        "pem": private.private_bytes(kinds[0], PrivateFormat.PKCS8, NoEncryption()).decode(),
        "sec1": private.private_bytes(kinds[0], PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode(),
        "der": base64url.encode(private.private_bytes(kinds[1], PrivateFormat.PKCS8, NoEncryption())),
        "jwk": json.dumps({"kty": "EC", "crv": "P-256", "d": files.PRIVATE}),
        "pair": json.dumps({"publicKey": files.PUBLIC, "privateKey": files.PRIVATE}),
    }[form]
    file, key = tmp_path / "rows.csv", tmp_path / "key"
    file.write_bytes(as_csv([plain(0)]))
    key.write_text(text + "\n")
    done = run("import", str(file), "--vapid-private-key", str(key), "--vapid-public-key", files.PUBLIC)
    assert done.status == Exit.OK, done.err
    key.write_text(text[: len(text) // 2])
    wrong = run("import", str(file), "--vapid-private-key", str(key))
    assert wrong.status == Exit.FAILED
    assert text[:20] not in wrong.err


def test_a_killed_import_goes_on(project: dict[str, Any], data_dir: Path, tmp_path: Path, key: str):
    """SIGKILL in the middle, three times over: the next run goes on, and each row is there once."""
    count = 12_000
    file = tmp_path / "rows.csv"
    file.write_bytes(as_csv([plain(number, external_id=f"p{number % 50}", group="news") for number in range(count)]))
    command = [sys.executable, "-m", "heliograph", "import", str(file), "--vapid-private-key", key, "--json"]
    environment = clean_environment() | {"HELIOGRAPH_DATA_DIR": str(data_dir)}
    reached = 0
    for _ in range(3):
        process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        deadline = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < deadline:
            rows = ask(data_dir, "SELECT rows_read FROM imports")
            if rows and rows[0][0] > reached:
                break
            time.sleep(0.01)
        process.kill()
        process.communicate()
        ((rows_read,),) = ask(data_dir, "SELECT rows_read FROM imports")
        assert rows_read > reached or rows_read == count
        assert ask(data_dir, "SELECT count(*) FROM subscriptions") == [(rows_read,)]
        reached = rows_read
    done = subprocess.run(command, env=environment, capture_output=True, check=True)
    report = json.loads(done.stdout)
    assert (report["state"], report["rows"], report["counts"]) == ("finished", count, {"created": count})
    assert ask(data_dir, "SELECT count(*), count(DISTINCT endpoint) FROM subscriptions") == [(count, count)]
    assert ask(data_dir, "SELECT count(*) FROM memberships") == [(count,)]
    assert ask(data_dir, "SELECT count(*) FROM imports") == [(1,)]


def test_standard_input_is_read(project: dict[str, Any], data_dir: Path, key: str):
    """Through a pipe, where nobody knows how much there is."""
    command = [sys.executable, "-m", "heliograph", "import", "-", "--vapid-private-key", key, "--json"]
    environment = clean_environment() | {"HELIOGRAPH_DATA_DIR": str(data_dir)}
    rows = as_csv([plain(number) for number in range(2_500)])
    done = subprocess.run(command, env=environment, input=rows, capture_output=True, check=True)
    assert json.loads(done.stdout)["counts"] == {"created": 2_500}
    assert done.stderr == b""
