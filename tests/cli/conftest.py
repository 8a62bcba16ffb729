"""Runs the command line in this process, on an installation of its own."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from heliograph.cli import main


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command did."""

    status: int
    out: str
    err: str

    def json(self) -> Any:
        return msgspec.json.decode(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data directory that the settings lead to."""
    for name in list(os.environ):
        if name.startswith("HELIOGRAPH_"):
            monkeypatch.delenv(name)
    directory = tmp_path / "data"
    monkeypatch.setenv("HELIOGRAPH_DATA_DIR", str(directory))
    return directory


@pytest.fixture
def run(data_dir: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Run:
    """`heliograph` with arguments, as a shell would call it."""

    def call(*arguments: str) -> Ran:
        monkeypatch.setattr(sys, "argv", ["heliograph", *arguments])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return Ran(int(ended.value.code or 0), out, err)

    return call


@pytest.fixture
def project(run: Run) -> dict[str, Any]:
    """The only project, with its keys."""
    made: dict[str, Any] = run(
        "projects",
        "create",
        "Shop",
        "--contact",
        "mailto:ada@heliograph.example.com",
        "--origin",
        "https://shop.example",
        "--json",
    ).json()
    return made
