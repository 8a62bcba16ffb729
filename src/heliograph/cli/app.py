"""The command line as a whole: one visible tuple of commands, and the options that stand before them."""

from collections.abc import Callable
from importlib.metadata import version
from typing import Annotated, Any

import typer

from heliograph.cli.demo.command import demo
from heliograph.cli.devpush import devpush
from heliograph.cli.keys import keys
from heliograph.cli.migrate import migrate
from heliograph.cli.projects import projects
from heliograph.cli.send import send
from heliograph.cli.serve import serve
from heliograph.cli.settings import settings
from heliograph.cli.status import status
from heliograph.cli.up import up
from heliograph.cli.worker import worker

COMMANDS: tuple[Callable[..., Any] | typer.Typer, ...] = (
    up,
    demo,
    send,
    status,
    projects,
    keys,
    settings,
    migrate,
    serve,
    worker,
    devpush,
)
"""Commands and groups of commands, in the order of the help."""

_ABOUT = """Heliograph, the push platform that you run yourself.

New here? `heliograph demo` shows everything at work; `heliograph up` starts an installation of your own.

Exit status of every command: 0 done; 1 failed; 2 wrong usage or settings; 3 nothing was sent; 130 interrupted.
"""


class Debug:
    """Whether `--debug` was given; read by `heliograph.cli.main` when something fails."""

    is_on = False


def build() -> typer.Typer:
    """Assemble the command line."""
    app = typer.Typer(
        name="heliograph",
        help=_ABOUT,
        no_args_is_help=True,
        add_completion=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_before)
    for command in COMMANDS:
        if isinstance(command, typer.Typer):
            app.add_typer(command)
        else:
            app.command()(command)
    return app


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"heliograph {version('heliograph')}")
        raise typer.Exit


def _before(
    debug: Annotated[bool, typer.Option("--debug", help="Show where in the code a failure happened.")] = False,
    _version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    Debug.is_on = debug
