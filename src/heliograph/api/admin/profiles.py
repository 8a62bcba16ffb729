"""Profiles over HTTP: `/v1/profiles`, people by the id that your own systems know them by."""

from dataclasses import asdict
from typing import Annotated, Any

import msgspec
from litestar import Response, delete, get, patch
from litestar.params import FromPath, JSONBody, QueryParameter

from heliograph.actions import coming_in, privacy, profiles
from heliograph.actions.profiles import UNCHANGED, Change
from heliograph.api.admin.deliveries import DeliveryView, delivery_view
from heliograph.api.admin.events import EventView, event_view
from heliograph.api.admin.subscriptions import MembershipView, SubscriptionView, subscription_view
from heliograph.api.auth import By
from heliograph.api.forms import PAGE, Cursor, Form, Limit, Moment, PageView, View
from heliograph.api.idempotency import post
from heliograph.api.operation import operation
from heliograph.api.wired import Wired
from heliograph.bootstrap import Heliograph
from heliograph.domain.cart import Cart
from heliograph.domain.identity import MAX_EXTERNAL_ID
from heliograph.errors import NotFound
from heliograph.names import Scope
from heliograph.storage.held_devices import HeldDevice
from heliograph.storage.profiles import Profile
from heliograph.storage.store import Tx

_TAGS = ["Profiles"]

ExternalId = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_EXTERNAL_ID, description="Your own id.")]
Language = Annotated[str, msgspec.Meta(max_length=35, description="BCP 47, such as en-GB.")]
TimeZone = Annotated[str, msgspec.Meta(max_length=64, description="IANA, such as Europe/Berlin.")]
Attributes = Annotated[
    dict[str, Any], msgspec.Meta(description="Merged member by member; null removes a member. At most 100, 16 KiB.")
]


class NewProfile(Form, frozen=True, kw_only=True):
    """A person. What is left out stays as it is, if the person is known."""

    external_id: ExternalId
    attributes: Attributes | msgspec.UnsetType = msgspec.UNSET
    language: Language | msgspec.UnsetType | None = msgspec.UNSET
    time_zone: TimeZone | msgspec.UnsetType | None = msgspec.UNSET


class ProfileChange(Form, frozen=True, kw_only=True):
    """What shall be different; what is left out stays, null clears."""

    attributes: Attributes | msgspec.UnsetType = msgspec.UNSET
    language: Language | msgspec.UnsetType | None = msgspec.UNSET
    time_zone: TimeZone | msgspec.UnsetType | None = msgspec.UNSET


class ProfileView(View, frozen=True, kw_only=True):
    """A person, or a visitor of whom nobody has said who it is. `last_seen_at` is exact to the minute."""

    id: str
    external_id: Annotated[str | None, msgspec.Meta(description="Null for an anonymous visitor.")]
    attributes: dict[str, Any]
    language: str | None
    time_zone: str | None
    created_at: Moment
    updated_at: Moment
    last_seen_at: Moment | None


class HeldDeviceView(View, frozen=True, kw_only=True):
    """A phone that an import brought, and that is kept until something can send to it."""

    id: str
    channel: str
    app_id: str | None
    language: str | None
    time_zone: str | None
    groups: list[MembershipView]
    created_at: Moment


class BrowserView(View, frozen=True, kw_only=True):
    """A browser that spoke for a person, as it described itself. `last_seen_at` is exact to the minute."""

    created_at: Moment
    last_seen_at: Moment
    browser: str | None
    os: str | None
    is_mobile: bool


class CartLineView(View, frozen=True, kw_only=True):
    """So many of an item. `price_milli` is the price of one, in thousandths."""

    id: str
    count: float
    price_milli: int | None
    about: dict[str, str]


class CartView(View, frozen=True, kw_only=True):
    """What is in a cart."""

    lines: list[CartLineView]
    updated_at: Moment


class ProfileExportView(View, frozen=True, kw_only=True):
    """Everything known of one person. Addresses, keys and secrets of their browsers are left out: they are no news."""

    profile: ProfileView
    subscriptions: list[SubscriptionView]
    devices: list[HeldDeviceView]
    deliveries: list[DeliveryView]
    browsers: list[BrowserView]
    events: list[EventView]
    cart: CartView | None


def _view(profile: Profile) -> ProfileView:
    return ProfileView(
        id=profile.id,
        external_id=profile.external_id,
        attributes=profile.attributes,
        language=profile.language,
        time_zone=profile.time_zone,
        created_at=profile.created_at,
        updated_at=profile.updated_at,
        last_seen_at=profile.last_seen_at,
    )


def _device_view(device: HeldDevice) -> HeldDeviceView:
    return HeldDeviceView(
        id=device.id,
        channel=device.channel,
        app_id=device.app_id,
        language=device.language,
        time_zone=device.time_zone,
        groups=[MembershipView(name=str(name), identifier=identifier) for name, identifier in device.groups],
        created_at=device.created_at,
    )


def _cart_view(cart: Cart) -> CartView:
    lines = [
        CartLineView(id=line.id, count=line.count, price_milli=line.price_milli, about=dict(line.about))
        for line in cart.lines
    ]
    return CartView(lines=lines, updated_at=cart.updated_at)


def _attributes(given: dict[str, Any] | msgspec.UnsetType) -> dict[str, Any] | None:
    return None if isinstance(given, msgspec.UnsetType) else given


def _change(given: str | msgspec.UnsetType | None) -> Change:
    return UNCHANGED if isinstance(given, msgspec.UnsetType) else given


