"""Tables of campaigns: what they are, each of their runs, and who was written to when (which limits look at)."""

from sqlalchemy import (
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from heliograph.storage.schema import ID, metadata
from heliograph.storage.types import Instant, Json

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", ID, primary_key=True),
    Column("project_id", ID, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("kind", String(16), nullable=False),  # message | prompt
    Column("name", Text, nullable=False),
    Column("state", String(16), nullable=False),  # draft | scheduled | running | paused | done
    Column("definition", Json, nullable=False),
    Column("trigger_kind", String(16), nullable=False),  # of a message; "page" of a prompt
    Column("event_name", String(64)),  # what starts it, of trigger `event`
    Column("exclusion_group", String(64)),
    Column("priority", Integer, nullable=False),  # higher goes first
    Column("version", Integer, nullable=False),
    Column("starts_at", Instant),  # not before; null: as soon as it is started
    Column("ends_at", Instant),  # nothing begins from then on
    Column("next_due_at", Instant),  # when the clock has to look at it
    Column("started_at", Instant),
    Column("finished_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Index(None, "project_id", "id"),
    Index("ix_campaigns_kind", "project_id", "kind", "state"),
    Index(
        "ix_campaigns_due",
        "next_due_at",
        sqlite_where=text("next_due_at IS NOT NULL"),
        postgresql_where=text("next_due_at IS NOT NULL"),
    ),
    Index(
        "ix_campaigns_event",
        "project_id",
        "event_name",
        sqlite_where=text("event_name IS NOT NULL"),
        postgresql_where=text("event_name IS NOT NULL"),
    ),
)

dispatches = Table(
    "dispatches",  # one run of a campaign; its key makes that it is one
    metadata,
    Column("id", ID, primary_key=True),
    Column("campaign_id", ID, ForeignKey("campaigns.id", ondelete="CASCADE"), nullable=False),
    Column("project_id", ID, nullable=False),
    Column("key", String(128), nullable=False),  # of the occurrence, the batch, or what a caller named
    Column("due_at", Instant, nullable=False),
    Column("state", String(16), nullable=False),  # waiting | started | missed
    Column("reason", String(64)),
    Column("audience", Json),  # null: the campaign's own
    Column("variables", Json),  # for the content: of all, and by person
    Column("request_hash", String(64)),  # SHA-256 of what a caller asked for: the same key with other words is refused
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("campaign_id", "key"),
    Index(None, "campaign_id", "id"),
)

contacts = Table(
    "contacts",  # whom a notification was let through to; only of notifications that have limits
    metadata,
    Column("person_id", ID, nullable=False),  # a profile, or a subscription that is nobody's
    Column("notification_id", ID, nullable=False),  # no foreign key: what was sent counts also when it is forgotten
    Column("project_id", ID, nullable=False),
    Column("campaign_id", ID),
    Column("exclusion_group", String(64)),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("person_id", "notification_id"),
    Index("ix_contacts_person", "person_id", "at"),
    Index("ix_contacts_at", "at"),
)
