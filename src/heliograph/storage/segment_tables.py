"""The table of segments: named rules over profiles."""

from sqlalchemy import Column, ForeignKey, Index, String, Table, UniqueConstraint

from heliograph.storage.schema import ID, metadata
from heliograph.storage.types import Instant, Json

segments = Table(
    "segments",
    metadata,
    Column("id", ID, primary_key=True),
    Column("project_id", ID, ForeignKey("projects.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(100), nullable=False),
    Column("rule", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("project_id", "name"),
    Index(None, "project_id", "id"),
)
