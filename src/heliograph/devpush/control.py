"""The control API under `/devpush/`: look at what happened, make things go wrong, take connections away."""

import ipaddress
import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Any, TypeVar

from heliograph.devpush.addresses import token_of
from heliograph.devpush.commands import BrowserCommands
from heliograph.devpush.events import Events
from heliograph.devpush.faults import METADATA_ADDRESS, ActiveFault, Fault, FaultKind, Faults
from heliograph.devpush.ledger import Ledger
from heliograph.devpush.model import Record, Service
from heliograph.devpush.relay import Relay
from heliograph.devpush.wire import Answer, Request, json_answer

PREFIX = "/devpush/"
_DEFAULT_LIMIT = 100
_MAX_LIMIT = 10_000
_LARGEST_NUMBER = 10**9
_FAULT_MEMBERS = {
    "kind",
    "token",
    "endpoint",
    "service",
    "status",
    "retry_after_seconds",
    "retry_as_date",
    "delay_seconds",
    "location",
    "times",
    "probability",
    "larger_than",
}

E = TypeVar("E", bound=StrEnum)


class Control:
    """Answers requests of tests, of people and of the command line."""

    def __init__(
        self,
        *,
        relay: Relay,
        faults: Faults,
        ledger: Ledger,
        events: Events,
        page: Callable[[], str],
        commands: Callable[[str], BrowserCommands],
        host: Callable[[], str],
    ) -> None:
        self._relay = relay
        self._faults = faults
        self._ledger = ledger
        self._events = events
        self._page = page
        self._host = host
        self._commands = commands

    def handle(self, request: Request) -> Answer:
        """Answer one request under `/devpush/`. A page of another origin may not use this API."""
        origin = request.value("origin")
        if (origin is not None and origin != request.origin) or not self._is_own(request.host):
            return _problem(403, "The control API is not for pages of other origins.")
        try:
            return self._route(request)
        except ValueError as error:
            return _problem(400, str(error))

    def _is_own(self, host: str) -> bool:
        """Tell whether a host is ours: any other name was made to point here by somebody else (DNS rebinding)."""
        try:
            ipaddress.ip_address(host)
        except ValueError:
            return host in {"localhost", "", self._host().lower()}
        return True

    def _route(self, request: Request) -> Answer:  # noqa: PLR0911 - one line per resource
        match request.method, request.path.removeprefix(PREFIX).rstrip("/").split("/"):
            case "GET", [""]:
                return Answer(200, (("content-type", "text/html; charset=utf-8"),), self._page().encode())
            case "GET", ["browsers"]:
                return json_answer(200, asdict(self._commands(request.query.get("page", ""))))
            case "GET", ["status"]:
                return json_answer(200, self.status())
            case "GET", ["events"]:
                headers = (("content-type", "text/event-stream"), ("cache-control", "no-store"))
                return Answer(200, headers, stream=self._events.as_sse())
            case "GET", ["messages"]:
                return json_answer(200, {"messages": self._messages(request)})
            case "GET", ["subscriptions"]:
                return json_answer(200, {"subscriptions": self._subscriptions()})
            case method, ["faults", *rest]:
                return self._fault_resource(request, method, rest)
            case "POST", ["forget"]:
                return json_answer(200, {"forgotten": self._relay.forget(self._selected(request))})
            case "POST", ["disconnect"]:
                return json_answer(200, {"disconnected": self._relay.disconnect(self._selected(request))})
            case _:
                return _problem(404, "There is no such resource; see GET /devpush/.")

    def status(self) -> dict[str, Any]:
        """Return counts of what is there and what has happened."""
        live = [r for r in self._relay.registrations() if r.gone_at is None]
        return {
            "subscriptions": len(live),
            "connected_user_agents": len(self._relay.connected()),
            "pending_messages": self._relay.pending_count(),
            "faults_in_force": sum(not active.is_spent for active in self._faults.listed()),
            **asdict(self._ledger.counts),
        }

    def _messages(self, request: Request) -> list[dict[str, Any]]:
        wanted = request.query.get("endpoint") or request.query.get("token")
        if wanted is None:
            limit = _limit(request.query.get("limit", str(_DEFAULT_LIMIT)))
            return [record_json(r) for r in self._ledger.recent(limit)]
        return [record_json(r) for r in self._ledger.of_token(_token(wanted))]

    def _subscriptions(self) -> list[dict[str, Any]]:
        return [
            {
                "token": r.token,
                "endpoint": r.endpoint,
                "service": r.service.value,
                "user_agent": r.user_agent,
                "connected": self._relay.is_online(r.user_agent),
                "state": "gone" if r.gone_at else "active",
            }
            for r in self._relay.registrations()
        ]

    def _fault_resource(self, request: Request, method: str, rest: list[str]) -> Answer:
        match method, rest:
            case "GET", []:
                return json_answer(200, {"faults": [fault_json(active) for active in self._faults.listed()]})
            case "POST", []:
                return json_answer(201, {"id": self._faults.add(fault_from_json(_object(request)))})
            case "DELETE", []:
                return json_answer(200, {"removed": self._faults.clear()})
            case "DELETE", [id_]:
                return Answer(204) if self._faults.remove(id_) else _problem(404, "There is no such fault.")
            case _:
                return _problem(405, "Faults take GET, POST and DELETE.")

    def _selected(self, request: Request) -> list[str] | None:
        """Return the user agents that a body names, directly or by an endpoint of theirs; None means all."""
        chosen = _object(request) if request.body else {}
        if agent := chosen.get("user_agent"):
            return [str(agent)]
        if address := chosen.get("endpoint") or chosen.get("token"):
            registration = self._relay.registration(_token(str(address)))
            return [registration.user_agent] if registration else []
        return None


