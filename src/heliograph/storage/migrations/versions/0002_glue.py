"""The Glue API: accounts with passwords, a project's settings for it, subscriptions that expire."""

import sqlalchemy as sa
from alembic import op

from heliograph.storage.types import Instant, Json

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_ACTIVE_AND_EXPIRING = sa.text("state = 'active' AND expires_at IS NOT NULL")


def _id(name: str) -> "sa.Column[str]":
    kind = sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql")
    return sa.Column(name, kind, nullable=False)


def upgrade() -> None:
    """Add two tables and a column."""
    op.create_table(
        "accounts",
        _id("id"),
        _id("project_id"),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("rights", Json, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_accounts_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("name", name=op.f("uq_accounts_name")),
    )
    op.create_index(op.f("ix_accounts_project_id_id"), "accounts", ["project_id", "id"], unique=False)
    op.create_table(
        "glue_settings",
        _id("project_id"),
        sa.Column("settings", Json, nullable=False),
        sa.Column("claim_secret", sa.LargeBinary(), nullable=True),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_glue_settings_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", name=op.f("pk_glue_settings")),
    )
    op.add_column("subscriptions", sa.Column("expires_at", Instant(), nullable=True))
    op.create_index(
        "ix_subscriptions_expires",
        "subscriptions",
        ["expires_at"],
        unique=False,
        sqlite_where=_ACTIVE_AND_EXPIRING,
        postgresql_where=_ACTIVE_AND_EXPIRING,
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_index("ix_subscriptions_expires", table_name="subscriptions")
    op.drop_column("subscriptions", "expires_at")
    op.drop_table("glue_settings")
    op.drop_index(op.f("ix_accounts_project_id_id"), table_name="accounts")
    op.drop_table("accounts")
