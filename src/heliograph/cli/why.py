"""`heliograph why`."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from heliograph.actions import why as stories
from heliograph.actions.deliveries import message_id
from heliograph.actions.story import Fact, Seen
from heliograph.actions.why import Story
from heliograph.cli import opening, screen
from heliograph.cli.choosing import JsonOption, ProjectOption, chosen_project
from heliograph.cli.exits import CommandError, Exit
from heliograph.storage.attempts import AttemptRow


def why(
    notification: Annotated[str, typer.Argument(help="The notification, ntf_….")],
    *,
    profile: Annotated[str | None, typer.Option(help="The person's external id, or pro_… of a visitor.")] = None,
    subscription: Annotated[str | None, typer.Option(help="Instead of a person: one subscription, sub_….")] = None,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell why somebody got a notification, or did not: chosen or not, every attempt, and what came of it.

    Example: heliograph why ntf_01kkntq2cnav3k6tkgdjq45gvh --profile ada
    """
    if (profile is None) == (subscription is None):
        raise CommandError("Say of whom: --profile or --subscription.", Exit.USAGE)
    told = opening.run(_told(notification, project, profile=profile, subscription=subscription))
    if as_json:
        screen.write_json(_as_json(told))
    else:
        _show(told)


async def _told(notification: str, project: str | None, *, profile: str | None, subscription: str | None) -> Story:
    async with opening.opened(opening.load()) as heliograph, heliograph.store.read() as tx:
        found = await chosen_project(tx, project)
        return await stories.why(
            tx,
            heliograph.context(),
            project_id=found.id,
            notification_id=notification,
            external_id=profile,
            subscription_id=subscription,
        )


def _as_json(told: Story) -> dict[str, Any]:
    return {
        "notification_id": told.notification_id,
        "external_id": told.external_id,
        "story": [asdict(fact) for fact in told.facts],
        "subscriptions": [
            {
                "subscription_id": one.seen.id,
                "story": [asdict(fact) for fact in one.facts],
                "delivery": None if one.seen.delivery is None else asdict(one.seen.delivery),
                "attempts": [_attempt(one.seen, attempt) for attempt in one.seen.attempts],
            }
            for one in told.subscriptions
        ],
    }


def _attempt(seen: Seen, attempt: AttemptRow) -> dict[str, Any]:
    name = None if seen.delivery is None else message_id(seen.delivery, attempt)
    return asdict(attempt) | {"service_message_id": name}


def _show(told: Story) -> None:
    _write(told.facts)
    for one in told.subscriptions:
        typer.echo(f"\n{one.seen.id}")
        _write(one.facts, "  ")


def _write(facts: list[Fact], margin: str = "") -> None:
    for fact in facts:
        typer.echo(f"{margin}{fact.sentence} [{fact.code}]")
