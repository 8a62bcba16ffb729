"""Tables of triggered campaigns: who entered one and when it is due, who is in its segment, how far it has looked."""

from sqlalchemy import Column, ForeignKey, Index, PrimaryKeyConstraint, String, Table, UniqueConstraint, text

from heliograph.storage.schema import ID, metadata
from heliograph.storage.types import Instant, Json

_WAITS = text("state = 'waiting'")

entries = Table(
    "entries",  # one person on the way through one campaign; its key makes that a cause starts it once
    metadata,
    Column("id", ID, primary_key=True),
    Column("campaign_id", ID, ForeignKey("campaigns.id", ondelete="CASCADE"), nullable=False),
    Column("project_id", ID, nullable=False),
    Column("profile_id", ID, ForeignKey("profiles.id", ondelete="CASCADE"), nullable=False),
    Column("key", String(128), nullable=False),  # of the event, the day or the absence that caused it
    Column("due_at", Instant, nullable=False),
    Column("state", String(16), nullable=False),  # waiting | done | cancelled | skipped
    Column("reason", String(64)),
    Column("item_id", String(128)),  # of the event that caused it
    Column("event_id", ID),  # no foreign key: events are forgotten first
    Column("variables", Json, nullable=False),  # for the content
    Column("dispatch_id", ID),  # of the run that it went into
    Column("created_at", Instant, nullable=False),
    Column("ended_at", Instant),
    UniqueConstraint("campaign_id", "profile_id", "key"),
    Index("ix_entries_due", "due_at", "id", sqlite_where=_WAITS, postgresql_where=_WAITS),
    Index("ix_entries_waiting", "profile_id", "campaign_id", sqlite_where=_WAITS, postgresql_where=_WAITS),
    Index("ix_entries_profile", "profile_id"),
    Index("ix_entries_page", "campaign_id", "id"),
    Index("ix_entries_ended", "ended_at"),
)

insiders = Table(
    "insiders",  # who was in the segment of a campaign that starts with entering it, when it last looked
    metadata,
    Column("campaign_id", ID, ForeignKey("campaigns.id", ondelete="CASCADE"), nullable=False),
    Column("profile_id", ID, ForeignKey("profiles.id", ondelete="CASCADE"), nullable=False),
    Column("since", Instant, nullable=False),
    PrimaryKeyConstraint("campaign_id", "profile_id"),
    Index(None, "profile_id"),
)

sweeps = Table(
    "sweeps",  # how far a campaign that looks at everybody from time to time has come
    metadata,
    Column("campaign_id", ID, ForeignKey("campaigns.id", ondelete="CASCADE"), primary_key=True),
    Column("number", String(26), nullable=False),  # of the round; a job of an older one stops
    Column("began_at", Instant, nullable=False),  # of this round
    Column("ended_at", Instant),  # of this round; null: on its way
    Column("looked_to", Instant),  # up to which instant the last whole round has looked; null: there was none
)
