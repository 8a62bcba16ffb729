"""`heliograph campaigns recipes` and `entries`: campaigns ready to be made, and who is on the way through one."""

from typing import Annotated

import msgspec
import typer

from heliograph.actions import entries as actions
from heliograph.bootstrap import Heliograph
from heliograph.cli import screen
from heliograph.cli.campaign_recipes import recipe_form
from heliograph.cli.campaigns import IdArgument, campaigns, within
from heliograph.cli.choosing import JsonOption, ProjectOption
from heliograph.domain.entry import REASONS, Entry, EntryReason
from heliograph.domain.recipes import RECIPES
from heliograph.kit.paging import MAX_LIMIT
from heliograph.storage.store import Tx


@campaigns.command()
def recipes(
    name: Annotated[str | None, typer.Argument(help="Write this one as JSON, to change it before it is made.")] = None,
    project: ProjectOption = None,
) -> None:
    """List campaigns that most shops want, or write one.

    Example: heliograph campaigns recipes cart-abandoned > cart.json
    """
    if name is None:
        rows = ((one.name, one.says, "; ".join(one.needs)) for one in RECIPES)
        screen.console().print(screen.table(None, ("name", "what it does", "what it needs"), rows))
        return

    async def work(tx: Tx, _: Heliograph, owner: str) -> object:
        return msgspec.to_builtins(await recipe_form(tx, owner, name))

    screen.write_json(within(project, work))


@campaigns.command()
def entries(
    campaign: IdArgument,
    profile: Annotated[str | None, typer.Option(help="Only those of this person, by external id.")] = None,
    project: ProjectOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show who entered a triggered campaign last, and what became of it.

    Example: heliograph campaigns entries cmp_01k2p7wq8e4vz9x3m5n6r7s8t0 --profile ada
    """

    async def work(tx: Tx, heliograph: Heliograph, owner: str) -> tuple[list[Entry], dict[str, int]]:
        page = await actions.listing(
            tx, project_id=owner, campaign_id=campaign, external_id=profile, cursor=None, limit=MAX_LIMIT
        )
        found = await actions.counts(tx, heliograph.context(), project_id=owner, campaign_id=campaign)
        return page.items, {reason or state: count for (state, reason), count in sorted(found.items())}

    listed, counted = within(project, work)
    if as_json:
        screen.write_json(msgspec.to_builtins({"entries": listed, "counts": counted}))
        return
    rows = ((one.profile_id, one.state, one.due_at, one.item_id, _why(one)) for one in listed)
    screen.console().print(screen.table(None, ("profile", "state", "due", "item", "why"), rows))
    typer.echo("Of the last 90 days: " + (", ".join(f"{count} {name}" for name, count in counted.items()) or "none"))


def _why(entry: Entry) -> str:
    return "" if entry.reason is None else REASONS[EntryReason(entry.reason)]
