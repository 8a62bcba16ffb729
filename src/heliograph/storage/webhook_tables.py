"""Tables of webhooks: receivers, events that wait to be packed, messages, and every attempt to hand one over."""

from sqlalchemy import (
    BigInteger,
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
    text,
)

from heliograph.storage.schema import ID, metadata
from heliograph.storage.types import Instant, Json

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", ID, primary_key=True),
    Column("project_id", ID, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("url", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("event_types", Json, nullable=False),  # a list; empty: all
    Column("is_enabled", Boolean, nullable=False),
    Column("disabled_reason", String(16)),  # operator | gone | failing
    Column("secret", LargeBinary, nullable=False),  # sealed, 32 bytes
    Column("old_secret", LargeBinary),  # sealed; signs beside the other one until `old_secret_until`
    Column("old_secret_until", Instant),
    Column("failures_in_row", Integer, nullable=False, server_default=text("0")),
    Column("failing_since", Instant),  # the first failure after the last success
    Column("rests_until", Instant),  # nothing is sent before that
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index(None, "project_id", "id"),
    Index(
        "ix_webhooks_failing",
        "failing_since",
        sqlite_where=text("failing_since IS NOT NULL"),
        postgresql_where=text("failing_since IS NOT NULL"),
    ),
)

webhook_outbox = Table(
    "webhook_outbox",  # events of one transaction, written in it; no foreign key: nobody waits for a webhook's end
    metadata,
    # In the order of writing, which no clock gives.
    Column("number", BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True),
    Column("webhook_id", ID, nullable=False),
    Column("events", LargeBinary, nullable=False),  # JSON texts with commas between, as they stand in a message
    Column("event_count", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Index(None, "webhook_id", "number"),
    Index(None, "created_at"),
)

webhook_messages = Table(
    "webhook_messages",
    metadata,
    Column("id", ID, primary_key=True),
    Column("webhook_id", ID, ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("body", LargeBinary, nullable=False),  # the same bytes in every attempt
    Column("event_count", Integer, nullable=False),
    Column("state", String(16), nullable=False),  # waiting | delivered | dead
    Column("attempts", Integer, nullable=False),
    Column("tries", Integer, nullable=False),  # attempts since it was made or replayed: which wait is next
    Column("next_attempt_at", Instant),
    Column("status_code", Integer),  # of the last attempt
    Column("fault", String(32)),  # why there was no answer, or none that counts
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index(None, "webhook_id", "id"),
    Index(None, "webhook_id", "state", "id"),
    Index(None, "updated_at"),
    Index(
        "ix_webhook_messages_due",
        "webhook_id",
        "next_attempt_at",
        sqlite_where=text("state = 'waiting'"),
        postgresql_where=text("state = 'waiting'"),
    ),
)

webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    Column("message_id", ID, ForeignKey("webhook_messages.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("status_code", Integer),
    Column("fault", String(32)),
    Column("duration_ms", Integer),
    PrimaryKeyConstraint("message_id", "number"),
    sqlite_with_rowid=False,
)
