"""`heliograph settings`."""

import os
from typing import Annotated

import typer
from rich.text import Text

from heliograph.cli import screen
from heliograph.settings import described


def settings(as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False) -> None:
    """Show every setting: its value, where that comes from, and what it is for.

    Settings are environment variables. A secret may be given as a file instead:
    HELIOGRAPH_MASTER_KEY_FILE=/run/secrets/key. Secrets are masked here.

    Example: HELIOGRAPH_PORT=9000 heliograph settings

    Exit status: 0 all settings can be used; 2 some cannot, and it is said which.
    """
    rows = described(os.environ)
    if as_json:
        screen.write_json(
            [
                {
                    "name": row.setting.variable,
                    "value": row.value or None,
                    "default": row.default or None,
                    "origin": row.origin,
                    "secret": row.setting.is_secret,
                    "form": row.setting.form,
                    "help": row.setting.help,
                }
                for row in rows
            ]
        )
        return
    out = screen.console()
    for row in rows:
        out.print(
            Text.assemble((row.setting.variable, "bold"), " = ", row.value or "(not set)", (f"   {row.origin}", "dim"))
        )
        out.print(Text(f"    {row.setting.help} Form: {row.setting.form}.", style="dim"))
