"""The endpoint: what happens with a request to a push resource (RFC 8030 section 5), faults first, then the checks."""

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass

from heliograph.devpush import checks, faults, vendors
from heliograph.devpush.addresses import token_of
from heliograph.devpush.checks import Push, Refused, Rule, TokenCache
from heliograph.devpush.events import Events, Happening
from heliograph.devpush.faults import Fault, FaultKind, Faults
from heliograph.devpush.ledger import Ledger
from heliograph.devpush.model import Record, Registration, Service
from heliograph.devpush.relay import Relay
from heliograph.devpush.wire import Answer, Ending, Request
from heliograph.kit.clock import Clock
from heliograph.kit.log import get_logger, short_hash

_log = get_logger("devpush")


@dataclass(frozen=True, slots=True)
class _Decision:
    """What a request gets. With `push` the message is taken, whether or not the answer arrives."""

    answer: Answer
    reason: str | None = None
    push: Push | None = None
    registration: Registration | None = None


class PushResource:
    """Serves every endpoint of every vendor."""

    def __init__(
        self,
        *,
        relay: Relay,
        injected: Faults,
        ledger: Ledger,
        events: Events,
        clock: Clock,
        logs_requests: bool = False,
        entropy: Callable[[int], bytes] = os.urandom,
    ) -> None:
        self._relay = relay
        self._faults = injected
        self._ledger = ledger
        self._events = events
        self._clock = clock
        self._logs_requests = logs_requests
        self._entropy = entropy
        self._tokens = TokenCache()

    async def handle(self, request: Request, service: Service) -> Answer:
        """Answer one request to an endpoint of `service`, and note what was answered."""
        token = token_of(request.target) or ""
        message_id = self._entropy(16).hex()
        fault = self._faults.for_request(token, service, len(request.body)) if request.method == "POST" else None
        if fault is not None:
            self._ledger.counts.faults += 1
            self._events.publish(Happening.FAULT, token=token, kind=fault.kind.value)
            if fault.delay:
                await asyncio.sleep(fault.delay.total_seconds())
        decision = self._decide(request, service, token, message_id, fault)
        # Noted before it is delivered, so that what the ledger hears of the delivery finds its record.
        self._note(request=request, service=service, token=token, message_id=message_id, decision=decision, fault=fault)
        if decision.push is not None and decision.registration is not None:
            self._accept(decision.registration, message_id, decision.push)
        if fault is not None and fault.kind is FaultKind.LOST_ANSWER:
            return Answer(0, ending=Ending.RESET)
        return decision.answer

    def _decide(
        self, request: Request, service: Service, token: str, message_id: str, fault: Fault | None
    ) -> _Decision:
        if fault is None or fault.kind in {FaultKind.SLOW, FaultKind.LOST_ANSWER}:
            return self._judge(request, service, token, message_id)
        answer = faults.without_vendor(fault)
        if answer is None:
            extra = faults.retry_header(fault, self._clock.now())
            answer = vendors.injected(service, fault.status, message_id, extra)
        return _Decision(answer, f"fault_{fault.kind.value}")

    def _judge(self, request: Request, service: Service, token: str, message_id: str) -> _Decision:
        try:
            registration = self._live(request, token)
            push = checks.check(request, registration, service, self._tokens, self._clock.now())
        except Refused as refused:
            answer = vendors.refused(service, refused.rule, refused.detail, message_id)
            return _Decision(answer, refused.rule.value)
        answer = vendors.accepted(service, message_id, f"{request.origin}/m/{message_id}", push.ttl_seconds)
        return _Decision(answer, None, push, registration)

    def _live(self, request: Request, token: str) -> Registration:
        registration = self._relay.registration(token)
        if registration is None:
            raise Refused(Rule.UNKNOWN, "No such subscription.")
        if registration.gone_at is not None:
            raise Refused(Rule.GONE, "The subscription has ended.")
        if request.method != "POST":
            raise Refused(Rule.METHOD, "A push resource takes POST.")
        return registration

    def _accept(self, registration: Registration, message_id: str, push: Push) -> None:
        self._relay.accept(
            registration,
            message_id,
            body=push.body,
            ttl_seconds=push.ttl_seconds,
            urgency=push.urgency,
            topic=push.topic,
            now=self._clock.now(),
        )

    def _note(
        self,
        *,
        request: Request,
        service: Service,
        token: str,
        message_id: str,
        decision: _Decision,
        fault: Fault | None,
    ) -> None:
        record = Record(
            id=message_id,
            token=token,
            service=service,
            received_at=self._clock.now(),
            status=decision.answer.status,
            reason=decision.reason,
            ttl=request.value("ttl"),
            urgency=request.value("urgency"),
            topic=request.value("topic"),
            byte_count=len(request.body),
            http_version=request.http_version,
            fault=fault.kind.value if fault else None,
        )
        self._ledger.received(record)
        if self._logs_requests:
            _log.info(
                "push", service=service.value, token_hash=short_hash(token), status=record.status, reason=record.reason
            )
