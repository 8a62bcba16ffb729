"""`heliograph profiles`."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from heliograph.actions import events, privacy
from heliograph.actions import profiles as actions
from heliograph.actions.privacy import Export
from heliograph.cli import opening, screen
from heliograph.cli.choosing import JsonOption, ProjectOption, chosen_project
from heliograph.cli.exits import CommandError
from heliograph.domain.event import Event
from heliograph.kit.paging import MAX_LIMIT
from heliograph.storage.profiles import Profile
from heliograph.storage.store import Tx

profiles = typer.Typer(
    name="profiles",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="What people may ask for: what is known of them, and that it be deleted.",
)

PersonArgument = Annotated[str, typer.Argument(help="Your own id of the person, or the profile's, pro_….")]
_SECRETS = ("endpoint_hash", "p256dh", "auth", "secret_hash", "token")


async def _found(tx: Tx, project: str | None, person: str) -> Profile:
    owner = (await chosen_project(tx, project)).id
    by_own_id = await actions.find(tx, project_id=owner, external_id=person)
    return by_own_id or await actions.get(tx, project_id=owner, profile_id=person)


@profiles.command()
def export(person: PersonArgument, project: ProjectOption = None) -> None:
    """Write everything that is known of one person as JSON: profile, browsers, subscriptions, deliveries, events, cart.

    Example: heliograph profiles export ada > ada.json
    """

    async def work() -> Export:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.begin() as tx:
            found = await _found(tx, project, person)
            context = heliograph.context()
            return await privacy.export(tx, context, project_id=found.project_id, profile_id=found.id)

    screen.write_json(_as_json(opening.run(work())))


def _as_json(found: Export) -> dict[str, Any]:
    subscriptions = []
    for known in found.subscriptions:
        values = {name: value for name, value in asdict(known.subscription).items() if name not in _SECRETS}
        subscriptions.append(values | {"groups": known.groups})
    devices = [
        {name: value for name, value in asdict(device).items() if name not in _SECRETS} for device in found.devices
    ]
    return {
        "profile": found.profile,
        "subscriptions": subscriptions,
        "devices": devices,
        "deliveries": found.deliveries,
        "browsers": found.browsers,
        "events": found.events,
        "cart": found.cart,
    }


@profiles.command("events")
def list_events(
    person: PersonArgument,
    *,
    project: ProjectOption = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_LIMIT, help="How many events to show.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show what a person or a visitor did, newest first.

    Example: heliograph profiles events ada --limit 20
    """

    async def work() -> list[Event]:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.read() as tx:
            found = await _found(tx, project, person)
            who = {"project_id": found.project_id, "profile_id": found.id}
            return (await events.of_profile(tx, **who, cursor=None, limit=limit)).items

    found = opening.run(work())
    if as_json:
        screen.write_json(found)
        return
    rows = ((event.at, event.name, event.item_id, _price(event), event.source) for event in found)
    screen.console().print(screen.table(None, ("at", "event", "item", "amount", "told by"), rows))


def _price(event: Event) -> str | None:
    return None if event.amount_milli is None else f"{event.amount_milli / 1000:.2f}"


@profiles.command()
def erase(
    person: PersonArgument,
    *,
    project: ProjectOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this nothing is deleted.")] = False,
) -> None:
    """Delete one person for ever, with their subscriptions, memberships, deliveries, receipts and events. Counts stay.

    Example: heliograph profiles erase ada --yes
    """
    if not yes:
        raise CommandError("This cannot be undone: say --yes if you mean it.")

    async def work() -> None:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.begin() as tx:
            found = await _found(tx, project, person)
            ctx, queue = heliograph.context(), heliograph.queue
            await privacy.erase(tx, ctx, queue, project_id=found.project_id, profile_id=found.id)

    opening.run(work())
    typer.echo(f"Nothing is known of {person} any more.")
