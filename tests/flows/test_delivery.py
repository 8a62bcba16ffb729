"""From the sender's call to the decrypted message, through devpush."""

import json

from tests.support.world import World

from heliograph.devpush import Service
from heliograph.domain.notification import NotificationState


async def test_everyone_receives(world: World):
    """A notification reaches every subscription of every push service, decrypts, and is counted."""
    fleet = await world.agents(8, Service.FCM, Service.MOZILLA, Service.APPLE, Service.WNS)
    await world.subscribe(fleet.agents)

    notification = await world.notify()
    await world.work()
    await fleet.wait_until(lambda counts: counts.received == 8)

    assert fleet.counts.decrypted == 8
    assert await world.counts(notification) == {"accepted": 8}
    assert await world.state(notification) is NotificationState.DONE
    shown = json.loads(fleet.arrivals[0].plaintext)
    assert shown["notification"]["title"] == "Harbour"
