"""`heliograph keys`: the API's keys, and the rotation of application server keys."""

import secrets
from datetime import timedelta
from typing import Annotated, Any

import typer

from heliograph.actions import keys as actions
from heliograph.actions.tokens import Issued
from heliograph.bootstrap import Heliograph
from heliograph.cli import opening, screen, server_keys
from heliograph.cli.choosing import JsonOption, ProjectOption, chosen_project
from heliograph.cli.exits import CommandError, Exit
from heliograph.cli.vapid import vapid
from heliograph.kit.ids import is_id
from heliograph.kit.sealing import MASTER_KEY_BYTES
from heliograph.names import Scope
from heliograph.protocols import base64url
from heliograph.storage.api_keys import ApiKey, KeyKind
from heliograph.storage.store import Tx

keys = typer.Typer(
    name="keys",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help=(
        "Keys of the API, which open it: secret ones for servers, publishable ones for pages. And application server "
        "keys, which sign messages to browsers: `rotate`, `status` and `retire` are about those."
    ),
)
keys.add_typer(vapid)
keys.command("status")(server_keys.status)
keys.command("retire")(server_keys.retire)

InstallationOption = Annotated[
    bool, typer.Option("--installation", help="The installation's own keys, which may do everything, not a project's.")
]
KeyArgument = Annotated[str, typer.Argument(help="The key's id, key_…, as `heliograph keys list` shows it.")]
_PAGE = 200
_OVERLAP_HOURS = 24


def _as_json(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "project": key.project_id,
        "kind": key.kind,
        "name": key.name,
        "scopes": list(key.scopes),
        "begins_with": key.hint,
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
        "last_used_at": key.last_used_at,
    }


def _show_issued(issued: Issued, *, as_json: bool) -> None:
    if as_json:
        screen.write_json(_as_json(issued.key) | {"token": issued.token})
        return
    facts = {"Id": issued.key.id, "Key": issued.token, "Scopes": issued.key.scopes}
    is_secret = issued.key.kind is KeyKind.SECRET
    note = "The key is shown this once." if is_secret else "This key may stand in every page."
    screen.console().print(screen.secrets_panel(issued.key.name, facts, note))


async def _owner(tx: Tx, project: str | None, *, installation: bool) -> str | None:
    return None if installation else (await chosen_project(tx, project)).id


@keys.command("list")
def list_(project: ProjectOption = None, installation: InstallationOption = False, as_json: JsonOption = False) -> None:
    """List keys, without the keys themselves: they are stored as hashes.

    Example: heliograph keys list
    """

    async def work() -> list[ApiKey]:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.read() as tx:
            owner = await _owner(tx, project, installation=installation)
            return (await actions.listing(tx, project_id=owner, cursor=None, limit=_PAGE)).items

    found = opening.run(work())
    if as_json:
        screen.write_json([_as_json(key) for key in found])
        return
    columns = ("id", "kind", "name", "begins with", "scopes", "last used", "ends")
    rows = (
        (key.id, key.kind, key.name, key.hint, key.scopes, key.last_used_at, key.revoked_at or key.expires_at)
        for key in found
    )
    screen.console().print(screen.table(None, columns, rows))


@keys.command()
def create(
    name: Annotated[str, typer.Argument(help="What it is for, such as the name of the server that will hold it.")],
    *,
    scope: Annotated[
        list[Scope] | None, typer.Option(help="What it may do; give several if need be. manage includes the others.")
    ] = None,
    publishable: Annotated[
        bool, typer.Option("--publishable", help="A key for pages instead, without scopes.")
    ] = False,
    days: Annotated[int | None, typer.Option(min=1, help="After how many days it ends; never, if left out.")] = None,
    project: ProjectOption = None,
    installation: InstallationOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make a key and show it once.

    Example: heliograph keys create "order server" --scope send
    """

    async def work() -> Issued:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.begin() as tx:
            context = heliograph.context()
            return await actions.create(
                tx,
                context,
                project_id=await _owner(tx, project, installation=installation),
                kind=KeyKind.PUBLISHABLE if publishable else KeyKind.SECRET,
                name=name,
                scopes=scope or (),
                expires_at=None if days is None else context.now + timedelta(days=days),
            )

    _show_issued(opening.run(work()), as_json=as_json)


@keys.command()
def rotate(
    key: Annotated[
        str | None,
        typer.Argument(
            help="Of the API's keys, the id key_… of the one to replace; left out: the application server key."
        ),
    ] = None,
    *,
    overlap_hours: Annotated[
        int | None,
        typer.Option(min=0, help="With key_…: how long the old key works on beside the new one; 24, if left out."),
    ] = None,
    project: ProjectOption = None,
    installation: InstallationOption = False,
    as_json: JsonOption = False,
) -> None:
    """Make a new application server key for pages; with the id of an API key, replace that one instead.

    Nobody is lost: the application server key before signs on for its own subscriptions, as long as there are any, and
    a replaced API key works on for a while.

    Example: heliograph keys rotate

    Example: heliograph keys rotate key_01k… --overlap-hours 48
    """
    if key is None or not is_id("key", key):
        if key is not None or installation or overlap_hours is not None:
            raise CommandError(
                "Name the API key to replace, key_…; or nothing, for the application server key.", Exit.USAGE
            )
        server_keys.show_rotated(opening.run(server_keys.rotate(project)), json=as_json)
        return

    async def work() -> Issued:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.begin() as tx:
            return await actions.rotate(
                tx,
                heliograph.context(),
                project_id=await _owner(tx, project, installation=installation),
                key_id=key,
                overlap=timedelta(hours=_OVERLAP_HOURS if overlap_hours is None else overlap_hours),
            )

    _show_issued(opening.run(work()), as_json=as_json)


@keys.command()
def revoke(key: KeyArgument, project: ProjectOption = None, installation: InstallationOption = False) -> None:
    """End a key at once.

    Example: heliograph keys revoke key_01k…
    """

    async def work() -> None:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.begin() as tx:
            await _revoke(heliograph, tx)

    async def _revoke(heliograph: Heliograph, tx: Tx) -> None:
        owner = await _owner(tx, project, installation=installation)
        await actions.revoke(tx, heliograph.context(), project_id=owner, key_id=key)

    opening.run(work())
    typer.echo(f"{key} opens nothing any more.")


@keys.command()
def master() -> None:
    """Print a new random master key, for HELIOGRAPH_MASTER_KEY or a file named by HELIOGRAPH_MASTER_KEY_FILE.

    It changes nothing by itself. An installation keeps its first master key for ever: store it apart from the
    database's backups.

    Example: heliograph keys master > master.key && chmod 600 master.key
    """
    typer.echo(base64url.encode(secrets.token_bytes(MASTER_KEY_BYTES)))
