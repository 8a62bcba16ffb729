"""All tables. Sized for ten million subscriptions in one project: everything is read by key or by keyset.

Identifiers sort by time (`kit.ids`), so `(project_id, id)` is both the paging order and the order of a dispatch.
"""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from heliograph.storage.campaign_tables import campaigns, contacts, dispatches
from heliograph.storage.delivery_tables import attempts, counts, deliveries, ranges, receipts
from heliograph.storage.entry_tables import entries, insiders, sweeps
from heliograph.storage.import_tables import held_devices, import_refusals, imports
from heliograph.storage.machinery_tables import audit_log, idempotency_keys, jobs, leases
from heliograph.storage.people_tables import carts, events, visitors
from heliograph.storage.prompt_tables import campaign_counts, campaign_marks
from heliograph.storage.schema import ID, metadata
from heliograph.storage.segment_tables import segments
from heliograph.storage.types import Instant, Json
from heliograph.storage.webhook_tables import webhook_attempts, webhook_messages, webhook_outbox, webhooks
from heliograph.storage.window_tables import window_states, windows

__all__ = [
    "accounts",
    "api_keys",
    "attempts",
    "audit_log",
    "campaign_counts",
    "campaign_marks",
    "campaigns",
    "carts",
    "contacts",
    "counts",
    "deliveries",
    "dispatches",
    "entries",
    "events",
    "glue_settings",
    "groups",
    "held_devices",
    "idempotency_keys",
    "import_refusals",
    "imports",
    "insiders",
    "installation",
    "jobs",
    "leases",
    "memberships",
    "metadata",
    "notifications",
    "profiles",
    "projects",
    "providers",
    "ranges",
    "receipts",
    "segments",
    "subscriptions",
    "sweeps",
    "vapid_keys",
    "visitors",
    "webhook_attempts",
    "webhook_messages",
    "webhook_outbox",
    "webhooks",
    "window_states",
    "windows",
]

installation = Table(
    "installation",
    metadata,
    Column("name", String(40), primary_key=True),  # facts about this installation, such as the master key's fingerprint
    Column("value", Text, nullable=False),
)

projects = Table(
    "projects",
    metadata,
    Column("id", ID, primary_key=True),
    Column("name", Text, nullable=False),
    Column("origins", Json, nullable=False),  # list of exact origins
    Column("vapid_subject", Text, nullable=False),
    Column("receipt_key", LargeBinary, nullable=False),  # sealed, 32 bytes
    Column("identity_secret", LargeBinary, nullable=False),  # sealed, 32 bytes; signs external ids (HMAC)
    Column("identity_public_key", Text),  # PEM, for ES256 or RS256 tokens
    Column("plaintext_budget", Integer, nullable=False),
    Column("rates", Json),  # {"all": "100/s", "fcm": "6000/m"}; null or empty: none
    Column("limits", Json),  # how often and when people may be written to; null: no limits
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("deleted_at", Instant),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", ID, primary_key=True),
    Column("project_id", ID, ForeignKey("projects.id", ondelete="CASCADE")),  # null: the installation's own key
    Column("kind", String(16), nullable=False),  # secret | publishable
    Column("name", Text, nullable=False),
    Column("scopes", Json, nullable=False),
    Column(
        "token_hash", LargeBinary, nullable=False, unique=True
    ),  # SHA-256 of the token: 256 random bits need no salt
    Column("token", Text),  # publishable keys only: they are printed in pages
    Column("hint", String(16), nullable=False),  # the first characters, to tell keys apart
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
    Column("last_used_at", Instant),
    Column("replaced_by_id", ID),
    Index(None, "project_id", "id"),
)

