"""Events of people for stories, as a server tells them, and what they started."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec
from tests.support.world import World

from heliograph.actions import events
from heliograph.actions.event_parts import Parts
from heliograph.actions.events import Checked, Told
from heliograph.domain.entry import Entry
from heliograph.domain.event import Source
from heliograph.storage import entries


def told(
    world: World, name: str, own_id: str, *, ago: float = 0, who: str | None = "ada", **properties: Any
) -> Checked:
    """Return an event of Ada's, so many seconds ago."""
    at = world.clock.now() - timedelta(seconds=ago)
    one = Told(own_id, name, at, msgspec.json.encode(properties), who)
    return events.check(one, owner="test", source=Source.SERVER, sent_at=None, now=world.clock.now())


async def tell(world: World, *happened: Checked) -> None:
    """Tell of events in one call."""
    async with world.store.begin() as tx:
        context, parts = world.heliograph.context(), Parts(world.heliograph.queue)
        project_id = world.project.project.id
        await events.tell_of_people(tx, context, parts, project_id=project_id, happened=happened)


async def entered(world: World, campaign_id: str) -> list[Entry]:
    """Return the entries of a campaign, oldest first."""
    async with world.store.read() as tx:
        return (await entries.page(tx, campaign_id, before=None, limit=100))[::-1]


def states(found: Sequence[Entry]) -> list[str]:
    """Return why entries ended, or where they stand."""
    return [str(one.reason or one.state) for one in found]
