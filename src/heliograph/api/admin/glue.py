"""What the caller's project wants of the Glue API, Spryker's interface: `/v1/glue-settings`."""

from datetime import timedelta
from typing import Annotated

import msgspec
from litestar import get, put
from litestar.params import JSONBody

from heliograph.actions import glue_settings
from heliograph.api.auth import By
from heliograph.api.forms import Form, View
from heliograph.api.idempotency import post
from heliograph.api.operation import operation
from heliograph.api.wired import Wired
from heliograph.domain.glue import DEFAULT_TTL, GlueSettings
from heliograph.domain.webhook import ReceiverError, shown
from heliograph.errors import Conflict, ReceiverRefused
from heliograph.names import Scope
from heliograph.protocols import base64url
from heliograph.storage.glue import KeptSettings

_TAGS = ["Glue"]
_DAY, _CENTURY = 86_400, 3_155_760_000

Ttl = Annotated[
    int,
    msgspec.Meta(
        ge=60,
        le=_CENTURY,
        description="Seconds that a subscription lives unless it is renewed; null: as long as its endpoint.",
    ),
]
Names = Annotated[
    list[Annotated[str, msgspec.Meta(min_length=1, max_length=64)]],
    msgspec.Meta(max_length=1000, description="Names of groups."),
]
Locales = Annotated[
    list[Annotated[str, msgspec.Meta(min_length=2, max_length=20)]],
    msgspec.Meta(max_length=1000, description="Locales such as `en_US`."),
]


class GlueSettingsForm(Form, frozen=True, kw_only=True):
    """Settings of the Glue API; what is left out becomes what it is by default."""

    subscription_ttl_seconds: Ttl | None = int(DEFAULT_TTL.total_seconds())
    repeat_is_error: bool = True
    """Whether subscribing again answers 5003, as Spryker does, although it renews."""
    group_names: Names = msgspec.field(default_factory=list)
    """What may be joined; empty: everything."""
    locales: Locales = msgspec.field(default_factory=list)
    """What the shop has; empty: every well-formed one."""
    claimed_groups: Names = msgspec.field(default_factory=list)
    """What only a holder of a signed claim may join."""
    check_url: (
        Annotated[
            str,
            msgspec.Meta(
                min_length=1,
                max_length=2048,
                description="A receiver of yours that says who may join what.",
            ),
        ]
        | None
    ) = None


class GlueSettingsView(View, frozen=True, kw_only=True):
    """Settings of the Glue API."""

    subscription_ttl_seconds: int | None
    repeat_is_error: bool
    group_names: list[str]
    locales: list[str]
    claimed_groups: list[str]
    has_claim_secret: bool
    check_url: str | None
    has_check_secret: bool


class CheckSecretView(View, frozen=True, kw_only=True):
    """The secret that signs what your check is asked (Standard Webhooks), shown here and never again."""

    check_secret: str


class ClaimSecretView(View, frozen=True, kw_only=True):
    """The secret that signs claims (JWT, HS256), shown here and never again."""

    claim_secret: str


def _view(kept: KeptSettings) -> GlueSettingsView:
    settings = kept.settings
    ttl = settings.subscription_ttl
    return GlueSettingsView(
        subscription_ttl_seconds=None if ttl is None else int(ttl.total_seconds()),
        repeat_is_error=settings.repeat_is_error,
        group_names=list(settings.group_names),
        locales=list(settings.locales),
        claimed_groups=list(settings.claimed_groups),
        has_claim_secret=kept.claim_secret is not None,
        check_url=settings.check_url,
        has_check_secret=kept.check_secret is not None,
    )


_ANSWER = GlueSettingsView(
    subscription_ttl_seconds=7 * _DAY,
    repeat_is_error=True,
    group_names=["warehouse"],
    locales=["en_US", "de_DE"],
    claimed_groups=["warehouse"],
    has_claim_secret=True,
    check_url=None,
    has_check_secret=False,
)


@get("/glue-settings", summary="Get the Glue settings", tags=_TAGS, opt=operation(scope=Scope.READ, answer=_ANSWER))
async def get_glue_settings(caller: By, heliograph: Wired) -> GlueSettingsView:
    """Return what the project wants of the Glue API."""
    async with heliograph.store.read() as tx:
        return _view(await glue_settings.get(tx, project_id=caller.project()))


@put(
    "/glue-settings",
    summary="Replace the Glue settings",
    tags=_TAGS,
    opt=operation(
        scope=Scope.MANAGE,
        answer=_ANSWER,
        problems=(Conflict, ReceiverRefused),
        example={
            "subscription_ttl_seconds": 7 * _DAY,
            "repeat_is_error": True,
            "group_names": ["warehouse"],
            "locales": ["en_US", "de_DE"],
        },
    ),
)
async def replace_glue_settings(data: JSONBody[GlueSettingsForm], caller: By, heliograph: Wired) -> GlueSettingsView:
    """Set everything; groups that need a claim need a claim secret first. Existing subscriptions keep their end."""
    ttl = data.subscription_ttl_seconds
    settings = GlueSettings(
        subscription_ttl=None if ttl is None else timedelta(seconds=ttl),
        repeat_is_error=data.repeat_is_error,
        group_names=tuple(data.group_names),
        locales=tuple(data.locales),
        claimed_groups=tuple(data.claimed_groups),
        check_url=data.check_url,
    )
    if data.check_url is not None:
        try:
            await heliograph.receivers.check(data.check_url)
        except ReceiverError as error:
            raise glue_settings.refused(error) from error
    ctx, allowed = heliograph.context(), heliograph.receivers.allowed
    async with heliograph.store.begin() as tx:
        kept = await glue_settings.put(tx, ctx, project_id=caller.project(), settings=settings, allowed=allowed)
    return _view(kept)


@post(
    "/glue-settings/claim-secret",
    summary="Make a new claim secret",
    tags=_TAGS,
    opt=operation(scope=Scope.MANAGE, answer=ClaimSecretView(claim_secret=base64url.encode(bytes(range(32))))),
)
async def rotate_claim_secret(caller: By, heliograph: Wired) -> ClaimSecretView:
    """Return a new secret with which the shop signs who may join which group; claims under the old one end at once."""
    async with heliograph.store.begin() as tx:
        secret = await glue_settings.rotate_claim_secret(tx, heliograph.context(), project_id=caller.project())
    return ClaimSecretView(claim_secret=secret)


@post(
    "/glue-settings/check-secret",
    summary="Make a new check secret",
    tags=_TAGS,
    opt=operation(scope=Scope.MANAGE, answer=CheckSecretView(check_secret=shown(bytes(range(32))))),
)
async def rotate_check_secret(caller: By, heliograph: Wired) -> CheckSecretView:
    """Return a new secret with which questions to your check are signed; the old one ends at once."""
    async with heliograph.store.begin() as tx:
        secret = await glue_settings.rotate_check_secret(tx, heliograph.context(), project_id=caller.project())
    return CheckSecretView(check_secret=secret)


ROUTES = (get_glue_settings, replace_glue_settings, rotate_claim_secret, rotate_check_secret)
