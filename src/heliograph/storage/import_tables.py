"""Tables of moving subscriptions in: each import with how far it came, what it refused, and devices kept for later."""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from heliograph.storage.schema import ID, metadata
from heliograph.storage.types import Instant, Json

imports = Table(
    "imports",
    metadata,
    Column("id", ID, primary_key=True),
    Column("project_id", ID, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("state", String(16), nullable=False),  # waiting | running | finished | failed
    Column("source", Text),  # what the caller calls the file
    Column("options", Json, nullable=False),
    Column("vapid_key_id", ID, ForeignKey("vapid_keys.id")),  # for rows that name no key themselves
    Column("head_hash", LargeBinary),  # SHA-256 of the file's beginning, by which a command finds its import again
    Column("bytes_read", BigInteger, nullable=False),  # of the file, as it came
    Column("prefix_hash", LargeBinary),  # SHA-256 of those bytes: only the same file goes on
    Column("rows_read", BigInteger, nullable=False),  # the cursor: so many rows are done
    Column("counts", Json, nullable=False),
    Column("dropped", Json, nullable=False),  # optional fields that were left out, by name
    Column("failure", Text),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Index(None, "project_id", "id"),
    Index("ix_imports_head", "project_id", "head_hash", "id"),
)

import_refusals = Table(
    "import_refusals",
    metadata,
    Column("import_id", ID, ForeignKey("imports.id", ondelete="CASCADE"), nullable=False),
    Column("number", BigInteger, nullable=False),  # of the row, from 1
    Column("line", BigInteger, nullable=False),  # of the file, from 1
    Column("reason", String(40), nullable=False),
    Column("detail", Text, nullable=False),
    PrimaryKeyConstraint("import_id", "number"),
)

held_devices = Table(
    "held_devices",  # phones of people who moved here; nothing sends to them yet
    metadata,
    Column("id", ID, primary_key=True),
    Column("project_id", ID, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("token", Text, nullable=False),
    Column("token_hash", LargeBinary, nullable=False),  # SHA-256
    Column("app_id", Text),
    Column("profile_id", ID, ForeignKey("profiles.id", ondelete="SET NULL")),
    Column("language", String(35)),
    Column("time_zone", String(64)),
    Column("groups", Json, nullable=False),  # list of [name, identifier or null]
    Column("attributes", Json, nullable=False),  # of the device, where no person is known to have them
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("project_id", "channel", "token_hash"),
    Index(None, "project_id", "id"),
    Index("ix_held_devices_profile", "profile_id", "id"),
)
