"""People: visitors, events and carts, profiles without a name, and what kind of device a subscription is on."""

import sqlalchemy as sa
from alembic import op

from heliograph.storage.types import Instant, Json

revision = "0010"
down_revision = "0008"
branch_labels = None
depends_on = None

_ID = sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql")
_MERGED = sa.text("merged_into IS NOT NULL")
_ITEM = sa.text("item_id IS NOT NULL")


def upgrade() -> None:
    """Add the tables and columns, and let profiles have no external id."""
    _let_names_be_null()
    op.add_column("profiles", sa.Column("merged_into", _ID, nullable=True))
    op.create_index(
        "ix_profiles_merged",
        "profiles",
        ["merged_into"],
        unique=False,
        sqlite_where=_MERGED,
        postgresql_where=_MERGED,
    )
    op.add_column("subscriptions", sa.Column("browser", sa.String(length=16), nullable=True))
    op.add_column("subscriptions", sa.Column("os", sa.String(length=16), nullable=True))
    op.add_column("subscriptions", sa.Column("is_mobile", sa.Boolean(), nullable=True))
    _visitors()
    _events()
    op.create_table(
        "carts",
        sa.Column("profile_id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("items", Json, nullable=False),
        sa.Column("item_count", sa.Integer(), nullable=False),
        sa.Column("total_milli", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("last_event_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(["profile_id"], ["profiles.id"], name=op.f("fk_carts_profile_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("profile_id", name=op.f("pk_carts")),
    )


def _visitors() -> None:
    op.create_table(
        "visitors",
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("profile_id", _ID, nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("last_seen_at", Instant(), nullable=False),
        sa.Column("browser", sa.String(length=16), nullable=True),
        sa.Column("os", sa.String(length=16), nullable=True),
        sa.Column("is_mobile", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["profile_id"], ["profiles.id"], name=op.f("fk_visitors_profile_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("project_id", "token_hash", name=op.f("pk_visitors")),
    )
    op.create_index(op.f("ix_visitors_profile_id"), "visitors", ["profile_id"], unique=False)
    op.create_index(op.f("ix_visitors_last_seen_at"), "visitors", ["last_seen_at"], unique=False)


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("profile_id", _ID, nullable=True),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("item_id", sa.String(length=128), nullable=True),
        sa.Column("amount_milli", sa.BigInteger(), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("properties", Json, nullable=False),
        sa.ForeignKeyConstraint(["profile_id"], ["profiles.id"], name=op.f("fk_events_profile_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events")),
    )
    op.create_index("ix_events_page", "events", ["profile_id", "id"], unique=False)
    op.create_index("ix_events_profile", "events", ["profile_id", "name", "at"], unique=False)
    op.create_index("ix_events_name", "events", ["project_id", "name", "at"], unique=False)
    op.create_index(
        "ix_events_item",
        "events",
        ["project_id", "item_id", "name", "profile_id"],
        unique=False,
        sqlite_where=_ITEM,
        postgresql_where=_ITEM,
    )


def _let_names_be_null(*, really: bool = True) -> None:
    """Take NOT NULL from `profiles.external_id`, or put it back.

    SQLite has no statement for it, and copying the table would make nobody's of every subscription when the old one is
    dropped. Its documentation gives this way instead: https://www.sqlite.org/lang_altertable.html section 7.
    """
    connection = op.get_bind()
    if connection.dialect.name != "sqlite":
        op.alter_column("profiles", "external_id", existing_type=sa.Text(), nullable=really)
        return
    words = "external_id TEXT NOT NULL", "external_id TEXT"
    old, new = words if really else words[::-1]
    version = connection.exec_driver_sql("PRAGMA schema_version").scalar_one()
    connection.exec_driver_sql("PRAGMA writable_schema = ON")
    changed = sa.text(
        "UPDATE sqlite_master SET sql = replace(sql, :old, :new) WHERE type = 'table' AND name = 'profiles'"
    )
    connection.execute(changed, {"old": f"{old},", "new": f"{new},"})
    connection.exec_driver_sql(f"PRAGMA schema_version = {version + 1}")
    connection.exec_driver_sql("PRAGMA writable_schema = RESET")


def downgrade() -> None:
    """Remove them; people without a name go."""
    for table in ("carts", "events", "visitors"):
        op.drop_table(table)
    for column in ("is_mobile", "os", "browser"):
        op.drop_column("subscriptions", column)
    op.drop_index("ix_profiles_merged", table_name="profiles")
    op.drop_column("profiles", "merged_into")
    op.execute("DELETE FROM profiles WHERE external_id IS NULL")
    _let_names_be_null(really=False)