def _object(request: Request) -> dict[str, Any]:
    try:
        value = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise ValueError("The body is not JSON.") from error
    if not isinstance(value, dict):
        raise ValueError("The body is not a JSON object.")  # noqa: TRY004 - every bad input is a ValueError here
    return value


def _token(address: str) -> str:
    token = token_of(address)
    if token is None:
        raise ValueError("An endpoint or a token that starts with devpush- is needed.")
    return token


def _limit(text: str) -> int:
    if not text.isdecimal():
        raise ValueError("limit must be a whole number.")
    return min(max(int(text), 1), _MAX_LIMIT)


def fault_from_json(value: dict[str, Any]) -> Fault:
    """Read a fault; times are in seconds (`retry_after_seconds`, `delay_seconds`). Raises `ValueError`."""
    if unknown := set(value) - _FAULT_MEMBERS:
        raise ValueError(f"Unknown: {', '.join(sorted(unknown))}.")
    address, retry = value.get("endpoint") or value.get("token"), _number(value, "retry_after_seconds")
    times, larger_than, service = _number(value, "times"), _number(value, "larger_than"), value.get("service")
    return Fault(
        kind=_member(FaultKind, str(value.get("kind", "status"))),
        token=_token(str(address)) if address else None,
        service=_member(Service, str(service)) if service else None,
        status=int(_number(value, "status") or HTTPStatus.SERVICE_UNAVAILABLE),
        retry_after=timedelta(seconds=retry) if retry is not None else None,
        retry_as_date=bool(value.get("retry_as_date", False)),
        delay=timedelta(seconds=_number(value, "delay_seconds") or 0),
        location=str(value.get("location") or METADATA_ADDRESS),
        times=int(times) if times is not None else None,
        probability=1.0 if (share := _number(value, "probability")) is None else share,
        larger_than=int(larger_than) if larger_than is not None else None,
    )


def _number(value: dict[str, Any], name: str) -> float | None:
    number = value.get(name)
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number <= _LARGEST_NUMBER:
        raise ValueError(f"{name} must be a number from 0 up.")
    return number


def _member(kind: type[E], name: str) -> E:
    try:
        return kind(name)
    except ValueError:
        raise ValueError(f"{name} is none of {', '.join(kind)}.") from None


def fault_json(active: ActiveFault) -> dict[str, Any]:
    """Return a fault in force as JSON."""
    fault = active.fault
    return {
        "id": active.id,
        "kind": fault.kind.value,
        "token": fault.token,
        "service": fault.service.value if fault.service else None,
        "status": fault.status if fault.kind is FaultKind.STATUS else None,
        "retry_after_seconds": fault.retry_after.total_seconds() if fault.retry_after is not None else None,
        "delay_seconds": fault.delay.total_seconds(),
        "times": fault.times,
        "probability": fault.probability,
        "struck": active.struck,
        "spent": active.is_spent,
    }


def record_json(record: Record) -> dict[str, Any]:
    """Return a record as JSON."""
    return {
        "id": record.id,
        "token": record.token,
        "service": record.service.value,
        "received_at": _instant(record.received_at),
        "status": record.status,
        "reason": record.reason,
        "ttl": record.ttl,
        "urgency": record.urgency,
        "topic": record.topic,
        "byte_count": record.byte_count,
        "http_version": record.http_version,
        "fault": record.fault,
        "sent_count": record.sent_count,
        "acked_code": record.acked_code.value if record.acked_code else None,
        "acked_at": _instant(record.acked_at) if record.acked_at else None,
        "dropped": record.dropped,
    }


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _problem(status: int, detail: str) -> Answer:
    answer = json_answer(status, {"status": status, "detail": detail})
    return Answer(status, (("content-type", "application/problem+json"),), answer.body)
