"""The form of a notification on the wire: what a sender writes, and what is shown of it."""

from datetime import timedelta
from typing import Annotated, Any, TypeAlias

import msgspec

from heliograph.actions.notifications import Draft, Tally
from heliograph.api.admin.limit_forms import LimitsForm, limits_view
from heliograph.api.forms import Form, Moment, RateText, View
from heliograph.domain import warned
from heliograph.domain.content_rules import MAX_URL
from heliograph.domain.delivery import DeliveryState
from heliograph.domain.identity import MAX_EXTERNAL_ID
from heliograph.domain.notification import (
    MAX_TARGETS,
    MAX_TTL,
    Action,
    Audience,
    AudienceKind,
    Content,
    NotificationKind,
    NotificationState,
    Urgency,
    Variant,
)
from heliograph.domain.texts import TEMPLATE_ERROR

_MAX_TEXT = 4000
_MAX_ACTIONS = 10
_MAX_VARIANTS = 100
_MOST = 2**31 - 1

Text: TypeAlias = Annotated[str, msgspec.Meta(max_length=_MAX_TEXT)]
Url: TypeAlias = Annotated[str, msgspec.Meta(max_length=MAX_URL, description="A whole address, `https://…`.")]
Short: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Language: TypeAlias = Annotated[
    str, msgspec.Meta(min_length=2, max_length=35, description="A language tag, such as `de` or `pt-BR`.")
]
ExternalId: TypeAlias = Annotated[str, msgspec.Meta(min_length=1, max_length=MAX_EXTERNAL_ID)]


class ActionForm(Form, frozen=True, kw_only=True):
    """A button. Without `url` it leads where the notification does. Most browsers show two."""

    action: Short
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    icon: Url | None = None
    url: Url | None = None


class VariantForm(Form, frozen=True, kw_only=True):
    """What readers of one language see; what is left out is taken from the notification itself."""

    title: Text | None = None
    body: Text | None = None
    url: Url | None = None
    icon: Url | None = None
    image: Url | None = None
    actions: Annotated[list[ActionForm], msgspec.Meta(max_length=_MAX_ACTIONS)] | None = None


class ContentForm(Form, frozen=True, kw_only=True):
    """What is shown, by the members of the Notifications API; or `data` alone, for a data push."""

    title: Text = ""
    body: Text | None = None
    url: Annotated[Url, msgspec.Meta(description="Where a click leads.")] | None = None
    icon: Url | None = None
    image: Url | None = None
    badge: Url | None = None
    actions: Annotated[list[ActionForm], msgspec.Meta(max_length=_MAX_ACTIONS)] = msgspec.field(default_factory=list)
    tag: (
        Annotated[
            str, msgspec.Meta(min_length=1, max_length=256, description="Replaces a shown notification of this tag.")
        ]
        | None
    ) = None
    renotify: Annotated[bool, msgspec.Meta(description="Alert again when replacing; needs a tag.")] = False
    silent: bool | None = None
    require_interaction: Annotated[bool, msgspec.Meta(description="Stay until the person acts.")] = False
    language: Language | None = None
    direction: Annotated[str, msgspec.Meta(pattern="^(auto|ltr|rtl)$")] | None = None
    data: Annotated[Any, msgspec.Meta(description="Any JSON, handed to the page's code.")] = None
    app_badge: Annotated[int, msgspec.Meta(ge=0, le=_MOST, description="Number on the app's icon.")] | None = None
    variants: Annotated[
        dict[Language, VariantForm],
        msgspec.Meta(max_length=_MAX_VARIANTS, description="By language tag; the longest match is shown."),
    ] = msgspec.field(default_factory=dict)
    shorten: Annotated[bool, msgspec.Meta(description="Cut a body that does not fit, with an ellipsis.")] = False
    template: Annotated[
        bool,
        msgspec.Meta(
            description="Texts, addresses and strings in `data` are Liquid templates, filled in for each person: "
            "`Hello {{ profile.first_name | default: 'there' }}`."
        ),
    ] = False


class Everyone(Form, frozen=True, kw_only=True, tag_field="kind", tag="everyone"):
    """Every active subscription of the project."""


class ToGroup(Form, frozen=True, kw_only=True, tag_field="kind", tag="group"):
    """Who joined a group: with an identifier those who joined with it, without one all of them."""

    group: Short
    identifier: Annotated[str, msgspec.Meta(min_length=1, max_length=128)] | None = None


class ToProfiles(Form, frozen=True, kw_only=True, tag_field="kind", tag="profiles"):
    """Every subscription of some people, by your own identifiers of them."""

    external_ids: Annotated[list[ExternalId], msgspec.Meta(min_length=1, max_length=MAX_TARGETS)]


