"""What a sender does: ask for a notification, look at it, cancel it. Sending itself is `delivery`'s."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from heliograph.actions import audiences, audit
from heliograph.actions.contact_limits import check_limits
from heliograph.actions.rates import read_rate
from heliograph.domain import templated
from heliograph.domain.contact_rules import ContactRules
from heliograph.domain.notification import (
    DEFAULT_TTL,
    MAX_TTL,
    TOPIC,
    Audience,
    AudienceKind,
    Content,
    Notification,
    NotificationKind,
    NotificationState,
    Urgency,
)
from heliograph.domain.rate import Limits
from heliograph.errors import Conflict, ContentRefused, FieldError, InvalidRequest, NotFound
from heliograph.kit.context import Context
from heliograph.kit.paging import Page, read_page
from heliograph.names import Act, JobName
from heliograph.providers.webpush.payload import check_fits
from heliograph.queue.base import NORMAL, URGENT, NewJob, Queue
from heliograph.storage import delivery_reads, notifications, projects
from heliograph.storage.notifications import NotificationRow
from heliograph.storage.projects import Project
from heliograph.storage.store import Tx

FARTHEST = timedelta(days=366)
"""How far ahead a notification may be scheduled."""
FEW = 10
"""Up to so many named receivers make a send urgent: somebody is waiting for it."""
_GRACE = timedelta(minutes=1)
"""A message with a TTL of 0 still needs a moment to be sent."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A notification as a sender asks for it; None where the sender said nothing."""

    content: Content
    audience: Audience
    kind: NotificationKind = NotificationKind.NOTIFICATION
    ttl: timedelta | None = None
    urgency: Urgency = Urgency.NORMAL
    topic: str | None = None
    send_at: datetime | None = None
    expires_at: datetime | None = None
    rate: str | None = None
    limits: ContactRules | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """A notification, and its deliveries counted by state and reason ("" where there is none)."""

    row: NotificationRow
    counts: dict[tuple[str, str], int]


async def create(tx: Tx, ctx: Context, queue: Queue, *, project_id: str, draft: Draft) -> Notification:
    """Check and store a notification, and ask for its dispatch in the same transaction.

    Raises:
        InvalidRequest: times that contradict each other.
        ContentRefused: content that cannot be shown.
        ContentTooLarge: content that does not fit into a push message.
        NotFound: none of the named subscriptions is the project's.
    """
    _, notification = await checked(tx, ctx, project_id=project_id, draft=draft)
    await notifications.add(tx, notification)
    job = NewJob(
        JobName.PLAN,
        {"notification_id": notification.id},
        run_at=notification.send_at,
        priority=priority_of(draft.audience),
        dedupe_key=f"plan/{notification.id}",
    )
    await queue.add(tx, [job], now=ctx.now)
    return notification


async def checked(tx: Tx, ctx: Context, *, project_id: str, draft: Draft) -> tuple[Project, Notification]:
    """Return the notification that a draft leads to, or raise what `create` raises. Nothing is stored."""
    project = await projects.get(tx, project_id)
    if project is None:
        raise NotFound("There is no such project.")
    draft = replace(draft, audience=await audiences.known(tx, project_id, draft.audience))
    notification = _notification(ctx, project_id, draft)
    check_content(project, draft.kind, draft.content)
    await check_audience(tx, project_id, draft.audience)
    return project, notification


def check_content(project: Project, kind: NotificationKind, content: Content) -> None:
    """Refuse content that cannot be shown, or sent; of templates, what nobody could be sent.

    Raises:
        ContentRefused: it cannot be shown; the pointers are below `/content`.
        ContentTooLarge: it does not fit into a push message.
    """
    errors = templated.errors(content, kind)
    if errors:
        raise ContentRefused(errors[0].detail, errors)
    for shown in templated.nothing_known(content, kind) if content.template else (content,):
        check_fits(kind, shown, budget=project.plaintext_budget, site_url=site_url(project))


def site_url(project: Project) -> str | None:
    """Return where relative addresses of a notification point."""
    return project.origins[0] if project.origins else None


def _notification(ctx: Context, project_id: str, draft: Draft) -> Notification:
    send_at = max(draft.send_at or ctx.now, ctx.now)
    if draft.limits is not None:
        check_limits(draft.limits, "/limits")
        if draft.limits.exclusion is not None:
            send_at = max(send_at, ctx.now + draft.limits.exclusion.settle)
    if draft.topic is not None and not TOPIC.fullmatch(draft.topic):
        raise _wrong("/topic", "A topic is 1 to 32 letters, digits, - and _ (RFC 8030 section 5.4).")
    if send_at > ctx.now + FARTHEST:
        raise _wrong("/send_at", f"Schedule at most {FARTHEST.days} days ahead.")
    if draft.expires_at is not None and draft.expires_at <= send_at:
        raise _wrong("/expires_at", "It would expire before it is sent: name a later instant.")
    if draft.expires_at is not None and draft.expires_at > send_at + MAX_TTL:
        raise _wrong("/expires_at", f"A notification lives at most {MAX_TTL.days} days after it is sent.")
    life = MAX_TTL if draft.expires_at is None else draft.expires_at - send_at
    ttl = min(life, draft.ttl if draft.ttl is not None else DEFAULT_TTL)
    return Notification(
        id=ctx.ids.new("ntf"),
        project_id=project_id,
        kind=draft.kind,
        content=draft.content,
        audience=draft.audience,
        state=NotificationState.SCHEDULED,
        ttl=timedelta(seconds=int(ttl.total_seconds())),
        urgency=draft.urgency,
        topic=draft.topic,
        created_at=ctx.now,
        send_at=send_at,
        expires_at=draft.expires_at or send_at + max(ttl, _GRACE),
        rate=read_rate(draft.rate, "/rate"),
        limits=draft.limits,
    )


