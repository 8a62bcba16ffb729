"""Who is on the way through a triggered campaign, and why others are not any more; and where recipes lead to."""

from collections.abc import Mapping
from datetime import timedelta

from heliograph.actions import campaigns
from heliograph.domain.entry import Entry
from heliograph.kit.context import Context
from heliograph.kit.ids import floor_id
from heliograph.kit.paging import Page, read_page
from heliograph.storage import entries, profiles, projects
from heliograph.storage.store import Tx

COUNTED = 100_000
"""So many of the newest entries are counted at most."""
COUNTED_BACK = timedelta(days=90)


async def listing(
    tx: Tx, *, project_id: str, campaign_id: str, external_id: str | None, cursor: str | None, limit: int
) -> Page[Entry]:
    """Return a page of a campaign's entries, newest first; of one person, if named.

    Raises:
        NotFound: there is no such campaign in the project.
    """
    await campaigns.get(tx, project_id=project_id, campaign_id=campaign_id)
    person = None if external_id is None else await profiles.of_external_id(tx, project_id, external_id)
    if external_id is not None and person is None:
        return Page([], None)
    profile_id = None if person is None else person.id
    return await read_page(
        lambda before, count: entries.page(tx, campaign_id, before=before, limit=count, profile_id=profile_id),
        lambda entry: entry.id,
        listing=f"entries/{campaign_id}/{profile_id}",
        cursor=cursor,
        limit=limit,
    )


async def counts(tx: Tx, ctx: Context, *, project_id: str, campaign_id: str) -> Mapping[tuple[str, str], int]:
    """Return the entries of the last 90 days by state and reason ("" where there is none), 100,000 of them at most.

    Raises:
        NotFound: there is no such campaign in the project.
    """
    await campaigns.get(tx, project_id=project_id, campaign_id=campaign_id)
    since = floor_id("ent", ctx.now - COUNTED_BACK)
    return await entries.tally(tx, campaign_id, since=since, limit=COUNTED)


async def site_of(tx: Tx, project_id: str) -> str:
    """Return the address that recipes lead to: the project's first origin."""
    project = await projects.get(tx, project_id)
    return project.origins[0] if project is not None and project.origins else "https://shop.example"
