"""`heliograph devpush`."""

import json
import os
import urllib.parse
import urllib.request
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from heliograph.cli import opening, processes, screen
from heliograph.cli.choosing import JsonOption
from heliograph.cli.exits import CommandError
from heliograph.devpush import DevPush, DevPushConfig

devpush = typer.Typer(
    name="devpush",
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode="markdown",
)
_DEFAULT_URL = "http://127.0.0.1:8972"
_TIMEOUT_SECONDS = 5


class Browser(StrEnum):
    """Browsers that can be pointed at the bundled push service."""

    FIREFOX = "firefox"
    CHROMIUM = "chromium"


@devpush.callback()
def run(
    context: typer.Context,
    *,
    host: Annotated[str, typer.Option(help="Address to listen on; keep it on this machine.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port for endpoints, Firefox and the page for people.")
    ] = 8972,
    tls_port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port that stands in for the vendors' hosts.")
    ] = 8973,
    mcs_port: Annotated[int, typer.Option(min=0, max=65_535, help="Port for Chromium's connection.")] = 8974,
    file: Annotated[
        Path | None, typer.Option(help="Keep registrations and waiting messages in this file; in memory, if left out.")
    ] = None,
) -> None:
    """The bundled push service, for development: real browsers receive real push, with no account and no internet.

    Without a subcommand it runs by itself; `heliograph up --devpush` runs it together with Heliograph. It prints the
    three settings that let another Heliograph process reach it. Stops on ctrl-C.

    Example: heliograph devpush --file devpush.sqlite3

    Exit status: 0 stopped as asked; 1 failed.
    """
    if context.invoked_subcommand is None:
        config = DevPushConfig(host=host, http_port=port, tls_port=tls_port, mcs_port=mcs_port, file=file)
        opening.run(_run(config))


async def _run(config: DevPushConfig) -> None:
    async with processes.stopping() as stop, processes.started(config) as service:
        typer.echo(f"The bundled push service runs at {service.http_url}; open it to see what it does.")
        for name, value in _settings(service).items():
            typer.echo(f"export {name}={value}")
        await stop.wait()


def _settings(service: DevPush) -> dict[str, Any]:
    return {
        "HELIOGRAPH_DEVPUSH_URL": service.http_url,
        "HELIOGRAPH_DEVPUSH_TLS_PORT": service.tls_port,
        "HELIOGRAPH_DEVPUSH_CA_FILE": service.ca_file,
    }


@devpush.command()
def browser(
    which: Annotated[Browser, typer.Argument(help="Whose command to print.")],
    page: Annotated[str, typer.Option(help="What the browser shall open.")] = "",
    prefs: Annotated[bool, typer.Option("--prefs", help="Firefox: print the user.js of a profile instead.")] = False,
    url: Annotated[str, typer.Option(help="Where the bundled push service runs.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Print the command that opens your own browser, in a fresh profile, pointed at a running bundled push service.

    Example: sh -c "$(heliograph devpush browser firefox --page http://localhost:8971)"

    Exit status: 0 printed; 1 no bundled push service runs there.
    """
    commands = _asked(url or os.environ.get("HELIOGRAPH_DEVPUSH_URL") or _DEFAULT_URL, page)
    if as_json:
        screen.write_json(commands)
    elif which is Browser.FIREFOX:
        typer.echo(commands["firefox_prefs" if prefs else "firefox"])
    else:
        typer.echo(commands["chromium"])


def _asked(url: str, page: str) -> dict[str, Any]:
    query = urllib.parse.urlencode({"page": page})
    # No proxy of the environment stands between two programs of one machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{url.rstrip('/')}/devpush/browsers?{query}", timeout=_TIMEOUT_SECONDS) as answer:
            commands: dict[str, Any] = json.load(answer)
    except (OSError, ValueError):
        raise CommandError(f"No bundled push service answers at {url}: start `heliograph up --devpush`.") from None
    return commands
