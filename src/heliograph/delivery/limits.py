"""Between "who is in this range" and "send": who of them may be written to now, by caps, quiet hours and exclusion.

One short transaction decides for a range, under locks on its people, so that of two workers only one lets a person's
last free place be taken. Who is let through is noted before anything is sent: a crash in between neither frees that
place nor takes a second one, because a notification counts once for a person however often it is decided, and with
however many browsers. Whatever waits comes back through the retry machinery and is decided again.

Nothing of this happens for notifications without limits.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, tzinfo

from heliograph import conditions
from heliograph.delivery.decide import Deferred, Result
from heliograph.delivery.dispatch import Attempt, Dispatch
from heliograph.delivery.machine import Machine
from heliograph.domain.contact_rules import Contact, Go, Restraint, Skip, Verdict, Wait
from heliograph.domain.delivery import delivery_id
from heliograph.domain.exclusion import AGAIN, EXCLUSION, Rank
from heliograph.domain.experiment import CONTROL
from heliograph.domain.notification import AudienceKind
from heliograph.domain.outcome import Skipped
from heliograph.domain.schedule import instant
from heliograph.storage import audience, contacts, rivals
from heliograph.storage.rivals import Rival
from heliograph.storage.store import Tx


@dataclass(slots=True)
class Sifted:
    """What is to be tried, and what is known already of the others."""

    attempts: list[Attempt]
    results: list[Result] = field(default_factory=list)


async def sift(machine: Machine, dispatch: Dispatch, attempts: list[Attempt]) -> Sifted:
    """Decide about the people of a range."""
    restraint = dispatch.restraint
    now = machine.clock.now()
    if dispatch.notification.variant == CONTROL and not dispatch.is_cancelled:
        return Sifted([], [Result(attempt, Skipped(CONTROL), now) for attempt in attempts])
    if restraint is None or not attempts or dispatch.is_cancelled or now >= dispatch.deadline:
        return Sifted(attempts)
    people: dict[str, list[Attempt]] = defaultdict(list)
    for attempt in attempts:
        if attempt.receiver.state == "active" and attempt.is_meant:
            people[_person(attempt)].append(attempt)
    if not people:
        return Sifted(attempts)
    verdicts, zones = await _decide(machine, dispatch, restraint, people, now)
    sifted = Sifted([])
    for attempt in attempts:
        verdict = verdicts.get(_person(attempt), Go())
        match verdict:
            case Go():
                zone = zones.get(_person(attempt)) if restraint.quiet_hours is not None else None
                sifted.attempts.append(replace(attempt, zone=zone))
            case Skip(reason):
                sifted.results.append(Result(attempt, Skipped(reason), now))
            case Wait(reason, until):
                sifted.results.append(Result(attempt, Deferred(reason, until, is_exact=True), now))
    return sifted


def _person(attempt: Attempt) -> str:
    return attempt.receiver.profile_id or attempt.receiver.id


async def _decide(
    machine: Machine, dispatch: Dispatch, restraint: Restraint, people: Mapping[str, list[Attempt]], now: datetime
) -> tuple[dict[str, Verdict], dict[str, tzinfo]]:
    profile_ids = [person for person, own in people.items() if own[0].receiver.profile_id is not None]
    nobodys = [person for person, own in people.items() if own[0].receiver.profile_id is None]
    if not restraint.is_counted:
        async with machine.store.read() as tx:
            names = await contacts.zones(tx, profile_ids, nobodys)
        zones = {person: restraint.zone(names.get(person)) for person in people}
        return {person: _verdict(dispatch, restraint, (), now, zone) for person, zone in zones.items()}, zones
    async with machine.store.begin() as tx:
        names = await contacts.zones(tx, profile_ids, nobodys, lock=True)
        zones = {person: restraint.zone(names.get(person)) for person in people}
        known = await contacts.since(tx, sorted(people), now - restraint.longest_window)
        notification = dispatch.notification
        verdicts: dict[str, Verdict] = {}
        for person, zone in zones.items():
            others = [one for one in known.get(person, ()) if one.notification_id != notification.id]
            verdicts[person] = _verdict(dispatch, restraint, others, now, zone)
        await _yield_to_rivals(tx, dispatch, people, verdicts, known=known, now=now)
        exclusion = restraint.own.exclusion
        contact = Contact(
            notification.id, notification.campaign_id, None if exclusion is None else exclusion.group, now
        )
        through = [person for person, verdict in verdicts.items() if isinstance(verdict, Go)]
        await contacts.note(tx, through, contact, project_id=notification.project_id)
    return verdicts, zones


def _verdict(
    dispatch: Dispatch, restraint: Restraint, others: Sequence[Contact], now: datetime, zone: tzinfo
) -> Verdict:
    deadline, wall = dispatch.deadline, restraint.own.wall
    if wall is not None:
        deadline = min(deadline, max(instant(wall, zone), dispatch.notification.send_at) + dispatch.life)
    return restraint.verdict(contacts=others, now=now, zone=zone, deadline=deadline)


async def _yield_to_rivals(
    tx: Tx,
    dispatch: Dispatch,
    people: Mapping[str, list[Attempt]],
    verdicts: dict[str, Verdict],
    *,
    known: Mapping[str, Sequence[Contact]],
    now: datetime,
) -> None:
    """Let those wait whom a notification of the group that goes first may still be sent to."""
    notification = dispatch.notification
    exclusion = notification.contact_rules.exclusion
    if exclusion is None:
        return
    # Who was let through before keeps the place: it may be in the air.
    free = {
        person
        for person, verdict in verdicts.items()
        if isinstance(verdict, Go) and all(one.notification_id != notification.id for one in known.get(person, ()))
    }
    rank = Rank(notification.priority, notification.send_at, notification.id)
    ahead = await rivals.ahead_of(tx, notification, exclusion.group, rank) if free else []
    if not ahead:
        return
    browsers = await contacts.browsers_of(
        tx, [person for person in free if people[person][0].receiver.profile_id is not None]
    )
    browsers |= {one.receiver.id: person for person in free for one in people[person]}
    for rival in ahead:
        waits = await _undecided(tx, notification.project_id, rival, browsers, now)
        for person, until in waits.items():
            verdicts[person] = Wait(EXCLUSION, until) if until < dispatch.deadline else Skip(EXCLUSION)


async def _undecided(
    tx: Tx, project_id: str, rival: Rival, browsers: Mapping[str, str], now: datetime
) -> dict[str, datetime]:
    """Return who may still get a rival, and when to look again."""
    rule = conditions.meant(rival.audience, now)
    share = rival.audience.share
    asked = sorted(one for one, person in browsers.items() if share is None or share.holds(person))
    meant = await audience.still_meant(tx, project_id, rival.audience, asked, meant=rule)
    if rival.audience.kind is AudienceKind.SUBSCRIPTIONS:
        meant &= set(rival.audience.subscription_ids)
    deliveries = {delivery_id(rival.rank.id, browser): browsers[browser] for browser in meant}
    settled = await rivals.decided(tx, sorted(deliveries))
    waits: dict[str, datetime] = {}
    for delivery, person in deliveries.items():
        if delivery in settled and settled[delivery] is None:
            continue
        again_at = settled.get(delivery) or max(rival.rank.send_at, now)
        waits[person] = max(waits.get(person, now), _later(again_at, now))
    return waits


def _later(at: datetime, now: datetime) -> datetime:
    until = max(at, now) + AGAIN
    return until.replace(microsecond=0) + timedelta(seconds=1)