accounts = Table(
    "accounts",  # names and passwords of programs that speak Spryker's Glue API
    metadata,
    Column("id", ID, primary_key=True),
    Column("project_id", ID, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(100), nullable=False, unique=True),  # in the installation: a token request names no project
    Column("password_hash", Text, nullable=False),  # scrypt, with its parameters
    Column("rights", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Index(None, "project_id", "id"),
)

glue_settings = Table(
    "glue_settings",  # what a project wants of the Glue API; no row: the defaults
    metadata,
    Column("project_id", ID, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("settings", Json, nullable=False),
    Column("claim_secret", LargeBinary),  # sealed, 32 bytes; signs who may join which group
    Column("check_secret", LargeBinary),  # sealed, 32 bytes; signs questions to the shop's receiver
    Column("updated_at", Instant, nullable=False),
)

vapid_keys = Table(
    "vapid_keys",
    metadata,
    Column("id", ID, primary_key=True),
    Column("project_id", ID, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("public_key", LargeBinary, nullable=False),  # 65 bytes
    Column("private_key", LargeBinary, nullable=False),  # sealed, 32 bytes; empty once retired
    Column("state", String(16), nullable=False),  # active | retiring | retired
    Column("refused_in_row", Integer, nullable=False, server_default=text("0")),
    Column("paused_until", Instant),  # per-key breaker: nothing is sent with it before that, nothing is pruned
    Column("pause_reason", Text),
    Column("created_at", Instant, nullable=False),
    Column("retiring_at", Instant),  # since when pages are no longer given it
    Column("retired_at", Instant),
    UniqueConstraint("project_id", "public_key"),
    Index(
        "uq_vapid_keys_active",
        "project_id",
        unique=True,
        sqlite_where=text("state = 'active'"),
        postgresql_where=text("state = 'active'"),
    ),
    Index(
        "ix_vapid_keys_retiring",
        "retiring_at",
        sqlite_where=text("state = 'retiring'"),
        postgresql_where=text("state = 'retiring'"),
    ),
    Index(
        "ix_vapid_keys_paused",
        "paused_until",
        sqlite_where=text("paused_until IS NOT NULL"),
        postgresql_where=text("paused_until IS NOT NULL"),
    ),
)

providers = Table(
    "providers",
    metadata,
    Column("id", ID, primary_key=True),
    Column("project_id", ID, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("name", Text, nullable=False),
    Column("is_enabled", Boolean, nullable=False),
    Column("settings", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("project_id", "name"),
    Index(None, "project_id", "id"),
)

profiles = Table(
    "profiles",
    metadata,
    Column("id", ID, primary_key=True),
    Column("project_id", ID, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("external_id", Text),  # null: a visitor of whom nobody has said yet who it is
    Column("attributes", Json, nullable=False),
    Column("language", String(35)),
    Column("time_zone", String(64)),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("last_seen_at", Instant),
    Column("merged_into", ID),  # the person that this visitor turned out to be, while there is more to hand over
    UniqueConstraint("project_id", "external_id"),
    Index(None, "project_id", "id"),
    Index(
        "ix_profiles_merged",
        "merged_into",
        sqlite_where=text("merged_into IS NOT NULL"),
        postgresql_where=text("merged_into IS NOT NULL"),
    ),
)

subscriptions = Table(
    "subscriptions",
    metadata,
    Column("id", ID, primary_key=True),
    Column("project_id", ID, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("provider_id", ID, ForeignKey("providers.id"), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("state", String(16), nullable=False),  # active | gone | unsubscribed
    Column("state_reason", String(64)),
    Column("endpoint", Text, nullable=False),  # byte for byte
    Column("endpoint_hash", LargeBinary, nullable=False),  # SHA-256
    Column("push_service", String(16), nullable=False),
    Column("p256dh", LargeBinary, nullable=False),  # 65 raw bytes
    Column("auth", LargeBinary, nullable=False),  # 16 raw bytes
    Column("vapid_key_id", ID, ForeignKey("vapid_keys.id"), nullable=False),
    Column("profile_id", ID, ForeignKey("profiles.id", ondelete="SET NULL")),
    Column("secret_hash", LargeBinary, nullable=False),
    Column("origin", Text),
    Column("language", String(35)),
    Column("time_zone", String(64)),
    Column("user_agent", Text),
    Column("browser", String(16)),  # these three: what the user agent said when it registered
    Column("os", String(16)),
    Column("is_mobile", Boolean),
    Column("browser_expires_at", Instant),  # the browser's expirationTime
    Column("created_at", Instant, nullable=False),
    Column(
        "endpoint_since", Instant, nullable=False
    ),  # a 410 on an endpoint younger than two minutes is not believed at once
    Column("refreshed_at", Instant, nullable=False),
    Column("ended_at", Instant),  # since when gone or unsubscribed; the row is kept 30 days as a tombstone
    Column("expires_at", Instant),  # of those that came through the Glue API; null: as long as the endpoint lives
    UniqueConstraint("project_id", "endpoint_hash"),
    Index("ix_subscriptions_audience", "project_id", "state", "id"),
    Index("ix_subscriptions_page", "project_id", "id"),
    Index("ix_subscriptions_profile", "profile_id", "id"),
    Index("ix_subscriptions_vapid_key", "vapid_key_id", "state"),
    Index("ix_subscriptions_provider", "provider_id"),
    Index(
        "ix_subscriptions_ended",
        "ended_at",
        sqlite_where=text("ended_at IS NOT NULL"),
        postgresql_where=text("ended_at IS NOT NULL"),
    ),
    Index(
        "ix_subscriptions_expires",
        "expires_at",
        sqlite_where=text("state = 'active' AND expires_at IS NOT NULL"),
        postgresql_where=text("state = 'active' AND expires_at IS NOT NULL"),
    ),
)

memberships = Table(
    "memberships",
    metadata,
    Column("project_id", ID, nullable=False),
    Column("group_name", String(64), nullable=False),
    Column("subscription_id", ID, ForeignKey("subscriptions.id", ondelete="CASCADE"), nullable=False),
    Column("identifier", String(128), nullable=False),  # "" where the group has none
    Column("joined_at", Instant, nullable=False),
    PrimaryKeyConstraint("project_id", "group_name", "subscription_id", "identifier"),
    Index("ix_memberships_identifier", "project_id", "group_name", "identifier", "subscription_id"),
    Index("ix_memberships_subscription", "subscription_id"),
)

groups = Table(
    "groups",
    metadata,
    Column("id", ID, primary_key=True),
    Column("project_id", ID, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(64), nullable=False),
    Column("identifier", String(128), nullable=False),  # "" where the group has none
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("project_id", "name", "identifier"),
    Index(None, "project_id", "id"),
    Index(None, "project_id", "name", "id"),
)

notifications = Table(
    "notifications",
    metadata,
    Column("id", ID, primary_key=True),
    Column("project_id", ID, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("content", Json, nullable=False),
    Column("audience", Json, nullable=False),
    Column("ttl_seconds", Integer, nullable=False),
    Column("urgency", String(16), nullable=False),
    Column("topic", String(32)),
    Column("created_at", Instant, nullable=False),
    Column("send_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("planned_at", Instant),  # when the last range was laid out
    Column("finished_at", Instant),
    Column("swept_at", Instant),  # when the last of its deliveries was deleted because of its age
    Column("rate", String(16)),  # messages per second or minute, such as 100/s
    Column("segment_id", ID),  # also in `audience`; for telling what uses a segment
    Column("campaign_id", ID),  # no foreign key: what was sent stays known when its campaign is deleted
    Column("dispatch_id", ID),
    Column("variant", String(40)),
    Column("limits", Json),  # its own; null: as its kind of audience has it
    Column("variables", Json),  # for the content: of all, and by person
    Column("exclusion_group", String(64)),  # also in `limits`; for finding its rivals
    Column("priority", Integer),
    Index(None, "project_id", "id"),
    Index(None, "project_id", "state", "id"),
    Index(
        "ix_notifications_segment",
        "segment_id",
        sqlite_where=text("segment_id IS NOT NULL AND finished_at IS NULL"),
        postgresql_where=text("segment_id IS NOT NULL AND finished_at IS NULL"),
    ),
    Index(
        "ix_notifications_campaign",
        "campaign_id",
        "id",
        sqlite_where=text("campaign_id IS NOT NULL"),
        postgresql_where=text("campaign_id IS NOT NULL"),
    ),
    Index(
        "ix_notifications_dispatch",
        "dispatch_id",
        sqlite_where=text("dispatch_id IS NOT NULL"),
        postgresql_where=text("dispatch_id IS NOT NULL"),
    ),
    Index(
        "ix_notifications_rivals",
        "project_id",
        "exclusion_group",
        sqlite_where=text("exclusion_group IS NOT NULL AND state IN ('scheduled', 'running')"),
        postgresql_where=text("exclusion_group IS NOT NULL AND state IN ('scheduled', 'running')"),
    ),
    Index(
        "ix_notifications_unswept",
        "finished_at",
        "id",
        sqlite_where=text("finished_at IS NOT NULL AND swept_at IS NULL"),
        postgresql_where=text("finished_at IS NOT NULL AND swept_at IS NULL"),
    ),
    Index(
        "ix_notifications_swept",
        "finished_at",
        "id",
        sqlite_where=text("swept_at IS NOT NULL"),
        postgresql_where=text("swept_at IS NOT NULL"),
    ),
)
