"""The forms of campaigns on the wire: what an author writes, and what is shown of it and of what came of it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, TypeAlias

import msgspec

from heliograph import triggers
from heliograph.actions.campaign_messages import MessageDraft
from heliograph.actions.campaigns import Results
from heliograph.actions.prompt_events import Statistics
from heliograph.api.admin.experiment_forms import ComparisonView, ExperimentForm, comparison, experiment_form
from heliograph.api.admin.limit_forms import LimitsForm, limits_view
from heliograph.api.admin.notification_forms import (
    AudienceForm,
    ContentForm,
    NewNotification,
    WarningView,
    audience_form,
    content_form,
    warnings_of,
)
from heliograph.api.admin.prompt_statistics import PromptStatisticsView, prompt_statistics_view
from heliograph.api.forms import Form, Moment, Name, RateText, View
from heliograph.domain.campaign import Campaign, CampaignKind, CampaignRun, CampaignState, DispatchState
from heliograph.domain.delivery import DeliveryState
from heliograph.domain.exclusion import MAX_PRIORITY
from heliograph.domain.message import MAX_LIFE
from heliograph.domain.notification import MAX_TTL, NotificationKind, Urgency
from heliograph.domain.prompt import Prompt
from heliograph.domain.significance import tally
from heliograph.storage.campaigns import message_of
from heliograph.triggers import AnyTrigger

Priority: TypeAlias = Annotated[
    int,
    msgspec.Meta(ge=-MAX_PRIORITY, le=MAX_PRIORITY, description="Within its exclusion group the higher goes first."),
]
Version: TypeAlias = Annotated[int, msgspec.Meta(ge=1, description="The version that you have read.")]


class MessageForm(Form, frozen=True, kw_only=True):
    """A message campaign: what is sent, to whom, what starts it, and how often a person may get it."""

    trigger: Annotated[AnyTrigger, msgspec.Meta(description="What starts it.")]
    audience: Annotated[AudienceForm, msgspec.Meta(description="Who shall get it.")]
    content: ContentForm
    limits: LimitsForm = msgspec.field(default_factory=LimitsForm)
    notification_kind: NotificationKind = NotificationKind.NOTIFICATION
    ttl_seconds: Annotated[
        int,
        msgspec.Meta(
            ge=0,
            le=int(MAX_TTL.total_seconds()),
            description="How long push services keep it for a browser that is away.",
        ),
    ] = 86_400
    life_seconds: (
        Annotated[
            int,
            msgspec.Meta(
                ge=60,
                le=int(MAX_LIFE.total_seconds()),
                description="How long after it is due it is worth sending; as long as the TTL unless told.",
            ),
        ]
        | None
    ) = None
    urgency: Urgency = Urgency.NORMAL
    topic: Annotated[str, msgspec.Meta(min_length=1, max_length=32)] | None = None
    rate: RateText | None = None
    experiment: Annotated[ExperimentForm, msgspec.Meta(description="An A/B test of its content.")] | None = None

    def draft(self) -> MessageDraft:
        """Return what the verb takes."""
        asked = NewNotification(
            kind=self.notification_kind,
            audience=self.audience,
            content=self.content,
            ttl_seconds=self.ttl_seconds,
            urgency=self.urgency,
            topic=self.topic,
            rate=self.rate,
        )
        return MessageDraft(
            trigger=self.trigger,
            draft=asked.draft(),
            limits=self.limits.rules(),
            life=None if self.life_seconds is None else timedelta(seconds=self.life_seconds),
            experiment=None if self.experiment is None else self.experiment.experiment(),
        )


class NewCampaign(Form, frozen=True, kw_only=True):
    """A campaign to be written: either a `message` or a `prompt`."""

    name: Name
    message: MessageForm | None = None
    prompt: Prompt | None = None
    priority: Priority = 0
    exclusion_group: (
        Annotated[str, msgspec.Meta(min_length=1, max_length=64, description="Of a prompt; of a message see `limits`.")]
        | None
    ) = None
    starts_at: Moment | None = None
    ends_at: Annotated[Moment, msgspec.Meta(description="Nothing begins from then on.")] | None = None


class CampaignChange(NewCampaign, frozen=True, kw_only=True):
    """A campaign as it shall be: all of it, with the version that this is a change of."""

    version: Version


class CampaignView(View, frozen=True, kw_only=True):
    """A campaign."""

    id: str
    kind: CampaignKind
    name: str
    state: CampaignState
    version: int
    priority: int
    exclusion_group: str | None
    starts_at: Moment | None
    ends_at: Moment | None
    next_due_at: Annotated[Moment, msgspec.Meta(description="When it is looked at next.")] | None
    started_at: Moment | None
    finished_at: Moment | None
    created_at: Moment
    updated_at: Moment
    message: MessageForm | None
    prompt: dict[str, Any] | None


class FinishForm(Form, frozen=True, kw_only=True):
    """How a campaign shall end."""

    cancel: Annotated[bool, msgspec.Meta(description="Send nothing more of what is on its way, either.")] = False


class CopyForm(Form, frozen=True, kw_only=True):
    """What the copy shall be called."""

    name: Name | None = None


class NamedForm(Form, frozen=True, kw_only=True):
    """Somebody, with what is said to them alone."""

    external_id: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    variables: dict[str, Any] = msgspec.field(default_factory=dict)


class TriggerForm(Form, frozen=True, kw_only=True):
    """A run that is asked for."""

    key: Annotated[
        str,
        msgspec.Meta(min_length=1, max_length=120, description="Yours: the same key runs once, such as `order-1234`."),
    ]
    profiles: Annotated[list[NamedForm], msgspec.Meta(min_length=1, max_length=1000)]
    variables: Annotated[dict[str, Any], msgspec.Meta(description="For the content, of all of them.")] = msgspec.field(
        default_factory=dict
    )


class TriggeredView(View, frozen=True, kw_only=True):
    """What came of asking. `is_new` is false where the key was used before; `unknown` are no profiles of yours."""

    dispatch: str
    is_new: bool
    unknown: list[str]


class DispatchView(View, frozen=True, kw_only=True):
    """One run of a campaign. A missed one says why."""

    id: str
    key: str
    due_at: Moment
    state: DispatchState
    reason: str | None
    created_at: Moment


class VariantView(View, frozen=True, kw_only=True):
    """What came of the deliveries of one variant, or of all.

    `sent` were taken by push services; of those `displayed` were shown, and of those `clicked`. `waiting` come later.
    """

    variant: str | None
    sent: int
    displayed: int
    clicked: int
    click_rate: Annotated[float, msgspec.Meta(description="Clicked of sent.")]
    click_rate_between: Annotated[
        tuple[float, float], msgspec.Meta(description="Where the true rate lies, with 95 % confidence.")
    ]
    dismissed: int
    waiting: int
    skipped: dict[str, int]
    failed: dict[str, int]


class StatisticsView(View, frozen=True, kw_only=True):
    """What came of a campaign: of a message, of all its notifications that are still kept; of a prompt, on pages."""

    dispatches: dict[str, int]
    total: VariantView
    variants: list[VariantView]
    comparison: Annotated[ComparisonView | None, msgspec.Meta(description="Null without two variants.")]
    warnings: list[WarningView]
    prompt: Annotated[PromptStatisticsView | None, msgspec.Meta(description="Null of a message.")] = None


def campaign_view(campaign: Campaign) -> CampaignView:
    """Return what callers see of a campaign."""
    is_message = campaign.kind is CampaignKind.MESSAGE
    return CampaignView(
        id=campaign.id,
        kind=campaign.kind,
        name=campaign.name,
        state=campaign.state,
        version=campaign.version,
        priority=campaign.priority,
        exclusion_group=campaign.exclusion_group,
        starts_at=campaign.starts_at,
        ends_at=campaign.ends_at,
        next_due_at=campaign.next_due_at,
        started_at=campaign.started_at,
        finished_at=campaign.finished_at,
        created_at=campaign.created_at,
        updated_at=campaign.updated_at,
        message=_message_form(campaign.definition) if is_message else None,
        prompt=None if is_message else campaign.definition,
    )


def _message_form(definition: dict[str, Any]) -> MessageForm:
    message = message_of(definition)
    return MessageForm(
        trigger=triggers.read(definition["trigger"]),
        audience=audience_form(message.audience),
        content=content_form(message.content),
        limits=limits_view(message.limits),
        notification_kind=message.kind,
        ttl_seconds=int(message.ttl.total_seconds()),
        life_seconds=None if message.life is None else int(message.life.total_seconds()),
        urgency=message.urgency,
        topic=message.topic,
        rate=None if message.rate is None else str(message.rate),
        experiment=experiment_form(message.experiment),
    )


def dispatch_view(run: CampaignRun) -> DispatchView:
    """Return what callers see of a run."""
    return DispatchView(
        id=run.id, key=run.key, due_at=run.due_at, state=run.state, reason=run.reason, created_at=run.created_at
    )


def statistics_view(results: Results, prompt: Statistics | None = None) -> StatisticsView:
    """Return what came of a campaign; `prompt` is what pages told."""
    total: dict[tuple[str, str], int] = {}
    for counts in results.deliveries.values():
        for key, count in counts.items():
            total[key] = total.get(key, 0) + count
    return StatisticsView(
        dispatches=dict(results.dispatches),
        total=_variant_view(None, total),
        variants=[
            _variant_view(variant, counts)
            for variant, counts in sorted(results.deliveries.items(), key=lambda pair: pair[0] or "")
            if variant is not None
        ],
        comparison=comparison(results.deliveries),
        warnings=warnings_of(total),
        prompt=None if prompt is None else prompt_statistics_view(prompt),
    )


def _variant_view(variant: str | None, counts: Mapping[tuple[str, str], int]) -> VariantView:
    def of(*states: DeliveryState) -> int:
        return sum(count for (state, _), count in counts.items() if state in states)

    def reasons(*states: DeliveryState) -> dict[str, int]:
        found: dict[str, int] = {}
        for (state, reason), count in sorted(counts.items()):
            if state in states:
                found[reason or state] = found.get(reason or state, 0) + count
        return found

    summed = tally(counts)
    seen = (DeliveryState.DISPLAYED, DeliveryState.CLICKED, DeliveryState.DISMISSED)
    return VariantView(
        variant=variant,
        sent=of(DeliveryState.ACCEPTED, *seen),
        displayed=of(*seen),
        clicked=of(DeliveryState.CLICKED),
        click_rate=round(summed.rate, 6),
        click_rate_between=(round(summed.interval[0], 6), round(summed.interval[1], 6)),
        dismissed=of(DeliveryState.DISMISSED),
        waiting=of(DeliveryState.QUEUED, DeliveryState.RETRYING),
        skipped=reasons(DeliveryState.SKIPPED),
        failed=reasons(DeliveryState.GONE, DeliveryState.REJECTED, DeliveryState.EXPIRED, DeliveryState.FAILED),
    )
