"""Rotating application server keys: `heliograph keys rotate`, `status` and `retire`."""

from typing import Annotated, Any

import typer

from heliograph.actions import key_rotation, vapid_keys
from heliograph.actions.key_rotation import UsedKey
from heliograph.cli import opening, screen
from heliograph.cli.choosing import JsonOption, ProjectOption, chosen_project
from heliograph.protocols import base64url
from heliograph.storage.vapid_keys import VapidKey, VapidKeyState

_PAGE = 200
_WHAT_NEXT = (
    "Pages are given it from now on. Subscriptions that exist are still signed with the key before, and move to this "
    "one when their people visit the site. `heliograph keys status` shows how far that is."
)


def as_json(used: UsedKey) -> dict[str, Any]:
    """Return a key for a script."""
    key = used.key
    return {
        "id": key.id,
        "state": key.state,
        "active_subscriptions": used.active_subscriptions,
        "active_subscriptions_exact": used.is_exact,
        "public_key": base64url.encode(key.public_key),
        "paused_until": key.paused_until,
        "created_at": key.created_at,
        "retiring_at": key.retiring_at,
        "retired_at": key.retired_at,
    }


async def rotate(project: str | None) -> UsedKey:
    """Make the key that pages are given from now on."""
    async with opening.opened(opening.load()) as heliograph, heliograph.store.begin() as tx:
        found = await chosen_project(tx, project)
        made = await vapid_keys.create(tx, heliograph.context(), project_id=found.id)
        (used,) = await key_rotation.with_uses(tx, [made])
        return used


def show_rotated(made: UsedKey, *, json: bool) -> None:
    """Write what a rotation made and what comes next."""
    if json:
        screen.write_json(as_json(made))
        return
    out = screen.console()
    out.print(f"{made.key.id} is the active application server key.")
    out.print(_WHAT_NEXT)


def status(project: ProjectOption = None, as_json_: JsonOption = False) -> None:
    """Show the project's application server keys and how many active subscriptions still use each.

    One is active; retiring ones sign for the subscriptions that were made with them, and retire by themselves once
    nobody uses them.

    Example: heliograph keys status
    """

    async def work() -> list[UsedKey]:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.read() as tx:
            found = await chosen_project(tx, project)
            keys = (await vapid_keys.listing(tx, project_id=found.id, cursor=None, limit=_PAGE)).items
            return await key_rotation.with_uses(tx, keys)

    found = opening.run(work())
    if as_json_:
        screen.write_json([as_json(used) for used in found])
        return
    columns = ("id", "state", "active subscriptions", "made", "since")
    rows = ((used.key.id, used.key.state, counted(used), used.key.created_at, _since(used.key)) for used in found)
    screen.console().print(screen.table(None, columns, rows))


def counted(used: UsedKey) -> str:
    """Return a number of subscriptions for a person."""
    return f"{used.active_subscriptions:,}" + ("" if used.is_exact else " or more")


def _since(key: VapidKey) -> Any:
    match key.state:
        case VapidKeyState.ACTIVE:
            return key.created_at
        case VapidKeyState.RETIRING:
            return key.retiring_at
        case VapidKeyState.RETIRED:
            return key.retired_at


def retire(
    key: Annotated[str, typer.Argument(help="The key's id, vap_…, as `heliograph keys status` shows it.")],
    *,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Even if subscriptions use it: they end, until their people visit the site again."
        ),
    ] = False,
    project: ProjectOption = None,
    as_json_: JsonOption = False,
) -> None:
    """Retire an application server key at once and destroy its private half; there is no way back.

    Needed only after a leak: a key that nobody uses retires by itself after a day.

    Example: heliograph keys retire vap_01k…
    """

    async def work() -> UsedKey:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.begin() as tx:
            found = await chosen_project(tx, project)
            context = heliograph.context()
            made = await key_rotation.retire(
                tx, context, heliograph.queue, project_id=found.id, key_id=key, force=force
            )
            (used,) = await key_rotation.with_uses(tx, [made])
            return used

    retired = opening.run(work())
    if as_json_:
        screen.write_json(as_json(retired))
        return
    typer.echo(f"{retired.key.id} is retired and signs nothing any more.")
    if retired.active_subscriptions:
        typer.echo(f"{counted(retired)} subscriptions end as soon as a worker comes to it.")
