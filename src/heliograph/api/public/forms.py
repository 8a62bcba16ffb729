"""Bodies of the public API: what a browser says of itself, and what it is told."""

from collections.abc import Callable
from typing import Annotated, Any, TypeAlias

import msgspec
from litestar.params import QueryParameter

from heliograph.actions.config import PublicProject
from heliograph.actions.registration import Said
from heliograph.actions.subscriptions import Known
from heliograph.api.forms import Form, View
from heliograph.domain.identity import MAX_EXTERNAL_ID, MAX_TOKEN, IdentityToken, Proof, SignedId
from heliograph.domain.subscription import MAX_GROUPS, MAX_IDENTIFIER, Group, SubscriptionState
from heliograph.errors import FieldError, InvalidRequest

_MAX_KEY = 200
_MAX_SIGNATURE = 100

KeyText: TypeAlias = Annotated[str, msgspec.Meta(max_length=_MAX_KEY)]
Identifier: TypeAlias = Annotated[
    str | None,
    QueryParameter(min_length=1, max_length=MAX_IDENTIFIER, description="The group's part, such as 42 of warehouse."),
]
VisitorToken: TypeAlias = Annotated[
    str,
    msgspec.Meta(max_length=100, description="`hvi_` and 22 characters of base64url: random, made by the page."),
]


class KeysForm(Form, frozen=True, kw_only=True):
    """The browser's keys, as `PushSubscription.toJSON()` gives them (Push API section 8)."""

    p256dh: Annotated[KeyText, msgspec.Meta(description="65 bytes, base64url")]
    auth: Annotated[KeyText, msgspec.Meta(description="16 bytes, base64url")]


class GroupForm(Form, frozen=True, kw_only=True):
    """A group, or the part of it with one identifier."""

    name: Annotated[str, msgspec.Meta(max_length=100)]
    identifier: Annotated[str, msgspec.Meta(max_length=MAX_IDENTIFIER)] | None = None


class IdentityForm(Form, frozen=True, kw_only=True):
    """Who the person is, proved by the site's server: `external_id` with `signature`, or `token` alone."""

    external_id: Annotated[str, msgspec.Meta(max_length=MAX_EXTERNAL_ID)] | None = None
    signature: (
        Annotated[
            str,
            msgspec.Meta(max_length=_MAX_SIGNATURE, description="HMAC-SHA256 of external_id, as hex or base64url"),
        ]
        | None
    ) = None
    token: (
        Annotated[
            str, msgspec.Meta(max_length=MAX_TOKEN, description="JWT, ES256 or RS256, with sub and exp (24 h at most)")
        ]
        | None
    ) = None


class SubscriptionForm(Form, frozen=True, kw_only=True):
    """What a browser knows of its subscription."""

    endpoint: Annotated[str, msgspec.Meta(max_length=4096)]
    keys: KeysForm
    application_server_key: Annotated[
        KeyText, msgspec.Meta(description="The key that the subscription was made with, base64url")
    ]
    expiration_time: Annotated[
        float | None, msgspec.Meta(description="The browser's expirationTime: milliseconds since 1970")
    ] = None
    language: Annotated[str, msgspec.Meta(max_length=100, description="BCP 47, such as en-GB")] | None = None
    time_zone: Annotated[str, msgspec.Meta(max_length=100, description="IANA, such as Europe/Berlin")] | None = None
    groups: Annotated[
        list[GroupForm],
        msgspec.Meta(max_length=MAX_GROUPS, description="Joined in addition to those that it is in"),
    ] = msgspec.field(default_factory=list)
    identity: IdentityForm | None = None
    visitor: VisitorToken | None = None


class ConfigView(View, frozen=True, kw_only=True):
    """What a page needs before it subscribes."""

    project: str
    application_server_key: str
    vapid_key_id: str


class OwnGroupView(View, frozen=True, kw_only=True):
    """A group, or the part of it with one identifier."""

    name: str
    identifier: str | None


class OwnSubscriptionView(View, frozen=True, kw_only=True):
    """A subscription as its browser may see it."""

    id: str
    state: SubscriptionState
    vapid_key_id: str
    application_server_key_current: bool
    """Whether it was made with the key that /config gives now; if not, the page should subscribe anew."""
    groups: list[OwnGroupView]
    identified: bool


class RegisteredView(OwnSubscriptionView, frozen=True, kw_only=True):
    """A registered subscription. Keep the secret in the browser: it is shown here and never again."""

    secret: str


class IdentifiedView(View, frozen=True, kw_only=True):
    """That a subscription is bound to a person."""

    identified: bool


def proof_of(form: IdentityForm, pointer: str = "") -> Proof:
    """Return the one proof that a form, at this place of the body, holds, or raise `InvalidRequest`."""
    match form:
        case IdentityForm(external_id=str(external_id), signature=str(signature), token=None):
            return SignedId(external_id, signature)
        case IdentityForm(external_id=None, signature=None, token=str(token)):
            return IdentityToken(token)
        case _:
            sentence = "Give external_id with signature, or token alone."
            raise InvalidRequest(sentence, (FieldError(pointer, sentence),))


def said(form: SubscriptionForm, *, origin: str | None, user_agent: str | None, admit: Callable[[], None]) -> Said:
    """Return what a form and the headers around it say."""
    return Said(
        endpoint=form.endpoint,
        p256dh=form.keys.p256dh,
        auth=form.keys.auth,
        application_server_key=form.application_server_key,
        expiration_time=form.expiration_time,
        language=form.language,
        time_zone=form.time_zone,
        groups=tuple((group.name, group.identifier) for group in form.groups),
        proof=None if form.identity is None else proof_of(form.identity, "/identity"),
        origin=origin,
        user_agent=user_agent,
        visitor=form.visitor,
        admit=admit,
    )


def group_views(groups: tuple[Group, ...]) -> list[OwnGroupView]:
    """Return what callers see of groups."""
    return [OwnGroupView(name=group.name, identifier=group.identifier) for group in groups]


def view_members(known: Known, project: PublicProject) -> dict[str, Any]:
    """Return the members of `OwnSubscriptionView`."""
    subscription = known.subscription
    return {
        "id": subscription.id,
        "state": subscription.state,
        "vapid_key_id": subscription.vapid_key_id,
        "application_server_key_current": subscription.vapid_key_id == project.active_key.id,
        "groups": group_views(known.groups),
        "identified": subscription.external_id is not None,
    }
