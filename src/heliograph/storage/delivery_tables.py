"""Tables of sending: the ranges of a notification, each delivery with its attempts, what came of it, and counts."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, PrimaryKeyConstraint, String, Table, Text, text

from heliograph.storage.schema import ID, metadata
from heliograph.storage.types import Instant, Json

ranges = Table(
    "ranges",  # of subscriptions, one send job each; closed once, so a job that runs twice counts once
    metadata,
    Column("notification_id", ID, ForeignKey("notifications.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column(
        "selection", Json, nullable=False
    ),  # {"after": id, "upto": id} or {"start": i, "stop": j} into the named targets
    Column("state", String(8), nullable=False),  # open | closed
    PrimaryKeyConstraint("notification_id", "number"),
    Index(
        "ix_ranges_open",
        "notification_id",
        sqlite_where=text("state = 'open'"),
        postgresql_where=text("state = 'open'"),
    ),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", ID, primary_key=True),
    Column("project_id", ID, nullable=False),
    Column("notification_id", ID, ForeignKey("notifications.id", ondelete="CASCADE"), nullable=False),
    Column("subscription_id", ID, nullable=False),  # no foreign key: the tombstone may be swept before the history
    Column("profile_id", ID),
    Column("state", String(16), nullable=False),
    Column("reason", String(64)),
    Column("attempts", Integer, nullable=False),
    Column("status_code", Integer),
    Column("service_message_id", Text),  # what the push service calls the message; of the one attempt that it accepted
    Column("next_attempt_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("accepted_at", Instant),
    Column("displayed_at", Instant),
    Column("clicked_at", Instant),
    Column("dismissed_at", Instant),
    Column("clicked_action", String(64)),
    Column("updated_at", Instant, nullable=False),
    Index("ix_deliveries_notification", "notification_id", "id"),
    Index("ix_deliveries_notification_state", "notification_id", "state", "id"),
    Index("ix_deliveries_subscription", "subscription_id", "id"),
    Index("ix_deliveries_page", "project_id", "id"),
    Index(
        "ix_deliveries_profile",
        "profile_id",
        "id",
        sqlite_where=text("profile_id IS NOT NULL"),
        postgresql_where=text("profile_id IS NOT NULL"),
    ),
)

attempts = Table(
    "attempts",  # each try to send, written with its outcome and deleted with its delivery
    metadata,
    Column("delivery_id", ID, ForeignKey("deliveries.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),
    Column("at", Instant, nullable=False),  # when its outcome was known
    Column("outcome", String(16), nullable=False),
    Column("reason", String(64)),
    Column("status_code", Integer),
    Column("duration_ms", Integer),
    PrimaryKeyConstraint("delivery_id", "number"),
    sqlite_with_rowid=False,  # one tree to write instead of two
)

receipts = Table(
    "receipts",  # may arrive before the delivery is recorded; applied when both are there
    metadata,
    Column("delivery_id", ID, nullable=False),
    Column("event", String(16), nullable=False),
    Column("project_id", ID, nullable=False),
    Column("action", String(64)),
    Column("at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    PrimaryKeyConstraint("delivery_id", "event"),
    Index(None, "received_at"),
)

counts = Table(
    "counts",  # deliveries by state and reason, kept as they change: asking must not cost a scan of ten million rows
    metadata,
    Column("notification_id", ID, ForeignKey("notifications.id", ondelete="CASCADE"), nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("shard", Integer, nullable=False),  # several writers, one row each
    Column("count", BigInteger, nullable=False),
    PrimaryKeyConstraint("notification_id", "state", "reason", "shard"),
)
