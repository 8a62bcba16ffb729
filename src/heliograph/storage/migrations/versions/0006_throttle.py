"""Throttle: the rates of projects and notifications, and the next free slot of each bucket."""

import sqlalchemy as sa
from alembic import op

from heliograph.storage.types import Json

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_SCOPE = sa.String(length=80).with_variant(sa.String(length=80, collation="C"), "postgresql")


def upgrade() -> None:
    """Make the table and two columns."""
    op.create_table(
        "rate_buckets",
        sa.Column("scope", _SCOPE, nullable=False),
        sa.Column("free_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_rate_buckets")),
    )
    op.create_index(op.f("ix_rate_buckets_free_at"), "rate_buckets", ["free_at"], unique=False)
    op.add_column("projects", sa.Column("rates", Json, nullable=True))
    op.add_column("notifications", sa.Column("rate", sa.String(length=16), nullable=True))


def downgrade() -> None:
    """Remove them."""
    op.drop_column("notifications", "rate")
    op.drop_column("projects", "rates")
    op.drop_index(op.f("ix_rate_buckets_free_at"), table_name="rate_buckets")
    op.drop_table("rate_buckets")
