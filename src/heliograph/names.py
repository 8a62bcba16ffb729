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
    GIVE_UP = "delivery.give_up"
    SWEEP = "maintenance.sweep"
    END_SUBSCRIPTIONS = "maintenance.end_subscriptions"
    RETAIN = "maintenance.retain"
    FORGET = "maintenance.forget"
    CAMPAIGN = "campaign.look"
    DISPATCH = "campaign.dispatch"
    WINNER = "campaign.winner"
    WEBHOOK = "webhook.send"
    WEBHOOK_WAKE = "webhook.wake"
    ENTER = "campaign.enter"
    ENTER_ITEM = "campaign.enter_item"
    LOOK_AROUND = "campaign.look_around"


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
    ACCOUNT_MADE = "account_made"
    ACCOUNT_PASSWORD_CHANGED = "account_password_changed"  # noqa: S105 - no secret
    ACCOUNT_REVOKED = "account_revoked"
    GLUE_SETTINGS_CHANGED = "glue_settings_changed"
    WINDOW_CHANGED = "window_changed"
    CLAIM_SECRET_RENEWED = "claim_secret_renewed"  # noqa: S105 - no secret
    GROUP_REMOVED = "group_removed"
    SEGMENT_MADE = "segment_made"
    SEGMENT_CHANGED = "segment_changed"
    SEGMENT_REMOVED = "segment_removed"
    SUBSCRIPTION_ENDED = "subscription_ended"
    NOTIFICATION_CANCELLED = "notification_cancelled"
    NOTIFICATION_RATE_CHANGED = "notification_rate_changed"
    CAMPAIGN_MADE = "campaign_made"
    CAMPAIGN_CHANGED = "campaign_changed"
    CAMPAIGN_STARTED = "campaign_started"
    CAMPAIGN_PAUSED = "campaign_paused"
    CAMPAIGN_RESUMED = "campaign_resumed"
    CAMPAIGN_FINISHED = "campaign_finished"
    CAMPAIGN_REMOVED = "campaign_removed"
    PROFILE_EXPORTED = "profile_exported"
    PROFILE_REMOVED = "profile_removed"
    PROFILE_ERASED = "profile_erased"
    IMPORT_STARTED = "import_started"
    IMPORT_FINISHED = "import_finished"
    SUBSCRIPTIONS_EXPORTED = "subscriptions_exported"
    CHECK_SECRET_RENEWED = "check_secret_renewed"  # noqa: S105 - no secret
    WEBHOOK_MADE = "webhook_made"
    WEBHOOK_CHANGED = "webhook_changed"
    WEBHOOK_SECRET_RENEWED = "webhook_secret_renewed"  # noqa: S105 - no secret
    WEBHOOK_REPLAYED = "webhook_replayed"
    WEBHOOK_DISABLED = "webhook_disabled"
    WEBHOOK_REMOVED = "webhook_removed"


class Scope(StrEnum):
    """What a secret API key may do. `manage` includes the two others, `send` does not include `read`."""

    READ = "read"
    SEND = "send"
    MANAGE = "manage"


class EventType(StrEnum):
    """What webhooks are told of. `EVENTS` says when."""

    DELIVERY_ACCEPTED = "delivery.accepted"
    DELIVERY_DEFERRED = "delivery.deferred"
    DELIVERY_REJECTED = "delivery.rejected"
    DELIVERY_GONE = "delivery.gone"
    DELIVERY_EXPIRED = "delivery.expired"
    DELIVERY_FAILED = "delivery.failed"
    DELIVERY_SKIPPED = "delivery.skipped"
    DELIVERY_DISPLAYED = "delivery.displayed"
    DELIVERY_CLICKED = "delivery.clicked"
    DELIVERY_DISMISSED = "delivery.dismissed"
    SUBSCRIPTION_CREATED = "subscription.created"
    SUBSCRIPTION_CHANGED = "subscription.changed"
    SUBSCRIPTION_REPLACED = "subscription.replaced"
    SUBSCRIPTION_MOVED_KEY = "subscription.moved_key"
    SUBSCRIPTION_UNSUBSCRIBED = "subscription.unsubscribed"
    SUBSCRIPTION_GONE = "subscription.gone"
    SUBSCRIPTION_EXPIRED = "subscription.expired"
    SUBSCRIPTION_ERASED = "subscription.erased"
    SUBSCRIPTION_JOINED_GROUP = "subscription.joined_group"
    SUBSCRIPTION_LEFT_GROUP = "subscription.left_group"
    SUBSCRIPTION_IDENTIFIED = "subscription.identified"
    SUBSCRIPTION_LOGGED_OUT = "subscription.logged_out"
    NOTIFICATION_STARTED = "notification.started"
    NOTIFICATION_FINISHED = "notification.finished"
    NOTIFICATION_FAILED = "notification.failed"
    NOTIFICATION_CANCELLED = "notification.cancelled"
    WEBHOOK_DISABLED = "webhook.disabled"
    WEBHOOK_TEST = "webhook.test"


