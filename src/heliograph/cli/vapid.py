"""`heliograph keys vapid`."""

from typing import Annotated, Any

import typer

from heliograph.actions import vapid_keys as actions
from heliograph.cli import opening, screen
from heliograph.cli.choosing import JsonOption, ProjectOption, chosen_project
from heliograph.protocols import base64url
from heliograph.storage.vapid_keys import VapidKey

vapid = typer.Typer(
    name="vapid",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Application server keys: browsers bind a subscription to one, and it signs every message to it.",
)
_PAGE = 200


def _as_json(key: VapidKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "state": key.state,
        "public_key": base64url.encode(key.public_key),
        "paused_until": key.paused_until,
        "pause_reason": key.pause_reason,
        "created_at": key.created_at,
    }


@vapid.command("list")
def list_(project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """List a project's application server keys; a paused one was refused by push services several times in a row.

    Example: heliograph keys vapid list
    """

    async def work() -> list[VapidKey]:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.read() as tx:
            found = await chosen_project(tx, project)
            return (await actions.listing(tx, project_id=found.id, cursor=None, limit=_PAGE)).items

    found = opening.run(work())
    if as_json:
        screen.write_json([_as_json(key) for key in found])
        return
    columns = ("id", "state", "public key", "paused until", "because")
    rows = (
        (key.id, key.state, base64url.encode(key.public_key), key.paused_until, key.pause_reason or "") for key in found
    )
    screen.console().print(screen.table(None, columns, rows))


@vapid.command()
def create(
    project: ProjectOption = None,
    private_key: Annotated[
        str | None,
        typer.Option(
            envvar="VAPID_PRIVATE_KEY",
            help="Take over a key of another system: its 32 bytes as base64url. A new one is made if left out.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make the key that pages are given from now on.

    Subscriptions that exist keep the key they were made with; pages move them to the new one as people come back.

    Example: heliograph keys vapid create
    """

    async def work() -> VapidKey:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.begin() as tx:
            found = await chosen_project(tx, project)
            return await actions.create(tx, heliograph.context(), project_id=found.id, private_key=private_key)

    _show(opening.run(work()), as_json=as_json)


@vapid.command()
def resume(
    key: Annotated[str, typer.Argument(help="The key's id, vap_….")],
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send with a paused key again, after what made push services refuse it was mended.

    Example: heliograph keys vapid resume vap_01k…
    """

    async def work() -> VapidKey:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.begin() as tx:
            found = await chosen_project(tx, project)
            return await actions.resume(tx, heliograph.context(), project_id=found.id, key_id=key)

    _show(opening.run(work()), as_json=as_json)


def _show(key: VapidKey, *, as_json: bool) -> None:
    if as_json:
        screen.write_json(_as_json(key))
    else:
        screen.console().print(screen.facts(_as_json(key)))
