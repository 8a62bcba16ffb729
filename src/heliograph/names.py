"""Names that processes, logs and metrics agree on, once."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class JobName(StrEnum):
    """What a row of the queue asks a worker to do; `worker/jobs.py` maps each to its handler."""

    PLAN = "delivery.plan"
    FANOUT = "delivery.fanout"
    SEND = "delivery.send"
    RETRY = "delivery.retry"
    FINISH = "delivery.finish"
    SWEEP = "maintenance.sweep"
    END_SUBSCRIPTIONS = "maintenance.end_subscriptions"
    RETAIN = "maintenance.retain"


CLOCK_LEASE = "clock"
"""The lease of the one worker that keeps the clock; it runs on as long as any worker lives."""


class Act(StrEnum):
    """What the log of administrative acts tells apart."""

    PROJECT_MADE = "project_made"
    PROJECT_CHANGED = "project_changed"
    PROJECT_REMOVED = "project_removed"
    IDENTITY_SECRET_RENEWED = "identity_secret_renewed"  # noqa: S105 - no secret
    KEY_MADE = "key_made"
    KEY_ROTATED = "key_rotated"
    KEY_REVOKED = "key_revoked"
    VAPID_KEY_MADE = "vapid_key_made"
    VAPID_KEY_PAUSED = "vapid_key_paused"
    VAPID_KEY_RESUMED = "vapid_key_resumed"
    VAPID_KEY_RETIRED = "vapid_key_retired"
    PROVIDER_MADE = "provider_made"
    PROVIDER_CHANGED = "provider_changed"
    PROVIDER_REMOVED = "provider_removed"
    GROUP_REMOVED = "group_removed"
    SUBSCRIPTION_ENDED = "subscription_ended"
    NOTIFICATION_CANCELLED = "notification_cancelled"
    PROFILE_EXPORTED = "profile_exported"
    PROFILE_REMOVED = "profile_removed"
    PROFILE_ERASED = "profile_erased"


class Scope(StrEnum):
    """What a secret API key may do. `manage` includes the two others, `send` does not include `read`."""

    READ = "read"
    SEND = "send"
    MANAGE = "manage"


class Channel(StrEnum):
    """What a subscription is on."""

    WEB = "web"


class MetricKind(StrEnum):
    """How Prometheus reads a metric."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class MetricInfo:
    """What is known of one metric. `buckets` are upper bounds, of a histogram alone."""

    kind: MetricKind
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


class Metric(StrEnum):
    """What is measured. Of each process: what it did itself. Of the installation: what every process says the same."""

    DELIVERIES = "heliograph_deliveries_total"
    ATTEMPTS = "heliograph_attempts_total"
    ATTEMPT_SECONDS = "heliograph_attempt_seconds"
    RECEIPTS = "heliograph_receipts_total"
    JOBS_DONE = "heliograph_jobs_finished_total"
    HTTP_REQUESTS = "heliograph_http_requests_total"
    HTTP_SECONDS = "heliograph_http_request_seconds"
    RATE_LIMITED = "heliograph_rate_limited_total"
    HOST_BREAKERS_OPEN = "heliograph_host_breakers_open"
    JOBS = "heliograph_jobs"
    OLDEST_JOB_SECONDS = "heliograph_oldest_job_seconds"
    KEY_BREAKERS_OPEN = "heliograph_vapid_keys_paused"
    WORKER_ALIVE = "heliograph_worker_alive"


_QUICK = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

METRICS: Mapping[str, MetricInfo] = {
    Metric.DELIVERIES: MetricInfo(
        MetricKind.COUNTER,
        "Deliveries that this process brought into a state.",
        ("state", "reason", "push_service"),
    ),
    Metric.ATTEMPTS: MetricInfo(
        MetricKind.COUNTER,
        "Exchanges of this process with push services, by HTTP status or by the fault of the connection.",
        ("push_service", "answer"),
    ),
    Metric.ATTEMPT_SECONDS: MetricInfo(
        MetricKind.HISTOGRAM,
        "Seconds that exchanges of this process with push services took.",
        ("push_service",),
        _QUICK,
    ),
    Metric.RECEIPTS: MetricInfo(
        MetricKind.COUNTER, "Receipts of service workers that this process took, repeated ones included.", ("event",)
    ),
    Metric.JOBS_DONE: MetricInfo(
        MetricKind.COUNTER, "Jobs that this process ran, by what came of them.", ("name", "result")
    ),
    Metric.HTTP_REQUESTS: MetricInfo(
        MetricKind.COUNTER, "Requests that this process answered.", ("method", "route", "status")
    ),
    Metric.HTTP_SECONDS: MetricInfo(
        MetricKind.HISTOGRAM, "Seconds until this process began to answer a request.", ("route",), _QUICK
    ),
    Metric.RATE_LIMITED: MetricInfo(
        MetricKind.COUNTER, "Requests of pages that this process refused because they came too fast.", ("limit",)
    ),
    Metric.HOST_BREAKERS_OPEN: MetricInfo(
        MetricKind.GAUGE, "Push services' hosts that this process leaves alone because they fail."
    ),
    Metric.JOBS: MetricInfo(
        MetricKind.GAUGE,
        "Jobs of the installation: due, running, or dead (set aside). Counted up to 5000 of each.",
        ("state",),
    ),
    Metric.OLDEST_JOB_SECONDS: MetricInfo(
        MetricKind.GAUGE, "Seconds since the job of the installation that waits longest became due; 0 if none does."
    ),
    Metric.KEY_BREAKERS_OPEN: MetricInfo(
        MetricKind.GAUGE, "VAPID keys of the installation that are paused, by their breaker or by an operator."
    ),
    Metric.WORKER_ALIVE: MetricInfo(
        MetricKind.GAUGE, "Whether a worker of the installation showed itself in the last minute: 1 or 0."
    ),
}
"""Every metric, once. `docs/reference/metrics.md` is made from this."""
