"""`heliograph campaigns`: write, start and watch what is sent by itself."""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import typer

from heliograph.actions import campaign_messages, dry_run, notifications, prompt_events, triggering
from heliograph.actions import campaigns as actions
from heliograph.actions.campaigns import Results
from heliograph.actions.dry_run import DryRun
from heliograph.actions.prompt_events import Statistics
from heliograph.actions.triggering import Named, Triggered
from heliograph.api.admin.campaign_forms import (
    CampaignChange,
    NewCampaign,
    VariantView,
    campaign_view,
    dispatch_view,
    statistics_view,
)
from heliograph.api.admin.campaigns import outline_of
from heliograph.api.admin.experiment_forms import ComparisonView
from heliograph.bootstrap import Heliograph
from heliograph.cli import dry_runs, opening, screen
from heliograph.cli.campaign_recipes import recipe_form
from heliograph.cli.choosing import JsonOption, ProjectOption, chosen_project
from heliograph.cli.exits import CommandError, Exit
from heliograph.cli.prompt_statistics import prompt_table
from heliograph.domain.campaign import Campaign, CampaignKind, CampaignRun, CampaignState
from heliograph.errors import Conflict
from heliograph.kit.paging import MAX_LIMIT
from heliograph.storage.store import Tx

_T = TypeVar("_T")
_MOST_BYTES = 256 * 1024

campaigns = typer.Typer(
    name="campaigns",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="What is sent by itself, at a time, again and again or when somebody asks; and prompts on pages.",
)

IdArgument = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="The campaign's id, cmp_….")]
FileArgument = Annotated[
    str, typer.Argument(metavar="FILE", help="The campaign as JSON, as the API takes it; - reads standard input.")
]


def within(project: str | None, work: Callable[[Tx, Heliograph, str], Awaitable[_T]], *, writes: bool = False) -> _T:
    """Run a verb in a transaction on the chosen project."""

    async def run() -> _T:
        async with opening.opened(opening.load()) as heliograph:
            transaction = heliograph.store.begin() if writes else heliograph.store.read()
            async with transaction as tx:
                return await work(tx, heliograph, (await chosen_project(tx, project)).id)

    return opening.run(run())


def _read(file: str, kind: type[_T]) -> _T:
    """Read a form from a file, with the sentences that the API would answer."""
    try:
        text = sys.stdin.read(_MOST_BYTES) if file == "-" else Path(file).read_text(encoding="utf-8")
        return msgspec.json.decode(text, type=kind)
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.", Exit.USAGE) from None
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise CommandError(f"This is not a campaign: {error}.", Exit.USAGE) from None


def _show(campaign: Campaign, *, as_json: bool) -> None:
    if as_json:
        screen.write_json(msgspec.to_builtins(campaign_view(campaign)))
        return
    due = "" if campaign.next_due_at is None else f" It is looked at next on {campaign.next_due_at:%Y-%m-%d %H:%M} UTC."
    typer.echo(f"{campaign.name} ({campaign.id}, version {campaign.version}) is {campaign.state}.{due}")


