"""`heliograph worker`."""

import asyncio

import typer

from heliograph.cli import opening, processes
from heliograph.settings import Settings


def worker() -> None:
    """Send notifications and do all other waiting work.

    Run one per processor core, on any number of machines that share the database; with SQLite, on one machine. Stops
    gracefully on SIGTERM: what is in the air is finished. A killed worker loses nothing: its jobs go to another one.

    Example: HELIOGRAPH_DATABASE_URL=postgresql://… heliograph worker

    Exit status: 0 stopped as asked; 1 failed; 2 wrong settings.
    """
    opening.run(_worker(opening.load()))


async def _worker(settings: Settings) -> None:
    async with opening.opened(settings, is_traced=True) as heliograph, processes.stopping() as stop:
        typer.echo("The worker is running.", err=True)
        await processes.together(
            stop,
            asyncio.create_task(processes.work(heliograph, stop)),
            *processes.metrics_port(heliograph, settings, stop),
        )
