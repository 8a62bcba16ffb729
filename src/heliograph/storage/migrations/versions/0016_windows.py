"""The two-step window: where each project has it, and the windows that were opened."""

import sqlalchemy as sa
from alembic import op

from heliograph.storage.types import Instant, Json

revision = "0016"
down_revision = "0014"
branch_labels = None
depends_on = None


def _project_id(*, is_key: bool) -> "sa.Column[str]":
    kind = sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql")
    owner = sa.ForeignKey("projects.id", ondelete="CASCADE")
    return sa.Column("project_id", kind, owner, primary_key=is_key, nullable=False)


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "windows",
        _project_id(is_key=True),
        sa.Column("push_host", sa.String(length=260), nullable=False),
        sa.Column("openers", Json, nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.UniqueConstraint("push_host", name="uq_windows_push_host"),
    )
    op.create_table(
        "window_states",
        sa.Column("state_hash", sa.LargeBinary(), primary_key=True, nullable=False),
        _project_id(is_key=False),
        sa.Column("opener", sa.Text(), nullable=False),
        sa.Column("visitor_hash", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("claimed_at", Instant(), nullable=True),
        sa.Column("finished_at", Instant(), nullable=True),
    )
    op.create_index("ix_window_states_expires_at", "window_states", ["expires_at"])
    op.create_index("ix_window_states_project_id", "window_states", ["project_id"])


def downgrade() -> None:
    """Remove both."""
    op.drop_table("window_states")
    op.drop_table("windows")
