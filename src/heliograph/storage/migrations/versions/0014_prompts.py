"""Prompts: what happened to the campaigns that ask for permission."""

import sqlalchemy as sa
from alembic import op

from heliograph.storage.types import Instant

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_EXPIRING = sa.text("expires_at IS NOT NULL")


def _campaign_id() -> "sa.Column[str]":
    kind = sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql")
    return sa.Column("campaign_id", kind, nullable=False)


def upgrade() -> None:
    """Add the counts and the marks."""
    op.create_table(
        "campaign_counts",
        _campaign_id(),
        sa.Column("variant", sa.String(length=40), nullable=False),
        sa.Column("event", sa.String(length=40), nullable=False),
        sa.Column("shard", sa.Integer(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_campaign_counts_campaign_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("campaign_id", "variant", "event", "shard", name=op.f("pk_campaign_counts")),
    )
    op.create_table(
        "campaign_marks",
        _campaign_id(),
        sa.Column("mark", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_campaign_marks_campaign_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("campaign_id", "mark", name=op.f("pk_campaign_marks")),
    )
    op.create_index(
        "ix_campaign_marks_expiring",
        "campaign_marks",
        ["expires_at"],
        unique=False,
        sqlite_where=_EXPIRING,
        postgresql_where=_EXPIRING,
    )


def downgrade() -> None:
    """Remove both."""
    op.drop_table("campaign_marks")
    op.drop_table("campaign_counts")
