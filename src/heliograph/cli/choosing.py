"""Which project a command is about: the one that is named, or the only one there is."""

from typing import Annotated

import typer

from heliograph.actions import projects
from heliograph.cli.exits import CommandError, Exit
from heliograph.storage.projects import Project
from heliograph.storage.store import Tx

ProjectOption = Annotated[
    str | None,
    typer.Option("--project", "-p", help="The project's id or name; not needed while there is only one."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Write JSON.")]

_PAGE = 200


async def all_projects(tx: Tx) -> list[Project]:
    """Return every project, oldest first."""
    found: list[Project] = []
    cursor: str | None = None
    while True:
        page = await projects.listing(tx, cursor=cursor, limit=_PAGE)
        found += page.items
        cursor = page.next
        if cursor is None:
            return found


async def chosen_project(tx: Tx, wanted: str | None) -> Project:
    """Return the project with this id or name, or the only one."""
    found = await all_projects(tx)
    matching = [item for item in found if wanted is None or wanted in (item.id, item.name)]
    match matching:
        case [project]:
            return project
        case [] if wanted is None:
            raise CommandError(
                "There is no project yet: `heliograph up` makes the first, or `heliograph projects create`."
            )
        case []:
            raise CommandError(f"There is no project {wanted!r}; `heliograph projects list` shows all.", Exit.USAGE)
        case _:
            raise CommandError("There are several projects: choose one by its id with --project.", Exit.USAGE)
