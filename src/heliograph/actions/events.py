"""What people do, told by pages and by the customer's servers: recorded once each, whatever the order they come in.

A page speaks for its own visitor alone. Everything of one call is one transaction, and a call that tells nothing new
reads once and writes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from heliograph.actions import coming_in, subscriptions, visitors
from heliograph.actions.attributes import merged_attributes
from heliograph.actions.event_listeners import LISTENERS, Parts
from heliograph.actions.visitors import Newcomer
from heliograph.domain import event as rules
from heliograph.domain.cart import applied, is_of_cart, order_of
from heliograph.domain.event import Event, EventError, EventFault, Source
from heliograph.domain.identity import check_external_id
from heliograph.domain.vocabulary import ITEM_EVENTS
from heliograph.errors import NotFound, Unauthorized
from heliograph.kit.context import Context
from heliograph.kit.paging import Page, read_page
from heliograph.storage import carts, moving, profiles
from heliograph.storage import events as rows
from heliograph.storage.store import Tx

MAX_OF_PAGE = 100
"""Events in one call of a page."""
MAX_OF_SERVER = 1_000
"""Events in one call of a server."""


@dataclass(frozen=True, slots=True)
class Told:
    """An event as it was told. `properties` is JSON text, `own_id` the caller's."""

    own_id: str
    name: str
    at: datetime
    properties: bytes
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class Checked:
    """An event that may be recorded, but for whose it is."""

    id: str
    name: str
    item_id: str | None
    amount_milli: int | None
    at: datetime
    properties: dict[str, Any]
    external_id: str | None

    def of(self, project_id: str, profile_id: str | None, *, received_at: datetime, source: Source) -> Event:
        """Return the event of a person, or of none."""
        return Event(
            id=self.id,
            project_id=project_id,
            profile_id=profile_id,
            name=self.name,
            item_id=self.item_id,
            amount_milli=self.amount_milli,
            at=self.at,
            received_at=received_at,
            source=source,
            properties=self.properties,
        )


@dataclass(frozen=True, slots=True)
class PageCall:
    """What a page tells: checked, and with the person proved.

    `subscription` is the identifier and the secret of the browser's own.
    """

    newcomer: Newcomer
    events: Sequence[Checked]
    attributes: dict[str, Any]
    external_id: str | None
    subscription: tuple[str, str] | None


def check(told: Told, *, owner: str, source: Source, sent_at: datetime | None, now: datetime) -> Checked:
    """Return an event that may be recorded.

    Args:
        told: what was told.
        owner: whose own ids these are: the same one never means two events of one owner.
        source: who tells it.
        sent_at: what the teller's clock said when it was sent.
        now: what ours says.

    Raises:
        EventError: why not.
    """
    if not 0 < len(told.own_id) <= rules.MAX_OWN_ID:
        raise EventError(EventFault.MALFORMED, f"id: 1 to {rules.MAX_OWN_ID} characters.")
    rules.check_name(told.name)
    properties = _properties(told.properties)
    rules.check_properties(told.name, properties)
    item_id, amount = rules.about(told.name, properties)
    _check_person(told, source, item_id)
    when = rules.when(told.at, sent_at=sent_at, now=now)
    return Checked(
        id=rules.event_id(f"{owner}\0{told.external_id or ''}", told.own_id, when.id_at),
        name=told.name,
        item_id=item_id,
        amount_milli=amount,
        at=when.at,
        properties=properties,
        external_id=told.external_id,
    )


def _properties(text: bytes) -> dict[str, Any]:
    if len(text) > rules.MAX_PROPERTIES and len(text.decode()) > rules.MAX_PROPERTIES:
        raise EventError(EventFault.TOO_LARGE, f"properties: {rules.MAX_PROPERTIES} characters at most.")
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.DecodeError:
        raise EventError(EventFault.MALFORMED, "properties: an object.") from None


def _check_person(told: Told, source: Source, item_id: str | None) -> None:
    fault = EventFault.NOT_ALLOWED
    if source is Source.PAGE:
        if told.name in ITEM_EVENTS:
            raise EventError(fault, f"{told.name} is told by the shop's server.")
    elif told.external_id is None:
        if told.name not in ITEM_EVENTS:
            raise EventError(fault, f"external_id: who did it. Only {' and '.join(sorted(ITEM_EVENTS))} need nobody.")
        if item_id is None:
            raise EventError(EventFault.MALFORMED, "properties.item.id is needed.")
    elif told.name in ITEM_EVENTS:
        raise EventError(fault, f"{told.name} happens to an item: leave external_id out.")
    else:
        try:
            check_external_id(told.external_id)
        except ValueError as error:
            raise EventError(EventFault.MALFORMED, f"external_id: {error}") from None


