"""Operations and privacy: the audit log; finding paused keys, a person's deliveries, and old history."""

import sqlalchemy as sa
from alembic import op

from heliograph.storage.types import Instant, Json

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_ID = sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql")


def _partial(name: str, table: str, columns: list[str], condition: str) -> None:
    op.create_index(
        name,
        table,
        columns,
        unique=False,
        sqlite_where=sa.text(condition),
        postgresql_where=sa.text(condition),
    )


def upgrade() -> None:
    """Make the log, a column and four indexes."""
    op.create_table(
        "audit_log",
        sa.Column("id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=True),
        sa.Column("actor_kind", sa.String(length=16), nullable=False),
        sa.Column("actor_id", sa.Text(), nullable=True),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=True),
        sa.Column("details", Json, nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
    )
    op.create_index(op.f("ix_audit_log_project_id_id"), "audit_log", ["project_id", "id"], unique=False)
    op.add_column("notifications", sa.Column("swept_at", Instant(), nullable=True))
    _partial(
        "ix_notifications_unswept",
        "notifications",
        ["finished_at", "id"],
        "finished_at IS NOT NULL AND swept_at IS NULL",
    )
    _partial("ix_notifications_swept", "notifications", ["finished_at", "id"], "swept_at IS NOT NULL")
    _partial("ix_deliveries_profile", "deliveries", ["profile_id", "id"], "profile_id IS NOT NULL")
    _partial("ix_vapid_keys_paused", "vapid_keys", ["paused_until"], "paused_until IS NOT NULL")


def downgrade() -> None:
    """Take all of it away."""
    op.drop_index("ix_vapid_keys_paused", table_name="vapid_keys")
    op.drop_index("ix_deliveries_profile", table_name="deliveries")
    op.drop_index("ix_notifications_swept", table_name="notifications")
    op.drop_index("ix_notifications_unswept", table_name="notifications")
    op.drop_column("notifications", "swept_at")
    op.drop_table("audit_log")
