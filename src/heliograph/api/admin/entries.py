"""Entries of triggered campaigns, and recipes for such campaigns: below `/v1/campaigns`."""

from collections import defaultdict
from typing import Annotated, Any

import msgspec
from litestar import get
from litestar.params import FromPath, QueryParameter

from heliograph.actions import entries
from heliograph.api.auth import By
from heliograph.api.forms import PAGE, Cursor, Limit, Moment, PageView, View
from heliograph.api.operation import operation
from heliograph.api.wired import Wired
from heliograph.domain.entry import Entry, EntryState
from heliograph.domain.recipes import RECIPES
from heliograph.errors import NotFound
from heliograph.names import Scope

_TAGS = ["Campaigns"]


class RecipeView(View, frozen=True, kw_only=True):
    """A campaign that is ready to be made."""

    name: str
    says: Annotated[str, msgspec.Meta(description="What it does.")]
    needs: Annotated[list[str], msgspec.Meta(description="The events and attributes that it lives on.")]
    campaign: Annotated[dict[str, Any], msgspec.Meta(description="What `POST /v1/campaigns` takes.")]


class RecipesView(View, frozen=True, kw_only=True):
    """All recipes."""

    items: list[RecipeView]


class EntryView(View, frozen=True, kw_only=True):
    """One person on the way through a campaign."""

    id: str
    profile: Annotated[str, msgspec.Meta(description="The profile's identifier.")]
    state: EntryState
    reason: Annotated[str | None, msgspec.Meta(description="Why it was cancelled or skipped.")]
    due_at: Moment
    item: Annotated[str | None, msgspec.Meta(description="The item that it is about.")]
    event: Annotated[str | None, msgspec.Meta(description="The event that started it, or put it off last.")]
    dispatch: Annotated[str | None, msgspec.Meta(description="The run of the campaign that it went into.")]
    created_at: Moment
    ended_at: Moment | None


class EntryCountsView(View, frozen=True, kw_only=True):
    """Entries of the last 90 days, 100,000 of them at most, by state; those with a reason by that, too."""

    states: dict[str, int]
    reasons: dict[str, int]


def _view(entry: Entry) -> EntryView:
    return EntryView(
        id=entry.id,
        profile=entry.profile_id,
        state=entry.state,
        reason=entry.reason,
        due_at=entry.due_at,
        item=entry.item_id,
        event=entry.event_id,
        dispatch=entry.dispatch_id,
        created_at=entry.created_at,
        ended_at=entry.ended_at,
    )


@get("/campaigns/recipes", summary="List recipes for campaigns", tags=_TAGS, opt=operation(scope=Scope.READ))
async def list_recipes(caller: By, heliograph: Wired) -> RecipesView:
    """Return campaigns that most shops want, ready for `POST /v1/campaigns`, with addresses of the project's site."""
    async with heliograph.store.read() as tx:
        site = await entries.site_of(tx, caller.project())
    return RecipesView(
        items=[
            RecipeView(name=one.name, says=one.says, needs=list(one.needs), campaign=one.campaign(site))
            for one in RECIPES
        ]
    )


@get(
    "/campaigns/{campaign_id:str}/entries",
    summary="List a campaign's entries",
    tags=_TAGS,
    opt=operation(scope=Scope.READ, problems=(NotFound,)),
)
async def list_entries(
    *,
    campaign_id: FromPath[str],
    caller: By,
    heliograph: Wired,
    limit: Limit = PAGE,
    cursor: Cursor = None,
    profile: Annotated[str | None, QueryParameter(description="Only those of this person, by external id.")] = None,
) -> PageView[EntryView]:
    """Return who entered a triggered campaign, newest first, with what became of it."""
    async with heliograph.store.read() as tx:
        page = await entries.listing(
            tx,
            project_id=caller.project(),
            campaign_id=campaign_id,
            external_id=profile,
            cursor=cursor,
            limit=limit,
        )
    return PageView(items=[_view(entry) for entry in page.items], next=page.next)


@get(
    "/campaigns/{campaign_id:str}/entries/counts",
    summary="Count a campaign's entries",
    tags=_TAGS,
    opt=operation(scope=Scope.READ, problems=(NotFound,)),
)
async def count_entries(campaign_id: FromPath[str], caller: By, heliograph: Wired) -> EntryCountsView:
    """Return how many wait, were sent, were called off and were skipped, and why."""
    async with heliograph.store.read() as tx:
        found = await entries.counts(tx, heliograph.context(), project_id=caller.project(), campaign_id=campaign_id)
    states: dict[str, int] = defaultdict(int)
    for (state, _), count in found.items():
        states[state] += count
    return EntryCountsView(states=states, reasons={reason: count for (_, reason), count in found.items() if reason})


ROUTES = (list_recipes, list_entries, count_entries)
