"""`heliograph send`."""

import asyncio
import json
from datetime import timedelta
from http import HTTPStatus
from typing import Annotated, Any

import typer

from heliograph.actions import notifications
from heliograph.actions.idempotency import MAX_KEY, Answer, Call, fingerprint, is_key, once
from heliograph.actions.notifications import Draft, Tally
from heliograph.bootstrap import Heliograph
from heliograph.cli import dry_runs, opening, screen
from heliograph.cli.choosing import JsonOption, ProjectOption, chosen_project
from heliograph.cli.exits import CommandError, Exit
from heliograph.domain.delivery import DeliveryState
from heliograph.domain.notification import Audience, AudienceKind, Content, NotificationKind, Urgency
from heliograph.storage.store import Tx

_POLL_SECONDS = 0.25
_PATIENCE = timedelta(seconds=15)
"""How long a send may stand still before a person is told that perhaps no worker runs."""


def send(
    title: Annotated[str, typer.Argument(help="The headline; with --data-push it is left out.")] = "",
    body: Annotated[str | None, typer.Argument(help="The text below it.")] = None,
    *,
    everyone: Annotated[bool, typer.Option("--everyone", help="To every active subscription of the project.")] = False,
    group: Annotated[
        str | None, typer.Option(help="To a group: NAME, or NAME/IDENTIFIER such as warehouse/42.")
    ] = None,
    profile: Annotated[list[str] | None, typer.Option(help="To the person with this external id; repeatable.")] = None,
    segment: Annotated[str | None, typer.Option(help="To the people of this segment: its name or id, seg_….")] = None,
    subscription: Annotated[list[str] | None, typer.Option(help="To this subscription, sub_…; repeatable.")] = None,
    url: Annotated[str | None, typer.Option(help="Where a click leads, https://….")] = None,
    icon: Annotated[str | None, typer.Option(help="Address of a small square picture.")] = None,
    image: Annotated[str | None, typer.Option(help="Address of a large picture.")] = None,
    tag: Annotated[str | None, typer.Option(help="A notification with the same tag is replaced on screen.")] = None,
    data: Annotated[str | None, typer.Option(help="JSON that is handed to your page's code.")] = None,
    template: Annotated[
        bool,
        typer.Option(
            "--template", help="Texts are Liquid templates: Hello {{ profile.first_name | default: 'there' }}"
        ),
    ] = False,
    data_push: Annotated[
        bool, typer.Option("--data-push", help="Show nothing; hand --data to your code only.")
    ] = False,
    ttl_seconds: Annotated[
        int | None,
        typer.Option(min=0, help="How long push services keep it for a browser that is away. A day, if left out."),
    ] = None,
    urgency: Annotated[Urgency, typer.Option(help="Whether to wake a sleeping phone.")] = Urgency.NORMAL,
    topic: Annotated[str | None, typer.Option(help="Replaces a waiting message of the same topic.")] = None,
    rate: Annotated[
        str | None, typer.Option(help="Messages per second or minute, by all workers together: 100/s or 6000/m.")
    ] = None,
    idempotency_key: Annotated[
        str | None,
        typer.Option(help="A word of your own; the same send with it again, within 24 hours, sends nothing more."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Send nothing; tell who would get what, why others would not, how long.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until everything is sent, and show how it goes.")] = False,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send a notification. A running `heliograph up` or `heliograph worker` does the sending.

    Example: heliograph send "Back in stock" "The red lamp is here again." --everyone --url https://shop.example --wait

    Exit status: 0 taken over (with --wait: push services accepted at least one message); 1 failed; 2 wrong usage; 3
    with --wait: everything was tried and nothing was accepted.
    """
    draft = Draft(
        content=Content(
            title=title, body=body, url=url, icon=icon, image=image, tag=tag, data=_parsed(data), template=template
        ),
        audience=_audience(
            everyone=everyone,
            group=group,
            profiles=profile or [],
            segment=segment,
            subscriptions=subscription or [],
        ),
        kind=NotificationKind.DATA if data_push else NotificationKind.NOTIFICATION,
        ttl=None if ttl_seconds is None else timedelta(seconds=ttl_seconds),
        urgency=urgency,
        topic=topic,
        rate=rate,
    )
    if idempotency_key is not None and not is_key(idempotency_key):
        raise CommandError(f"--idempotency-key is 1 to {MAX_KEY} printable ASCII characters.", Exit.USAGE)
    if dry_run:
        dry_runs.show(opening.run(dry_runs.work(draft, project)), as_json=as_json)
        return
    tally = opening.run(_send(draft, project, idempotency_key, wait=wait, quiet=as_json))
    if as_json:
        screen.write_json(_as_json(tally))
    elif wait:
        _show(tally)
    else:
        typer.echo(f"Taken over as {tally.row.notification.id}.")
    if wait and not _accepted(tally):
        raise typer.Exit(Exit.NOTHING_SENT)


def _parsed(data: str | None) -> Any:
    try:
        return None if data is None else json.loads(data)
    except ValueError as error:
        raise CommandError(f"--data is not JSON: {error}.", Exit.USAGE) from None


def _audience(
    *, everyone: bool, group: str | None, profiles: list[str], segment: str | None, subscriptions: list[str]
) -> Audience:
    if sum((everyone, group is not None, bool(profiles), segment is not None, bool(subscriptions))) != 1:
        raise CommandError("Say to whom: --everyone, --group, --profile, --segment or --subscription.", Exit.USAGE)
    if segment is not None:
        return Audience(AudienceKind.SEGMENT, segment_id=segment)
    if group is not None:
        name, slash, identifier = group.partition("/")
        return Audience(AudienceKind.GROUP, group=name, identifier=identifier if slash else None)
    if profiles:
        return Audience(AudienceKind.PROFILES, external_ids=tuple(profiles))
    if subscriptions:
        return Audience(AudienceKind.SUBSCRIPTIONS, subscription_ids=tuple(subscriptions))
    return Audience(AudienceKind.EVERYONE)


async def _send(draft: Draft, project: str | None, key: str | None, *, wait: bool, quiet: bool) -> Tally:
    async with opening.opened(opening.load()) as heliograph:
        async with heliograph.store.begin() as tx:
            found = await chosen_project(tx, project)
            made_id = await _created(tx, heliograph, found.id, draft, key)
        if wait:
            return await _watched(heliograph, found.id, made_id, quiet=quiet)
        return await _tally(heliograph, found.id, made_id)


async def _created(tx: Tx, heliograph: Heliograph, project_id: str, draft: Draft, key: str | None) -> str:
    """Ask for the notification, once if there is a key; return its identifier."""
    ctx = heliograph.context()

    async def work() -> Answer:
        made = await notifications.create(tx, ctx, heliograph.queue, project_id=project_id, draft=draft)
        return Answer(HTTPStatus.CREATED, made.id.encode())

    if key is None:
        return (await work()).body.decode()
    answer = await once(tx, ctx, Call(project_id, key, fingerprint("heliograph send", draft)), work)
    return answer.body.decode()


async def _tally(heliograph: Heliograph, project_id: str, notification_id: str) -> Tally:
    async with heliograph.store.read() as tx:
        return await notifications.get(tx, project_id=project_id, notification_id=notification_id)


async def _watched(heliograph: Heliograph, project_id: str, notification_id: str, *, quiet: bool) -> Tally:
    """Follow a notification with a progress bar until nothing more will be sent."""
    waited = 0.0
    with screen.progress(screen.console(), quiet=quiet) as bars:
        bar = bars.add_task("Sending", total=None)
        while True:
            tally = await _tally(heliograph, project_id, notification_id)
            total = sum(tally.counts.values())
            bars.update(bar, completed=total - _waiting(tally), total=total or None)
            if tally.row.notification.state.is_terminal:
                return tally
            await asyncio.sleep(_POLL_SECONDS)
            waited += _POLL_SECONDS
            if waited == _PATIENCE.total_seconds() and tally.row.progress.started_at is None:
                typer.echo("Nothing has begun yet: does `heliograph up` or `heliograph worker` run?", err=True)


def _by_state(tally: Tally) -> dict[DeliveryState, int]:
    by_state: dict[DeliveryState, int] = {}
    for (state, _reason), count in tally.counts.items():
        by_state[DeliveryState(state)] = by_state.get(DeliveryState(state), 0) + count
    return by_state


def _waiting(tally: Tally) -> int:
    return sum(_by_state(tally).get(state, 0) for state in (DeliveryState.QUEUED, DeliveryState.RETRYING))


def _accepted(tally: Tally) -> int:
    return sum(count for state, count in _by_state(tally).items() if state.was_accepted)


def _as_json(tally: Tally) -> dict[str, Any]:
    return {
        "id": tally.row.notification.id,
        "state": tally.row.notification.state,
        "accepted": _accepted(tally),
        "counts": [
            {"state": state, "reason": reason or None, "count": count}
            for (state, reason), count in sorted(tally.counts.items())
            if count
        ],
    }


def _show(tally: Tally) -> None:
    out = screen.console()
    out.print(f"{tally.row.notification.id} is {tally.row.notification.state}.")
    rows = [(state, reason, count) for (state, reason), count in sorted(tally.counts.items()) if count]
    out.print(screen.table(None, ("deliveries", "why", "count"), rows) if rows else "There was nobody to send it to.")
