"""How commands write: tables and panels for a person on a terminal, plain lines in a pipe, JSON for a script."""

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec
from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

_PIPE_WIDTH = 120
_CONTROLS = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def console() -> Console:
    """Return a console on standard output; in a pipe it is wide enough not to break identifiers."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else _PIPE_WIDTH)


def write_json(value: Any) -> None:
    """Write one JSON document to standard output, indented."""
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n")


def table(title: str | None, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Table:
    """Return a table; instants are shown to the second, in UTC."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(column, overflow="fold")
    for row in rows:
        made.add_row(*(Text(_printable(_shown(cell))) for cell in row))
    return made


def facts(values: Mapping[str, Any]) -> Table:
    """Return names and values in two columns."""
    made = Table.grid(padding=(0, 2))
    made.add_column(style="dim")
    made.add_column(overflow="fold")
    for name, value in values.items():
        made.add_row(name, Text(_printable(_shown(value))))
    return made


def secrets_panel(title: str, values: Mapping[str, Any], note: str) -> Panel:
    """Return a frame around secrets that are shown this once."""
    grid = facts(values)
    grid.add_row("", "")
    grid.add_row("", Text(note, style="bold"))
    return Panel(grid, title=Text(_printable(title)), title_align="left", border_style="yellow", expand=False)


def progress(on: Console, *, quiet: bool = False) -> Progress:
    """Return progress bars; without a terminal only their last state is written, and nothing if `quiet`."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description:<24}"),
        BarColumn(bar_width=32),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=on,
        disable=quiet,
    )


def _printable(text: str) -> str:
    """Return text that steers no terminal: names and titles are written by others."""
    return _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", text)


def _shown(value: Any) -> str:
    match value:
        case None:
            return "-"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}Z"
        case bool():
            return "yes" if value else "no"
        case list() | tuple() | set() | frozenset():
            return ", ".join(str(item) for item in value) or "-"
        case _:
            return str(value)
