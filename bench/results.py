"""Telling and keeping what benchmarks found."""

import os
import platform
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

_CROWDED = 4
"""Load from which on the server, its database and the client wait for each other and for others."""
_HEAD = "# Results\n\nWritten by `make bench`; each section says what was measured, when and where.\n"


def say(text: str) -> None:
    """Print a line."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def machine() -> str:
    """Return when and where this is, and how busy the machine was."""
    model = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    name = model[1] if model else platform.machine()
    loads = os.getloadavg()
    busy = ", ".join(f"{load:.1f}" for load in loads)
    crowded = (
        " It was crowded: times and rates say little, processor time per call more." if loads[1] > _CROWDED else ""
    )
    return (
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {os.cpu_count()} cores ({name}), Python {platform.python_version()}; "
        f"load of the machine, others' work included: {busy}.{crowded}"
    )


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; numbers stand to the right."""
    lines = [titles, ["---", *("---:" for _ in titles[1:])], *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def write_section(path: Path, title: str, text: str) -> None:
    """Write a section anew, and leave the others."""
    old = path.read_text(encoding="utf-8") if path.exists() else _HEAD
    parts = re.split(r"(?m)^(?=## )", old)
    kept = [part for part in parts if not part.startswith(f"## {title}\n")]
    path.write_text("".join(part.rstrip() + "\n\n" for part in kept) + f"## {title}\n\n{text}\n", encoding="utf-8")
