"""Tables of the two-step window: where each project has it, and the windows that were opened of late."""

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, String, Table, Text

from heliograph.storage.schema import ID, metadata
from heliograph.storage.types import Instant, Json

windows = Table(
    "windows",
    metadata,
    Column("project_id", ID, ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
    Column("push_host", String(260), nullable=False, unique=True),  # one project's origin is no other's
    Column("openers", Json, nullable=False),  # list of exact origins
    Column("updated_at", Instant, nullable=False),
)

window_states = Table(
    "window_states",  # one window that was opened: who opened it, and for which visitor
    metadata,
    Column("state_hash", LargeBinary, primary_key=True),  # SHA-256: 256 random bits need no salt
    Column("project_id", ID, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("opener", Text, nullable=False),
    Column("visitor_hash", LargeBinary),
    Column("expires_at", Instant, nullable=False),
    Column("claimed_at", Instant),  # when the window took it: once
    Column("finished_at", Instant),  # when a subscription came of it: once
    Index(None, "expires_at"),
    Index(None, "project_id"),
)
