"""Key rotation: since when an application server key is retiring, and an index to find those."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from heliograph.storage.types import Instant

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_RETIRING = sa.text("state = 'retiring'")


def upgrade() -> None:
    """Add the column and the index; what is retiring already counts from now on."""
    op.add_column("vapid_keys", sa.Column("retiring_at", Instant(), nullable=True))
    keys = sa.table("vapid_keys", sa.column("state", sa.String()), sa.column("retiring_at", Instant()))
    op.execute(keys.update().where(keys.c.state == "retiring").values(retiring_at=datetime.now(UTC)))
    op.create_index(
        "ix_vapid_keys_retiring",
        "vapid_keys",
        ["retiring_at"],
        unique=False,
        sqlite_where=_RETIRING,
        postgresql_where=_RETIRING,
    )


def downgrade() -> None:
    """Remove both."""
    op.drop_index("ix_vapid_keys_retiring", table_name="vapid_keys")
    op.drop_column("vapid_keys", "retiring_at")
