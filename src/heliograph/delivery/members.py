"""Who is meant by a triggered campaign right now: its audience, asked of some people."""

from collections.abc import Collection
from datetime import datetime

from heliograph import conditions
from heliograph.domain.campaign import Campaign
from heliograph.storage import audience, caused, entries, looking
from heliograph.storage.store import Tx
from heliograph.triggers.inactive import OnInactive


async def meant(tx: Tx, campaign: Campaign, profile_ids: Collection[str], now: datetime) -> tuple[set[str], set[str]]:
    """Return those of some people who are in a campaign's audience, and those who have an active subscription."""
    own = await entries.browsers(tx, profile_ids)
    wanted = await caused.audience_of(tx, campaign)
    still = await audience.still_meant(
        tx, campaign.project_id, wanted, sorted(own), meant=conditions.meant(wanted, now)
    )
    return {own[one] for one in still}, set(own.values())


async def last_signs(tx: Tx, trigger: OnInactive, profile_ids: Collection[str]) -> dict[str, datetime]:
    """Return when the last sign of life of some people was, of the kind that a trigger waits for."""
    if trigger.event is not None:
        return await looking.last_events(tx, profile_ids, trigger.event)
    return {one.id: one.last_seen_at for one in (await looking.named(tx, profile_ids)).values()}
