"""The last lines of a run: why browser tests were left out, and where their screenshots are."""

import os
from collections import Counter
from pathlib import Path

import pytest

_FOLDER = "tests/browser/"
SCREENSHOTS = Path(os.environ.get("HELIOGRAPH_SCREENSHOTS") or Path(__file__).parents[2] / ".build" / "screenshots")
"""Outside what git lists; for a person to look at."""


def lines(terminal: pytest.TerminalReporter) -> list[str]:
    """Return a sentence for each; works for the processes of pytest-xdist too, whose reports all come here."""
    reasons = Counter(
        str(report.longrepr[2]).removeprefix("Skipped: ")
        for report in terminal.getreports("skipped")
        if report.nodeid.startswith(_FOLDER) and isinstance(report.longrepr, tuple)
    )
    said = [f"Left out: {count} browser tests, because there is {reason}." for reason, count in sorted(reasons.items())]
    passed = terminal.getreports("passed") + terminal.getreports("failed")
    if any(report.nodeid.startswith(f"{_FOLDER}test_prompts_seen") for report in passed):
        said.append(f"What prompts look like: {SCREENSHOTS}")
    return said
