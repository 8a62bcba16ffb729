"""`heliograph migrate`."""

from typing import Annotated

import typer

from heliograph.bootstrap import prepare_data_dir
from heliograph.cli import opening, screen
from heliograph.cli.exits import Exit
from heliograph.storage import migrate as migrations


def migrate(
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit with 1 if something would be done.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Bring the database to this version's schema.

    Safe to run at any time and from several machines at once: one works, the others wait. `heliograph up` does it by
    itself.

    Example: heliograph migrate --check || heliograph migrate

    Exit status: 0 done, or nothing to do; 1 failed, or with --check: something is to be done.
    """
    settings = opening.load()
    prepare_data_dir(settings)
    work = migrations.pending if check else migrations.migrate
    revisions = opening.run(work(settings.store_url))
    if as_json:
        screen.write_json({"pending" if check else "applied": revisions})
    elif check:
        typer.echo(f"To be done: {', '.join(revisions)}." if revisions else "The database is up to date.")
    else:
        typer.echo(f"Done: {', '.join(revisions)}." if revisions else "The database was up to date already.")
    if check and revisions:
        raise typer.Exit(Exit.FAILED)
