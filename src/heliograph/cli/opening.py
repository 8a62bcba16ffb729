"""How commands get at an installation: settings from the environment, a migrated database, a wired Heliograph."""

import asyncio
import getpass
import os
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import typer
import uvloop

from heliograph import __version__
from heliograph.bootstrap import Heliograph, build, prepare_data_dir, tracer_of
from heliograph.cli.exits import CommandError, Exit
from heliograph.kit import log
from heliograph.kit.acting import Actor, ActorKind, act_as
from heliograph.settings import LogFormat, Settings
from heliograph.storage.migrate import migrate, pending

_T = TypeVar("_T")


def run(work: Coroutine[Any, Any, _T]) -> _T:
    """Run a command's coroutine to its end, or to ctrl-C."""
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work)
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise typer.Exit(Exit.INTERRUPTED) from None


def load() -> Settings:
    """Read the settings and set up the log."""
    settings = Settings.load(os.environ)
    log.configure(settings.log_level, json=settings.log_format is LogFormat.JSON)
    return settings


@asynccontextmanager
async def opened(
    settings: Settings, *, may_migrate: bool = False, is_traced: bool = False
) -> AsyncIterator[Heliograph]:
    """Open an installation and close it in the end.

    An embedded installation is brought up to date on the way, since nobody else would; a PostgreSQL one only by
    `migrate` and `up`, so that a newer process does not change the tables under older ones unasked. With `is_traced`
    what it does is traced, if the environment asks for that.
    """
    tracer = tracer_of(os.environ, __version__) if is_traced else None
    prepare_data_dir(settings)
    if may_migrate or settings.is_embedded:
        await migrate(settings.store_url)
    elif await pending(settings.store_url):
        raise CommandError("The database is not at this version's schema: run `heliograph migrate` first.")
    heliograph = await build(settings, tracer=tracer)
    act_as(Actor(ActorKind.CLI, _login_name()))
    try:
        yield heliograph
    finally:
        await heliograph.close()


def _login_name() -> str | None:
    """Return who runs the command, as the operating system knows it; a container's may have no name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return None
