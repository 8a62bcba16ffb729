"""What people may ask for: everything known of them, and that it be deleted (GDPR articles 15, 17 and 20)."""

from dataclasses import dataclass

from heliograph.actions import audit, profiles, subscription_events
from heliograph.actions.subscriptions import Known
from heliograph.domain.cart import Cart
from heliograph.domain.event import Event
from heliograph.kit.context import Context
from heliograph.kit.ids import ceiling_id
from heliograph.names import Act, EventType, JobName
from heliograph.queue.base import BULK, NewJob, Queue
from heliograph.storage import carts, events, groups, held_devices, merging, personal, subscriptions, visitors
from heliograph.storage import profiles as rows
from heliograph.storage.delivery_reads import Delivery
from heliograph.storage.held_devices import HeldDevice
from heliograph.storage.profiles import Profile
from heliograph.storage.store import Tx
from heliograph.storage.subscriptions import Filter
from heliograph.storage.visitors import Browser

_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Export:
    """Everything known of one person."""

    profile: Profile
    subscriptions: tuple[Known, ...]
    devices: tuple[HeldDevice, ...]
    deliveries: tuple[Delivery, ...]
    browsers: tuple[Browser, ...]
    events: tuple[Event, ...]
    cart: Cart | None


async def export(tx: Tx, ctx: Context, *, project_id: str, profile_id: str) -> Export:
    """Return everything known of a person, and note that it was asked for.

    Raises:
        NotFound: there is no such profile in the project.
    """
    profile = await profiles.get(tx, project_id=project_id, profile_id=profile_id)
    found = []
    after: str | None = None
    while page := await subscriptions.page(tx, project_id, Filter(profile_id=profile_id), after=after, limit=_PAGE):
        found += page
        after = page[-1].id
    joined = await groups.of_subscriptions(tx, [one.id for one in found])
    await audit.note(tx, ctx, Act.PROFILE_EXPORTED, project_id=project_id, subject_id=profile_id)
    return Export(
        profile=profile,
        subscriptions=tuple(Known(one, tuple(joined[one.id])) for one in found),
        devices=tuple(await held_devices.of_profile(tx, profile_id)),
        deliveries=tuple(await _deliveries(tx, profile_id, [one.id for one in found])),
        browsers=tuple(await visitors.of_profile(tx, profile_id)),
        events=tuple(await _events(tx, profile_id)),
        cart=await carts.get(tx, profile_id),
    )


async def _events(tx: Tx, profile_id: str) -> list[Event]:
    found: list[Event] = []
    before: str | None = None
    while page := await events.page(tx, profile_id, before=before, limit=_PAGE):
        found += page
        before = page[-1].id
    return found


async def _deliveries(tx: Tx, profile_id: str, subscription_ids: list[str]) -> list[Delivery]:
    found: list[Delivery] = []
    after: str | None = None
    while page := await personal.deliveries_of(tx, profile_id, subscription_ids, after=after, limit=_PAGE):
        found += page
        after = page[-1].id
    return found


async def erase(tx: Tx, ctx: Context, queue: Queue, *, project_id: str, profile_id: str) -> None:
    """Delete a person with all that hangs on them: subscriptions, groups, phones, deliveries, receipts, events, cart.

    Counts stay.

    Notifications that named the person forget the name a little later, as a job. The log keeps that it was done, under
    an identifier that leads nowhere any more.

    Raises:
        NotFound: there is no such profile in the project.
    """
    person = await profiles.get(tx, project_id=project_id, profile_id=profile_id)
    # Deliveries, then subscriptions, then the profile, as everywhere: then nobody waits for each other.
    ids = await subscriptions.ids_of_profile(tx, profile_id)
    count = await personal.erase_deliveries(tx, profile_id, ids)
    locked = await subscriptions.lock_of_profile(tx, profile_id)
    await personal.erase_subscriptions(tx, locked)
    for subscription_id in locked:
        kind = EventType.SUBSCRIPTION_ERASED
        subscription_events.tell(tx, ctx, kind, project_id=project_id, subscription_id=subscription_id)
    devices = await held_devices.erase(tx, profile_id)
    # Events, cart and browsers go with the profile; and what a visitor has yet to hand over goes too.
    for one in (*await merging.of_person(tx, profile_id), profile_id):
        await merging.forget_contacts(tx, one)
        await rows.remove(tx, one)
    if person.external_id is not None:
        # Who comes later under the same name is another person.
        named = {"external_id": person.external_id, "profile_id": profile_id, "upto": ceiling_id("ntf", ctx.now)}
        args = {"project_id": project_id, "after": "", **named}
        await queue.add(tx, [NewJob(JobName.FORGET, args, run_at=ctx.now, priority=BULK)], now=ctx.now)
    await audit.note(
        tx,
        ctx,
        Act.PROFILE_ERASED,
        project_id=project_id,
        subject_id=profile_id,
        subscriptions=len(locked),
        deliveries=count,
        devices=devices,
    )