def limits_of(notification: Notification, project: Project) -> Limits:
    """Return the rates that its messages wait for: none if it is urgent and has no rate of its own."""
    if notification.rate is None and priority_of(notification.audience) == URGENT:
        return Limits()
    return Limits.of(notification.rate, project.rates)


def _wrong(pointer: str, sentence: str) -> InvalidRequest:
    return InvalidRequest(sentence, (FieldError(pointer, sentence),))


def priority_of(audience: Audience) -> int:
    """Return the priority of a send: to a few named receivers it is urgent."""
    match audience.kind:
        case AudienceKind.PROFILES:
            return URGENT if len(audience.external_ids or audience.profile_ids) <= FEW else NORMAL
        case AudienceKind.SUBSCRIPTIONS:
            return URGENT if len(audience.subscription_ids) <= FEW else NORMAL
        case AudienceKind.EVERYONE | AudienceKind.GROUP | AudienceKind.SEGMENT:
            return NORMAL


async def check_audience(tx: Tx, project_id: str, audience: Audience) -> None:
    """Refuse a send to subscriptions none of which is the project's; single ones may have been swept meanwhile."""
    if audience.kind is not AudienceKind.SUBSCRIPTIONS:
        return
    if not await notifications.any_subscription(tx, project_id, audience.subscription_ids):
        sentence = "None of these subscriptions is the project's."
        raise NotFound(sentence, (FieldError("/audience/subscription_ids", sentence),))


async def listing(
    tx: Tx, *, project_id: str, state: NotificationState | None, cursor: str | None, limit: int
) -> Page[Tally]:
    """Return a page of notifications with their counts, newest first."""
    page = await read_page(
        lambda before, count: notifications.page(tx, project_id, before=before, limit=count, state=state),
        lambda row: row.notification.id,
        listing=f"notifications/{project_id}/{state}",
        cursor=cursor,
        limit=limit,
    )
    counts = await delivery_reads.counts(tx, [row.notification.id for row in page.items])
    return Page([Tally(row, counts.get(row.notification.id, {})) for row in page.items], page.next)


async def get(tx: Tx, *, project_id: str, notification_id: str) -> Tally:
    """Return one notification with its counts, or raise `NotFound`."""
    row = await notifications.get(tx, project_id, notification_id)
    if row is None:
        raise NotFound("There is no such notification in this project.")
    counts = await delivery_reads.counts(tx, [notification_id])
    return Tally(row, counts.get(notification_id, {}))


async def cancel(tx: Tx, ctx: Context, *, project_id: str, notification_id: str) -> Tally:
    """Send nothing more of a notification; what a push service has taken stays sent. Cancelling again changes nothing.

    Raises:
        Conflict: everything was sent already.
    """
    tally = await get(tx, project_id=project_id, notification_id=notification_id)
    going = (NotificationState.SCHEDULED, NotificationState.RUNNING)
    is_moved = await notifications.move(
        tx, notification_id, to=NotificationState.CANCELLED, of=going, finished_at=ctx.now
    )
    if is_moved:
        await audit.note(tx, ctx, Act.NOTIFICATION_CANCELLED, project_id=project_id, subject_id=notification_id)
    if not is_moved and tally.row.notification.state is not NotificationState.CANCELLED:
        raise Conflict("Everything was sent already.")
    return await get(tx, project_id=project_id, notification_id=notification_id)


async def change_rate(tx: Tx, ctx: Context, *, project_id: str, notification_id: str, rate: str | None) -> Tally:
    """Let a notification that is not finished go on at another rate, or at none of its own.

    Workers keep to it from the next slots that they reserve; what waits for a slow rate looks again within a minute.

    Raises:
        Conflict: everything was sent already, or it was cancelled.
        InvalidRequest: this is no rate.
    """
    await get(tx, project_id=project_id, notification_id=notification_id)
    wanted = read_rate(rate, "/rate")
    going = (NotificationState.SCHEDULED, NotificationState.RUNNING)
    if not await notifications.change_rate(tx, notification_id, wanted, of=going):
        raise Conflict("Nothing more of it will be sent.")
    said = None if wanted is None else str(wanted)
    await audit.note(
        tx, ctx, Act.NOTIFICATION_RATE_CHANGED, project_id=project_id, subject_id=notification_id, rate=said
    )
    return await get(tx, project_id=project_id, notification_id=notification_id)