class ToSubscriptions(Form, frozen=True, kw_only=True, tag_field="kind", tag="subscriptions"):
    """Some subscriptions, by their identifiers. Those that are gone are left out."""

    subscription_ids: Annotated[
        list[Annotated[str, msgspec.Meta(min_length=1, max_length=40)]],
        msgspec.Meta(min_length=1, max_length=MAX_TARGETS),
    ]


class ToSegment(Form, frozen=True, kw_only=True, tag_field="kind", tag="segment"):
    """Every subscription of the people whom a segment means when sending begins; or a rule of its own, not kept.

    Give either `segment` or `rule`. A browser that is nobody's is in no segment.
    """

    segment: (
        Annotated[str, msgspec.Meta(min_length=1, max_length=100, description="Its id, seg_…, or its name.")] | None
    ) = None
    rule: Annotated[dict[str, Any], msgspec.Meta(min_length=1, description="See `GET /v1/segments/schema`.")] | None = (
        None
    )

    def __post_init__(self) -> None:
        """Refuse both and neither."""
        if (self.segment is None) == (self.rule is None):
            raise ValueError("Give either `segment` or `rule`.")


AudienceForm: TypeAlias = Everyone | ToGroup | ToProfiles | ToSubscriptions | ToSegment


class NewNotification(Form, frozen=True, kw_only=True):
    """A notification to be sent."""

    kind: Annotated[
        NotificationKind, msgspec.Meta(description="`notification` is shown; `data` is only handed to code.")
    ] = NotificationKind.NOTIFICATION
    audience: Annotated[AudienceForm, msgspec.Meta(description="Who shall get it.")]
    content: ContentForm
    ttl_seconds: (
        Annotated[
            int,
            msgspec.Meta(
                ge=0,
                le=int(MAX_TTL.total_seconds()),
                description="How long push services keep it for a browser that is away. A day unless told.",
            ),
        ]
        | None
    ) = None
    urgency: Annotated[
        Urgency, msgspec.Meta(description="What a sleeping device may ignore (RFC 8030 section 5.3).")
    ] = Urgency.NORMAL
    topic: (
        Annotated[
            str,
            msgspec.Meta(
                pattern="^[A-Za-z0-9_-]{1,32}$",
                description="Replaces an undelivered one of this topic (RFC 8030 section 5.4).",
            ),
        ]
        | None
    ) = None
    send_at: Annotated[Moment, msgspec.Meta(description="Not before this instant; at once unless told.")] | None = None
    expires_at: (
        Annotated[Moment, msgspec.Meta(description="Not after this instant; `send_at` and the TTL unless told.")] | None
    ) = None

    rate: RateText | None = None
    limits: LimitsForm | None = None
    dry_run: Annotated[
        bool, msgspec.Meta(description="Send nothing and store nothing; tell who would get what, with status 200.")
    ] = False

    def draft(self) -> Draft:
        """Return what the verb takes."""
        return Draft(
            content=content_of(self.content),
            audience=_audience(self.audience),
            kind=self.kind,
            ttl=None if self.ttl_seconds is None else timedelta(seconds=self.ttl_seconds),
            urgency=self.urgency,
            topic=self.topic,
            send_at=self.send_at,
            expires_at=self.expires_at,
            rate=self.rate,
            limits=None if self.limits is None else self.limits.rules(),
        )


class RateChange(Form, frozen=True, kw_only=True):
    """How fast a notification shall go on; null for no rate of its own."""

    rate: RateText | None


class CountView(View, frozen=True, kw_only=True):
    """How many deliveries are in a state for a reason; the reason is null where there is none."""

    state: str
    reason: str | None
    count: int


class CountsView(View, frozen=True, kw_only=True):
    """Deliveries of a notification, counted. `total` are all that there is to tell of so far."""

    total: int
    by_state: dict[str, int]
    by_reason: list[CountView]


class AudienceView(View, frozen=True, kw_only=True, omit_defaults=True):
    """Who was asked for. Of named receivers `count` says how many there are, and the first 100 are listed.

    Of a segment `rule` is its rule as it was when sending began, or is now.
    """

    kind: AudienceKind
    group: str | None = None
    identifier: str | None = None
    segment: str | None = None
    rule: dict[str, Any] | None = None
    count: int | None = None
    external_ids: list[str] = msgspec.field(default_factory=list)
    subscription_ids: list[str] = msgspec.field(default_factory=list)


class WarningView(View, frozen=True, kw_only=True):
    """Something that its sender ought to know."""

    code: Annotated[str, msgspec.Meta(description="`template_errors`")]
    detail: str


class NotificationView(View, frozen=True, kw_only=True):
    """A notification, how far it has come, and what came of its deliveries."""

    id: str
    kind: NotificationKind
    state: NotificationState
    audience: AudienceView
    content: ContentForm
    ttl_seconds: int
    urgency: Urgency
    topic: str | None
    created_at: Moment
    send_at: Moment
    expires_at: Moment
    started_at: Moment | None
    finished_at: Moment | None
    rate: str | None
    limits: LimitsForm | None
    campaign_id: str | None
    variant: str | None
    counts: CountsView
    warnings: list[WarningView]


