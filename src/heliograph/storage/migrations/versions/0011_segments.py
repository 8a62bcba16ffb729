"""Segments, and which notifications are for one."""

import sqlalchemy as sa
from alembic import op

from heliograph.storage.types import Instant, Json

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ID = sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql")
_WAITING = sa.text("segment_id IS NOT NULL AND finished_at IS NULL")


def upgrade() -> None:
    """Add the table, and the column of notifications."""
    op.create_table(
        "segments",
        sa.Column("id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("rule", Json, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_segments_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_segments")),
        sa.UniqueConstraint("project_id", "name", name=op.f("uq_segments_project_id_name")),
    )
    op.create_index(op.f("ix_segments_project_id_id"), "segments", ["project_id", "id"], unique=False)
    op.add_column("notifications", sa.Column("segment_id", _ID, nullable=True))
    op.create_index(
        "ix_notifications_segment",
        "notifications",
        ["segment_id"],
        unique=False,
        sqlite_where=_WAITING,
        postgresql_where=_WAITING,
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_index("ix_notifications_segment", "notifications")
    op.drop_column("notifications", "segment_id")
    op.drop_table("segments")
