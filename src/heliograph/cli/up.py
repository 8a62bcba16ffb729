"""`heliograph up`."""

import asyncio
import contextlib
from typing import Annotated

import typer

from heliograph.cli import first_start, opening, processes, screen
from heliograph.settings import Settings


def up(
    host: Annotated[str | None, typer.Option(help="Address to listen on; 0.0.0.0 for all.")] = None,
    port: Annotated[int | None, typer.Option(min=1, max=65_535, help="Port to listen on.")] = None,
    devpush: Annotated[
        bool,
        typer.Option(
            "--devpush", help="Development: also run the bundled push service, so that browsers need no internet."
        ),
    ] = False,
    contact: Annotated[
        str | None,
        typer.Option(
            help="First start: mailto: or https: address that push services may write to about your messages."
        ),
    ] = None,
    origin: Annotated[
        list[str] | None,
        typer.Option(
            help="First start: origin of a site that may subscribe its visitors, such as https://shop.example."
        ),
    ] = None,
) -> None:
    """Run everything in one process: API, worker and clock; migrates the database first.

    The first start makes a project and its keys, and prints them once. Stops gracefully on SIGTERM and ctrl-C.

    Example: heliograph up --contact mailto:you@example.com --origin https://shop.example

    Exit status: 0 stopped as asked; 1 failed; 2 wrong settings.
    """
    settings = opening.load().with_options(host=host, port=port)
    first = first_start.Wishes(contact=contact, origins=tuple(origin or ()))
    opening.run(_up(settings, processes.DevpushPorts() if devpush else None, first))


async def _up(settings: Settings, ports: processes.DevpushPorts | None, first: first_start.Wishes) -> None:
    out = screen.console()
    async with contextlib.AsyncExitStack() as stack:
        socket = stack.enter_context(processes.listen(settings.host, settings.port))
        stop = await stack.enter_async_context(processes.stopping())
        pushing = None
        if ports is not None:
            settings, pushing = await stack.enter_async_context(processes.bundled_devpush(settings, ports))
        heliograph = await stack.enter_async_context(opening.opened(settings, may_migrate=True, is_traced=True))
        made = await first_start.ensure(heliograph, first)
        if made is not None:
            out.print(first_start.panel(made, settings, first))
        out.print(f"Heliograph runs. API and reference: {settings.base_url}/docs")
        if pushing is not None:
            out.print(f"Bundled push service: {pushing.http_url} (open it to see how to point a browser at it)")
        await processes.together(
            stop,
            asyncio.create_task(processes.serve(processes.api_server(heliograph, settings), socket, stop)),
            asyncio.create_task(processes.work(heliograph, stop)),
            *processes.metrics_port(heliograph, settings, stop),
        )