_SHOWN = 100


def content_of(form: ContentForm) -> Content:
    """Return what the verbs take."""
    values = {name: getattr(form, name) for name in Content.__dataclass_fields__}
    values["actions"] = _actions(form.actions)
    values["variants"] = {tag: _variant(variant) for tag, variant in form.variants.items()}
    return Content(**values)


def _actions(forms: list[ActionForm]) -> tuple[Action, ...]:
    return tuple(Action(form.action, form.title, form.icon, form.url) for form in forms)


def _variant(form: VariantForm) -> Variant:
    return Variant(
        title=form.title,
        body=form.body,
        url=form.url,
        icon=form.icon,
        image=form.image,
        actions=None if form.actions is None else _actions(form.actions),
    )


def _audience(form: AudienceForm) -> Audience:
    match form:
        case Everyone():
            return Audience(AudienceKind.EVERYONE)
        case ToGroup():
            return Audience(AudienceKind.GROUP, group=form.group, identifier=form.identifier)
        case ToProfiles():
            return Audience(AudienceKind.PROFILES, external_ids=tuple(dict.fromkeys(form.external_ids)))
        case ToSubscriptions():
            return Audience(AudienceKind.SUBSCRIPTIONS, subscription_ids=tuple(dict.fromkeys(form.subscription_ids)))
        case ToSegment():
            return Audience(AudienceKind.SEGMENT, segment_id=form.segment, rule=form.rule)


def audience_form(audience: Audience) -> AudienceForm:
    """Return an audience as it is written."""
    match audience.kind:
        case AudienceKind.EVERYONE:
            return Everyone()
        case AudienceKind.GROUP:
            return ToGroup(group=audience.group or "", identifier=audience.identifier)
        case AudienceKind.PROFILES:
            return ToProfiles(external_ids=list(audience.external_ids))
        case AudienceKind.SUBSCRIPTIONS:
            return ToSubscriptions(subscription_ids=list(audience.subscription_ids))
        case AudienceKind.SEGMENT:
            is_named = audience.segment_id is not None
            return ToSegment(segment=audience.segment_id, rule=None if is_named else audience.rule)


def content_form(content: Content) -> ContentForm:
    """Return content as it is written."""
    return msgspec.convert(content, ContentForm, from_attributes=True)


def _audience_view(audience: Audience) -> AudienceView:
    named = audience.external_ids or audience.subscription_ids or audience.profile_ids
    return AudienceView(
        kind=audience.kind,
        group=audience.group,
        identifier=audience.identifier,
        segment=audience.segment_id,
        rule=audience.rule,
        count=len(named) or None,
        external_ids=list(audience.external_ids[:_SHOWN]),
        subscription_ids=list(audience.subscription_ids[:_SHOWN]),
    )


def _counts_view(counts: dict[tuple[str, str], int]) -> CountsView:
    by_state: dict[str, int] = {}
    for (state, _), count in sorted(counts.items()):
        by_state[state] = by_state.get(state, 0) + count
    return CountsView(
        total=sum(by_state.values()),
        by_state=by_state,
        by_reason=[
            CountView(state=state, reason=reason or None, count=count)
            for (state, reason), count in sorted(counts.items())
        ],
    )


def notification_view(tally: Tally) -> NotificationView:
    """Return what callers see of a notification."""
    notification, progress = tally.row.notification, tally.row.progress
    return NotificationView(
        id=notification.id,
        kind=notification.kind,
        state=notification.state,
        audience=_audience_view(notification.audience),
        content=content_form(notification.content),
        ttl_seconds=int(notification.ttl.total_seconds()),
        urgency=notification.urgency,
        topic=notification.topic,
        created_at=notification.created_at,
        send_at=notification.send_at,
        expires_at=notification.expires_at,
        started_at=progress.started_at,
        finished_at=progress.finished_at,
        rate=None if notification.rate is None else str(notification.rate),
        limits=None if notification.limits is None else limits_view(notification.limits),
        campaign_id=notification.campaign_id,
        variant=notification.variant,
        counts=_counts_view(tally.counts),
        warnings=warnings_of(tally.counts),
    )


def warnings_of(counts: dict[tuple[str, str], int]) -> list[WarningView]:
    """Return what a sender ought to know of deliveries, counted by state and reason."""
    failed, tried = counts.get((DeliveryState.REJECTED, TEMPLATE_ERROR), 0), sum(counts.values())
    if not warned.is_many(failed, tried):
        return []
    return [WarningView(code=warned.TEMPLATE_ERRORS, detail=warned.sentence(failed, tried))]
