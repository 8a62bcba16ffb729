"""Talking to push services: many exchanges at once, each host at its own pace, nothing tried that is vain."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from heliograph import conditions
from heliograph.delivery import keys
from heliograph.delivery.address import Passage
from heliograph.delivery.decide import Deferred, Expired, Result
from heliograph.delivery.dispatch import Attempt, Dispatch
from heliograph.delivery.hosts import Lane, Sign, sign_of
from heliograph.delivery.machine import Machine
from heliograph.delivery.record import Recorder
from heliograph.delivery.turns import NoTurn, Turns
from heliograph.domain.outcome import Accepted, Gone, Outcome, Rejected, Skipped
from heliograph.domain.quiet_hours import QUIET_HOURS
from heliograph.kit.http import HttpRequest, HttpResponse, TransportFault
from heliograph.names import Metric
from heliograph.providers.base import Provider, Repair, Target
from heliograph.queue.base import URGENT
from heliograph.storage import audience, witnesses
from heliograph.storage.audience import Receiver
from heliograph.storage.vapid_keys import VapidKey, VapidKeyState

CHUNK = 32
"""Messages encrypted at once: some 3 ms during which the loop does nothing else."""
_FRESH = timedelta(seconds=1)
_STALE = timedelta(seconds=5)
HOST_CLOSED = "host_unavailable"


@dataclass(frozen=True, slots=True)
class _Bound:
    """An attempt with the way to its push service."""

    attempt: Attempt
    passage: Passage
    target: Target
    provider: Provider


class Sending:
    """Carries out the attempts of one job."""

    def __init__(
        self,
        machine: Machine,
        dispatch: Dispatch,
        recorder: Recorder,
        probing: frozenset[str] = frozenset(),
        turns: Turns | None = None,
    ) -> None:
        self._machine = machine
        self._dispatch = dispatch
        self._recorder = recorder
        self._probing = probing
        self._turns = turns
        self._proved: frozenset[str] = frozenset()
        self._is_cut_short = False
        self._seen_at = machine.clock.now()

    async def run(self, attempts: list[Attempt]) -> bool:
        """Try all of them and hand the results to the recorder; False if the worker was stopped before the end.

        What has no turn while this job lasts, stays with `turns`.
        """
        if any(key.pause_reason == keys.REFUSED_NEW for key in self._dispatch.keys.values()):
            async with self._machine.store.read() as tx:
                self._proved = await witnesses.proved(tx, [attempt.receiver.id for attempt in attempts])
        probes, others = self._probes(attempts)
        if probes:
            await self._all(probes)
            await self._recorder.flush()
            self._probing = frozenset()
        await self._all(others)
        return not self._is_cut_short

    def _probes(self, attempts: list[Attempt]) -> tuple[list[Attempt], list[Attempt]]:
        """Take out the few attempts that try out a key after its pause."""
        taken: dict[str, int] = defaultdict(int)
        probes: list[Attempt] = []
        others: list[Attempt] = []
        for attempt in attempts:
            key_id = attempt.receiver.vapid_key_id
            is_probe = key_id in self._probing and taken[key_id] < keys.PROBES
            taken[key_id] += is_probe
            (probes if is_probe else others).append(attempt)
        return probes, others

    async def _all(self, attempts: Iterable[Attempt]) -> None:
        # By push service too: one of two behind the same host may have a rate that the other must not wait for.
        together: dict[tuple[str, str], list[_Bound]] = defaultdict(list)
        for attempt in attempts:
            bound = await self._bind(attempt)
            if bound is not None:
                together[bound.passage.host, _service(bound)].append(bound)
        if self._turns is not None and not self._turns.is_holding:
            # All are counted, though a few may be skipped yet: there are ten of them at most.
            await self._turns.count(Counter(_service(bound) for bounds in together.values() for bound in bounds))
        async with asyncio.TaskGroup() as tasks:
            for (host, _), bounds in together.items():
                tasks.create_task(self._to_host(self._machine.hosts.lane(host), bounds))

    async def _bind(self, attempt: Attempt) -> _Bound | None:
        """Find the way to a push service, or hand over what is known without asking it."""
        early = self._early(attempt)
        if early is None:
            now = self._machine.clock.now()
            passage = await self._machine.guard.passage(attempt.receiver.endpoint, now=now)
            if isinstance(passage, Passage):
                target = self._target(attempt, passage.origin)
                return _Bound(attempt, passage, target, self._machine.providers[attempt.receiver.channel])
            early = Result(attempt, passage, now)
        self._recorder.add(early)
        return None

    def _early(self, attempt: Attempt) -> Result | None:
        """Return the result of an attempt that is not to be made, judged at this moment."""
        now = self._machine.clock.now()
        receiver = attempt.receiver
        what: Outcome | Deferred | Expired | None = None
        key = self._recorder.keys.get(receiver.vapid_key_id)
        if self._recorder.is_cancelled:
            what = Skipped("cancelled")
        elif now >= self._dispatch.deadline:
            what = Expired(self._dispatch.expiry)
        elif receiver.state != "active":
            what = Skipped(f"subscription_{receiver.state}")
        elif receiver.expires_at is not None and now >= receiver.expires_at:
            what = Skipped("subscription_expired")
        elif not attempt.is_meant:
            what = Skipped("left_audience")
        elif receiver.provider_id not in self._dispatch.enabled or receiver.channel not in self._machine.providers:
            what = Skipped("provider_disabled")
        elif key is not None and key.state is VapidKeyState.RETIRED:
            what = Skipped("key_retired")
        elif key is not None and key.id not in self._probing and self._is_held_up(key, attempt, now):
            what = Deferred(keys.PAUSED, key.paused_until or now)
        elif attempt.zone is not None and (until := self._dispatch.quiet_until(attempt.zone, now)) is not None:
            what = Deferred(QUIET_HOURS, until, is_exact=True)
        return None if what is None else Result(attempt, what, now)

    def _is_held_up(self, key: VapidKey, attempt: Attempt, now: datetime) -> bool:
        is_single = self._dispatch.priority == URGENT and attempt.number == 1
        return keys.holds_up(key, now, is_proved=attempt.receiver.id in self._proved, is_single=is_single)

    def _target(self, attempt: Attempt, origin: str) -> Target:
        receiver = attempt.receiver
        return Target(
            delivery_token=attempt.token(self._dispatch.receipt_key),
            endpoint=receiver.endpoint,
            push_service=receiver.push_service,
            p256dh=receiver.p256dh,
            auth=receiver.auth,
            authorization_key=receiver.vapid_key_id,
            language=receiver.language,
            origin=origin,
        )

    async def _to_host(self, lane: Lane, bounds: list[_Bound]) -> None:
        async with asyncio.TaskGroup() as exchanges:
            start = 0
            while chunk := await self._next_chunk(lane, bounds, start):
                start += len(chunk)
                due = await self._as_they_are(chunk, self._seen_at)
                prepared_at = self._machine.clock.now()
                for bound, prepared in self._prepared(due):
                    if not await self._may_begin(lane, bound, prepared_at):
                        continue
                    request = self._renewed(bound, prepared, prepared_at)
                    exchanges.create_task(self._exchange(lane, bound, request))
                # Answers that came while a chunk was encrypted are taken before the next one.
                await asyncio.sleep(0)

    async def _next_chunk(self, lane: Lane, bounds: list[_Bound], start: int) -> list[_Bound]:
        """Return the next messages whose turn it is; what has none is put off."""
        size = min(CHUNK, len(bounds) - start)
        is_asked = self._turns is not None and size > 0 and not lane.breaker.is_open(self._machine.clock.now())
        if self._turns is not None and is_asked:
            ready = await self._turns.ready(_service(bounds[start]), len(bounds) - start)
            if ready == 0 and self._early(bounds[start].attempt) is None:
                for bound in bounds[start:]:
                    self._turns.put_off(bound.attempt)
                return []
            size = max(1, min(size, ready))
        return bounds[start : start + size]

    async def _as_they_are(self, bounds: list[_Bound], seen_at: datetime) -> list[_Bound]:
        """Look again at receivers that were read long ago: people leave while a slow host keeps a range waiting."""
        if timedelta(0) <= self._machine.clock.now() - seen_at < _STALE:
            return bounds
        ids = [bound.attempt.receiver.id for bound in bounds]
        notification = self._dispatch.notification
        async with self._machine.store.read() as tx:
            found = await audience.by_ids(tx, ids)
            rule = conditions.meant(notification.audience, self._machine.clock.now())
            meant = await audience.still_meant(tx, notification.project_id, notification.audience, ids, meant=rule)
        return [replace(bound, attempt=_as_it_is(bound.attempt, found, meant)) for bound in bounds]

    def _prepared(self, bounds: list[_Bound]) -> Iterator[tuple[_Bound, HttpRequest]]:
        if self._machine.stopping.is_set():
            self._is_cut_short = True
            return
        due = []
        for bound in bounds:
            found = self._early(bound.attempt) or self._personal(bound)
            if isinstance(found, Result):
                self._recorder.add(found)
            else:
                due.append(found)
        for provider in {id(bound.provider): bound.provider for bound in due}.values():
            own = [bound for bound in due if bound.provider is provider]
            for bound, request in zip(own, self._requests(provider, own), strict=True):
                if isinstance(request, HttpRequest):
                    yield bound, request
                else:
                    self._recorder.add(Result(bound.attempt, request, self._machine.clock.now()))

    def _personal(self, bound: _Bound) -> _Bound | Result:
        """Return a message with what its receiver gets to see, or why that cannot be made."""
        texts = self._dispatch.texts
        if texts is None:
            return bound
        receiver = bound.attempt.receiver
        content = texts.content(receiver.profile_id, receiver.language)
        if isinstance(content, Rejected):
            return Result(bound.attempt, content, self._machine.clock.now())
        return replace(bound, target=replace(bound.target, content=content))

    def _requests(
        self, provider: Provider, bounds: list[_Bound], repair: Repair | None = None
    ) -> list[HttpRequest | Outcome]:
        now = self._machine.clock.now()
        prepared = provider.requests(
            self._dispatch.notification,
            [bound.target for bound in bounds],
            credentials=self._dispatch.credentials,
            ttl=self._dispatch.ttl(now),
            now=now,
            repair=repair,
        )
        return [
            replace(
                request,
                connect_to=bound.passage.connect_to,
                ca_file=bound.passage.ca_file,
                allow_plain=bound.passage.allow_plain,
                timeout=self._machine.send_timeout,
            )
            if isinstance(request, HttpRequest)
            else request
            for bound, request in zip(bounds, prepared, strict=True)
        ]

    async def _may_begin(self, lane: Lane, bound: _Bound, seen_at: datetime) -> bool:
        try:
            until = await self._entered(lane, bound)
        except NoTurn:
            return False
        if until is not None:
            self._recorder.add(Result(bound.attempt, Deferred(HOST_CLOSED, until), self._machine.clock.now()))
            return False
        if self._machine.stopping.is_set():
            lane.leave(Sign.NOTHING)
            self._is_cut_short = True
            return False
        # Much may have happened while it waited for its place.
        early = None
        is_begun = False
        try:
            (bound,) = await self._as_they_are([bound], seen_at)
            early = self._early(bound.attempt)
            is_begun = early is None
        finally:
            if not is_begun:
                lane.leave(Sign.NOTHING)
        if early is not None:
            self._recorder.add(early)
        return is_begun

    async def _entered(self, lane: Lane, bound: _Bound) -> datetime | None:
        """Wait for the message's turn and for its place; raise `NoTurn` if it is put off."""
        if self._turns is None or lane.breaker.is_open(self._machine.clock.now()):
            return await lane.enter()
        try:
            return await self._turns.enter(lane, _service(bound))
        except NoTurn:
            self._turns.put_off(bound.attempt)
            raise

    def _renewed(self, bound: _Bound, request: HttpRequest, prepared_at: datetime) -> HttpRequest:
        """Prepare a message again that waited for its place, so that its TTL is what is left of it."""
        waited = self._machine.clock.now() - prepared_at
        if timedelta(0) <= waited < _FRESH:
            return request
        (again,) = self._requests(bound.provider, [bound])
        return again if isinstance(again, HttpRequest) else request

    async def _exchange(self, lane: Lane, bound: _Bound, request: HttpRequest) -> None:
        sign, began = Sign.NOTHING, time.perf_counter()
        try:
            answer = await self._timed(bound, request)
            answer = await self._repaired(bound, answer)
            sign = sign_of(answer)
            if isinstance(answer, HttpResponse):
                lane.note_version(answer.http_version)
        finally:
            lane.leave(sign)
        now = self._machine.clock.now()
        outcome = bound.provider.outcome(bound.target, answer, now=now)
        in_storm = isinstance(outcome, Gone) and lane.note_gone()
        if isinstance(outcome, Accepted):
            lane.note_accepted()
        status = answer.status if isinstance(answer, HttpResponse) else None
        took = timedelta(seconds=time.perf_counter() - began)
        self._recorder.add(Result(bound.attempt, outcome, now, status, in_storm, took))

    async def _timed(self, bound: _Bound, request: HttpRequest) -> HttpResponse | TransportFault:
        began = time.perf_counter()
        answer = await self._machine.sender.send(request)
        meters, service = self._machine.meters, str(bound.target.push_service)
        meters.observe(Metric.ATTEMPT_SECONDS, time.perf_counter() - began, push_service=service)
        told = str(answer.status) if isinstance(answer, HttpResponse) else str(answer.kind)
        meters.add(Metric.ATTEMPTS, push_service=service, answer=told)
        return answer

    async def _repaired(self, bound: _Bound, answer: HttpResponse | TransportFault) -> HttpResponse | TransportFault:
        """Send a repaired message once, if that may help; return the last answer."""
        repair = bound.provider.repair(
            self._dispatch.notification,
            bound.target,
            answer,
            credentials=self._dispatch.credentials,
            now=self._machine.clock.now(),
        )
        if repair is None or self._machine.stopping.is_set():
            return answer
        if self._turns is not None:
            await self._turns.again(_service(bound))
        (request,) = self._requests(bound.provider, [bound], repair)
        return await self._timed(bound, request) if isinstance(request, HttpRequest) else answer


def _service(bound: _Bound) -> str:
    return str(bound.target.push_service)


def _as_it_is(attempt: Attempt, found: Mapping[str, Receiver], meant: set[str]) -> Attempt:
    """Return an attempt with what has become of its receiver; where it is sent to stays."""
    receiver = attempt.receiver
    state = found[receiver.id].state if receiver.id in found else Receiver.swept(receiver.id).state
    return replace(attempt, receiver=replace(receiver, state=state), is_meant=receiver.id in meant)
