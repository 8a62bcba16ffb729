"""`heliograph rate`."""

from typing import Annotated

import typer

from heliograph.actions import notifications
from heliograph.actions.notifications import Tally
from heliograph.cli import opening, screen
from heliograph.cli.choosing import JsonOption, ProjectOption, chosen_project

_NONE = "none"


def rate(
    notification: Annotated[str, typer.Argument(help="The notification, ntf_….")],
    wanted: Annotated[
        str, typer.Argument(metavar="RATE", help="Messages per second or minute, such as 100/s or 6000/m; or none.")
    ],
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change how fast a notification goes out, while it waits or runs.

    Example: heliograph rate ntf_01kkntq2cnav3k6tkgdjq45gvh 50/s
    """

    async def work() -> Tally:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.begin() as tx:
            found = await chosen_project(tx, project)
            return await notifications.change_rate(
                tx,
                heliograph.context(),
                project_id=found.id,
                notification_id=notification,
                rate=None if wanted == _NONE else wanted,
            )

    changed = opening.run(work()).row.notification
    if as_json:
        screen.write_json({"id": changed.id, "state": changed.state, "rate": changed.rate and str(changed.rate)})
    else:
        how = f"at {changed.rate}" if changed.rate else "at no rate of its own"
        typer.echo(f"{changed.id} is {changed.state} and goes out {how}.")
