"""The demo as a person starts it: a process, its table, and what is left behind."""

import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from tests.support.environment import clean_environment

from heliograph.cli.demo.afternoon import Afternoon
from heliograph.cli.demo.crowd import Seen
from heliograph.cli.demo.story import Result

pytestmark = pytest.mark.timeout(240)

ALL_WELL = Result(
    notification="ntf_1",
    seen=Seen(subscribed=3, decrypted=3, shown=3, clicked=1, duplicates=0, lost=0, undecryptable=0, p50=0.1, p95=0.2),
    accepted=3,
    displayed=3,
    clicked=1,
    afternoon=Afternoon(
        asked=4, looked=1, left=2, bought=0, reminded=1, held_back=1, strays=0, duplicates=0, variants=()
    ),
)


def environment(temporary: Path) -> dict[str, str]:
    return clean_environment(TMPDIR=str(temporary), PYTHONUNBUFFERED="1")


def test_the_demo_loses_nothing_and_leaves_nothing(tmp_path: Path):
    """Every agent decrypts, shows and reports, and the temporary directory is empty afterwards."""
    command = [sys.executable, "-m", "heliograph", "demo", "--once", "--agents", "40", "--json"]
    ran = subprocess.run(
        command, env=environment(tmp_path), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )

    assert ran.returncode == 0, ran.stdout + ran.stderr
    result = msgspec.json.decode(ran.stdout)
    assert result["good"]
    assert result["subscribed"] == result["accepted"] == result["shown"] == 40
    assert result["lost"] == result["duplicates"] == 0
    assert 0 < result["p50_ms"] <= result["p95_ms"]
    afternoon = result["afternoon"]
    assert afternoon["asked"] == 40 + 40 // 3
    assert afternoon["looked"] + afternoon["left"] + afternoon["bought"] == 40
    assert afternoon["left"] == afternoon["reminded"] + afternoon["held_back"] > 0
    assert sum(one["sent"] for one in afternoon["variants"]) == afternoon["reminded"]
    assert afternoon["strays"] == afternoon["duplicates"] == 0
    assert list(tmp_path.iterdir()) == []


def test_the_demo_stays_up_takes_another_notification_and_ends_on_ctrl_c(tmp_path: Path):
    """What it prints can be typed; ctrl-C removes everything."""
    demo = subprocess.Popen(
        [sys.executable, "-m", "heliograph", "demo", "--agents", "10"],
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        said = ""
        assert demo.stdout is not None
        while "Ctrl-C ends" not in said:
            line = demo.stdout.readline()
            assert line, f"it ended early:\n{said}"
            said += line
        typed = re.search(r"^ +(HELIOGRAPH_DATA_DIR=.*--wait)$", said, re.MULTILINE)
        assert typed, said
        # Whichever directory the person is in, the command is one that works there.
        sent = subprocess.run(
            typed[1], shell=True, env=environment(tmp_path), capture_output=True, text=True, check=False
        )
        assert sent.returncode == 0, sent.stdout + sent.stderr
        assert "is done" in sent.stdout
        demo.send_signal(signal.SIGINT)
        said += demo.stdout.read()
        assert demo.wait(timeout=60) == 0, said
    finally:
        demo.kill()
        demo.communicate()
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def test_the_demo_can_be_interrupted_at_any_time(tmp_path: Path):
    """Before the table, the exit status says that there is none."""
    demo = subprocess.Popen(
        [sys.executable, "-m", "heliograph", "demo", "--agents", "2000"],
        env=environment(tmp_path),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert demo.stdout is not None
        said = demo.stdout.readline()
        deadline = time.monotonic() + 60
        while not list(tmp_path.glob("heliograph-demo-*/*.sqlite3")) and time.monotonic() < deadline:
            time.sleep(0.05)
        demo.send_signal(signal.SIGINT)
        said += demo.stdout.read()
        assert demo.wait(timeout=60) == 130, said
    finally:
        demo.kill()
        demo.communicate()
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "result",
    [
        replace(ALL_WELL, seen=replace(ALL_WELL.seen, lost=1, decrypted=2, shown=2)),
        replace(ALL_WELL, seen=replace(ALL_WELL.seen, shown=2)),
        replace(ALL_WELL, accepted=2),
        replace(ALL_WELL, displayed=2),
        replace(ALL_WELL, afternoon=replace(ALL_WELL.afternoon, reminded=0)),
        replace(ALL_WELL, afternoon=replace(ALL_WELL.afternoon, strays=1)),
        replace(ALL_WELL, afternoon=replace(ALL_WELL.afternoon, duplicates=1)),
    ],
)
def test_a_loss_anywhere_is_a_failure(result: Result):
    """The exit status is of all agents' whole way, not of an average."""
    assert ALL_WELL.is_good
    assert not result.is_good
