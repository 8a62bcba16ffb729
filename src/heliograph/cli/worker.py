"""`heliograph worker`."""

import asyncio
from typing import Annotated

import typer

from heliograph.cli import opening, processes
from heliograph.cli.exits import Exit
from heliograph.settings import Settings
from heliograph.worker.clock import ask_for_upkeep
from heliograph.worker.once import Failure, work_once


def worker(
    once: Annotated[
        bool, typer.Option("--once", help="Do what is due and one round of upkeep, and end; for a crontab.")
    ] = False,
) -> None:
    """Send notifications and do all other waiting work.

    Run one per processor core, on any number of machines that share the database; with SQLite, on one machine. Stops
    gracefully on SIGTERM: what is in the air is finished. A killed worker loses nothing: its jobs go to another one.

    With --once it may run beside others, too: the upkeep that comes round every minute is done without waiting for it.

    Example: HELIOGRAPH_DATABASE_URL=postgresql://… heliograph worker

    Exit status: 0 stopped as asked, or with --once everything that was due is done; 1 failed, or with --once something
    did, and a line says what; 2 wrong settings.
    """
    if not once:
        opening.run(_worker(opening.load()))
        return
    failures = opening.run(_once(opening.load()))
    for failure in failures:
        what = f"{failure.notification_id or '-'} {failure.subscription_id or '-'}"
        typer.echo(f"Failed: {what}: {failure.reason}", err=True)
    if failures:
        raise typer.Exit(Exit.FAILED)


async def _worker(settings: Settings) -> None:
    async with opening.opened(settings, is_traced=True) as heliograph, processes.stopping() as stop:
        typer.echo("The worker is running.", err=True)
        await processes.together(
            stop,
            asyncio.create_task(processes.work(heliograph, stop)),
            *processes.metrics_port(heliograph, settings, stop),
        )


async def _once(settings: Settings) -> list[Failure]:
    async with opening.opened(settings, is_traced=True) as heliograph:
        await ask_for_upkeep(heliograph)
        return await work_once(heliograph)
