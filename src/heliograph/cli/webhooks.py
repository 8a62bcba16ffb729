"""`heliograph webhooks`."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import typer

from heliograph.actions import webhooks as actions
from heliograph.actions.webhooks import Change, NewSecret, Told
from heliograph.bootstrap import Heliograph
from heliograph.cli import opening, screen
from heliograph.cli.choosing import JsonOption, ProjectOption, chosen_project
from heliograph.cli.exits import CommandError
from heliograph.domain.webhook import OVERLAP, MessageState, ReceiverError
from heliograph.kit.paging import MAX_LIMIT
from heliograph.names import EventType
from heliograph.storage.store import Tx
from heliograph.storage.webhook_messages import Message
from heliograph.storage.webhooks import Webhook

webhooks = typer.Typer(
    name="webhooks",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Telling a server of yours of what happens: signed, repeated until it is taken, and again if you ask.",
)

WebhookArgument = Annotated[str, typer.Argument(help="The webhook's id, whk_….")]
TypeOption = Annotated[
    list[EventType] | None, typer.Option("--type", help="A type of event; give several if need be. All, if left out.")
]
_SECRETS = ("secret", "old_secret")
_NOTE = "The secret is shown this once."
_LOOKS_EVERY = 0.2


def _as_json(webhook: Webhook) -> dict[str, Any]:
    return {name: getattr(webhook, name) for name in Webhook.__dataclass_fields__ if name not in _SECRETS}


async def _owner(tx: Tx, project: str | None) -> str:
    return (await chosen_project(tx, project)).id


async def _checked(heliograph: Heliograph, url: str | None) -> None:
    if url is not None:
        try:
            await heliograph.receivers.check(url)
        except ReceiverError as error:
            raise actions.refused(error) from error


def _show_secret(made: NewSecret, title: str, *, as_json: bool) -> None:
    if as_json:
        screen.write_json(_as_json(made.webhook) | {"secret": made.secret})
        return
    facts = {"Id": made.webhook.id, "Address": made.webhook.url, "Secret": made.secret}
    screen.console().print(screen.secrets_panel(title, facts, _NOTE))


@webhooks.command()
def add(
    url: Annotated[str, typer.Argument(help="An https address on the public internet.")],
    *,
    event_type: TypeOption = None,
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Have events sent to an address from now on, and show the secret that signs them once.

    Example: heliograph webhooks add https://shop.example/heliograph --type delivery.clicked
    """

    async def work() -> NewSecret:
        async with opening.opened(opening.load()) as heliograph:
            await _checked(heliograph, url)
            async with heliograph.store.begin() as tx:
                return await actions.create(
                    tx,
                    heliograph.context(),
                    project_id=await _owner(tx, project),
                    url=url,
                    allowed=heliograph.receivers.allowed,
                    description=description,
                    event_types=event_type or (),
                )

    _show_secret(opening.run(work()), "Webhook", as_json=as_json)


