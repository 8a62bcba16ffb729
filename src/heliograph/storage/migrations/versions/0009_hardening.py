"""Subscriptions that have taken a message are told from those that never did."""

import sqlalchemy as sa
from alembic import op

from heliograph.storage.types import Instant

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; who is there already is proved by the next message."""
    op.add_column("subscriptions", sa.Column("proved_at", Instant(), nullable=True))


def downgrade() -> None:
    """Remove it."""
    op.drop_column("subscriptions", "proved_at")
