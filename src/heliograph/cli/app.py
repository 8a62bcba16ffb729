"""The command line as a whole: one visible table of commands, and the options that stand before them.

A command's module is imported when the command is called, and none for the list of all: it is told from this table.
`heliograph settings` need not load a web framework, nor `heliograph --help` a database's driver.
"""

from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup


class Entry(NamedTuple):
    """One command or group of commands.

    Attributes:
        place: the module, which has a member of the command's name or of the name behind the colon.
        summary: how its own help begins.
    """

    place: str
    summary: str


COMMANDS: Mapping[str, Entry] = {
    "up": Entry(
        "heliograph.cli.up", "Run everything in one process: API, worker and clock; migrates the database first."
    ),
    "demo": Entry(
        "heliograph.cli.demo.command",
        "Show everything at work on this machine, without any account and without the internet.",
    ),
    "send": Entry("heliograph.cli.send", "Send a notification."),
    "rate": Entry("heliograph.cli.rate", "Change how fast a notification goes out, while it waits or runs."),
    "why": Entry(
        "heliograph.cli.why",
        "Tell why somebody got a notification, or did not: chosen or not, every attempt, and what came of it.",
    ),
    "status": Entry(
        "heliograph.cli.status",
        "Show how this installation is doing: waiting work, paused keys, the latest notifications.",
    ),
    "doctor": Entry(
        "heliograph.cli.doctor.command",
        "Look for the commonest faults of an installation, and say what to do about each. Changes nothing.",
    ),
    "projects": Entry(
        "heliograph.cli.projects", "Tenants of this installation: each with its own keys, origins and people."
    ),
    "keys": Entry(
        "heliograph.cli.keys",
        "Keys of the API, which open it: secret ones for servers, publishable ones for pages. And application server "
        "keys, which sign messages to browsers: `rotate`, `status` and `retire` are about those.",
    ),
    "settings": Entry(
        "heliograph.cli.settings", "Show every setting: its value, where that comes from, and what it is for."
    ),
    "migrate": Entry("heliograph.cli.migrate", "Bring the database to this version's schema."),
    "webhooks": Entry(
        "heliograph.cli.webhooks",
        "Telling a server of yours of what happens: signed, repeated until it is taken, and again if you ask.",
    ),
    "audit": Entry("heliograph.cli.audit", "Show who changed what, newest first: of all projects, or of one."),
    "profiles": Entry(
        "heliograph.cli.profiles", "What people may ask for: what is known of them, and that it be deleted."
    ),
    "segments": Entry(
        "heliograph.cli.segments",
        "Named rules over people: who bought twice, who has not come for a month, who reads German.",
    ),
    "campaigns": Entry(
        "heliograph.cli.campaign_entries:campaigns",
        "What is sent by itself, at a time, again and again or when somebody asks; and prompts on pages.",
    ),
    "site": Entry("heliograph.cli.site", "A customer's site: what to put on it, and whether all is in its place."),
    "safari": Entry(
        "heliograph.cli.safari",
        "Safari's older channel on macOS (Safari 7 to 15): check a certificate, make a push package, try a token.",
    ),
    "import": Entry(
        "heliograph.cli.imports:import_",
        "Take over subscriptions from another system, or from our own export, with the key that they were made with.",
    ),
    "export": Entry(
        "heliograph.cli.exports",
        "Write all active subscriptions, and the phones that are kept for later: with groups, people and attributes.",
    ),
    "backup": Entry(
        "heliograph.cli.backup", "Write everything that an embedded installation is into one file, while it runs."
    ),
    "restore": Entry("heliograph.cli.restore", "Make the installation that a backup holds, in the data directory."),
    "serve": Entry("heliograph.cli.serve", "Answer the API, and nothing else: run `heliograph worker` beside it."),
    "worker": Entry("heliograph.cli.worker", "Send notifications and do all other waiting work."),
    "devpush": Entry(
        "heliograph.cli.devpush",
        "The bundled push service, for development: real browsers receive real push, with no account and no internet.",
    ),
    "api-users": Entry(
        "heliograph.cli.accounts:accounts",
        "Names and passwords for the Glue API, the interface of Spryker's push notifications.",
    ),
    "push-notification:send-push-notifications": Entry(
        "heliograph.cli.spryker:send",
        "Send what is due now, once, and end; for a crontab in place of Spryker's console command.",
    ),
    "push-notification:delete-expired-push-notification-subscriptions": Entry(
        "heliograph.cli.spryker:delete_expired",
        "End subscriptions that came through the Glue API and were not renewed in time; their rows go 30 days later.",
    ),
}
"""Commands and groups of commands, in the order of the help."""

_ABOUT = """Heliograph, the push platform that you run yourself.

New here? `heliograph demo` shows everything at work; `heliograph up` starts an installation of your own.

Exit status of every command: 0 done; 1 failed; 2 wrong usage or settings; 3 nothing was sent; 130 interrupted.
"""


_SPRYKER = f"""Named as Spryker's, for its crontab: {", ".join(f"`{name}`" for name in COMMANDS if ":" in name)}."""


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
        module, _, member = COMMANDS[cmd_name].place.partition(":")
        found = getattr(import_module(module), member or cmd_name)
        if not isinstance(found, typer.Typer):
            app = typer.Typer(add_completion=False, rich_markup_mode="markdown")
            app.command(cmd_name)(found)
            return typer.main.get_command(app)
        return typer.main.get_command(found)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help from the table alone: to load every command takes seconds."""
        own = [(name, entry) for name, entry in COMMANDS.items() if ":" not in name]
        listed = [TyperCommand(name, help=entry.summary) for name, entry in own]
        shown = TyperGroup(
            name=self.name,
            help=self.help,
            epilog=_SPRYKER,
            params=self.params,
            commands=listed,
            rich_markup_mode=self.rich_markup_mode,
            context_settings=self.context_settings,
        )
        shown.format_help(ctx, formatter)


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
