"""Webhooks: receivers, events on their way, messages with their attempts; and the secret of the Glue payload check."""

import sqlalchemy as sa
from alembic import op

from heliograph.storage.types import Instant, Json

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def _id(name: str) -> "sa.Column[str]":
    kind = sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql")
    return sa.Column(name, kind, nullable=False)


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns), unique=False)


def _partial(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=False, sqlite_where=where, postgresql_where=where)


def upgrade() -> None:
    """Make four tables and a column."""
    _make_receivers()
    _make_messages()
    op.add_column("glue_settings", sa.Column("check_secret", sa.LargeBinary(), nullable=True))


def _make_receivers() -> None:
    op.create_table(
        "webhooks",
        _id("id"),
        _id("project_id"),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("event_types", Json, nullable=False),
        sa.Column("is_enabled", sa.Boolean(), nullable=False),
        sa.Column("disabled_reason", sa.String(length=16), nullable=True),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("old_secret", sa.LargeBinary(), nullable=True),
        sa.Column("old_secret_until", Instant(), nullable=True),
        sa.Column("failures_in_row", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("failing_since", Instant(), nullable=True),
        sa.Column("rests_until", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["projects.id"], name=op.f("fk_webhooks_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhooks")),
    )
    _index("webhooks", "project_id", "id")
    _partial("ix_webhooks_failing", "webhooks", ["failing_since"], "failing_since IS NOT NULL")
    op.create_table(
        "webhook_outbox",
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        _id("webhook_id"),
        sa.Column("events", sa.LargeBinary(), nullable=False),
        sa.Column("event_count", sa.Integer(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_webhook_outbox")),
    )
    _index("webhook_outbox", "webhook_id", "number")
    _index("webhook_outbox", "created_at")


def _make_messages() -> None:
    op.create_table(
        "webhook_messages",
        _id("id"),
        _id("webhook_id"),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("event_count", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", Instant(), nullable=True),
        sa.Column("status_code", sa.Integer(), nullable=True),
        sa.Column("fault", sa.String(length=32), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(
            ["webhook_id"], ["webhooks.id"], name=op.f("fk_webhook_messages_webhook_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_messages")),
    )
    _index("webhook_messages", "webhook_id", "id")
    _index("webhook_messages", "webhook_id", "state", "id")
    _index("webhook_messages", "updated_at")
    _partial("ix_webhook_messages_due", "webhook_messages", ["webhook_id", "next_attempt_at"], "state = 'waiting'")
    op.create_table(
        "webhook_attempts",
        _id("message_id"),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("status_code", sa.Integer(), nullable=True),
        sa.Column("fault", sa.String(length=32), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["message_id"], ["webhook_messages.id"], name=op.f("fk_webhook_attempts_message_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("message_id", "number", name=op.f("pk_webhook_attempts")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Take them away."""
    op.drop_column("glue_settings", "check_secret")
    op.drop_table("webhook_attempts")
    op.drop_table("webhook_messages")
    op.drop_table("webhook_outbox")
    op.drop_table("webhooks")
