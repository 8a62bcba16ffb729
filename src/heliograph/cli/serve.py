"""`heliograph serve`."""

import asyncio
import contextlib
from typing import Annotated

import typer

from heliograph.cli import opening, processes
from heliograph.settings import Settings


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; 0.0.0.0 for all.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65_535, help="Port to listen on.")] = None,
) -> None:
    """Answer the API, and nothing else: run `heliograph worker` beside it.

    Run as many as you like behind a load balancer. Stops gracefully on SIGTERM: open requests are finished.

    Example: heliograph serve --host 0.0.0.0 --port 8970

    Exit status: 0 stopped as asked; 1 failed; 2 wrong settings.
    """
    settings = opening.load().with_options(host=host, port=port)
    opening.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    async with contextlib.AsyncExitStack() as stack:
        socket = stack.enter_context(processes.listen(settings.host, settings.port))
        stop = await stack.enter_async_context(processes.stopping())
        heliograph = await stack.enter_async_context(opening.opened(settings, is_traced=True))
        typer.echo(f"Heliograph answers at http://{settings.host}:{settings.port} (API reference: /docs).", err=True)
        await processes.together(
            stop,
            asyncio.create_task(processes.serve(processes.api_server(heliograph, settings), socket, stop)),
            *processes.metrics_port(heliograph, settings, stop),
        )
