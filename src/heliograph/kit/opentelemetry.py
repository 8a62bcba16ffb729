"""The tracer that speaks OpenTelemetry: OTLP over HTTP, in a thread of its own. Loaded only where traces are wanted.

Needs the packages of the extra `otel`. Whatever OpenTelemetry's SDK reads from its `OTEL_*` variables holds here.
"""

import asyncio
import logging
import re
import threading
import time
from collections.abc import Mapping
from typing import ClassVar

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from heliograph.kit.log import get_logger
from heliograph.kit.tracing import TRACEPARENT, Span, SpanKind, Value

LAST_SECONDS = 3.0
"""How long a stop waits for the collector to take what is left."""
_QUIET_SECONDS = 60.0
_ADDRESS = re.compile(r"https?://\S+|(?<=url: )\S+")
_MOST_SAID = 400
_NAMELESS = "unknown_service"
_KINDS = {
    SpanKind.INTERNAL: trace.SpanKind.INTERNAL,
    SpanKind.SERVER: trace.SpanKind.SERVER,
    SpanKind.CLIENT: trace.SpanKind.CLIENT,
    SpanKind.CONSUMER: trace.SpanKind.CONSUMER,
}
_propagator = TraceContextTextMapPropagator()
_log = get_logger("tracing")


class OpenTelemetrySpan:
    """One span of a trace."""

    def __init__(self, span: trace.Span, tracer: trace.Tracer) -> None:
        self._span = span
        self._tracer = tracer

    @property
    def trace_id(self) -> str:
        """Which trace it belongs to."""
        return trace.format_trace_id(self._span.get_span_context().trace_id)

    @property
    def traceparent(self) -> str:
        """What a process that goes on with the trace has to be told."""
        carrier: dict[str, str] = {}
        _propagator.inject(carrier, trace.set_span_in_context(self._span, Context()))
        return carrier[TRACEPARENT]

    def child(self, name: str, kind: SpanKind, *, began_ns: int | None = None) -> Span:
        """Begin a part of it."""
        context = trace.set_span_in_context(self._span, Context())
        made = self._tracer.start_span(name, context, _KINDS[kind], start_time=began_ns)
        return OpenTelemetrySpan(made, self._tracer)

    def rename(self, name: str) -> None:
        """Give it the name that was not known when it began."""
        self._span.update_name(name)

    def set(self, attributes: Mapping[str, Value]) -> None:
        """Say more about it."""
        for name, value in attributes.items():
            self._span.set_attribute(name, value)

    def fail(self, kind: str) -> None:
        """Say that it failed. How is told in one word: messages of errors hold what was sent."""
        self._span.set_status(trace.StatusCode.ERROR)
        self._span.set_attribute("error.type", kind)

    def end(self, *, at_ns: int | None = None) -> None:
        """End it."""
        self._span.end(at_ns)


class OpenTelemetryTracer:
    """Begins spans as OpenTelemetry's SDK is set up in the environment.

    Args:
        version: of this program.
    """

    def __init__(self, version: str) -> None:
        _Said.listen()
        resource = Resource.create({SERVICE_VERSION: version})
        if str(resource.attributes.get(SERVICE_NAME, "")).startswith(_NAMELESS):
            resource = resource.merge(Resource({SERVICE_NAME: "heliograph"}))
        # Its own end at exit would wait for a collector that is away.
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("heliograph", version)

    def begin(
        self, name: str, kind: SpanKind, *, traceparent: str | None = None, is_trusted: bool = True
    ) -> Span | None:
        """Begin a piece of work."""
        parent = Context() if traceparent is None else _propagator.extract({TRACEPARENT: traceparent}, Context())
        links = []
        if not is_trusted:
            found = trace.get_current_span(parent).get_span_context()
            links = [trace.Link(found)] if found.is_valid else []
            parent = Context()
        return OpenTelemetrySpan(self._tracer.start_span(name, parent, _KINDS[kind], links=links), self._tracer)

    async def close(self) -> None:
        """Hand over what was not handed over yet; a collector that does not answer is left behind."""
        loop = asyncio.get_running_loop()
        done = asyncio.Event()

        def shut_down() -> None:
            self._provider.shutdown()
            try:
                loop.call_soon_threadsafe(done.set)
            except RuntimeError:  # nobody waited so long
                return

        # No thread of a pool: the interpreter would wait for that one at its end.
        threading.Thread(target=shut_down, name="traces-last", daemon=True).start()
        try:
            await asyncio.wait_for(done.wait(), LAST_SECONDS)
        except TimeoutError:
            _log.warning("traces_lost", why="The collector did not take the last ones in time.")


class _Said(logging.Handler):
    """What OpenTelemetry's SDK complains of becomes a line of our log, once a minute: a collector may be away long."""

    _is_listening: ClassVar[bool] = False

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._said_at = float("-inf")

    @classmethod
    def listen(cls) -> None:
        """Hear it from now on."""
        if not cls._is_listening:
            cls._is_listening = True
            logger = logging.getLogger("opentelemetry")
            logger.addHandler(cls())
            logger.propagate = False

    def emit(self, record: logging.LogRecord) -> None:
        """Write it down, unless something was said a moment ago."""
        now = time.monotonic()
        if now - self._said_at >= _QUIET_SECONDS:
            self._said_at = now
            # Some services have their key in the address.
            _log.warning("traces_not_handed_over", said=_ADDRESS.sub("…", record.getMessage())[:_MOST_SAID])
