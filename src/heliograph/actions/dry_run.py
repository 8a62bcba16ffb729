"""What a send would do, without sending: who gets it, who does not and why, what is shown, how long it takes.

Nothing is stored and nothing is queued. Up to `LOOKED_AT` subscriptions are looked at one by one; of a larger audience
that many, from equal parts of it, and what they have in common is taken for the others too.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeVar

from heliograph import conditions
from heliograph.actions import held, notifications
from heliograph.actions.held import Held
from heliograph.actions.notifications import Draft
from heliograph.actions.pace_seen import LEAST, Pace, pace_seen
from heliograph.actions.samples import samples
from heliograph.domain import retry, warned
from heliograph.domain.notification import Audience, AudienceKind, Notification, chosen_variant
from heliograph.kit.context import Context
from heliograph.kit.ids import ceiling_id, floor_id, made_at
from heliograph.providers.webpush.payload import Preview
from heliograph.storage import audience as audiences
from heliograph.storage import dry_runs, providers, vapid_keys
from heliograph.storage.audience import Receiver
from heliograph.storage.ranges import Slice
from heliograph.storage.store import Tx
from heliograph.storage.vapid_keys import VapidKey, VapidKeyState

LOOKED_AT = 10_000
COUNTED = 1_000_000
"""So many are counted, along an index; of more it is only told that there are more."""
SEARCHED = 200_000
"""So many subscriptions are looked at in search of those of a segment; with more, its numbers are *at least*."""
SAMPLES = 5
_SPREAD = 100
_Key = TypeVar("_Key")


class Exactness(StrEnum):
    """How far the numbers of a dry run may be trusted."""

    EXACT = "exact"
    ESTIMATE = "estimate"
    """The audience was counted; who of it gets the notification is judged by a part of it."""
    AT_LEAST = "at_least"
    """The same, and there are more than were counted."""


@dataclass(frozen=True, slots=True)
class Excluded:
    """Why some get nothing. `samples` are external ids of people, or identifiers of subscriptions."""

    reason: str
    count: int
    samples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DryRun:
    """What a send would do.

    Attributes:
        exactness: of every number of people.
        looked_at: how many subscriptions were looked at one by one.
        receivers: by channel and push service.
        excluded: most frequent first.
        previews: what is shown, without a language first.
        readers: how many receivers see each preview, by its language.
        budget: bytes of plaintext that a message may have.
        filled_in: for how many of them templates were tried, of whom `failed` would see nothing.
        pace: how fast this project's notifications went; None if there is nothing to judge by.
        held: what each rate that is in force means for it, longest first.
    """

    notification: Notification
    exactness: Exactness
    looked_at: int
    receivers: Mapping[tuple[str, str], int]
    excluded: tuple[Excluded, ...]
    previews: tuple[Preview, ...]
    readers: Mapping[str | None, int]
    budget: int
    pace: Pace | None
    held: tuple[Held, ...] = ()
    filled_in: int = 0
    failed: int = 0

    @property
    def total(self) -> int:
        """How many subscriptions get it."""
        return sum(self.receivers.values())

    @property
    def seconds(self) -> float | None:
        """How long it would take: as the rates say, or at the pace that was seen, if that takes longer."""
        known = [one.seconds for one in self.held[:1]]
        if self.pace is not None:
            known.append(self.total / self.pace.per_second)
        return max(known, default=None)

    @property
    def late(self) -> int:
        """How many would expire because the rates leave them no turn in time."""
        return held.late(self.held)

    @property
    def warning(self) -> str | None:
        """What is worrying about the templates, in a sentence."""
        if not warned.is_many(self.failed, self.filled_in):
            return None
        return warned.sentence(self.failed, self.filled_in)

    @property
    def assumption(self) -> str:
        """On what ground the time is told, in sentences."""
        return " ".join([*self._rates(), self._pace()])

    def _rates(self) -> list[str]:
        told = []
        if self.held:
            first = self.held[0]
            whose = first.of if first.of in (held.NOTIFICATION, held.PROJECT) else f"push service {first.of}"
            told.append(f"At {first.rate}, the rate of the {whose}, it takes {first.seconds:,.1f} s.")
        if self.late:
            told.append(f"{self.late:,} would expire before their turn came.")
        return told

    def _pace(self) -> str:
        if self.pace is None:
            what = "How fast workers and push services are is not known" if self.held else "Not known"
            return f"{what}: no notification of this project with {LEAST} deliveries or more has finished of late."
        return (
            f"The workers and the push services are as fast as with {self.pace.notification_id}, whose "
            f"{self.pace.deliveries:,} deliveries were finished on {self.pace.finished_at:%Y-%m-%d at %H:%M} UTC, "
            "retries included, and nothing else is being sent."
        )


@dataclass(frozen=True, slots=True)
class _Rules:
    """What is known of a project at the moment of the send. The words are those of `delivery/exchange.py`."""

    enabled: frozenset[str]
    keys: Mapping[str, VapidKey]
    at: datetime

    def objection(self, receiver: Receiver) -> str | None:
        """Return why a subscription would not be sent to, if anything is against it."""
        key = self.keys.get(receiver.vapid_key_id)
        if receiver.state != "active":
            return f"subscription_{receiver.state}"
        if receiver.expires_at is not None and receiver.expires_at <= self.at:
            return "subscription_expired"
        if receiver.provider_id not in self.enabled:
            return "provider_disabled"
        if key is None or key.state is VapidKeyState.RETIRED:
            return "key_retired"
        return "key_paused" if key.is_paused(self.at) else None


@dataclass(frozen=True, slots=True)
class _Looked:
    """Who was looked at, out of how many, and who of the named is nobody at all."""

    receivers: list[Receiver]
    size: int
    exactness: Exactness
    missing: Mapping[str, list[str]]


async def dry_run(tx: Tx, ctx: Context, *, project_id: str, draft: Draft) -> DryRun:
    """Tell what `notifications.create` would do with a draft; what that refuses, this refuses with the same problem."""
    project, notification = await notifications.checked(tx, ctx, project_id=project_id, draft=draft)
    looked = await _look(tx, ctx, notification)
    rules = _Rules(
        enabled=frozenset(one.id for one in await providers.of_project(tx, project_id) if one.is_enabled),
        keys={key.id: key for key in await vapid_keys.of_project(tx, project_id)},
        at=notification.send_at,
    )
    out: defaultdict[str, list[str]] = defaultdict(list)
    taken: list[Receiver] = []
    share = notification.audience.share
    for receiver in looked.receivers:
        if share is not None and not share.holds(receiver.profile_id or receiver.id):
            continue
        reason = rules.objection(receiver)
        if reason is None:
            taken.append(receiver)
        else:
            out[reason].append(receiver.id)
    shown = await samples(
        tx, notification, taken, budget=project.plaintext_budget, site_url=notifications.site_url(project)
    )
    for subscription_id, reason in shown.failed:
        out[reason].append(subscription_id)
    failed = {subscription_id for subscription_id, _ in shown.failed}
    taken = [one for one in taken if one.id not in failed]
    times = looked.size / max(1, len(looked.receivers)) if looked.exactness is not Exactness.EXACT else 1.0
    excluded = [Excluded(reason, round(len(ids) * times), tuple(ids[:SAMPLES])) for reason, ids in out.items()]
    excluded += [Excluded(reason, len(names), tuple(names[:SAMPLES])) for reason, names in looked.missing.items()]
    receivers = _scaled(Counter((one.channel, str(one.push_service)) for one in taken), times)
    return DryRun(
        notification=notification,
        exactness=looked.exactness,
        looked_at=len(looked.receivers),
        receivers=receivers,
        excluded=tuple(sorted(excluded, key=lambda one: (-one.count, one.reason))),
        previews=shown.previews,
        readers=_scaled(Counter(_variant(notification, one) for one in taken), times),
        budget=project.plaintext_budget,
        pace=await pace_seen(tx, project_id),
        held=held.held(notifications.limits_of(notification, project), receivers, _life(notification)),
        filled_in=shown.filled_in,
        failed=len(failed),
    )


def _life(notification: Notification) -> timedelta:
    end = retry.deadline(notification.send_at, notification.ttl, notification.expires_at)
    return end - notification.send_at


def _scaled(counted: Counter[_Key], times: float) -> dict[_Key, int]:
    return {key: round(count * times) for key, count in counted.items()}


def _variant(notification: Notification, receiver: Receiver) -> str | None:
    language, variant = chosen_variant(notification.content, receiver.language)
    return None if variant is None else language


async def _look(tx: Tx, ctx: Context, notification: Notification) -> _Looked:
    audience, project_id = notification.audience, notification.project_id
    if audience.kind in (AudienceKind.PROFILES, AudienceKind.SUBSCRIPTIONS):
        return await _named(tx, ctx, project_id, audience)
    end = ceiling_id("sub", ctx.now)
    if audience.kind is AudienceKind.SEGMENT:
        return await _of_segment(tx, ctx, notification, end)
    ids = await audiences.page_of_ids(tx, project_id, audience, after="", upto=end, limit=LOOKED_AT + 1)
    size, exactness = len(ids), Exactness.EXACT
    if size > LOOKED_AT:
        counted = await dry_runs.count(tx, project_id, audience, limit=COUNTED + 1)
        size, exactness = min(counted, COUNTED), Exactness.ESTIMATE if counted <= COUNTED else Exactness.AT_LEAST
        if exactness is Exactness.ESTIMATE:
            ids = await _evenly(tx, project_id, audience, size=size, upto=end)
        else:
            ids = await _spread(tx, project_id, audience, first=ids[0])
    found = await audiences.by_ids(tx, ids)
    return _Looked([found[one] for one in ids if one in found], size, exactness, {})


async def _of_segment(tx: Tx, ctx: Context, notification: Notification, upto: str) -> _Looked:
    """Return the first of a segment's subscriptions, looking at no more of the others than `SEARCHED`."""
    meant = conditions.meant(notification.audience, ctx.now)
    ids: list[str] = []
    after: str | None = ""
    for _ in range(SEARCHED // audiences.LOOKED_AT):
        if meant is None or after is None or len(ids) >= LOOKED_AT:
            break
        page = await audiences.segment_page(
            tx, notification.project_id, meant, after=after, upto=upto, limit=LOOKED_AT - len(ids)
        )
        ids, after = ids + page.ids, page.after
    found = await audiences.by_ids(tx, ids)
    exactness = Exactness.EXACT if after is None else Exactness.AT_LEAST
    return _Looked([found[one] for one in ids if one in found], len(ids), exactness, {})


async def _evenly(tx: Tx, project_id: str, audience: Audience, *, size: int, upto: str) -> list[str]:
    """Return as many subscriptions from each of equal parts of an audience of a known size.

    Parts of equal time would not do: who brings a hundred thousand from elsewhere does so within an hour.
    """
    ids: list[str] = []
    after = ""
    for _ in range(_SPREAD):
        limit, part = LOOKED_AT // _SPREAD, size // _SPREAD
        ids += await audiences.page_of_ids(tx, project_id, audience, after=after, upto=upto, limit=limit)
        end = await audiences.end_of_page(tx, project_id, audience, after=after, upto=upto, limit=part)
        if end is None:
            break
        after = end
    return ids


async def _spread(tx: Tx, project_id: str, audience: Audience, *, first: str) -> list[str]:
    """Return subscriptions of an audience from all the time between the first one and the project's newest."""
    begin = made_at(first)
    step = (made_at(await dry_runs.last_id(tx, project_id)) - begin) / _SPREAD
    ids: list[str] = []
    for number in range(_SPREAD):
        after, upto = floor_id("sub", begin + number * step), ceiling_id("sub", begin + (number + 1) * step)
        limit = LOOKED_AT // _SPREAD
        ids += await audiences.page_of_ids(tx, project_id, audience, after=after, upto=upto, limit=limit)
    return list(dict.fromkeys(ids))


async def _named(tx: Tx, ctx: Context, project_id: str, audience: Audience) -> _Looked:
    names = audiences.named_targets(audience)
    found = await audiences.receivers(tx, project_id, audience, Slice(0, len(names)), started_at=ctx.now)
    missing: defaultdict[str, list[str]] = defaultdict(list)
    if audience.kind is AudienceKind.SUBSCRIPTIONS:
        known = {one.id for one in found}
        missing["unknown_subscription"] += [name for name in names if name not in known]
    else:
        people = {one.profile_id for one in found if one.profile_id is not None}
        reached = await dry_runs.external_ids(tx, sorted(people))
        ended = await dry_runs.ended_of_people(tx, project_id, [name for name in names if name not in reached])
        for name in names:
            if name not in reached:
                missing[_reason(name, ended)].append(name)
    return _Looked(found, len(found), Exactness.EXACT, {reason: who for reason, who in missing.items() if who})


def _reason(name: str, ended: Mapping[str, str | None]) -> str:
    if name not in ended:
        return "unknown_profile"
    state = ended[name]
    return "no_subscription" if state is None else f"subscription_{state}"
