"""An embedded installation in one file: made while it runs, refused when damaged, and sending after it is restored."""

import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from tests.cli.conftest import Run
from tests.support.environment import clean_environment

from heliograph.cli.backup import FORMAT as FORM
from heliograph.cli.exits import Exit
from heliograph.kit import archive as kit_archive


@pytest.fixture
def archive(run: Run, project: dict[str, str], tmp_path: Path) -> Path:
    """A backup of an installation with a project."""
    made = tmp_path / "made.tar"
    assert run("backup", str(made)).status == Exit.OK
    return made


@pytest.fixture
def elsewhere(archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data directory that the settings lead to from now on."""
    directory = tmp_path / "elsewhere"
    monkeypatch.setenv("HELIOGRAPH_DATA_DIR", str(directory))
    return directory


def test_a_restored_installation_is_the_same(run: Run, archive: Path, elsewhere: Path, data_dir: Path):
    """Projects, keys and the master key come back, for their owner's eyes alone."""
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    assert run("restore", str(archive), "--check").status == Exit.OK
    assert not elsewhere.exists()

    assert run("restore", str(archive)).status == Exit.OK

    assert (elsewhere / "master.key").read_bytes() == (data_dir / "master.key").read_bytes()
    assert sorted(path.name for path in elsewhere.iterdir()) == ["heliograph.sqlite3", "master.key"]
    assert [stat.S_IMODE(path.stat().st_mode) for path in elsewhere.iterdir()] == [0o600, 0o600]
    assert [item["name"] for item in run("projects", "list", "--json").json()] == ["Shop"]


def test_a_backup_is_never_written_over(run: Run, archive: Path):
    """A name that exists is refused, and the file stays as it was."""
    before = archive.read_bytes()
    assert run("backup", str(archive)).status == Exit.FAILED
    assert archive.read_bytes() == before
    assert [path.name for path in archive.parent.iterdir() if path.name.startswith(".")] == []


def test_an_installation_is_replaced_only_when_forced_and_kept(run: Run, archive: Path, data_dir: Path):
    """What was there stays beside; without --force nothing changes at all."""
    run("projects", "create", "Later", "--contact", "mailto:ada@heliograph.example.com")
    refused = run("restore", str(archive))
    assert refused.status == Exit.FAILED
    assert "--force" in refused.err
    assert len(run("projects", "list", "--json").json()) == 2

    done = run("restore", str(archive), "--force", "--json").json()

    assert len(run("projects", "list", "--json").json()) == 1
    (kept,) = done["kept"]
    with sqlite3.connect(kept) as old:
        assert old.execute("SELECT count(*) FROM projects").fetchone() == (2,)
    old.close()


def test_a_running_installation_is_never_replaced(run: Run, archive: Path, data_dir: Path):
    """Not even with --force: who runs would go on with a file that is no longer there."""
    user = sqlite3.connect(data_dir / "heliograph.sqlite3")
    user.execute("SELECT count(*) FROM projects").fetchone()
    try:
        refused = run("restore", str(archive), "--force")
    finally:
        user.close()
    assert refused.status == Exit.FAILED
    assert "stop Heliograph first" in refused.err
    assert run("projects", "list").status == Exit.OK


def test_a_damaged_backup_is_refused(run: Run, archive: Path, elsewhere: Path):
    """Cut off or with a bit flipped, it is refused with one sentence, and the place stays empty."""
    whole = archive.read_bytes()
    damaged = archive.with_name("damaged.tar")
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 4
    for content in (b"", whole[:700], whole[: len(whole) // 2], bytes(flipped)):
        damaged.write_bytes(content)
        ran = run("restore", str(damaged))
        assert (ran.status, len(ran.err.strip().splitlines())) == (Exit.FAILED, 1)
        assert list(elsewhere.iterdir() if elsewhere.exists() else ()) == []


def test_what_is_no_backup_is_refused(run: Run, archive: Path, elsewhere: Path, tmp_path: Path):
    """Another tar, a text, an empty file, a directory, nothing at all."""
    other = tmp_path / "other.tar"
    os.system(f"cd {tmp_path} && echo hello > hello && tar cf {other} hello")
    text = tmp_path / "text"
    text.write_text("not a backup " * 1000)
    for path in (other, text, tmp_path, tmp_path / "nothing"):
        ran = run("restore", str(path))
        assert ran.status == Exit.FAILED
        assert "Traceback" not in ran.err


def test_a_backup_of_a_newer_version_is_refused(run: Run, project: dict[str, str], data_dir: Path, tmp_path: Path):
    """An older Heliograph would not understand the database."""
    with sqlite3.connect(data_dir / "heliograph.sqlite3") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    made = tmp_path / "newer.tar"
    assert run("backup", str(made)).status == Exit.OK
    ran = run("restore", str(made), "--check")
    assert ran.status == Exit.FAILED
    assert "newer version" in ran.err


def test_the_master_key_can_be_kept_elsewhere(
    run: Run, project: dict[str, str], data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Then the backup opens nothing by itself, says so, and needs the right key to be restored."""
    made = tmp_path / "without.tar"
    said = run("backup", str(made), "--without-master-key")
    assert "does not hold the master key" in said.out
    key = (data_dir / "master.key").read_text().strip()
    assert key.encode() not in made.read_bytes()

    monkeypatch.setenv("HELIOGRAPH_DATA_DIR", str(tmp_path / "elsewhere"))
    assert "does not hold the master key" in run("restore", str(made)).err
    monkeypatch.setenv("HELIOGRAPH_MASTER_KEY", run("keys", "master").out.strip())
    assert "not the one of this backup" in run("restore", str(made)).err
    monkeypatch.setenv("HELIOGRAPH_MASTER_KEY", key)
    assert run("restore", str(made)).status == Exit.OK
    assert run("projects", "list").status == Exit.OK


def test_postgresql_is_left_to_its_own_tools(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Said in one sentence, before anything is opened."""
    monkeypatch.setenv("HELIOGRAPH_DATABASE_URL", "postgresql://ada@127.0.0.1:9/heliograph")
    monkeypatch.setenv("HELIOGRAPH_MASTER_KEY", "A" * 43)
    for ran in (run("backup", str(tmp_path / "x.tar")), run("restore", str(tmp_path / "x.tar"))):
        assert ran.status == Exit.USAGE
        assert "pg_dump" in ran.err


def test_a_backup_while_others_write_is_of_one_instant(run: Run, project: dict[str, str], data_dir: Path, tmp_path):
    """Two rows that are always written together are both in the copy, or neither."""
    database = sqlite3.connect(data_dir / "heliograph.sqlite3", isolation_level=None, check_same_thread=False)
    done = threading.Event()

    def write() -> None:
        number = 0
        while not done.is_set():
            number += 1
            database.execute("BEGIN IMMEDIATE")
            for side in ("left", "right"):
                database.execute("INSERT INTO installation VALUES (?, ?)", (f"{side} {number}", "x" * 2000))
            database.execute("COMMIT")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        made = [run("backup", str(tmp_path / f"{number}.tar")).status for number in range(3)]
    finally:
        done.set()
        writer.join()
        database.close()
    assert made == [Exit.OK] * 3
    run("restore", str(tmp_path / "2.tar"), "--force")
    with sqlite3.connect(data_dir / "heliograph.sqlite3") as restored:
        counts = [
            restored.execute("SELECT count(*) FROM installation WHERE name LIKE ?", (f"{side} %",)).fetchone()
            for side in ("left", "right")
        ]
    restored.close()
    assert counts[0] == counts[1] != (0,)


def test_a_backup_is_finished_however_much_is_written_meanwhile(
    run: Run, project: dict[str, str], data_dir: Path, tmp_path: Path
):
    """Every portion of the copy is followed by a write: a copy that began anew each time would never end."""
    path = data_dir / "heliograph.sqlite3"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE ballast (filling BLOB)")
        database.executemany("INSERT INTO ballast VALUES (zeroblob(1000000))", [()] * 60)
    database.close()
    writer = subprocess.Popen([sys.executable, "-c", _BUSY, str(path)], stdout=subprocess.PIPE)
    assert writer.stdout is not None
    try:
        writer.stdout.readline()
        done = subprocess.run(
            [sys.executable, "-m", "heliograph", "backup", str(tmp_path / "made.tar")],
            env=clean_environment(HELIOGRAPH_DATA_DIR=str(data_dir)),
            timeout=30,
            check=False,
        )
    finally:
        writer.kill()
        writer.communicate()
    assert done.returncode == Exit.OK


_BUSY = """
import sqlite3, sys, time
database = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
while True:
    database.execute("UPDATE installation SET value = value")
    print("written", flush=True)
    time.sleep(0.002)
"""


def test_what_was_there_is_kept_every_time(run: Run, archive: Path, data_dir: Path):
    """Two restores within one second leave two files beside."""
    kept = [path for _ in range(3) for path in run("restore", str(archive), "--force", "--json").json()["kept"]]
    assert len(set(kept)) == 3
    assert all(Path(path).exists() for path in kept)


def test_a_damaged_database_is_replaced_and_kept_with_its_log(run: Run, archive: Path, data_dir: Path):
    """What was committed may be in the log alone: whoever mends the database needs it."""
    place = data_dir / "heliograph.sqlite3"
    place.write_bytes(b"not a database at all" * 1000)
    log = place.with_name(f"{place.name}-wal")
    log.write_bytes(b"committed")
    (kept,) = run("restore", str(archive), "--force", "--json").json()["kept"]
    assert Path(f"{kept}-wal").read_bytes() == b"committed"
    assert not log.exists()
    assert run("projects", "list").status == Exit.OK


def test_what_a_kill_left_long_ago_is_cleared_away(run: Run, project: dict[str, str], tmp_path: Path):
    """It is a copy of everything; what is younger than a day may be somebody's who is still at it."""
    for name, age in (("old", 2), ("young", 0)):
        left = tmp_path / f".heliograph-backup-{name}"
        left.mkdir()
        (left / "heliograph.sqlite3").write_bytes(b"half")
        then = time.time() - age * 86_400
        os.utime(left, (then, then))
    assert run("backup", str(tmp_path / "made.tar")).status == Exit.OK
    assert [path.name for path in tmp_path.glob(".heliograph-*")] == [".heliograph-backup-young"]


def test_a_backup_that_does_not_say_when_it_was_made_is_refused(
    run: Run, archive: Path, elsewhere: Path, tmp_path: Path
):
    """Before anything is put into its place, not after."""
    inside, place = tmp_path / "inside", tmp_path / "place"
    inside.mkdir()
    place.mkdir()
    names = kit_archive.unpack(archive, inside, form=FORM).files
    forged = tmp_path / "forged.tar"
    kit_archive.write(forged, {name: inside / name for name in names}, form=FORM, about={"version": "1"}, within=place)
    ran = run("restore", str(forged))
    assert (ran.status, len(ran.err.strip().splitlines())) == (Exit.FAILED, 1)
    assert not (elsewhere / "heliograph.sqlite3").exists()
