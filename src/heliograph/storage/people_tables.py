"""Tables of what people do: the browsers that speak for them, their events, and what is in their carts."""

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
    text,
)

from heliograph.storage.schema import ID, metadata
from heliograph.storage.types import Instant, Json

visitors = Table(
    "visitors",  # a browser's random name at a site, and whose it is; anonymous people are known by nothing else
    metadata,
    Column("project_id", ID, nullable=False),
    Column("token_hash", LargeBinary, nullable=False),  # SHA-256: 128 random bits need no salt
    Column("profile_id", ID, ForeignKey("profiles.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),  # written at most once a minute
    Column("browser", String(16)),
    Column("os", String(16)),
    Column("is_mobile", Boolean, nullable=False),
    PrimaryKeyConstraint("project_id", "token_hash"),
    Index(None, "profile_id"),
    Index(None, "last_seen_at"),
)

events = Table(
    "events",
    metadata,
    Column("id", ID, primary_key=True),  # made of the caller's own id: the same event sent twice is one row
    Column("project_id", ID, nullable=False),
    Column("profile_id", ID, ForeignKey("profiles.id", ondelete="CASCADE")),  # null: of an item, not of a person
    Column("name", String(64), nullable=False),
    Column("item_id", String(128)),
    Column("amount_milli", BigInteger),  # thousandths of the shop's currency
    Column("at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("source", String(8), nullable=False),  # page | server
    Column("properties", Json, nullable=False),
    Index("ix_events_page", "profile_id", "id"),
    Index("ix_events_profile", "profile_id", "name", "at"),
    Index("ix_events_name", "project_id", "name", "at"),
    Index(
        "ix_events_item",
        "project_id",
        "item_id",
        "name",
        "profile_id",
        sqlite_where=text("item_id IS NOT NULL"),
        postgresql_where=text("item_id IS NOT NULL"),
    ),
)

carts = Table(
    "carts",  # what the events of the cart come to, in the order in which they happened
    metadata,
    Column("profile_id", ID, ForeignKey("profiles.id", ondelete="CASCADE"), primary_key=True),
    Column("project_id", ID, nullable=False),
    Column("items", Json, nullable=False),  # [{"id", "count", "price_milli"?, "title"?, "image"?, "url"?}]
    Column("item_count", Integer, nullable=False),
    Column("total_milli", BigInteger, nullable=False),
    Column("updated_at", Instant, nullable=False),  # when the last event that it knows happened
    Column("last_event_id", ID, nullable=False),
)
