"""Who comes into the segment of a campaign by what they do, or by what is said of them: heard of at once.

What time alone brings about is heard of by looking at everybody (`delivery.look`). So are people of whose rule nothing
here is known to have changed.
"""

from collections.abc import Collection, Sequence

from heliograph import conditions, triggers
from heliograph.domain.campaign import Campaign
from heliograph.domain.entry import Entry, EntryState, is_open, mentions
from heliograph.kit.context import Context
from heliograph.queue.base import Queue
from heliograph.queue.due import enter_jobs
from heliograph.storage import caused, entries, looking
from heliograph.storage.store import Tx
from heliograph.triggers.entered import OnEntered


async def look_again(tx: Tx, ctx: Context, queue: Queue, *, project_id: str, profile_ids: Collection[str]) -> None:
    """Let those of some people enter who came into segments by their attributes, on which any rule may depend."""
    campaigns = await caused.by_trigger(tx, project_id, OnEntered.kind)
    await compare(tx, ctx, queue, campaigns=campaigns, profile_ids=profile_ids)


async def compare(
    tx: Tx,
    ctx: Context,
    queue: Queue,
    *,
    campaigns: Sequence[Campaign],
    profile_ids: Collection[str],
    names: Collection[str] | None = None,
) -> None:
    """Let those of some people enter who came into the segments of campaigns. Their profiles are locked.

    Args:
        tx: the transaction of the change.
        ctx: its surroundings.
        queue: where jobs are written.
        campaigns: running ones that watch a segment.
        profile_ids: the people.
        names: of the events that happened; None: any rule may be concerned.
    """
    for campaign in campaigns:
        wanted = await caused.audience_of(tx, campaign)
        if wanted.rule is None or not (names is None or mentions(wanted.rule, names)) or not is_open(campaign, ctx.now):
            continue
        this = await looking.round_of(tx, campaign.id)
        rule = conditions.meant(wanted, ctx.now)
        # Before the first round is whole nobody knows who was there already.
        if this is not None and this.looked_to is not None and rule is not None:
            meant = await looking.within(tx, profile_ids, rule)
            await _compare(tx, ctx, queue, campaign, profile_ids=profile_ids, meant=meant)


async def _compare(
    tx: Tx, ctx: Context, queue: Queue, campaign: Campaign, *, profile_ids: Collection[str], meant: set[str]
) -> None:
    was = await looking.insiders_of(tx, campaign.id, profile_ids)
    await looking.go_out(tx, campaign.id, sorted(was - meant))
    new = await looking.come_in(tx, campaign.id, sorted(meant - was), since=ctx.now)
    trigger = triggers.read(campaign.definition["trigger"])
    if not new or not isinstance(trigger, OnEntered):
        return
    known = await entries.history(tx, campaign.id, new, now=ctx.now)
    new = [one for one in new if one not in known or not known[one].keeps_out(trigger.once_per, ctx.now)]
    start = trigger.start(ctx.now)
    made = await entries.add(
        tx,
        [
            Entry(
                id=ctx.ids.new("ent"),
                campaign_id=campaign.id,
                project_id=campaign.project_id,
                profile_id=one,
                key=start.key,
                due_at=start.due_at,
                state=EntryState.WAITING,
                reason=None,
                item_id=None,
                event_id=None,
                variables={},
                dispatch_id=None,
                created_at=ctx.now,
                ended_at=None,
            )
            for one in sorted(new)
        ],
    )
    await queue.add(tx, enter_jobs({campaign.id: [entry.due_at for entry in made]}, now=ctx.now), now=ctx.now)
