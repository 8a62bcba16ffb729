"""`heliograph audit`."""

from typing import Annotated

import typer

from heliograph.actions import audit as actions
from heliograph.cli import opening, screen
from heliograph.cli.choosing import JsonOption, ProjectOption, chosen_project
from heliograph.kit.paging import MAX_LIMIT
from heliograph.storage.audit import Entry


def audit(
    project: ProjectOption = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_LIMIT, help="How many acts to show.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show who changed what, newest first: of all projects, or of one.

    Example: heliograph audit --limit 20
    """

    async def work() -> list[Entry]:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.read() as tx:
            owner = None if project is None else (await chosen_project(tx, project)).id
            return (await actions.listing(tx, project_id=owner, cursor=None, limit=limit)).items

    found = opening.run(work())
    if as_json:
        screen.write_json(found)
        return
    rows = (
        (entry.at, entry.act, entry.actor_id or entry.actor_kind, entry.subject_id, _told(entry)) for entry in found
    )
    screen.console().print(screen.table(None, ("at", "act", "by", "what", "details"), rows))


def _told(entry: Entry) -> str:
    return ", ".join(f"{name}: {value}" for name, value in entry.details.items())
