"""Campaigns: what they are, their runs, whom they were sent to, and limits of projects and notifications."""

import sqlalchemy as sa
from alembic import op

from heliograph.storage.types import Instant, Json

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_OPEN = "exclusion_group IS NOT NULL AND state IN ('scheduled', 'running')"


def _id(name: str, *, nullable: bool = False) -> "sa.Column[str]":
    kind = sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql")
    return sa.Column(name, kind, nullable=nullable)


def _partial(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=False, sqlite_where=where, postgresql_where=where)


def upgrade() -> None:
    """Make three tables, and columns of two others."""
    _make_campaigns()
    _make_dispatches()
    _make_contacts()
    op.add_column("projects", sa.Column("limits", Json, nullable=True))
    for column in (
        _id("campaign_id", nullable=True),
        _id("dispatch_id", nullable=True),
        sa.Column("variant", sa.String(length=40), nullable=True),
        sa.Column("limits", Json, nullable=True),
        sa.Column("variables", Json, nullable=True),
        sa.Column("exclusion_group", sa.String(length=64), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=True),
    ):
        op.add_column("notifications", column)
    _partial("ix_notifications_campaign", "notifications", ["campaign_id", "id"], "campaign_id IS NOT NULL")
    _partial("ix_notifications_dispatch", "notifications", ["dispatch_id"], "dispatch_id IS NOT NULL")
    _partial("ix_notifications_rivals", "notifications", ["project_id", "exclusion_group"], _OPEN)


def _make_campaigns() -> None:
    op.create_table(
        "campaigns",
        _id("id"),
        _id("project_id"),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("definition", Json, nullable=False),
        sa.Column("trigger_kind", sa.String(length=16), nullable=False),
        sa.Column("event_name", sa.String(length=64), nullable=True),
        sa.Column("exclusion_group", sa.String(length=64), nullable=True),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("starts_at", Instant(), nullable=True),
        sa.Column("ends_at", Instant(), nullable=True),
        sa.Column("next_due_at", Instant(), nullable=True),
        sa.Column("started_at", Instant(), nullable=True),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_campaigns_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
    )
    op.create_index(op.f("ix_campaigns_project_id_id"), "campaigns", ["project_id", "id"], unique=False)
    op.create_index("ix_campaigns_kind", "campaigns", ["project_id", "kind", "state"], unique=False)
    _partial("ix_campaigns_due", "campaigns", ["next_due_at"], "next_due_at IS NOT NULL")
    _partial("ix_campaigns_event", "campaigns", ["project_id", "event_name"], "event_name IS NOT NULL")


def _make_dispatches() -> None:
    op.create_table(
        "dispatches",
        _id("id"),
        _id("campaign_id"),
        _id("project_id"),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=True),
        sa.Column("audience", Json, nullable=True),
        sa.Column("variables", Json, nullable=True),
        sa.Column("request_hash", sa.String(length=64), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_dispatches_campaign_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispatches")),
        sa.UniqueConstraint("campaign_id", "key", name=op.f("uq_dispatches_campaign_id_key")),
    )
    op.create_index(op.f("ix_dispatches_campaign_id_id"), "dispatches", ["campaign_id", "id"], unique=False)


def _make_contacts() -> None:
    op.create_table(
        "contacts",
        _id("person_id"),
        _id("notification_id"),
        _id("project_id"),
        _id("campaign_id", nullable=True),
        sa.Column("exclusion_group", sa.String(length=64), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "notification_id", name=op.f("pk_contacts")),
    )
    op.create_index("ix_contacts_person", "contacts", ["person_id", "at"], unique=False)
    op.create_index("ix_contacts_at", "contacts", ["at"], unique=False)


def downgrade() -> None:
    """Take them away."""
    for name in ("ix_notifications_rivals", "ix_notifications_dispatch", "ix_notifications_campaign"):
        op.drop_index(name, table_name="notifications")
    for name in ("priority", "exclusion_group", "variables", "limits", "variant", "dispatch_id", "campaign_id"):
        op.drop_column("notifications", name)
    op.drop_column("projects", "limits")
    op.drop_table("contacts")
    op.drop_table("dispatches")
    op.drop_table("campaigns")