async def tell(tx: Tx, ctx: Context, parts: Parts, *, project_id: str, call: PageCall) -> bool:
    """Take what a page tells; return whether its visitor is a known person.

    Raises:
        InvalidRequest: the attributes cannot be kept.
        TooManyRequests: the visitor is new, and too many are.
    """
    if call.external_id is not None:
        await visitors.identify(tx, ctx, project_id, call.newcomer, external_id=call.external_id)
    elif call.subscription is not None:
        await _adopt(tx, ctx, project_id, call.newcomer, call.subscription)
    if not (call.events or call.attributes or call.external_id is not None):
        found = await visitors.look(tx, project_id, call.newcomer.token_hash)
        return found is not None and found.external_id is not None
    visitor = await visitors.seen(tx, ctx, project_id, call.newcomer)
    if call.attributes:
        await _set_attributes(tx, ctx, parts, project_id, visitor.profile_id, given=call.attributes)
    happened = [one.of(project_id, visitor.profile_id, received_at=ctx.now, source=Source.PAGE) for one in call.events]
    await record(tx, ctx, parts, project_id, happened)
    return visitor.external_id is not None


async def _adopt(tx: Tx, ctx: Context, project_id: str, newcomer: Newcomer, subscription: tuple[str, str]) -> None:
    """Let the browser's subscription and its visitor be the same person's.

    Whoever shows the secret of a subscription that was bound by a proof is at that person's browser; a visitor who is
    somebody already stays that. A subscription that is gone, or another's, costs the events nothing.
    """
    try:
        found = await subscriptions.authorized(tx, project_id, *subscription)
        if found.external_id is not None:
            visitor = await visitors.look(tx, project_id, newcomer.token_hash)
            if visitor is None or visitor.external_id is None:
                await visitors.identify(tx, ctx, project_id, newcomer, external_id=found.external_id)
        if found.profile_id is not None:
            return
        await subscriptions.authorized(tx, project_id, *subscription, lock=True)
    except (NotFound, Unauthorized):
        return
    await visitors.adopt(tx, ctx, project_id, newcomer, subscription_id=found.id)


async def _set_attributes(
    tx: Tx, ctx: Context, parts: Parts, project_id: str, profile_id: str, *, given: dict[str, Any]
) -> None:
    profile = await profiles.get(tx, project_id, profile_id)
    if profile is None:
        return
    merged = merged_attributes(profile.attributes, given)
    if merged != profile.attributes:
        await profiles.change(tx, profile_id, {"attributes": merged, "updated_at": ctx.now})
        await coming_in.look_again(tx, ctx, parts.queue, project_id=project_id, profile_ids=[profile_id])


async def tell_of_people(tx: Tx, ctx: Context, parts: Parts, *, project_id: str, happened: Sequence[Checked]) -> None:
    """Take what a customer's server tells; people who are new become profiles."""
    names = sorted({one.external_id for one in happened if one.external_id is not None})
    times = {"created_at": ctx.now, "updated_at": ctx.now}
    new = [
        {"id": ctx.ids.new("pro"), "project_id": project_id, "external_id": name, "attributes": {}, **times}
        for name in names
    ]
    await moving.ensure_profiles(tx, new)
    people = await moving.people(tx, project_id, names)
    events = [
        one.of(
            project_id,
            None if one.external_id is None else people[one.external_id][0],
            received_at=ctx.now,
            source=Source.SERVER,
        )
        for one in happened
        if one.external_id is None or one.external_id in people
    ]
    await record(tx, ctx, parts, project_id, events)


async def record(tx: Tx, ctx: Context, parts: Parts, project_id: str, happened: Sequence[Event]) -> list[Event]:
    """Write events of people whose profiles are locked, let carts follow, tell listeners; return the new ones."""
    new = sorted(await rows.add(tx, list({event.id: event for event in happened}.values())), key=order_of)
    of_carts: dict[str, list[Event]] = {}
    for event in new:
        if event.profile_id is not None and is_of_cart(event):
            of_carts.setdefault(event.profile_id, []).append(event)
    for profile_id, moved in sorted(of_carts.items()):
        await _follow(tx, project_id, profile_id, moved)
    if new:
        for listen in LISTENERS:
            await listen(tx, ctx, parts, project_id, new)
    return new


async def _follow(tx: Tx, project_id: str, profile_id: str, moved: list[Event]) -> None:
    cart = await carts.get(tx, profile_id)
    if cart is not None and order_of(moved[0]) <= (cart.updated_at, cart.last_event_id):
        # Late: they happened between others, or before the cart was told as a whole.
        await carts.rebuild(tx, project_id, profile_id)
        return
    after = applied(cart, moved)
    if after is not None:
        await carts.put(tx, project_id, profile_id, after)


async def of_profile(tx: Tx, *, project_id: str, profile_id: str, cursor: str | None, limit: int) -> Page[Event]:
    """Return a page of a person's events, newest first.

    Raises:
        NotFound: there is no such profile in the project.
    """
    # First of all the cursor is looked at.
    page = await read_page(
        lambda before, count: rows.page(tx, profile_id, before=before, limit=count),
        lambda event: event.id,
        listing=f"events/{profile_id}",
        cursor=cursor,
        limit=limit,
    )
    if await profiles.get(tx, project_id, profile_id) is None:
        raise NotFound("There is no such profile in this project.")
    return page
