"""`heliograph demo`."""

import contextlib
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from heliograph.cli import opening, processes, screen
from heliograph.cli.choosing import JsonOption
from heliograph.cli.demo import places, report
from heliograph.cli.demo.stage import stage
from heliograph.cli.demo.story import Result, tell
from heliograph.cli.exits import Exit
from heliograph.kit import log
from heliograph.settings import Settings

_AGENTS = 200


def demo(
    once: Annotated[bool, typer.Option("--once", help="End after the table instead of staying up.")] = False,
    agents: Annotated[int, typer.Option(min=1, max=10_000, help="How many simulated user agents subscribe.")] = _AGENTS,
    as_json: JsonOption = False,
) -> None:
    """Show everything at work on this machine, without any account and without the internet.

    Starts Heliograph with an empty database in a temporary directory, its bundled push service, and a small shop.
    Simulated user agents are asked by a prompt and subscribe through the public API, each with keys of its own; one
    notification goes to all of them. Then their visitors look around, buy, or leave a cart behind, which comes back as
    a notification in an A/B test. Two tables say what became of it all. Then it stays up: open the shop in your own
    browser. Ctrl-C ends it and removes everything.

    Example: heliograph demo --once

    Exit status: 0 every agent decrypted the notification; 1 something was lost, or the demo could not run; 130
    interrupted before the table.
    """
    result = opening.run(_demo(agents, once=once, as_json=as_json))
    if result is None:
        raise typer.Exit(Exit.INTERRUPTED)
    if not result.is_good:
        raise typer.Exit(Exit.FAILED)


async def _demo(agents: int, *, once: bool, as_json: bool) -> Result | None:
    out = screen.console()
    out.quiet = as_json
    log.configure("error")
    async with contextlib.AsyncExitStack() as stack:
        stop = await stack.enter_async_context(processes.stopping())
        directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="heliograph-demo-"))
        out.print(report.opening(agents))
        # Nothing of the caller's own installation is touched, so its settings are not looked at.
        settings = Settings.load({}).replace(data_dir=Path(directory))
        api = stack.enter_context(places.listen_near(places.API_PORT))
        shop = stack.enter_context(places.listen_near(places.SHOP_PORT))
        settings, devpush = await stack.enter_async_context(places.devpush_near(settings))
        for note in places.notes(places.port_of(api), places.port_of(shop), devpush):
            out.print(note)
        running = await stack.enter_async_context(stage(settings, devpush, api_socket=api, shop_socket=shop))
        result = await tell(running, agents, out, stop, stack)
        if result is None:
            return None
        if as_json:
            screen.write_json(report.as_json(result))
        out.print(report.table(result))
        out.print(report.afternoon_table(result.afternoon))
        if not once and not stop.is_set():
            report.say_what_next(out, running)
            await stop.wait()
            out.print("Ending; the demo's data is removed.")
        return result
