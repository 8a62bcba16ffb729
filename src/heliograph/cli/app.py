"""The command line as a whole: one visible table of commands, and the options that stand before them.

A command's module is imported when the command is called: `heliograph settings` need not load a web framework.
"""

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

COMMANDS: Mapping[str, str] = {
    "up": "heliograph.cli.up",
    "demo": "heliograph.cli.demo.command",
    "send": "heliograph.cli.send",
    "why": "heliograph.cli.why",
    "status": "heliograph.cli.status",
    "doctor": "heliograph.cli.doctor.command",
    "projects": "heliograph.cli.projects",
    "keys": "heliograph.cli.keys",
    "settings": "heliograph.cli.settings",
    "migrate": "heliograph.cli.migrate",
    "audit": "heliograph.cli.audit",
    "profiles": "heliograph.cli.profiles",
    "site": "heliograph.cli.site",
    "backup": "heliograph.cli.backup",
    "restore": "heliograph.cli.restore",
    "serve": "heliograph.cli.serve",
    "worker": "heliograph.cli.worker",
    "devpush": "heliograph.cli.devpush",
    "api-users": "heliograph.cli.accounts:accounts",
    "push-notification:send-push-notifications": "heliograph.cli.spryker:send",
    "push-notification:delete-expired-push-notification-subscriptions": "heliograph.cli.spryker:delete_expired",
}
"""Commands and groups of commands, in the order of the help: the module, which has a member of the command's name or
of the name behind the colon.
"""

_ABOUT = """Heliograph, the push platform that you run yourself.

New here? `heliograph demo` shows everything at work; `heliograph up` starts an installation of your own.

Exit status of every command: 0 done; 1 failed; 2 wrong usage or settings; 3 nothing was sent; 130 interrupted.
"""


class Debug:
    """Whether `--debug` was given; read by `heliograph.cli.main` when something fails."""

    is_on = False


class _Commands(TyperGroup):
    """The table as click sees it."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's signature
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - click's signature
        if cmd_name not in COMMANDS:
            return None
        module, _, member = COMMANDS[cmd_name].partition(":")
        found = getattr(import_module(module), member or cmd_name)
        if not isinstance(found, typer.Typer):
            app = typer.Typer(add_completion=False, rich_markup_mode="markdown")
            app.command(cmd_name)(found)
            return typer.main.get_command(app)
        return typer.main.get_command(found)


def build() -> typer.Typer:
    """Assemble the command line."""
    app = typer.Typer(
        name="heliograph",
        cls=_Commands,
        help=_ABOUT,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_before)
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
