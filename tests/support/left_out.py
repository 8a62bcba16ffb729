"""One line at the end of a run for each reason why browser tests were left out."""

from collections import Counter

import pytest

_FOLDER = "tests/browser/"


def lines(terminal: pytest.TerminalReporter) -> list[str]:
    """Return a sentence per reason; works for the processes of pytest-xdist too, whose reports all come here."""
    reasons = Counter(
        str(report.longrepr[2]).removeprefix("Skipped: ")
        for report in terminal.getreports("skipped")
        if report.nodeid.startswith(_FOLDER) and isinstance(report.longrepr, tuple)
    )
    return [f"Left out: {count} browser tests, because there is {reason}." for reason, count in sorted(reasons.items())]