@campaigns.command("list")
def list_(
    state: Annotated[CampaignState | None, typer.Option(help="Only those in this state.")] = None,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """List campaigns, newest first.

    Example: heliograph campaigns list --state running
    """

    async def work(tx: Tx, _: Heliograph, owner: str) -> list[Campaign]:
        found: list[Campaign] = []
        cursor: str | None = None
        while True:
            page = await actions.listing(tx, project_id=owner, kind=None, state=state, cursor=cursor, limit=MAX_LIMIT)
            found, cursor = found + page.items, page.next
            if cursor is None:
                return found

    found = within(project, work)
    if as_json:
        screen.write_json([msgspec.to_builtins(campaign_view(one)) for one in found])
        return
    rows = ((one.id, one.name, one.kind, one.trigger_kind, one.state, one.next_due_at) for one in found)
    screen.console().print(screen.table(None, ("id", "name", "kind", "trigger", "state", "next"), rows))


@campaigns.command()
def show(campaign: IdArgument, project: ProjectOption = None) -> None:
    """Write a campaign as JSON, with its definition.

    Example: heliograph campaigns show cmp_01k2p7wq8e4vz9x3m5n6r7s8t0
    """

    async def work(tx: Tx, _: Heliograph, owner: str) -> Campaign:
        return await actions.get(tx, project_id=owner, campaign_id=campaign)

    _show(within(project, work), as_json=True)


@campaigns.command()
def create(
    file: Annotated[
        str | None, typer.Argument(metavar="[FILE]", help="The campaign as JSON; - reads standard input.")
    ] = None,
    recipe: Annotated[str | None, typer.Option(help="One of `heliograph campaigns recipes` instead of a file.")] = None,
    project: ProjectOption = None,
    start: Annotated[bool, typer.Option("--start", help="Start it, too.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Write a draft; nothing is sent before it is started.

    Example: heliograph campaigns create ferry.json --start
    """
    if (file is None) == (recipe is None):
        raise CommandError("Name either a file or a --recipe.", Exit.USAGE)
    wanted = None if file is None else _read(file, NewCampaign)

    async def work(tx: Tx, heliograph: Heliograph, owner: str) -> Campaign:
        ctx = heliograph.context()
        outline = await outline_of(tx, owner, wanted or await recipe_form(tx, owner, recipe or ""))
        made = await actions.create(tx, ctx, project_id=owner, outline=outline)
        if not start:
            return made
        return await actions.start(tx, ctx, heliograph.queue, project_id=owner, campaign_id=made.id)

    _show(within(project, work, writes=True), as_json=as_json)


@campaigns.command()
def change(
    campaign: IdArgument, file: FileArgument, project: ProjectOption = None, as_json: JsonOption = False
) -> None:
    """Write a campaign anew; the file names the version that it is a change of.

    Example: heliograph campaigns change cmp_01k2p7wq8e4vz9x3m5n6r7s8t0 ferry.json
    """
    wanted = _read(file, CampaignChange)

    async def work(tx: Tx, heliograph: Heliograph, owner: str) -> Campaign:
        return await actions.change(
            tx,
            heliograph.context(),
            heliograph.queue,
            project_id=owner,
            campaign_id=campaign,
            version=wanted.version,
            outline=await outline_of(tx, owner, wanted),
        )

    _show(within(project, work, writes=True), as_json=as_json)


@campaigns.command()
def start(campaign: IdArgument, project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """Let a draft begin, at once or at its time.

    Example: heliograph campaigns start cmp_01k2p7wq8e4vz9x3m5n6r7s8t0
    """

    async def work(tx: Tx, heliograph: Heliograph, owner: str) -> Campaign:
        ctx = heliograph.context()
        return await actions.start(tx, ctx, heliograph.queue, project_id=owner, campaign_id=campaign)

    _show(within(project, work, writes=True), as_json=as_json)


@campaigns.command()
def pause(campaign: IdArgument, project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """Let nothing more of it begin. What is being sent goes on.

    Example: heliograph campaigns pause cmp_01k2p7wq8e4vz9x3m5n6r7s8t0
    """

    async def work(tx: Tx, heliograph: Heliograph, owner: str) -> Campaign:
        return await actions.pause(tx, heliograph.context(), project_id=owner, campaign_id=campaign)

    _show(within(project, work, writes=True), as_json=as_json)


@campaigns.command()
def resume(campaign: IdArgument, project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """Go on from now; what came round during the pause is left out.

    Example: heliograph campaigns resume cmp_01k2p7wq8e4vz9x3m5n6r7s8t0
    """

    async def work(tx: Tx, heliograph: Heliograph, owner: str) -> Campaign:
        ctx = heliograph.context()
        return await actions.resume(tx, ctx, heliograph.queue, project_id=owner, campaign_id=campaign)

    _show(within(project, work, writes=True), as_json=as_json)


@campaigns.command()
def finish(
    campaign: IdArgument,
    cancel: Annotated[bool, typer.Option("--cancel", help="Send nothing more of what is on its way, either.")] = False,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """End it for good.

    Example: heliograph campaigns finish cmp_01k2p7wq8e4vz9x3m5n6r7s8t0 --cancel
    """

    async def work(tx: Tx, heliograph: Heliograph, owner: str) -> Campaign:
        ctx = heliograph.context()
        done, left = await actions.finish(tx, ctx, project_id=owner, campaign_id=campaign)
        for one in left if cancel else ():
            await notifications.cancel(tx, ctx, project_id=owner, notification_id=one)
        return done

    _show(within(project, work, writes=True), as_json=as_json)


@campaigns.command()
def duplicate(
    campaign: IdArgument,
    name: Annotated[str | None, typer.Option(help="What to call the copy.")] = None,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a draft that says the same.

    Example: heliograph campaigns duplicate cmp_01k2p7wq8e4vz9x3m5n6r7s8t0 --name "Ferry in winter"
    """

    async def work(tx: Tx, heliograph: Heliograph, owner: str) -> Campaign:
        return await actions.duplicate(tx, heliograph.context(), project_id=owner, campaign_id=campaign, name=name)

    _show(within(project, work, writes=True), as_json=as_json)


@campaigns.command()
def delete(campaign: IdArgument, project: ProjectOption = None) -> None:
    """Delete a draft, or one that is done. What it sent stays.

    Example: heliograph campaigns delete cmp_01k2p7wq8e4vz9x3m5n6r7s8t0
    """

    async def work(tx: Tx, heliograph: Heliograph, owner: str) -> None:
        await actions.remove(tx, heliograph.context(), project_id=owner, campaign_id=campaign)

    within(project, work, writes=True)
    typer.echo("It is deleted.")


@campaigns.command()
def trigger(
    campaign: IdArgument,
    profile: Annotated[list[str], typer.Option(help="Whom it is for, by your own id; may be repeated.")],
    key: Annotated[str, typer.Option(help="Yours: the same key runs once, such as order-1234.")],
    variables: Annotated[str, typer.Option(help="For the content, as JSON.")] = "{}",
    project: ProjectOption = None,
) -> None:
    """Send it to the people named, once per key.

    Example: heliograph campaigns trigger cmp_01k2p7wq8e4vz9x3m5n6r7s8t0 --profile ada --key order-1234
    """
    try:
        given: dict[str, Any] = msgspec.json.decode(variables, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError) as error:
        raise CommandError(f"Variables are a JSON object: {error}.", Exit.USAGE) from None

    async def work(tx: Tx, heliograph: Heliograph, owner: str) -> Triggered:
        return await triggering.trigger(
            tx,
            heliograph.context(),
            heliograph.queue,
            project_id=owner,
            campaign_id=campaign,
            key=key,
            people=[Named(one, {}) for one in profile],
            variables=given,
        )

    done = within(project, work, writes=True)
    typer.echo(f"{done.run.id} is asked for." if done.is_new else f"It was asked for before: {done.run.id}.")
    for one in done.unknown:
        typer.echo(f"{one} is no profile of the project.", err=True)


@campaigns.command()
def preview(
    campaign: IdArgument,
    variant: Annotated[str | None, typer.Option(help="Of an A/B test: what this variant's readers get.")] = None,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Tell what a message campaign would do if its whole audience were sent to now. Limits are left aside.

    Example: heliograph campaigns preview cmp_01k2p7wq8e4vz9x3m5n6r7s8t0
    """

    async def work(tx: Tx, heliograph: Heliograph, owner: str) -> DryRun:
        found = await actions.get(tx, project_id=owner, campaign_id=campaign)
        if found.kind is not CampaignKind.MESSAGE:
            raise Conflict("A prompt is shown on pages: there is nothing that would be sent.")
        draft = campaign_messages.draft_of(found, variant)
        return await dry_run.dry_run(tx, heliograph.context(), project_id=owner, draft=draft)

    dry_runs.show(within(project, work), as_json=as_json)


@campaigns.command()
def statistics(campaign: IdArgument, project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """Show what came of a campaign, by variant too.

    Example: heliograph campaigns statistics cmp_01k2p7wq8e4vz9x3m5n6r7s8t0
    """

    async def work(tx: Tx, _: Heliograph, owner: str) -> tuple[Results, Statistics | None]:
        told = await prompt_events.told_of(tx, await actions.get(tx, project_id=owner, campaign_id=campaign))
        return await actions.results(tx, project_id=owner, campaign_id=campaign), told

    found = statistics_view(*within(project, work))
    if as_json:
        screen.write_json(msgspec.to_builtins(found))
        return
    out = screen.console()
    if found.prompt is not None:
        out.print(prompt_table(found.prompt))
        return
    rows = [
        (one.variant or "all", one.sent, one.displayed, one.clicked, _rate(one), one.dismissed, one.waiting)
        for one in (found.total, *found.variants)
    ]
    heads = ("variant", "sent", "displayed", "clicked", "click rate", "dismissed", "waiting")
    out.print(screen.table(None, heads, rows))
    if found.comparison is not None:
        out.print(_compared(found.comparison))
    for warning in found.warnings:
        out.print(warning.detail)
    reasons = [("skipped", *pair) for pair in found.total.skipped.items()]
    reasons += [("failed", *pair) for pair in found.total.failed.items()]
    if reasons:
        out.print(screen.table(None, ("deliveries", "why", "count"), reasons))


def _rate(one: VariantView) -> str:
    """Return a click rate with where the true one lies."""
    low, high = one.click_rate_between
    return f"{one.click_rate:.2%} ({low:.2%} to {high:.2%})" if one.sent else ""


def _compared(found: ComparisonView) -> str:
    """Say which variant is ahead, and how sure that is."""
    if found.confidence is None:
        return f"{found.best} is ahead of {found.second}; that is too little yet to say how sure it is."
    return f"{found.best} is ahead of {found.second}; that they differ is {found.confidence:.1%} sure."


@campaigns.command()
def dispatches(campaign: IdArgument, project: ProjectOption = None, as_json: JsonOption = False) -> None:
    """Show the latest runs of a campaign, with those that were missed.

    Example: heliograph campaigns dispatches cmp_01k2p7wq8e4vz9x3m5n6r7s8t0
    """

    async def work(tx: Tx, _: Heliograph, owner: str) -> list[CampaignRun]:
        page = await actions.runs(tx, project_id=owner, campaign_id=campaign, cursor=None, limit=MAX_LIMIT)
        return page.items

    found = within(project, work)
    if as_json:
        screen.write_json([msgspec.to_builtins(dispatch_view(run)) for run in found])
        return
    rows = ((run.id, run.key, run.due_at, run.state, run.reason or "") for run in found)
    screen.console().print(screen.table(None, ("id", "key", "due", "state", "why"), rows))
