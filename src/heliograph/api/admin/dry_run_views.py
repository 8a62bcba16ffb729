"""What is shown of a dry run."""

from datetime import UTC, datetime
from typing import Annotated

import msgspec

from heliograph.actions.dry_run import DryRun, Exactness
from heliograph.api.forms import Moment, View
from heliograph.domain.endpoint import PushService
from heliograph.names import Channel
from heliograph.providers.webpush.payload import Preview


class ServiceCountView(View, frozen=True, kw_only=True):
    """How many subscriptions are at one push service."""

    channel: str
    push_service: PushService
    count: int


class ReceiversView(View, frozen=True, kw_only=True):
    """Who would get it."""

    total: int
    exactness: Annotated[
        Exactness,
        msgspec.Meta(
            description="`exact`: all were looked at. `estimate`: all were counted and `looked_at` of them looked at. "
            "`at_least`: the same, and there are more than the 1,000,000 that were counted."
        ),
    ]
    looked_at: int
    by_push_service: list[ServiceCountView]


class ExcludedView(View, frozen=True, kw_only=True):
    """Why others of the audience would not, or not at once, with up to five of them."""

    reason: Annotated[str, msgspec.Meta(description="As deliveries say it; `key_paused` waits until the pause ends.")]
    count: int
    samples: Annotated[list[str], msgspec.Meta(description="External ids of people, or identifiers of subscriptions.")]


class RenderedView(View, frozen=True, kw_only=True):
    """What readers of one language see, and how large it is; `language` is null for all who have no variant.

    Of templates up to three people of each language are shown; `receivers` are all of that language.
    """

    language: str | None
    receiver: Annotated[str | None, msgspec.Meta(description="Whose it is: a subscription; null for all.")]
    receivers: int
    title: str | None
    body: str | None
    url: str | None
    shortened: bool
    bytes_by_push_service: Annotated[
        dict[str, int], msgspec.Meta(description="Plaintext, before encryption adds its 103 bytes.")
    ]


class PersonalView(View, frozen=True, kw_only=True):
    """How it went to fill in templates for up to 500 receivers. Those that failed are among `excluded`."""

    filled_in: int
    failed: int
    warning: str | None


class HeldView(View, frozen=True, kw_only=True):
    """What one rate means for it."""

    of: Annotated[str, msgspec.Meta(description="`notification`, `project`, or the push service that it is for.")]
    rate: str
    messages: int
    seconds: float


class DurationView(View, frozen=True, kw_only=True):
    """How long sending would take: as the rates say, or as this project's largest notification of late went."""

    seconds: float | None
    per_second: float | None
    measured_on: str | None
    rates: Annotated[list[HeldView], msgspec.Meta(description="The rates that are in force, longest first.")]
    expired: Annotated[int, msgspec.Meta(description="How many the rates leave no turn before it expires.")]
    assumption: str


class DryRunView(View, frozen=True, kw_only=True):
    """What a send would do. Nothing was stored and nothing is queued."""

    dry_run: bool
    send_at: Moment
    expires_at: Moment
    receivers: ReceiversView
    excluded: list[ExcludedView]
    rendered: list[RenderedView]
    budget_bytes: int
    personal: Annotated[PersonalView | None, msgspec.Meta(description="Null for content without templates.")]
    duration: DurationView


def dry_run_view(run: DryRun) -> DryRunView:
    """Return what callers see of a dry run."""
    return DryRunView(
        dry_run=True,
        send_at=run.notification.send_at,
        expires_at=run.notification.expires_at,
        receivers=ReceiversView(
            total=run.total,
            exactness=run.exactness,
            looked_at=run.looked_at,
            by_push_service=[
                ServiceCountView(channel=channel, push_service=PushService(service), count=count)
                for (channel, service), count in sorted(run.receivers.items())
            ],
        ),
        excluded=[ExcludedView(reason=one.reason, count=one.count, samples=list(one.samples)) for one in run.excluded],
        rendered=[_rendered(one, run.readers.get(one.language, 0)) for one in run.previews],
        budget_bytes=run.budget,
        personal=PersonalView(filled_in=run.filled_in, failed=run.failed, warning=run.warning)
        if run.filled_in
        else None,
        duration=_duration(run),
    )


def _rendered(preview: Preview, receivers: int) -> RenderedView:
    return RenderedView(
        language=preview.language,
        receiver=preview.receiver,
        receivers=receivers,
        title=preview.title,
        body=preview.body,
        url=preview.url,
        shortened=preview.is_shortened,
        bytes_by_push_service={str(service): size for service, size in preview.sizes.items()},
    )


def _duration(run: DryRun) -> DurationView:
    return DurationView(
        seconds=None if run.seconds is None else round(run.seconds, 3),
        per_second=None if run.pace is None else round(run.pace.per_second, 3),
        measured_on=None if run.pace is None else run.pace.notification_id,
        rates=[
            HeldView(of=one.of, rate=str(one.rate), messages=one.messages, seconds=round(one.seconds, 3))
            for one in run.held
        ],
        expired=run.late,
        assumption=run.assumption,
    )


_MEASURED = "ntf_01k2p7wq8e4vz9x3m5n6r7s8t0"
DRY_RUN = DryRunView(
    dry_run=True,
    send_at=datetime(2026, 3, 14, 9, 26, 53, tzinfo=UTC),
    expires_at=datetime(2026, 3, 15, 9, 26, 53, tzinfo=UTC),
    receivers=ReceiversView(
        total=1200,
        exactness=Exactness.EXACT,
        looked_at=1203,
        by_push_service=[
            ServiceCountView(channel=Channel.WEB, push_service=PushService.FCM, count=900),
            ServiceCountView(channel=Channel.WEB, push_service=PushService.MOZILLA, count=300),
        ],
    ),
    excluded=[
        ExcludedView(reason="subscription_gone", count=3, samples=["sub_01k2p7wq8e4vz9x3m5n6r7s8t0"]),
    ],
    rendered=[
        RenderedView(
            language=None,
            receiver=None,
            receivers=1200,
            title="Back in stock",
            body="The blue lamp that you looked at is here again.",
            url="https://shop.example/lamps/blue",
            shortened=False,
            bytes_by_push_service={PushService.FCM: 412, PushService.MOZILLA: 412, PushService.APPLE: 482},
        )
    ],
    budget_bytes=2600,
    personal=None,
    duration=DurationView(
        seconds=11.99,
        per_second=3000.0,
        measured_on=_MEASURED,
        rates=[HeldView(of="notification", rate="100/s", messages=1200, seconds=11.99)],
        expired=0,
        assumption=(
            "At 100/s, the rate of the notification, it takes 12.0 s. "
            f"The workers and the push services are as fast as with {_MEASURED}, whose 48,210 deliveries were finished "
            "on 2026-03-11 at 08:00 UTC, retries included, and nothing else is being sent."
        ),
    ),
)
"""An example."""