@post(
    "/profiles",
    summary="Make or change a profile",
    tags=_TAGS,
    opt=operation(
        scope=Scope.MANAGE,
        example={"external_id": "ada", "attributes": {"first_name": "Ada"}, "language": "en-GB"},
    )
    | {"statuses": {201: "Created", 200: "Known already, changed"}},
)
async def put_profile(data: JSONBody[NewProfile], caller: By, heliograph: Wired) -> Response[ProfileView]:
    """Make the profile of a person, or change it if your id is known already."""
    async with heliograph.store.begin() as tx:
        profile, is_new = await profiles.put(
            tx,
            heliograph.context(),
            project_id=caller.project(),
            external_id=data.external_id,
            attributes=_attributes(data.attributes),
            language=_change(data.language),
            time_zone=_change(data.time_zone),
        )
        await _look_again(tx, heliograph, profile)
    return Response(_view(profile), status_code=201 if is_new else 200)


async def _look_again(tx: Tx, heliograph: Heliograph, profile: Profile) -> None:
    """Let a person enter campaigns whose segment they are in now."""
    ctx, queue, project_id = heliograph.context(), heliograph.queue, profile.project_id
    await coming_in.look_again(tx, ctx, queue, project_id=project_id, profile_ids=[profile.id])


@get("/profiles", summary="List profiles", tags=_TAGS, opt=operation(scope=Scope.READ))
async def list_profiles(
    caller: By,
    heliograph: Wired,
    limit: Limit = PAGE,
    cursor: Cursor = None,
    external_id: Annotated[
        str | None, QueryParameter(min_length=1, max_length=MAX_EXTERNAL_ID, description="Only this person.")
    ] = None,
) -> PageView[ProfileView]:
    """Return the project's profiles, oldest first; with `external_id`, the one or none that has it."""
    async with heliograph.store.read() as tx:
        if external_id is not None:
            found = await profiles.find(tx, project_id=caller.project(), external_id=external_id)
            return PageView(items=[] if found is None else [_view(found)], next=None)
        page = await profiles.listing(tx, project_id=caller.project(), cursor=cursor, limit=limit)
    return PageView(items=[_view(profile) for profile in page.items], next=page.next)


@get(
    "/profiles/{profile_id:str}",
    summary="Get a profile",
    tags=_TAGS,
    opt=operation(scope=Scope.READ, problems=(NotFound,)),
)
async def get_profile(profile_id: FromPath[str], caller: By, heliograph: Wired) -> ProfileView:
    """Return one profile."""
    async with heliograph.store.read() as tx:
        return _view(await profiles.get(tx, project_id=caller.project(), profile_id=profile_id))


@patch(
    "/profiles/{profile_id:str}",
    summary="Change a profile",
    tags=_TAGS,
    opt=operation(
        scope=Scope.MANAGE, example={"attributes": {"first_name": "Ada", "tier": None}}, problems=(NotFound,)
    ),
)
async def change_profile(
    profile_id: FromPath[str], data: JSONBody[ProfileChange], caller: By, heliograph: Wired
) -> ProfileView:
    """Change a profile. Attributes are merged member by member, and null removes one (RFC 7396, first level)."""
    async with heliograph.store.begin() as tx:
        profile = await profiles.change(
            tx,
            heliograph.context(),
            project_id=caller.project(),
            profile_id=profile_id,
            attributes=_attributes(data.attributes),
            language=_change(data.language),
            time_zone=_change(data.time_zone),
        )
        await _look_again(tx, heliograph, profile)
    return _view(profile)


@delete(
    "/profiles/{profile_id:str}",
    summary="Delete a profile",
    tags=_TAGS,
    opt=operation(scope=Scope.MANAGE, problems=(NotFound,)),
)
async def delete_profile(
    profile_id: FromPath[str],
    caller: By,
    heliograph: Wired,
    everything: Annotated[
        bool, QueryParameter(description="Also end and delete their subscriptions, and what was sent to them.")
    ] = False,
) -> None:
    """Forget a person and everything known of them. Their browsers stay subscribed, as nobody's.

    With `everything=true` their subscriptions go too, with their groups, deliveries and receipts; counts stay.
    Notifications that were sent to them by name forget the name a little later.
    """
    ctx, project_id = heliograph.context(), caller.project()
    async with heliograph.store.begin() as tx:
        if everything:
            await privacy.erase(tx, ctx, heliograph.queue, project_id=project_id, profile_id=profile_id)
        else:
            await profiles.remove(tx, ctx, project_id=project_id, profile_id=profile_id)


@get(
    "/profiles/{profile_id:str}/export",
    summary="Export a profile",
    tags=_TAGS,
    opt=operation(scope=Scope.MANAGE, problems=(NotFound,)),
)
async def export_profile(profile_id: FromPath[str], caller: By, heliograph: Wired) -> ProfileExportView:
    """Return everything known of one person: browsers, subscriptions, what was sent to them and what they did."""
    async with heliograph.store.begin() as tx:
        found = await privacy.export(tx, heliograph.context(), project_id=caller.project(), profile_id=profile_id)
    return ProfileExportView(
        profile=_view(found.profile),
        subscriptions=[subscription_view(known) for known in found.subscriptions],
        devices=[_device_view(device) for device in found.devices],
        deliveries=[delivery_view(delivery) for delivery in found.deliveries],
        browsers=[BrowserView(**asdict(browser)) for browser in found.browsers],
        events=[event_view(event) for event in found.events],
        cart=None if found.cart is None else _cart_view(found.cart),
    )


ROUTES = (put_profile, list_profiles, get_profile, change_profile, delete_profile, export_profile)
