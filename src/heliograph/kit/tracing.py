"""Traces: what a request or a job did, step by step, across processes. Costs nothing unless a tracer is wired.

Knows no library: `kit.opentelemetry` is the one tracer, and is loaded when an installation asks for it. An edge begins
a span for what it was given to do; inner code adds steps to the span of its task without knowing any tracer, as with
`kit.acting`. Jobs carry the trace of their cause in their row (`carried`). W3C Trace Context: `traceparent`.

Attributes hold names, numbers and identifiers of notifications. Never an endpoint, a token, a key or a person.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import urlsplit

import structlog

from heliograph.kit.http import HttpRequest, HttpResponse, HttpSender, TransportFault

TRACEPARENT = "traceparent"
MOST_STEPS = 100
"""Steps of one request or job that get spans of their own: an import of a million rows must not fill the collector."""
MOST_EXCHANGES = 3
"""Exchanges of one job that get spans of their own; the others are told together, in one span for each host."""

Value = str | int | float | bool | list[str]


class SpanKind(StrEnum):
    """On which side of an exchange a span stands."""

    INTERNAL = "internal"
    SERVER = "server"
    CLIENT = "client"
    CONSUMER = "consumer"


class Span(Protocol):
    """One timed piece of work. `trace_id` is 32 hexadecimal digits; `traceparent` leads others here."""

    @property
    def trace_id(self) -> str:
        """Which trace it belongs to."""
        ...

    @property
    def traceparent(self) -> str:
        """What a process that goes on with the trace has to be told."""
        ...

    def child(self, name: str, kind: SpanKind, *, began_ns: int | None = None) -> "Span":
        """Begin a part of it, now or at an instant (nanoseconds since 1970)."""
        ...

    def rename(self, name: str) -> None:
        """Give it the name that was not known when it began."""
        ...

    def set(self, attributes: Mapping[str, Value]) -> None:
        """Say more about it."""
        ...

    def fail(self, kind: str) -> None:
        """Say that it failed, and how, in one word."""
        ...

    def end(self, *, at_ns: int | None = None) -> None:
        """End it, now or at an instant (nanoseconds since 1970)."""
        ...


class Tracer(Protocol):
    """Begins spans and brings them to their collector, in the background."""

    def begin(
        self, name: str, kind: SpanKind, *, traceparent: str | None = None, is_trusted: bool = True
    ) -> Span | None:
        """Begin a piece of work; None if nothing is traced.

        With a `traceparent` it belongs to that trace; one that is not trusted is only linked to.
        """
        ...

    async def close(self) -> None:
        """Hand over what was not handed over yet, for a few seconds at most."""
        ...


class NoTracer:
    """Traces nothing."""

    def begin(
        self,
        name: str,  # noqa: ARG002 - the interface's
        kind: SpanKind,  # noqa: ARG002
        *,
        traceparent: str | None = None,  # noqa: ARG002
        is_trusted: bool = True,  # noqa: ARG002
    ) -> Span | None:
        """Begin nothing."""
        return None

    async def close(self) -> None:
        """Hand over nothing."""


@dataclass(slots=True)
class _Exchanges:
    """What is known of the exchanges of one job with one host, beside those with spans of their own."""

    began_ns: int
    ended_ns: int = 0
    answers: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0


@dataclass(slots=True)
class _Work:
    """What one request or job has gathered so far; its steps share it."""

    root: Span
    steps: int = 0
    exchanges: int = 0
    hosts: dict[str, _Exchanges] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)


_current: ContextVar[tuple[Span, _Work] | None] = ContextVar("span", default=None)


@contextmanager
def under(span: Span | None) -> Iterator[None]:
    """Do what was begun with a tracer: log lines have its `trace_id`, steps become its parts, and it ends with this."""
    if span is None:
        yield
        return
    work = _Work(span)
    token = _current.set((span, work))
    try:
        with structlog.contextvars.bound_contextvars(trace_id=span.trace_id):
            yield
    except BaseException as error:
        span.fail(type(error).__name__)
        raise
    finally:
        _current.reset(token)
        _tell(work)
        span.end()


@contextmanager
def step(name: str) -> Iterator[None]:
    """Do a part of what this task does."""
    found = _current.get()
    if found is None or found[1].steps >= MOST_STEPS:
        yield
        return
    parent, work = found
    work.steps += 1
    span = parent.child(name, SpanKind.INTERNAL)
    token = _current.set((span, work))
    try:
        yield
    except BaseException as error:
        span.fail(type(error).__name__)
        raise
    finally:
        _current.reset(token)
        span.end()


def count(name: str, amount: int = 1) -> None:
    """Count something that this request or job did; the sum becomes an attribute of its span."""
    found = _current.get()
    if found is not None:
        found[1].counts[name] += amount


def carried(args: dict[str, Any]) -> dict[str, Any]:
    """Return a job's arguments with the trace that it belongs to; as they are, if there is none."""
    found = _current.get()
    return args if found is None else args | {TRACEPARENT: found[0].traceparent}


class TracedSender:
    """An `HttpSender` that tells of its exchanges: host, status or fault, and how long they took. Nothing else."""

    def __init__(self, sender: HttpSender, *, now_ns: Callable[[], int] = time.time_ns) -> None:
        self._sender = sender
        self._now_ns = now_ns

    async def send(self, request: HttpRequest) -> HttpResponse | TransportFault:
        """Do one exchange."""
        found = _current.get()
        if found is None:
            return await self._sender.send(request)
        parent, work = found
        work.exchanges += 1
        is_shown = work.exchanges <= MOST_EXCHANGES
        began_ns = self._now_ns()
        answer = await self._sender.send(request)
        ended_ns = self._now_ns()
        host = urlsplit(request.url).hostname or ""
        if is_shown:
            span = parent.child(f"{request.method} {host}", SpanKind.CLIENT, began_ns=began_ns)
            span.set({"http.request.method": request.method, "server.address": host})
            _answered(span, answer)
            span.end(at_ns=ended_ns)
        else:
            _add(work.hosts.setdefault(host, _Exchanges(began_ns)), answer, began_ns, ended_ns)
        return answer

    async def close(self) -> None:
        """Finish what is in the air and release the connections."""
        await self._sender.close()


def _answered(span: Span, answer: HttpResponse | TransportFault) -> None:
    if isinstance(answer, HttpResponse):
        span.set({"http.response.status_code": answer.status})
    else:
        span.fail(str(answer.kind))


def _add(told: _Exchanges, answer: HttpResponse | TransportFault, began_ns: int, ended_ns: int) -> None:
    told.answers[str(answer.status) if isinstance(answer, HttpResponse) else str(answer.kind)] += 1
    told.ended_ns = max(told.ended_ns, ended_ns)
    told.slowest = max(told.slowest, (ended_ns - began_ns) / 1e9)


def _tell(work: _Work) -> None:
    """Write down what was gathered."""
    for host, told in work.hosts.items():
        span = work.root.child(f"exchanges with {host}", SpanKind.CLIENT, began_ns=told.began_ns)
        span.set(
            {
                "server.address": host,
                "heliograph.exchanges": told.answers.total(),
                "heliograph.answers": [f"{answer}: {number}" for answer, number in sorted(told.answers.items())],
                "heliograph.slowest_seconds": told.slowest,
            }
        )
        span.end(at_ns=told.ended_ns)
    work.root.set({f"heliograph.{name}": number for name, number in work.counts.items()})
    if work.exchanges:
        work.root.set({"heliograph.exchanges": work.exchanges})
