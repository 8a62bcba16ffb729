"""What the demo says: before, the table, and what one can do next."""

import shutil
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from heliograph.cli.demo.afternoon import Afternoon
from heliograph.cli.demo.stage import Stage
from heliograph.cli.demo.story import Result


def opening(agents: int) -> RenderableType:
    """Return what is said first."""
    sentence = f"Heliograph demo: SQLite, bundled push service, a shop, {agents} simulated user agents."
    return Text(sentence, style="bold")


def rows(result: Result) -> list[tuple[str, str]]:
    """Return the table's lines."""
    seen = result.seen
    return [
        ("subscribed", str(seen.subscribed)),
        ("accepted by push services", str(result.accepted)),
        ("decrypted and shown", str(seen.shown)),
        ("clicked", str(result.clicked)),
        ("lost", str(seen.lost)),
        ("duplicates", str(seen.duplicates)),
        ("API call to decryption, p50", f"{seen.p50 * 1000:.0f} ms"),
        ("API call to decryption, p95", f"{seen.p95 * 1000:.0f} ms"),
    ]


def table(result: Result) -> RenderableType:
    """Return the table."""
    made = Table(title="One notification to everyone", title_justify="left", show_header=False)
    made.add_column()
    made.add_column(justify="right")
    for name, value in rows(result):
        style = "bold red" if name == "lost" and value != "0" else ""
        made.add_row(name, Text(value, style=style))
    return made


def afternoon_rows(spent: Afternoon) -> list[tuple[str, str]]:
    """Return the second table's lines."""
    tested = [
        (f"reminded with {one.name}, and clicked", f"{one.sent}, {one.clicked} ({one.click_rate:.0%})")
        for one in spent.variants
    ]
    return [
        ("asked by the prompt", str(spent.asked)),
        ("looked around", str(spent.looked)),
        ("bought", str(spent.bought)),
        ("left a cart behind", str(spent.left)),
        *tested,
        ("held back, to compare", str(spent.held_back)),
        ("reminded without a cart", str(spent.strays)),
        ("duplicates", str(spent.duplicates)),
    ]


def afternoon_table(spent: Afternoon) -> RenderableType:
    """Return the second table."""
    made = Table(title="An afternoon at the shop: carts left behind come back", title_justify="left", show_header=False)
    made.add_column()
    made.add_column(justify="right")
    for name, value in afternoon_rows(spent):
        style = "bold red" if name in ("reminded without a cart", "duplicates") and value != "0" else ""
        made.add_row(name, Text(value, style=style))
    return made


def as_json(result: Result) -> dict[str, Any]:
    """Return the table for a script."""
    seen = result.seen
    return {
        "notification": result.notification,
        "subscribed": seen.subscribed,
        "accepted": result.accepted,
        "shown": seen.shown,
        "clicked": result.clicked,
        "lost": seen.lost,
        "duplicates": seen.duplicates,
        "p50_ms": round(seen.p50 * 1000, 1),
        "p95_ms": round(seen.p95 * 1000, 1),
        "afternoon": asdict(result.afternoon),
        "good": result.is_good,
    }


def say_what_next(out: Console, running: Stage) -> None:
    """Write the addresses, and what to type."""
    shop = running.shop
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold")
    grid.add_column(overflow="fold")
    grid.add_row("Shop", f"{shop.origin}   look at two lamps, and you are asked; leave one in the cart, and hear of it")
    grid.add_row("API reference", f"{shop.api}/docs   secret key: {shop.secret_key}")
    grid.add_row("Push service", f"{shop.devpush}   how to point a browser at it, for use without the internet")
    out.print(Panel(grid, title="It stays up", title_align="left", expand=False))
    out.print(Text("Send another:", style="bold"))
    # In no frame and on one line, however narrow the terminal, so that it can be copied.
    out.print(Text(f"  {send_command(running)}"), soft_wrap=True)
    out.print("Ctrl-C ends the demo and removes its data.")


def send_command(running: Stage) -> str:
    """Return one command that sends another notification."""
    return (
        f"HELIOGRAPH_DATA_DIR={running.settings.data_dir} {_program()} send 'Good evening' 'From the command line' "
        f"--everyone --url {running.shop.origin}/product/moon --wait"
    )


def _program() -> str:
    """Return how this program is called from the directory where the person is."""
    installed = Path(sys.executable).with_name("heliograph")
    if shutil.which("heliograph") == str(installed):
        return "heliograph"
    if not installed.exists():
        return f"{sys.executable} -m heliograph"
    here = Path.cwd()
    return str(installed.relative_to(here)) if installed.is_relative_to(here) else str(installed)
