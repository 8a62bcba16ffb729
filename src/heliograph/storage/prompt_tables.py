"""Tables of prompt campaigns: how often what happened to them, and what was counted already."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    text,
)

from heliograph.storage.schema import ID, metadata
from heliograph.storage.types import Instant

campaign_counts = Table(
    "campaign_counts",
    metadata,
    Column("campaign_id", ID, ForeignKey("campaigns.id", ondelete="CASCADE"), nullable=False),
    Column("variant", String(40), nullable=False),  # "" for a campaign without variants
    Column("event", String(40), nullable=False),
    Column("shard", Integer, nullable=False),  # several writers have a row each
    Column("count", BigInteger, nullable=False),
    PrimaryKeyConstraint("campaign_id", "variant", "event", "shard"),
)

campaign_marks = Table(
    "campaign_marks",  # what was counted: once per visitor, or once per event that a page told twice
    metadata,
    Column("campaign_id", ID, ForeignKey("campaigns.id", ondelete="CASCADE"), nullable=False),
    Column("mark", LargeBinary, nullable=False),  # 16 bytes of a hash of the visitor, and the event or its id
    Column("expires_at", Instant),  # null: kept as long as the campaign
    PrimaryKeyConstraint("campaign_id", "mark"),
    Index(
        "ix_campaign_marks_expiring",
        "expires_at",
        sqlite_where=text("expires_at IS NOT NULL"),
        postgresql_where=text("expires_at IS NOT NULL"),
    ),
)
