"""What stories are given."""

from collections.abc import AsyncIterator

import pytest
from tests.support.world import World, world_of

from heliograph.kit.clock import FrozenClock
from heliograph.kit.ids import Ids
from heliograph.kit.sealing import Sealer
from heliograph.queue.embedded import EmbeddedQueue
from heliograph.storage.store import Store


@pytest.fixture
async def world(
    store: Store, queue: EmbeddedQueue, clock: FrozenClock, ids: Ids, sealer: Sealer
) -> AsyncIterator[World]:
    """devpush, user agents and a project, on a fresh database of each kind."""
    async with world_of(store, queue, clock, ids, sealer) as made:
        yield made
