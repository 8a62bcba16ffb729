"""Entries: who is on the way through a triggered campaign, who is in its segment, and how far it has looked."""

import sqlalchemy as sa
from alembic import op

from heliograph.storage.types import Instant, Json

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_ID = sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql")
_WAITS = sa.text("state = 'waiting'")


def upgrade() -> None:
    """Make three tables."""
    _make_entries()
    op.create_table(
        "insiders",
        sa.Column("campaign_id", _ID, nullable=False),
        sa.Column("profile_id", _ID, nullable=False),
        sa.Column("since", Instant(), nullable=False),
        _reference("insiders", "campaign_id", "campaigns"),
        _reference("insiders", "profile_id", "profiles"),
        sa.PrimaryKeyConstraint("campaign_id", "profile_id", name=op.f("pk_insiders")),
    )
    op.create_index(op.f("ix_insiders_profile_id"), "insiders", ["profile_id"], unique=False)
    op.create_table(
        "sweeps",
        sa.Column("campaign_id", _ID, nullable=False),
        sa.Column("number", sa.String(length=26), nullable=False),
        sa.Column("began_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("looked_to", Instant(), nullable=True),
        _reference("sweeps", "campaign_id", "campaigns"),
        sa.PrimaryKeyConstraint("campaign_id", name=op.f("pk_sweeps")),
    )


def _make_entries() -> None:
    op.create_table(
        "entries",
        sa.Column("id", _ID, nullable=False),
        sa.Column("campaign_id", _ID, nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("profile_id", _ID, nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("item_id", sa.String(length=128), nullable=True),
        sa.Column("event_id", _ID, nullable=True),
        sa.Column("variables", Json, nullable=False),
        sa.Column("dispatch_id", _ID, nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        _reference("entries", "campaign_id", "campaigns"),
        _reference("entries", "profile_id", "profiles"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entries")),
        sa.UniqueConstraint("campaign_id", "profile_id", "key", name=op.f("uq_entries_campaign_id_profile_id_key")),
    )
    _index("ix_entries_due", ["due_at", "id"], _WAITS)
    _index("ix_entries_waiting", ["profile_id", "campaign_id"], _WAITS)
    _index("ix_entries_profile", ["profile_id"])
    _index("ix_entries_page", ["campaign_id", "id"])
    _index("ix_entries_ended", ["ended_at"])


def _reference(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="CASCADE")


def _index(name: str, columns: list[str], where: "sa.TextClause | None" = None) -> None:
    op.create_index(name, "entries", columns, unique=False, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Take them away."""
    for table in ("sweeps", "insiders", "entries"):
        op.drop_table(table)
