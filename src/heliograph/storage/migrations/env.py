"""Alembic's entry: runs the revisions in the transaction that `storage/migrate.py` hands over."""

from alembic import context

from heliograph.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # Both databases roll back DDL; Alembic believes it of PostgreSQL only.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