@webhooks.command("list")
def list_(project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """List webhooks and how they fare, without their secrets.

    Example: heliograph webhooks list
    """

    async def work() -> list[Webhook]:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.read() as tx:
            owner = await _owner(tx, project)
            return (await actions.listing(tx, project_id=owner, cursor=None, limit=MAX_LIMIT)).items

    found = opening.run(work())
    if as_json:
        screen.write_json([_as_json(webhook) for webhook in found])
        return
    rows = (
        (one.id, one.url, one.event_types or "all", one.disabled_reason or one.is_enabled, one.failing_since)
        for one in found
    )
    screen.console().print(screen.table(None, ("id", "address", "types", "on", "failing since"), rows))


@webhooks.command()
def change(
    webhook: WebhookArgument,
    *,
    url: Annotated[str | None, typer.Option(help="Another address.")] = None,
    event_type: TypeOption = None,
    all_types: Annotated[bool, typer.Option("--all-types", help="Tell it of everything.")] = False,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
    on: Annotated[bool | None, typer.Option("--on/--off", help="Switch it on or off.")] = None,
    project: ProjectOption = None,
) -> None:
    """Change a webhook, or switch it on or off.

    Example: heliograph webhooks change whk_01k2p7wq8e4vz9x3m5n6r7s8t0 --on
    """
    types = () if all_types else event_type
    wanted = Change(url=url, description=description, event_types=types, is_enabled=on)

    async def work() -> None:
        async with opening.opened(opening.load()) as heliograph:
            await _checked(heliograph, url)
            async with heliograph.store.begin() as tx:
                await actions.change(
                    tx,
                    heliograph.context(),
                    project_id=await _owner(tx, project),
                    webhook_id=webhook,
                    change=wanted,
                    allowed=heliograph.receivers.allowed,
                )

    opening.run(work())
    typer.echo(f"{webhook} is changed.")


@webhooks.command()
def rotate(
    webhook: WebhookArgument,
    *,
    overlap_hours: Annotated[
        int, typer.Option(min=0, max=168, help="How long the secret before signs beside the new one.")
    ] = int(OVERLAP.total_seconds() // 3600),
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a new secret and show it once.

    Example: heliograph webhooks rotate whk_01k2p7wq8e4vz9x3m5n6r7s8t0
    """

    async def work() -> NewSecret:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.begin() as tx:
            overlap = timedelta(hours=overlap_hours)
            owner = await _owner(tx, project)
            ctx = heliograph.context()
            return await actions.rotate_secret(tx, ctx, project_id=owner, webhook_id=webhook, overlap=overlap)

    _show_secret(opening.run(work()), "New secret", as_json=as_json)


@webhooks.command("test")
def try_out(
    webhook: WebhookArgument,
    *,
    wait: Annotated[int, typer.Option(min=0, max=300, help="Seconds to wait for a worker to send it.")] = 15,
    project: ProjectOption = None,
) -> None:
    """Send an event of the type webhook.test, and tell what came of it.

    Example: heliograph webhooks test whk_01k2p7wq8e4vz9x3m5n6r7s8t0
    """

    async def work() -> Message:
        async with opening.opened(opening.load()) as heliograph:
            async with heliograph.store.begin() as tx:
                owner = await _owner(tx, project)
                message = await actions.test(tx, heliograph.context(), project_id=owner, webhook_id=webhook)
            which = {"project_id": owner, "webhook_id": webhook, "message_id": message.id}
            for _ in range(int(wait / _LOOKS_EVERY)):
                await asyncio.sleep(_LOOKS_EVERY)
                async with heliograph.store.read() as tx:
                    message = (await actions.message(tx, **which)).message
                if message.attempts:
                    break
            return message

    sent = opening.run(work())
    if not sent.attempts:
        raise CommandError(f"{sent.id} waits: is a worker running? `heliograph doctor` tells.")
    if sent.state is not MessageState.DELIVERED:
        raise CommandError(f"{sent.id} was not taken: {sent.fault or f'status {sent.status_code}'}.")
    typer.echo(f"{sent.id} was taken with status {sent.status_code}.")


@webhooks.command()
def remove(webhook: WebhookArgument, project: ProjectOption = None) -> None:
    """Remove a webhook with its messages; what waits for it is not sent any more.

    Example: heliograph webhooks remove whk_01k2p7wq8e4vz9x3m5n6r7s8t0
    """

    async def work() -> None:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.begin() as tx:
            owner = await _owner(tx, project)
            await actions.remove(tx, heliograph.context(), project_id=owner, webhook_id=webhook)

    opening.run(work())
    typer.echo(f"{webhook} is told of nothing any more.")


@webhooks.command()
def messages(
    webhook: WebhookArgument,
    *,
    state: Annotated[MessageState | None, typer.Option(help="Only those; dead ones were given up.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=MAX_LIMIT, help="How many, newest first.")] = 50,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what a webhook was sent and is to be sent, newest first.

    Example: heliograph webhooks messages whk_01k2p7wq8e4vz9x3m5n6r7s8t0 --state dead
    """

    async def work() -> list[Message]:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.read() as tx:
            owner = await _owner(tx, project)
            which = {"project_id": owner, "webhook_id": webhook}
            return (await actions.messages(tx, **which, state=state, cursor=None, limit=limit)).items

    found = opening.run(work())
    if as_json:
        screen.write_json(found)
        return
    columns = ("id", "state", "events", "attempts", "last answer", "next attempt")
    rows = (
        (one.id, one.state, one.event_count, one.attempts, one.fault or one.status_code, one.next_attempt_at)
        for one in found
    )
    screen.console().print(screen.table(None, columns, rows))


@webhooks.command()
def message(
    webhook: WebhookArgument,
    message_id: Annotated[str, typer.Argument(help="The message's id, msg_….")],
    project: ProjectOption = None,
) -> None:
    """Show one message with its events and every attempt, as JSON.

    Example: heliograph webhooks message whk_01k2p7wq8e4vz9x3m5n6r7s8t0 msg_01k2p7wq8e4vz9x3m5n6r7s8t0
    """

    async def work() -> Told:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.read() as tx:
            owner = await _owner(tx, project)
            return await actions.message(tx, project_id=owner, webhook_id=webhook, message_id=message_id)

    screen.write_json(opening.run(work()))


@webhooks.command()
def replay(
    webhook: WebhookArgument,
    message_ids: Annotated[list[str] | None, typer.Argument(help="Messages, msg_…; none with --since.")] = None,
    *,
    since: Annotated[
        datetime | None, typer.Option(help="All dead messages made since then (UTC).", formats=["%Y-%m-%dT%H:%M:%S"])
    ] = None,
    delivered: Annotated[bool, typer.Option("--delivered", help="With --since: delivered ones, too.")] = False,
    project: ProjectOption = None,
) -> None:
    """Send messages again under their own identifiers: named ones, or all since an instant, a thousand at a time.

    Example: heliograph webhooks replay whk_01k2p7wq8e4vz9x3m5n6r7s8t0 --since 2026-03-14T00:00:00
    """
    if (since is None) == (not message_ids):
        raise CommandError("Name messages, or give --since.")
    states = [MessageState.DEAD, MessageState.DELIVERED] if delivered else [MessageState.DEAD]

    async def work() -> int:
        async with opening.opened(opening.load()) as heliograph, heliograph.store.begin() as tx:
            which: dict[str, Any] = {"project_id": await _owner(tx, project), "webhook_id": webhook}
            ctx = heliograph.context()
            if since is None:
                return await actions.replay(tx, ctx, **which, message_ids=message_ids or [])
            return await actions.replay_since(tx, ctx, **which, states=states, since=since.replace(tzinfo=UTC))

    typer.echo(f"{opening.run(work())} messages are sent again.")
