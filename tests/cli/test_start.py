"""What a command costs before it does anything."""

import subprocess
import sys

import pytest
import typer
from tests.support.environment import clean_environment

from heliograph.cli.app import COMMANDS, build

HEAVY = ("alembic", "cryptography", "httpx", "litestar", "opentelemetry", "pycurl", "sqlalchemy", "uvicorn")
LOADED = """
import sys
from heliograph.cli import main
try:
    main()
finally:
    print(",".join(sorted(set(name.partition(".")[0] for name in sys.modules) & set({heavy}))), file=sys.stderr)
"""


@pytest.mark.parametrize("arguments", [["--help"], [], ["--version"], ["settings", "--help"], ["no-such-command"]])
def test_a_start_loads_no_more_than_it_needs(arguments: list[str]):
    """Whoever asks what there is waits neither for a web framework nor for a database's driver."""
    command = [sys.executable, "-c", LOADED.format(heavy=HEAVY), *arguments]
    ran = subprocess.run(command, env=clean_environment(), capture_output=True, text=True, check=False)
    loaded = ran.stderr.splitlines()[-1]
    expected = "cryptography" if arguments[:1] == ["settings"] else ""
    assert loaded == expected


@pytest.mark.parametrize("command", ["up", "serve", "worker"])
def test_nothing_of_opentelemetry_is_loaded_unasked(command: str):
    """The modules of a process that is not traced hold none of it, although it is installed."""
    asked = f"import sys, heliograph.cli.{command}; print([name for name in sys.modules if 'opentelemetry' in name])"
    run = [sys.executable, "-c", asked]
    ran = subprocess.run(run, env=clean_environment(), capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_begins_as_their_help(name: str):
    """What the table says of a command is what the command says of itself."""
    command = typer.main.get_command(build()).get_command(None, name)
    assert " ".join(command.help.split()).startswith(COMMANDS[name].summary)
