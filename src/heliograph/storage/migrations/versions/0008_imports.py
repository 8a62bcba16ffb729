"""Imports: how far each came, what it refused, and devices that are kept for later."""

import sqlalchemy as sa
from alembic import op

from heliograph.storage.types import Instant, Json

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_ID = sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql")


def upgrade() -> None:
    """Add the three tables."""
    _imports()
    op.create_table(
        "import_refusals",
        sa.Column("import_id", _ID, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("line", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["import_id"], ["imports.id"], name=op.f("fk_import_refusals_import_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("import_id", "number", name=op.f("pk_import_refusals")),
    )
    _held_devices()


def _imports() -> None:
    op.create_table(
        "imports",
        sa.Column("id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("options", Json, nullable=False),
        sa.Column("vapid_key_id", _ID, nullable=True),
        sa.Column("head_hash", sa.LargeBinary(), nullable=True),
        sa.Column("bytes_read", sa.BigInteger(), nullable=False),
        sa.Column("prefix_hash", sa.LargeBinary(), nullable=True),
        sa.Column("rows_read", sa.BigInteger(), nullable=False),
        sa.Column("counts", Json, nullable=False),
        sa.Column("dropped", Json, nullable=False),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_imports_project_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["vapid_key_id"], ["vapid_keys.id"], name=op.f("fk_imports_vapid_key_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_index(op.f("ix_imports_project_id_id"), "imports", ["project_id", "id"], unique=False)
    op.create_index("ix_imports_head", "imports", ["project_id", "head_hash", "id"], unique=False)


def _held_devices() -> None:
    op.create_table(
        "held_devices",
        sa.Column("id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("app_id", sa.Text(), nullable=True),
        sa.Column("profile_id", _ID, nullable=True),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("time_zone", sa.String(length=64), nullable=True),
        sa.Column("groups", Json, nullable=False),
        sa.Column("attributes", Json, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_held_devices_project_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["profiles.id"], name=op.f("fk_held_devices_profile_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_devices")),
        sa.UniqueConstraint(
            "project_id", "channel", "token_hash", name=op.f("uq_held_devices_project_id_channel_token_hash")
        ),
    )
    op.create_index(op.f("ix_held_devices_project_id_id"), "held_devices", ["project_id", "id"], unique=False)
    op.create_index("ix_held_devices_profile", "held_devices", ["profile_id", "id"], unique=False)


def downgrade() -> None:
    """Remove them."""
    op.drop_table("held_devices")
    op.drop_table("import_refusals")
    op.drop_table("imports")
