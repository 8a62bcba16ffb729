"""A notification with everything that sending it needs, read before talking to anybody."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo

from heliograph.delivery.machine import Machine
from heliograph.domain import retry
from heliograph.domain.contact_rules import ContactRules, Restraint
from heliograph.domain.delivery import delivery_id, delivery_token
from heliograph.domain.notification import Notification, NotificationState
from heliograph.domain.rate import RATE_LIMIT, Limits
from heliograph.domain.schedule import SPREAD
from heliograph.domain.texts import Texts
from heliograph.providers.base import Credentials
from heliograph.queue.base import URGENT, Job
from heliograph.storage import notifications, projects, providers, template_values, vapid_keys
from heliograph.storage.audience import Receiver
from heliograph.storage.store import Tx
from heliograph.storage.vapid_keys import VapidKey, VapidKeyState

DEADLINE = "deadline"


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One notification on its way.

    Attributes:
        keys: the project's application server keys by identifier.
        enabled: identifiers of the providers that may be used.
        priority: of the jobs that follow.
        limits: the rates that are in force.
        is_put_off: whether a rate has held this job back before.
        restraint: how often and when it may go to one person; None for no limits.
        texts: what each receiver gets to see, where that differs.
    """

    notification: Notification
    credentials: Credentials
    receipt_key: bytes = field(repr=False)
    keys: dict[str, VapidKey]
    enabled: frozenset[str]
    priority: int
    started_at: datetime | None = None
    limits: Limits = field(default_factory=Limits)
    is_put_off: bool = False
    restraint: Restraint | None = None
    texts: Texts | None = None

    @property
    def is_held(self) -> bool:
        """Whether its messages wait for their turns. Urgent ones only count, unless they have a rate of their own."""
        return self.priority != URGENT or self.limits.notification is not None

    @property
    def expiry(self) -> str:
        """Why a message expires that was never tried."""
        return RATE_LIMIT if self.is_put_off else DEADLINE

    @property
    def deadline(self) -> datetime:
        """From when on nothing more is sent."""
        return retry.deadline(self.notification.send_at, self.notification.ttl, self.notification.expires_at)

    @property
    def is_cancelled(self) -> bool:
        """Whether nothing more is to be sent."""
        return self.notification.state is NotificationState.CANCELLED

    @property
    def life(self) -> timedelta:
        """How long a message lives. One that waits for each person's clock lives so long from then on."""
        spread = SPREAD if self.restraint is not None and self.restraint.own.wall is not None else timedelta(0)
        return max(self.notification.ttl - spread, timedelta(0))

    def ttl(self, now: datetime) -> timedelta:
        """Return the TTL of a message that is sent now."""
        notification = self.notification
        left = retry.remaining_ttl(
            now, send_at=notification.send_at, ttl=notification.ttl, expires_at=notification.expires_at
        )
        return min(left, self.life)

    def quiet_until(self, zone: tzinfo, now: datetime) -> datetime | None:
        """Return when the quiet hours of a person in a zone end; None if they may be written to now."""
        quiet = None if self.restraint is None else self.restraint.quiet_hours
        return None if quiet is None else quiet.ends_at(now, zone)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One delivery that is to be tried now.

    Attributes:
        number: of this attempt, counting from 1.
        last_reason: why it is tried again; None for the first time.
        last_at: when that was written; None for the first time.
        due: when it was to be tried again; None for the first time.
        is_first_record: whether the delivery's row is still to be written.
        is_meant: whether the receiver is still of the audience: people log out and leave groups between two attempts.
        zone: the person's, where quiet hours are to be kept; they may begin while it waits for its turn.
    """

    delivery_id: str
    receiver: Receiver
    number: int = 1
    last_reason: str | None = None
    last_at: datetime | None = None
    due: datetime | None = None
    is_first_record: bool = True
    is_meant: bool = True
    zone: tzinfo | None = None

    def token(self, receipt_key: bytes) -> str:
        """Return what the browser sends back."""
        return delivery_token(self.delivery_id, receipt_key)


def first_attempt(notification: Notification, receiver: Receiver) -> Attempt:
    """Return the first attempt for a receiver."""
    return Attempt(delivery_id(notification.id, receiver.id), receiver)


async def with_texts(tx: Tx, dispatch: Dispatch, attempts: list[Attempt]) -> Dispatch:
    """Return a dispatch that knows what its receivers get to see; the same one if that is one thing for all."""
    if not dispatch.notification.content.template:
        return dispatch
    people = [attempt.receiver.profile_id for attempt in attempts]
    return replace(dispatch, texts=await template_values.texts(tx, dispatch.notification, people))


async def load(tx: Tx, machine: Machine, job: Job) -> Dispatch | None:
    """Read what a job is about; None if the notification or its project is gone."""
    notification_id: str = job.args["notification_id"]
    row = await notifications.load_row(tx, notification_id)
    if row is None:
        return None
    notification = row.notification
    project = await projects.get(tx, notification.project_id)
    if project is None:
        return None
    keys = {key.id: key for key in await vapid_keys.of_project(tx, project.id)}
    sealer = machine.sealer
    return Dispatch(
        notification=notification,
        credentials=Credentials(
            private_keys={
                key.id: sealer.open(key.private_key, f"vapid_key/{key.id}")
                for key in keys.values()
                if key.state is not VapidKeyState.RETIRED
            },
            subject=project.vapid_subject,
            budget=project.plaintext_budget,
            site_url=project.origins[0] if project.origins else None,
        ),
        receipt_key=sealer.open(project.receipt_key, f"project/{project.id}/receipt_key"),
        keys=keys,
        enabled=frozenset(
            provider.id for provider in await providers.of_project(tx, project.id) if provider.is_enabled
        ),
        priority=job.priority,
        started_at=row.progress.started_at,
        limits=Limits.of(notification.rate, project.rates),
        is_put_off="put_off" in job.args,
        restraint=Restraint.between(
            notification.contact_rules, ContactRules.of(project.limits), notification.campaign_id
        ),
    )