EVENTS: Mapping[EventType, str] = {
    EventType.DELIVERY_ACCEPTED: "The push service took the message; nobody has seen it yet.",
    EventType.DELIVERY_DEFERRED: "An attempt failed, or was not made, and another one follows at `next_attempt_at`.",
    EventType.DELIVERY_REJECTED: "The push service will never take this message.",
    EventType.DELIVERY_GONE: "The push service does not know the subscription any more.",
    EventType.DELIVERY_EXPIRED: "Its time was over before a push service took it.",
    EventType.DELIVERY_FAILED: "This installation could not carry it out; whether it was sent is not known.",
    EventType.DELIVERY_SKIPPED: "It was decided not to send it; `reason` says why.",
    EventType.DELIVERY_DISPLAYED: "The browser showed it.",
    EventType.DELIVERY_CLICKED: "The person clicked it; `action` names the button, null for the notification itself.",
    EventType.DELIVERY_DISMISSED: "The person closed it.",
    EventType.SUBSCRIPTION_CREATED: "A browser subscribed.",
    EventType.SUBSCRIPTION_CHANGED: "A browser came back and something is different; `changed` names what.",
    EventType.SUBSCRIPTION_REPLACED: "A browser got another address at its push service; the subscription goes on.",
    EventType.SUBSCRIPTION_MOVED_KEY: "It was made anew with another application server key; the subscription goes on.",
    EventType.SUBSCRIPTION_UNSUBSCRIBED: "The person or an operator ended it.",
    EventType.SUBSCRIPTION_GONE: "It ended without anybody's wish; `reason` says why.",
    EventType.SUBSCRIPTION_EXPIRED: "It came through the Glue API and was not renewed in time.",
    EventType.SUBSCRIPTION_ERASED: "It was deleted with everything known of its person.",
    EventType.SUBSCRIPTION_JOINED_GROUP: "It is in a group now.",
    EventType.SUBSCRIPTION_LEFT_GROUP: "It is not in a group any more. One that ends leaves its groups in silence.",
    EventType.SUBSCRIPTION_IDENTIFIED: "It belongs to a person now, or to another one.",
    EventType.SUBSCRIPTION_LOGGED_OUT: "It belongs to nobody any more.",
    EventType.NOTIFICATION_STARTED: "Its time has come: its audience is fixed, and sending begins.",
    EventType.NOTIFICATION_FINISHED: "Nothing of it is left to be sent. Displays and clicks go on to come.",
    EventType.NOTIFICATION_FAILED: "This installation could not carry it out: some of its audience was never reached.",
    EventType.NOTIFICATION_CANCELLED: "It was cancelled; what was in the air may still arrive.",
    EventType.WEBHOOK_DISABLED: "Another webhook of the project was switched off because its receiver failed.",
    EventType.WEBHOOK_TEST: "Somebody asked for a test; it goes to one webhook, whatever that is told of.",
}
"""Every type of event, once. `docs/reference/webhooks.md` is made from this."""


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
    EVENTS = "heliograph_events_total"
    PROMPT_EVENTS = "heliograph_prompt_events_total"
    JOBS_DONE = "heliograph_jobs_finished_total"
    HTTP_REQUESTS = "heliograph_http_requests_total"
    HTTP_SECONDS = "heliograph_http_request_seconds"
    RATE_LIMITED = "heliograph_rate_limited_total"
    RATE_SLOTS = "heliograph_rate_slots_total"
    RATE_WAIT_SECONDS = "heliograph_rate_wait_seconds_total"
    RATE_PUT_OFF = "heliograph_rate_put_off_total"
    WEBHOOK_ATTEMPTS = "heliograph_webhook_attempts_total"
    WEBHOOK_EVENTS = "heliograph_webhook_events_total"
    WEBHOOK_SECONDS = "heliograph_webhook_seconds"
    WEBHOOKS_FAILING = "heliograph_webhooks_failing"
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
    Metric.EVENTS: MetricInfo(
        MetricKind.COUNTER,
        "Events of people that this process took, repeated ones included, or refused; told by pages or by servers.",
        ("source", "result"),
    ),
    Metric.PROMPT_EVENTS: MetricInfo(
        MetricKind.COUNTER, "Events of prompts that this process took from pages, repeated ones included."
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
        MetricKind.COUNTER,
        "Requests that this process refused because they came too fast: for an address, a key or a password.",
        ("limit",),
    ),
    Metric.WEBHOOK_ATTEMPTS: MetricInfo(
        MetricKind.COUNTER,
        "Messages that this process sent to webhooks, each attempt once: delivered, again (later) or dead.",
        ("result",),
    ),
    Metric.WEBHOOK_EVENTS: MetricInfo(
        MetricKind.COUNTER, "Events in the messages that receivers of webhooks took from this process."
    ),
    Metric.WEBHOOK_SECONDS: MetricInfo(
        MetricKind.HISTOGRAM, "Seconds that exchanges of this process with receivers of webhooks took.", (), _QUICK
    ),
    Metric.WEBHOOKS_FAILING: MetricInfo(
        MetricKind.GAUGE,
        "Webhooks of the installation whose receiver failed the last time, or which were switched off for that.",
    ),
    Metric.RATE_SLOTS: MetricInfo(
        MetricKind.COUNTER,
        "Slots of sending rates that this process reserved, and those of them that were lost because it came too late.",
        ("push_service", "use"),
    ),
    Metric.RATE_WAIT_SECONDS: MetricInfo(
        MetricKind.COUNTER, "Seconds that messages waited in this process for the slots that were reserved for them."
    ),
    Metric.RATE_PUT_OFF: MetricInfo(
        MetricKind.COUNTER, "Jobs that this process gave back because a sending rate had no slot for them soon."
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
